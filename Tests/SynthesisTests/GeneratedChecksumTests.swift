import Headers
import Octets
import Synthesis
import Testing

/// Verifies checksums the way a receiver does: the sum over header, payload and pseudo-header is all ones.
@Suite struct GeneratedChecksumTests {
    @Test(arguments: [UInt64(1), 2, 3]) func everyChecksumIsRight(seed: UInt64) throws {
        let options = TrafficGeneratorTests.options { $0.seed = seed }
        let (frames, truth) = try TrafficGeneratorTests.frames(options)
        for frame in frames {
            var offset = 14 + (truth[frame.packet.flow].vlan == 0 ? 0 : 4)
            if let tunnel = truth[frame.packet.flow].tunnel {
                Self.verifyIPv4Header(frame.octets[offset...])
                offset += 20 + (tunnel.kind == .vxlan ? 8 + 8 + 14 : tunnel.kind == .gre ? 4 : 0)
            }
            Self.verifyPacket(Array(frame.octets[offset...]))
        }
    }

    private static func verifyPacket(_ packet: [UInt8]) {
        if packet[0] >> 4 == 6 {
            let length = Int(packet[4]) << 8 | Int(packet[5])
            verify(packet[8..<40], packet[40..<40 + length], packet[6])
        } else {
            verifyIPv4Header(packet[...])
            let length = Int(packet[2]) << 8 | Int(packet[3])
            verify(packet[9] == 1 ? [] : packet[12..<20], packet[20..<length], packet[9])
        }
    }

    private static func verifyIPv4Header(_ packet: ArraySlice<UInt8>) {
        #expect(packet.first == 0x45)
        #expect(sum(Array(packet.prefix(20))) == 0xFFFF)
    }

    /// ICMP (1) has no pseudo-header: pass no addresses.
    private static func verify(_ addresses: ArraySlice<UInt8>, _ segment: ArraySlice<UInt8>, _ protocolNumber: UInt8) {
        var octets = Array(addresses)
        if !addresses.isEmpty {
            octets += [0, protocolNumber, UInt8(segment.count >> 8), UInt8(segment.count & 0xFF)]
        }
        #expect(sum(octets + segment) == 0xFFFF)
    }

    /// Word by word, unlike the code under test.
    private static func sum(_ octets: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: octets.count, by: 2) {
            sum += UInt32(octets[index]) << 8 | (index + 1 < octets.count ? UInt32(octets[index + 1]) : 0)
            sum = (sum & 0xFFFF) + (sum >> 16)
        }
        return sum
    }
}
