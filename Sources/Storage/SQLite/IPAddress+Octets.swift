import Headers
import Octets

/// Addresses as a database holds them: 4 or 16 octets in network order.
extension IPAddress {
    /// `nil` for any other number of octets.
    init?(octets: Span<UInt8>) {
        switch octets.count {
        case 4: self.init(v4: octets.bigEndian32(at: 0))
        case 16: self.init(v6: octets.bigEndian64(at: 0), octets.bigEndian64(at: 8))
        default: return nil
        }
    }

    /// Of no address, `nil`.
    func withOctets<Result>(_ body: (Span<UInt8>) -> Result) -> Result? {
        switch family {
        case .none: return nil
        case .v4:
            let octets = InlineArray<4, UInt8> { Self.octet(low, 3 - $0) }
            return body(octets.span)
        case .v6:
            let octets = InlineArray<16, UInt8> { Self.octet($0 < 8 ? high : low, (15 - $0) % 8) }
            return body(octets.span)
        }
    }

    @inline(always) private static func octet(_ value: UInt64, _ place: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: value >> UInt64(8 * place))
    }
}
