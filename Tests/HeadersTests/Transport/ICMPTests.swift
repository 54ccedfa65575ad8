import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct ICMPTests {
    @Test func readsWhatItEmits() throws {
        let octets = Packets.echoRequest()
        let view = try ICMPView(.icmp, octets.span, at: 0)
        #expect(view.type == 8 && view.code == 0)
        var checksum = InternetChecksum()
        checksum.add(octets.span)
        #expect(checksum.value == 0)
    }

    /// The packet quoted in an error is not the flow, in either mode.
    @Test(arguments: TunnelMode.allCases) func quotedPacketsAreNotInner(mode: TunnelMode) {
        let unreachable: [UInt8] = [3, 1, 0, 0, 0, 0, 0, 0] + Packets.innerIP
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.icmp, unreachable, from: Packets.gateA, to: Packets.gateB))
        let dissection = dissect(frame, .ethernet, mode)
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.gateA, Packets.gateB, .icmp))
        expectSensiblePrefixes(frame)
        let frame6 = Packets.ethernet(.ipv6, Packets.ipv6(.icmpv6, [1, 0, 0, 0, 0, 0, 0, 0] + Packets.innerIP))
        #expect(FiveTuple(dissect(frame6, .ethernet, mode).info) == FiveTuple(Packets.alice6, Packets.bob6, .icmpv6))
    }

    @Test func aCutHeaderIsMarked() {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.icmp, Packets.echoRequest()))
        #expect(dissect(Array(frame.prefix(37)), wireLength: frame.count).info.marks == .transportCut)
    }
}
