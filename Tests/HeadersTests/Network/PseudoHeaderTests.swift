import CaptureTestSupport
import Headers
import Octets
import PacketTestSupport
import Testing

/// A receiver's check: the sum over pseudo-header, header and payload is all ones.
@Suite struct PseudoHeaderTests {
    private func residue(
        _ segment: [UInt8], _ number: IPProtocol, from source: IPAddress, to destination: IPAddress
    ) -> UInt16 {
        var checksum = InternetChecksum()
        checksum.addPseudoHeader(source: source, destination: destination, protocol: number, length: segment.count)
        checksum.add(segment.span)
        return checksum.value
    }

    @Test(arguments: UInt64(0)..<40) func emittedChecksumsVerify(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let payload = generator.octets(Int.random(in: 0...99, using: &generator))
        let v4 = (IPAddress(v4: .any(&generator)), IPAddress(v4: .any(&generator)))
        let v6 = (IPAddress(v6: .any(&generator), .any(&generator)), IPAddress(v6: .any(&generator), .any(&generator)))
        for (source, destination) in [v4, v6] {
            var tcp: [UInt8] = []
            TCPFields(sourcePort: .any(&generator), destinationPort: .any(&generator))
                .emit(into: &tcp, payload: payload.span, source: source, destination: destination)
            #expect(residue(tcp + payload, .tcp, from: source, to: destination) == 0)
            var udp: [UInt8] = []
            UDPFields(sourcePort: .any(&generator), destinationPort: .any(&generator))
                .emit(into: &udp, payload: payload.span, source: source, destination: destination)
            #expect(residue(udp + payload, .udp, from: source, to: destination) == 0)
            var icmpv6: [UInt8] = []
            ICMPFields(type: 128, rest: .any(&generator))
                .emit(into: &icmpv6, payload: payload.span, source: source, destination: destination)
            #expect(residue(icmpv6 + payload, .icmpv6, from: source, to: destination) == 0)
        }
    }
}
