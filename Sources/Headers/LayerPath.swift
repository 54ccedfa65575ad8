/// A protocol as the protocol hierarchy names it.
public enum ProtocolLayer: UInt8, Sendable, CaseIterable {
    case none = 0
    case ethernet, ieee8023, llc, snap, linuxCooked, linuxCooked2, null, loop, ppp, pppoe, ieee80211, radiotap, rawIP
    case ppi, ciscoHDLC, frameRelay, fddi, tokenRing, pflog, nflog, pktap
    case vlan, serviceVLAN, backboneTag, macsec, ciscoMetadata, mpls, pseudowire, arp, otherEtherType
    case ipv4, ipv6, ah, esp
    case tcp, udp, udpLite, sctp, dccp, icmp, icmpv6, igmp, otherIP
    case gre, erspan, ipInIP, etherIP, vxlan, geneve, gtp, l2tp, teredo, nsh, lisp, capwap
    case fragment, malformed, unknownLinkType
}

/// Up to eight protocols from the outside in, packed into one word; deeper ones are left out.
public struct LayerPath: Hashable, Sendable {
    /// The first protocol in the lowest octet.
    public private(set) var packed: UInt64 = 0
    public private(set) var count: Int = 0

    public init() {}

    public mutating func append(_ layer: ProtocolLayer) {
        guard count < 8 else { return }
        packed |= UInt64(layer.rawValue) << UInt64(8 * count)
        count += 1
    }

    public var layers: [ProtocolLayer] {
        (0..<count).map { ProtocolLayer(rawValue: UInt8(truncatingIfNeeded: packed >> UInt64(8 * $0))) ?? .none }
    }
}
