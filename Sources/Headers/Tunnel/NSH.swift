import Octets

/// A network service header where it lies in the capture (RFC 8300 § 2.2).
///
///      0   2 3 4        10       16        20  24         31
///     |ver|O|U| TTL     | length/4| reserved|MD | next      |
///     | service path identifier              | index       |
///     | context …                                          |
///
/// - Invariant: `octets` starts with at least `headerLength` octets and `headerLength >= 8`.
public struct NSHView: ~Escapable {
    public static let byteCountMin = 8
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .nsh, at: offset)
        self.octets = octets
        guard headerLength >= Self.byteCountMin else {
            throw DecodeFailure(
                .nsh, .lengthBelowHeader, at: offset, needed: Self.byteCountMin, available: headerLength)
        }
        try octets.require(headerLength, .nsh, at: offset)
    }

    public var headerLength: Int { Int(octets[1] & 0x3F) * 4 }
    public var nextProtocol: UInt8 { octets[3] }
}

extension Walk {
    mutating func nsh(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.nsh)
        let header = try NSHView(rest(of: frame), at: offset)
        skip(header.headerLength)
        nextProtocol(header.nextProtocol)
    }
}
