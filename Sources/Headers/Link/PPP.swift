import Octets

/// A PPP header (RFC 1661 § 2, in HDLC-like framing RFC 1662 § 3.1).
///
///      0          1          2                4
///     | [0xFF]   | [0x03]   | protocol (1, 2)  |
///
/// Address and control are there or not by the link's kind and negotiation; the protocol has one octet when its lowest
/// bit is set (RFC 1661 § 6.5).
///
/// - Invariant: `octets` starts with at least `headerLength` octets.
public struct PPPView: ~Escapable {
    public let octets: Span<UInt8>
    private let start: Int

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(1, .ppp, at: offset)
        // 0xFF is no protocol, so it takes a second octet to know.
        if octets[0] == 0xFF { try octets.require(2, .ppp, at: offset) }
        start = octets[0] == 0xFF && octets[1] == 0x03 ? 2 : 0
        self.octets = octets
        try octets.require(start + 1, .ppp, at: offset)
        try octets.require(headerLength, .ppp, at: offset)
    }

    private var isCompressed: Bool { octets[start] & 1 != 0 }
    public var headerLength: Int { start + (isCompressed ? 1 : 2) }
    public var protocolNumber: UInt16 {
        isCompressed ? UInt16(octets[start]) : octets.bigEndian16(at: start)
    }
}

extension Walk {
    mutating func ppp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ppp)
        let header = try PPPView(rest(of: frame), at: offset)
        skip(header.headerLength)
        switch header.protocolNumber {
        // 0x0800: some encapsulations write the EtherType.
        case 0x0021, 0x0800: next = .ip(.v4)
        case 0x0057, 0x86DD: next = .ip(.v6)
        case 0x0281, 0x0283: next = .mpls
        case 0x0031: try bridged(frame)
        default: next = .end
        }
    }

    /// A bridged frame (RFC 3518 § 4.1): flags, MAC type, then the frame.
    private mutating func bridged(_ frame: Span<UInt8>) throws(DecodeFailure) {
        let rest = rest(of: frame)
        try rest.require(2, .ppp, at: offset)
        next = rest[1] == 1 ? .ethernet : .end
        skip(2)
    }

    /// LINKTYPE_PPP_HDLC: PPP, or Cisco HDLC where the address says so (RFC 1547 § 4.3.1).
    mutating func pppHDLC(_ frame: Span<UInt8>) throws(DecodeFailure) {
        let rest = rest(of: frame)
        try rest.require(1, .ppp, at: offset)
        next = rest[0] == 0x0F || rest[0] == 0x8F ? .ciscoHDLC : .ppp
    }
}
