import Octets

/// A MACsec security tag where it lies in the capture (IEEE 802.1AE § 9.3).
///
///      0               1               2                               6              14
///     |V|ES|SC|SCB|E|C|AN| short length | packet number                 | [SCI if SC]   |
///
/// - Invariant: `octets` starts with at least `headerLength` octets.
public struct MACsecView: ~Escapable {
    /// The integrity check value at the frame's end with the default cipher suites (§ 14.5).
    public static let checkByteCount = 16
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(6, .macsec, at: offset)
        self.octets = octets
        try octets.require(headerLength, .macsec, at: offset)
    }

    /// The user data is encrypted, or changed in another way that only the key undoes.
    public var isProtected: Bool { octets[0] & 0x0C != 0 }
    public var hasChannelIdentifier: Bool { octets[0] & 0x20 != 0 }
    public var headerLength: Int { hasChannelIdentifier ? 14 : 6 }
}

extension Walk {
    mutating func macsec(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.macsec)
        next = .end
        let tag = try MACsecView(rest(of: frame), at: offset)
        guard !tag.isProtected else { return }
        skip(tag.headerLength)
        limit(to: wireRest - MACsecView.checkByteCount)
        let rest = rest(of: frame)
        try rest.require(2, .macsec, at: offset)
        let type = EtherType(rawValue: rest.bigEndian16(at: 0))
        skip(2)
        next = .etherType(type)
    }
}
