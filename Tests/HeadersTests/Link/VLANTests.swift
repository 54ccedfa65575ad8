import CaptureTestSupport
import Headers
import PacketTestSupport
import Testing

@Suite struct VLANTests {
    @Test(arguments: UInt64(0)..<50) func readsWhatItEmits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let fields = VLANFields(
            identifier: .any(&generator) & 0xFFF, type: EtherType(rawValue: .any(&generator)),
            priority: .any(&generator) & 7, dropEligible: Bool.random(using: &generator))
        var octets: [UInt8] = []
        fields.emit(into: &octets)
        #expect(VLANFields(try VLANView(octets.span, at: 0)) == fields)
    }

    @Test(arguments: [EtherType.vlan, .serviceVLAN, .oldVLAN9100, .oldVLAN9200])
    func everyTagTypeIsFollowed(type: EtherType) {
        let frame = Packets.ethernet(type, Packets.vlan(100, .ipv4, Packets.innerIP))
        expectCarried(frame)
        #expect(dissect(frame).info.vlan == 100)
    }

    @Test func outermostIdentifierCounts() {
        let inner = Packets.vlan(200, .ipv4, Packets.innerIP)
        let frame = Packets.ethernet(.serviceVLAN, Packets.vlan(100, .vlan, inner))
        expectCarried(frame, path: [.ethernet, .serviceVLAN, .vlan, .ipv4, .tcp])
        #expect(dissect(frame).info.vlan == 100)
    }

    @Test func priorityTagHasNoIdentifier() {
        let tagged = Packets.vlan(0, .ipv4, Packets.innerIP)
        #expect(dissect(Packets.ethernet(.vlan, tagged)).info.vlan == 0)
        let twice = Packets.vlan(0, .vlan, Packets.vlan(7, .ipv4, Packets.innerIP))
        #expect(dissect(Packets.ethernet(.vlan, twice)).info.vlan == 7)
    }

    @Test func lengthInATagMeansLLC() {
        let llc = Packets.snap(.ipv4, Packets.innerIP)
        let frame = Packets.ethernet(.vlan, Packets.vlan(3, EtherType(rawValue: UInt16(llc.count)), llc))
        expectCarried(frame, path: [.ethernet, .vlan, .llc, .snap, .ipv4, .tcp])
    }

    @Test func tagsInsideATunnelDoNotCount() {
        let inner = Packets.ethernet(.vlan, Packets.vlan(9, .ipv4, Packets.innerIP))
        let frame = Packets.tunnelled(toPort: 4789, Packets.vxlan(inner))
        #expect(dissect(frame, .ethernet, .inner).info.vlan == 0)
        #expect(FiveTuple(dissect(frame, .ethernet, .inner).info) == .inner)
    }
}
