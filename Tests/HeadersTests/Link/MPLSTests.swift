import Headers
import PacketTestSupport
import Testing

@Suite struct MPLSTests {
    @Test func readsWhatItEmits() throws {
        var octets: [UInt8] = []
        MPLSLabelFields(label: 0xABCDE, isBottom: true, timeToLive: 9).emit(into: &octets)
        let view = try MPLSLabelView(octets.span, at: 0)
        #expect(view.label == 0xABCDE && view.isBottom && octets[3] == 9)
    }

    @Test(arguments: 1...5) func stacksAreFollowed(depth: Int) {
        let labels = (0..<depth).map { UInt32(100 + $0) }
        expectCarried(
            Packets.ethernet(.mpls, Packets.mpls(labels, Packets.innerIP)), path: [.ethernet, .mpls, .ipv4, .tcp])
        expectCarried(Packets.mpls(labels, Packets.innerIP), .mpls)
    }

    @Test func ipv6ByItsNibble() {
        let frame = Packets.ethernet(.mpls, Packets.mpls([16], Packets.ipv6(.udp, Packets.udp(1, 2))))
        #expect(dissect(frame).info.source == Packets.alice6)
    }

    /// The addresses of these frames begin with 0x02: without a control word the type tells an Ethernet frame.
    @Test func pseudowiresWithAndWithoutAControlWord() {
        let with = Packets.ethernet(.mpls, Packets.mpls([16], [0, 0, 0, 5] + Packets.innerFrame))
        let without = Packets.ethernet(.mpls, Packets.mpls([16], Packets.innerFrame))
        for frame in [with, without] {
            #expect(dissect(frame).path.layers == [.ethernet, .mpls, .pseudowire, .ethernet, .ipv4, .tcp])
            #expect(FiveTuple(dissect(frame).info) == .inner)
        }
    }

    /// A destination address that begins with 4 or 6 is not an IP version.
    @Test(arguments: [UInt8(0x40), 0x60]) func addressesAreNotVersions(first: UInt8) {
        var inner = Packets.innerFrame
        inner[0] = first
        #expect(FiveTuple(dissect(Packets.ethernet(.mpls, Packets.mpls([16], inner))).info) == .inner)
    }

    @Test func associatedChannelsCarryNoIP() {
        #expect(dissect(Packets.ethernet(.mpls, Packets.mpls([16, 13], Packets.innerIP))).outcome == .notIP)
        #expect(dissect(Packets.ethernet(.mpls, Packets.mpls([16], [0x10, 0, 0, 7, 0, 0, 0, 0]))).outcome == .notIP)
    }

    @Test func stackWithoutABottomEndsWithTheFrame() {
        let entries = [UInt8](repeating: 0, count: 4000)
        #expect(dissect(Packets.ethernet(.mpls, entries)).outcome == .truncated)
    }
}
