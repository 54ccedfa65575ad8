/// The version of TLS on a connection, as the library keeps it (RFC 8446 § 4.1.2, RFC 9147 for DTLS). Any value is legal.
public struct TLSVersion: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inline(always) public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Not known.
    public static let none = TLSVersion(rawValue: 0)
    public static let ssl2 = TLSVersion(rawValue: 0x0002)
    public static let ssl3 = TLSVersion(rawValue: 0x0300)
    public static let tls10 = TLSVersion(rawValue: 0x0301)
    public static let tls11 = TLSVersion(rawValue: 0x0302)
    public static let tls12 = TLSVersion(rawValue: 0x0303)
    public static let tls13 = TLSVersion(rawValue: 0x0304)
    public static let dtls10 = TLSVersion(rawValue: 0xFEFF)
    public static let dtls12 = TLSVersion(rawValue: 0xFEFD)
    public static let dtls13 = TLSVersion(rawValue: 0xFEFC)
}

extension TLSVersion: CustomStringConvertible {
    /// `TLS 1.2`; a version without a name as `0x0305`.
    public var description: String {
        switch self {
        case .none: return "unknown"
        case .ssl2: return "SSL 2.0"
        case .ssl3: return "SSL 3.0"
        case .tls10: return "TLS 1.0"
        case .tls11: return "TLS 1.1"
        case .tls12: return "TLS 1.2"
        case .tls13: return "TLS 1.3"
        case .dtls10: return "DTLS 1.0"
        case .dtls12: return "DTLS 1.2"
        case .dtls13: return "DTLS 1.3"
        default:
            let digits = String(rawValue, radix: 16)
            return "0x" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        }
    }
}
