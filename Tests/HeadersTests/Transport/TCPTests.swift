import CaptureTestSupport
import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct TCPTests {
    @Test(arguments: UInt64(0)..<50) func readsWhatItEmits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var fields = TCPFields(
            sourcePort: .any(&generator), destinationPort: .any(&generator),
            flags: TCPFlags(rawValue: .any(&generator)))
        fields.sequenceNumber = .any(&generator)
        fields.acknowledgmentNumber = .any(&generator)
        fields.window = .any(&generator)
        fields.urgentPointer = .any(&generator)
        fields.options = generator.octets(Int.random(in: 0...40, using: &generator))
        var octets: [UInt8] = []
        fields.emit(into: &octets, payload: [UInt8]().span, source: Packets.alice, destination: Packets.bob)

        let view = try TCPView(octets.span, at: 0)
        #expect(view.headerLength == octets.count && view.headerLength == fields.headerLength)
        #expect(view.sourcePort == fields.sourcePort && view.destinationPort == fields.destinationPort)
        #expect(view.sequenceNumber == fields.sequenceNumber)
        #expect(view.acknowledgmentNumber == fields.acknowledgmentNumber)
        #expect(view.flags == fields.flags && view.window == fields.window)
        #expect(view.urgentPointer == fields.urgentPointer)
    }

    /// Ports from the fourth octet on, flags from the fourteenth, nothing missing from the twentieth.
    @Test(arguments: 0..<24) func aCutHeaderYieldsWhatIsThere(count: Int) {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.tcp, Packets.tcp(40_000, 443, flags: .syn)))
        let info = dissect(Array(frame.prefix(34 + count)), wireLength: frame.count).info
        #expect(FiveTuple(info).ports == (count >= 4 ? [40_000, 443] : [0, 0]))
        #expect(info.tcpFlags == (count >= 14 ? .syn : []))
        #expect(info.marks == (count < 4 ? .portsCut : count < 20 ? .transportCut : []))
    }
}
