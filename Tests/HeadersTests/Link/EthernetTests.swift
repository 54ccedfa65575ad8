import CaptureTestSupport
import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct EthernetTests {
    @Test(arguments: UInt64(0)..<50) func readsWhatItEmits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let fields = EthernetFields(
            destination: MACAddress(rawValue: .any(&generator)), source: MACAddress(rawValue: .any(&generator)),
            type: EtherType(rawValue: .any(&generator)))
        var octets: [UInt8] = []
        fields.emit(into: &octets)
        #expect(octets.count == EthernetView.byteCount)
        #expect(EthernetFields(try EthernetView(octets.span, at: 0)) == fields)
    }

    @Test(arguments: 0..<14) func everyShorterHeaderIsRefusedWithItsLength(count: Int) {
        let octets = [UInt8](repeating: 0xFF, count: count)
        #expect(throws: DecodeFailure(.ethernet, .truncated, at: 3, needed: 14, available: count)) {
            _ = try EthernetView(octets.span, at: 3).typeOrLength
        }
    }

    @Test func carriesIPByType() {
        expectCarried(Packets.innerFrame, path: [.ethernet, .ipv4, .tcp])
    }

    @Test func carriesLLCByLength() {
        let llc = Packets.snap(.ipv4, Packets.innerIP)
        let frame = Packets.ethernet(EtherType(rawValue: UInt16(llc.count)), llc)
        expectCarried(frame + [0, 0, 0], path: [.ieee8023, .llc, .snap, .ipv4, .tcp])
    }

    @Test func lengthBoundsWhatFollows() {
        let llc = Packets.snap(.ipv4, Packets.innerIP)
        let dissection = dissect(Packets.ethernet(EtherType(rawValue: 20), llc))
        #expect(dissection.outcome == .truncated)
        #expect(dissection.stopped == DecodeFailure(.ipv4, .truncated, at: 22, needed: 20, available: 12))
    }

    @Test(arguments: [EtherType.arp, EtherType(rawValue: 0x88CC), EtherType(rawValue: 1501)])
    func otherTypesCarryNoIP(type: EtherType) {
        let dissection = dissect(Packets.ethernet(type, Packets.innerIP))
        #expect(dissection.outcome == .notIP && dissection.info.source == .none && dissection.stopped == nil)
    }

    @Test func rawIPXCarriesNoIP() {
        #expect(dissect(Packets.ethernet(EtherType(rawValue: 30), [0xFF, 0xFF] + Packets.innerIP)).outcome == .notIP)
    }
}
