import Octets

/// An IEEE 802.2 LLC header, with its SNAP extension where it has one (IEEE 802 § 9.2, RFC 1042).
///
///      0      1      2         3              6           8
///     | DSAP | SSAP | control | organisation | protocol    |      SNAP: DSAP = SSAP = 0xAA
///
/// - Invariant: `octets` starts with at least `headerLength` octets.
public struct LLCView: ~Escapable {
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(3, .llc, at: offset)
        self.octets = octets
        try octets.require(headerLength, .llc, at: offset)
    }

    public var destinationSAP: UInt8 { octets[0] }
    public var isSNAP: Bool { octets[0] == 0xAA && octets[1] == 0xAA }
    /// Unnumbered frames have one control octet, the others two (IEEE 802.2 § 5.4).
    public var controlLength: Int { octets[2] & 3 == 3 ? 1 : 2 }
    /// An information or unnumbered-information frame: only these carry a network packet.
    public var carriesInformation: Bool { octets[2] & 1 == 0 || octets[2] == 0x03 }
    public var headerLength: Int { 2 + controlLength + (isSNAP ? 5 : 0) }
    /// The organisation that numbers `protocolIdentifier`. Only where `isSNAP`.
    public var organisation: UInt32 { octets.bigEndian32(at: 2 + controlLength) >> 8 }
    /// Only where `isSNAP`.
    public var protocolIdentifier: UInt16 { octets.bigEndian16(at: 5 + controlLength) }
}

extension Walk {
    /// Service access points and organisations that the walk follows.
    private static let ipSAP: UInt8 = 0x06
    private static let rfc1042: UInt32 = 0x000000
    private static let bridgeTunnel: UInt32 = 0x0000F8
    private static let ieee8021: UInt32 = 0x0080C2

    mutating func llc(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.llc)
        next = .end
        let header = try LLCView(rest(of: frame), at: offset)
        guard header.carriesInformation else { return }
        skip(header.headerLength)
        if header.isSNAP {
            snap(header.organisation, header.protocolIdentifier)
        } else if header.destinationSAP == Self.ipSAP {
            next = .ip(.v4)
        }
    }

    /// The five octets after a SNAP header's control, which Frame Relay uses, too.
    mutating func snap(_ organisation: UInt32, _ identifier: UInt16) {
        path.append(.snap)
        switch organisation {
        case Self.rfc1042, Self.bridgeTunnel: next = .etherType(EtherType(rawValue: identifier))
        // Bridged Ethernet with (1) and without (7) its check sequence (RFC 2427 § 4.2).
        case Self.ieee8021 where identifier == 1 || identifier == 7: next = .ethernet
        default: next = .end
        }
    }
}
