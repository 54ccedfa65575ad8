import Octets

/// A CAPWAP data header where it lies in the capture (RFC 5415 § 4.3).
///
///      0    4     8        13     18     23            31
///     |ver |type | words  | radio| WBID |T|F|L|W|M|K|res |
///     | fragment identifier        | offset      | res    |
///     | [radio address] [wireless information]            |
///
/// - Invariant: `octets` starts with at least `headerLength` octets and `headerLength >= 8`.
public struct CAPWAPView: ~Escapable {
    public static let byteCountMin = 8
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .capwap, at: offset)
        self.octets = octets
        guard isEncrypted || headerLength >= Self.byteCountMin else {
            throw DecodeFailure(
                .capwap, .lengthBelowHeader, at: offset, needed: Self.byteCountMin, available: headerLength)
        }
        if !isEncrypted { try octets.require(headerLength, .capwap, at: offset) }
    }

    /// DTLS follows instead of this header.
    public var isEncrypted: Bool { octets[0] & 0x0F != 0 }
    public var headerLength: Int { Int(octets[1] >> 3) * 4 }
    /// 1 is IEEE 802.11.
    public var wirelessBinding: UInt8 { octets[2] >> 1 & 0x1F }
    /// The payload has the wireless frame's own format rather than Ethernet's.
    public var isNative: Bool { octets[2] & 1 != 0 }
    public var isKeepAlive: Bool { octets[3] & 0x08 != 0 }
    /// A fragment that does not start the packet.
    public var isLaterFragment: Bool { octets[3] & 0x80 != 0 && octets.bigEndian16(at: 6) >> 3 != 0 }
}

extension Walk {
    mutating func capwap(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.capwap)
        next = .end
        let header = try CAPWAPView(rest(of: frame), at: offset)
        guard !header.isEncrypted, !header.isKeepAlive, !header.isLaterFragment else { return }
        skip(header.headerLength)
        if !header.isNative {
            next = .ethernet
        } else if header.wirelessBinding == 1 {
            // Controllers send the control field with its octets exchanged; Wireshark expects the same.
            next = .ieee80211(swappedControl: true)
        }
    }
}
