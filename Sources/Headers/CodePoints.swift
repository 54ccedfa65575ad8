/// What the first header of a frame is (the LINKTYPE_ registry of tcpdump.org). Any value is legal; some have names.
@frozen public struct LinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable @inline(__always) public static var null: LinkType { LinkType(rawValue: 0) }
    @inlinable @inline(__always) public static var ethernet: LinkType { LinkType(rawValue: 1) }
    @inlinable @inline(__always) public static var tokenRing: LinkType { LinkType(rawValue: 6) }
    @inlinable @inline(__always) public static var ppp: LinkType { LinkType(rawValue: 9) }
    @inlinable @inline(__always) public static var fddi: LinkType { LinkType(rawValue: 10) }
    @inlinable @inline(__always) public static var rawBSD: LinkType { LinkType(rawValue: 12) }
    @inlinable @inline(__always) public static var rawOpenBSD: LinkType { LinkType(rawValue: 14) }
    @inlinable @inline(__always) public static var pppHDLC: LinkType { LinkType(rawValue: 50) }
    @inlinable @inline(__always) public static var pppEthernet: LinkType { LinkType(rawValue: 51) }
    @inlinable @inline(__always) public static var raw: LinkType { LinkType(rawValue: 101) }
    @inlinable @inline(__always) public static var ciscoHDLC: LinkType { LinkType(rawValue: 104) }
    @inlinable @inline(__always) public static var ieee80211: LinkType { LinkType(rawValue: 105) }
    @inlinable @inline(__always) public static var frameRelay: LinkType { LinkType(rawValue: 107) }
    @inlinable @inline(__always) public static var loop: LinkType { LinkType(rawValue: 108) }
    @inlinable @inline(__always) public static var linuxCooked: LinkType { LinkType(rawValue: 113) }
    @inlinable @inline(__always) public static var pflog: LinkType { LinkType(rawValue: 117) }
    @inlinable @inline(__always) public static var ieee80211Radiotap: LinkType { LinkType(rawValue: 127) }
    @inlinable @inline(__always) public static var ppi: LinkType { LinkType(rawValue: 192) }
    @inlinable @inline(__always) public static var mpls: LinkType { LinkType(rawValue: 219) }
    @inlinable @inline(__always) public static var ipv4: LinkType { LinkType(rawValue: 228) }
    @inlinable @inline(__always) public static var ipv6: LinkType { LinkType(rawValue: 229) }
    @inlinable @inline(__always) public static var nflog: LinkType { LinkType(rawValue: 239) }
    @inlinable @inline(__always) public static var pktap: LinkType { LinkType(rawValue: 258) }
    @inlinable @inline(__always) public static var linuxCooked2: LinkType { LinkType(rawValue: 276) }
}

/// The protocol a frame says it carries (IEEE 802 numbers, IANA).
@frozen public struct EtherType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable @inline(__always) public static var ipv4: EtherType { EtherType(rawValue: 0x0800) }
    @inlinable @inline(__always) public static var arp: EtherType { EtherType(rawValue: 0x0806) }
    @inlinable @inline(__always) public static var erspan3: EtherType { EtherType(rawValue: 0x22EB) }
    @inlinable @inline(__always) public static var eoip: EtherType { EtherType(rawValue: 0x6400) }
    /// Transparent Ethernet Bridging: an Ethernet frame follows (RFC 1701, GENEVE, NVGRE).
    @inlinable @inline(__always) public static var bridgedEthernet: EtherType { EtherType(rawValue: 0x6558) }
    @inlinable @inline(__always) public static var vlan: EtherType { EtherType(rawValue: 0x8100) }
    @inlinable @inline(__always) public static var ipv6: EtherType { EtherType(rawValue: 0x86DD) }
    @inlinable @inline(__always) public static var ppp: EtherType { EtherType(rawValue: 0x880B) }
    @inlinable @inline(__always) public static var wccp: EtherType { EtherType(rawValue: 0x883E) }
    @inlinable @inline(__always) public static var mpls: EtherType { EtherType(rawValue: 0x8847) }
    @inlinable @inline(__always) public static var mplsUpstream: EtherType { EtherType(rawValue: 0x8848) }
    @inlinable @inline(__always) public static var pppoeDiscovery: EtherType { EtherType(rawValue: 0x8863) }
    @inlinable @inline(__always) public static var pppoeSession: EtherType { EtherType(rawValue: 0x8864) }
    @inlinable @inline(__always) public static var serviceVLAN: EtherType { EtherType(rawValue: 0x88A8) }
    @inlinable @inline(__always) public static var erspan: EtherType { EtherType(rawValue: 0x88BE) }
    @inlinable @inline(__always) public static var macsec: EtherType { EtherType(rawValue: 0x88E5) }
    @inlinable @inline(__always) public static var ciscoMetadata: EtherType { EtherType(rawValue: 0x8909) }
    @inlinable @inline(__always) public static var backboneTag: EtherType { EtherType(rawValue: 0x88E7) }
    @inlinable @inline(__always) public static var nsh: EtherType { EtherType(rawValue: 0x894F) }
    /// Stacked tags from before 802.1ad.
    @inlinable @inline(__always) public static var oldVLAN9100: EtherType { EtherType(rawValue: 0x9100) }
    @inlinable @inline(__always) public static var oldVLAN9200: EtherType { EtherType(rawValue: 0x9200) }

    /// An IEEE 802.1Q tag follows.
    @inline(always) public var isVLAN: Bool {
        self == .vlan || self == .serviceVLAN || self == .oldVLAN9100 || self == .oldVLAN9200
    }

    /// The largest value of the field that is a length, not a type (IEEE 802.3 § 3.2.6).
    public static let lengthMax: UInt16 = 1500
}

