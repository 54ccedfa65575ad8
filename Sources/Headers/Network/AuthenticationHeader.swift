import Octets

/// An IP Authentication Header where it lies in the capture (RFC 4302 § 2).
///
///      0             8               16                    31
///     | next header | length in 4 - 2 | reserved            |
///     | security parameters index                           |
///     | sequence number                                     |
///     | integrity check value …                             |
///
/// - Invariant: `octets` starts with at least `headerLength` octets and `headerLength >= 12`.
public struct AuthenticationHeaderView: ~Escapable {
    public static let byteCountMin = 12
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .ah, at: offset)
        self.octets = octets
        guard headerLength >= Self.byteCountMin else {
            throw DecodeFailure(.ah, .lengthBelowHeader, at: offset, needed: Self.byteCountMin, available: headerLength)
        }
        try octets.require(headerLength, .ah, at: offset)
    }

    public var nextHeader: IPProtocol { IPProtocol(rawValue: octets[0]) }
    public var headerLength: Int { (Int(octets[1]) + 2) * 4 }
    public var securityParametersIndex: UInt32 { octets.bigEndian32(at: 4) }
}

extension Walk {
    /// AH is the flow's protocol: what it protects never gives the ports. A packet inside it may name the flow instead.
    mutating func authenticationHeader(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ah)
        isKeyOpen = false
        let header = try AuthenticationHeaderView(rest(of: frame), at: offset)
        skip(header.headerLength)
        if header.nextHeader.isIPv6Extension {
            try extensions(from: header.nextHeader, frame)
        } else {
            next = .ipProtocol(header.nextHeader)
        }
    }
}
