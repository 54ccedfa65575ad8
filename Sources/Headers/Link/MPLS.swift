import Octets

/// One entry of an MPLS label stack (RFC 3032 § 2.1).
///
///      0                  20   23 24       32
///     | label            | TC  |S| TTL      |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct MPLSLabelView: ~Escapable {
    public static let byteCount = 4
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .mpls, at: offset)
        self.octets = octets
    }

    public var label: UInt32 { octets.bigEndian32(at: 0) >> 12 }
    public var isBottom: Bool { octets[2] & 1 != 0 }
}

/// What a label stack entry says, as a value.
public struct MPLSLabelFields: Equatable, Sendable {
    /// 20 bits
    public var label: UInt32
    public var isBottom: Bool
    public var timeToLive: UInt8

    public init(label: UInt32, isBottom: Bool, timeToLive: UInt8 = 64) {
        self.label = label
        self.isBottom = isBottom
        self.timeToLive = timeToLive
    }

    public func emit(into out: inout [UInt8]) {
        out.appendBigEndian(label << 12 | (isBottom ? 0x100 : 0) | UInt32(timeToLive))
    }
}

extension Walk {
    /// The generic associated channel: what follows is management, not a packet (RFC 5586 § 4).
    private static let associatedChannelLabel: UInt32 = 13

    /// The whole label stack is one step: each entry consumes four octets, so a hostile stack ends with the frame.
    mutating func mpls(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.mpls)
        while true {
            let entry = try MPLSLabelView(rest(of: frame), at: offset)
            skip(MPLSLabelView.byteCount)
            if entry.isBottom {
                next = entry.label == Self.associatedChannelLabel ? .end : try payloadOfLabels(frame)
                return
            }
        }
    }

    /// Labels do not say what they carry; the first nibble tells (RFC 4928 § 3, RFC 4385 § 3).
    private mutating func payloadOfLabels(_ frame: Span<UInt8>) throws(DecodeFailure) -> NextHeader {
        let rest = rest(of: frame)
        try rest.require(1, .mpls, at: offset)
        switch rest[0] >> 4 {
        case 4 where !looksLikeEthernet(rest) || lengthFits(rest, at: 2, beyond: 0): return .ip(.v4)
        case 6 where !looksLikeEthernet(rest) || lengthFits(rest, at: 4, beyond: 40): return .ip(.v6)
        case 0 where !looksLikeEthernet(rest):
            // A control word (RFC 4448 § 4.6) stands before the frame.
            path.append(.pseudowire)
            try rest.require(4, .mpls, at: offset)
            skip(4)
            return .ethernet
        case 1 where !looksLikeEthernet(rest): return .end
        default:
            path.append(.pseudowire)
            return .ethernet
        }
    }

    /// A length field that agrees with the octets there, padding of a short frame aside.
    private func lengthFits(_ rest: Span<UInt8>, at position: Int, beyond header: Int) -> Bool {
        guard rest.count >= position + 2 else { return true }
        let length = Int(rest.bigEndian16(at: position)) + header
        return length <= wireRest && length >= wireRest - 4
    }

    /// An Ethernet frame without a control word: its type or length makes sense.
    private func looksLikeEthernet(_ rest: Span<UInt8>) -> Bool {
        guard rest.count >= EthernetView.byteCount else { return false }
        let typeOrLength = rest.bigEndian16(at: 12)
        switch EtherType(rawValue: typeOrLength) {
        case .ipv4, .ipv6, .arp, .vlan, .serviceVLAN, .mpls, .pppoeSession, .pppoeDiscovery: return true
        default: return false
        }
    }
}