/// The protocol above IP (IANA protocol numbers). Any value is legal; some have names.
@frozen public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8
    @inlinable @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable @inline(__always) public static var hopByHop: IPProtocol { IPProtocol(rawValue: 0) }
    @inlinable @inline(__always) public static var icmp: IPProtocol { IPProtocol(rawValue: 1) }
    @inlinable @inline(__always) public static var igmp: IPProtocol { IPProtocol(rawValue: 2) }
    @inlinable @inline(__always) public static var ipv4: IPProtocol { IPProtocol(rawValue: 4) }
    @inlinable @inline(__always) public static var tcp: IPProtocol { IPProtocol(rawValue: 6) }
    @inlinable @inline(__always) public static var udp: IPProtocol { IPProtocol(rawValue: 17) }
    @inlinable @inline(__always) public static var dccp: IPProtocol { IPProtocol(rawValue: 33) }
    @inlinable @inline(__always) public static var ipv6: IPProtocol { IPProtocol(rawValue: 41) }
    @inlinable @inline(__always) public static var routing: IPProtocol { IPProtocol(rawValue: 43) }
    @inlinable @inline(__always) public static var fragment: IPProtocol { IPProtocol(rawValue: 44) }
    @inlinable @inline(__always) public static var gre: IPProtocol { IPProtocol(rawValue: 47) }
    @inlinable @inline(__always) public static var esp: IPProtocol { IPProtocol(rawValue: 50) }
    @inlinable @inline(__always) public static var ah: IPProtocol { IPProtocol(rawValue: 51) }
    @inlinable @inline(__always) public static var icmpv6: IPProtocol { IPProtocol(rawValue: 58) }
    @inlinable @inline(__always) public static var noNextHeader: IPProtocol { IPProtocol(rawValue: 59) }
    @inlinable @inline(__always) public static var destinationOptions: IPProtocol { IPProtocol(rawValue: 60) }
    @inlinable @inline(__always) public static var etherIP: IPProtocol { IPProtocol(rawValue: 97) }
    @inlinable @inline(__always) public static var sctp: IPProtocol { IPProtocol(rawValue: 132) }
    @inlinable @inline(__always) public static var udpLite: IPProtocol { IPProtocol(rawValue: 136) }
    @inlinable @inline(__always) public static var mpls: IPProtocol { IPProtocol(rawValue: 137) }
    /// An Ethernet frame, as SRv6 carries it (RFC 8986 § 10.1).
    @inlinable @inline(__always) public static var ethernet: IPProtocol { IPProtocol(rawValue: 143) }

    /// The first four octets of the header are a source and a destination port.
    @inline(always) public var hasPorts: Bool {
        self == .tcp || self == .udp || self == .sctp || self == .dccp || self == .udpLite
    }

    /// One of the IPv6 headers that stand between the fixed header and the protocol (RFC 8200 § 4).
    @inline(always) public var isIPv6Extension: Bool {
        self == .hopByHop || self == .routing || self == .fragment || self == .destinationOptions
    }
}

/// The flag octet of a TCP header (RFC 9293 § 3.1).
@frozen public struct TCPFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    @inlinable @inline(__always) public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable @inline(__always) public static var fin: TCPFlags { TCPFlags(rawValue: 0x01) }
    @inlinable @inline(__always) public static var syn: TCPFlags { TCPFlags(rawValue: 0x02) }
    @inlinable @inline(__always) public static var rst: TCPFlags { TCPFlags(rawValue: 0x04) }
    @inlinable @inline(__always) public static var psh: TCPFlags { TCPFlags(rawValue: 0x08) }
    @inlinable @inline(__always) public static var ack: TCPFlags { TCPFlags(rawValue: 0x10) }
    @inlinable @inline(__always) public static var urg: TCPFlags { TCPFlags(rawValue: 0x20) }
    @inlinable @inline(__always) public static var ece: TCPFlags { TCPFlags(rawValue: 0x40) }
    @inlinable @inline(__always) public static var cwr: TCPFlags { TCPFlags(rawValue: 0x80) }
}
