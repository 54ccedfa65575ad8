/// What the first header of a frame is (the LINKTYPE_ registry of tcpdump.org). Any value is legal; some have names.
@frozen public struct LinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let null = LinkType(rawValue: 0)
    public static let ethernet = LinkType(rawValue: 1)
    public static let tokenRing = LinkType(rawValue: 6)
    public static let ppp = LinkType(rawValue: 9)
    public static let fddi = LinkType(rawValue: 10)
    public static let rawBSD = LinkType(rawValue: 12)
    public static let rawOpenBSD = LinkType(rawValue: 14)
    public static let pppHDLC = LinkType(rawValue: 50)
    public static let pppEthernet = LinkType(rawValue: 51)
    public static let raw = LinkType(rawValue: 101)
    public static let ciscoHDLC = LinkType(rawValue: 104)
    public static let ieee80211 = LinkType(rawValue: 105)
    public static let frameRelay = LinkType(rawValue: 107)
    public static let loop = LinkType(rawValue: 108)
    public static let linuxCooked = LinkType(rawValue: 113)
    public static let pflog = LinkType(rawValue: 117)
    public static let ieee80211Radiotap = LinkType(rawValue: 127)
    public static let ppi = LinkType(rawValue: 192)
    public static let mpls = LinkType(rawValue: 219)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    public static let nflog = LinkType(rawValue: 239)
    public static let pktap = LinkType(rawValue: 258)
    public static let linuxCooked2 = LinkType(rawValue: 276)
}

/// The protocol a frame says it carries (IEEE 802 numbers, IANA).
@frozen public struct EtherType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16
    @inlinable @inline(__always) public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let ipv4 = EtherType(rawValue: 0x0800)
    public static let arp = EtherType(rawValue: 0x0806)
    public static let erspan3 = EtherType(rawValue: 0x22EB)
    public static let eoip = EtherType(rawValue: 0x6400)
    /// Transparent Ethernet Bridging: an Ethernet frame follows (RFC 1701, GENEVE, NVGRE).
    public static let bridgedEthernet = EtherType(rawValue: 0x6558)
    public static let vlan = EtherType(rawValue: 0x8100)
    public static let ipv6 = EtherType(rawValue: 0x86DD)
    public static let ppp = EtherType(rawValue: 0x880B)
    public static let wccp = EtherType(rawValue: 0x883E)
    public static let mpls = EtherType(rawValue: 0x8847)
    public static let mplsUpstream = EtherType(rawValue: 0x8848)
    public static let pppoeDiscovery = EtherType(rawValue: 0x8863)
    public static let pppoeSession = EtherType(rawValue: 0x8864)
    public static let serviceVLAN = EtherType(rawValue: 0x88A8)
    public static let erspan = EtherType(rawValue: 0x88BE)
    public static let macsec = EtherType(rawValue: 0x88E5)
    public static let ciscoMetadata = EtherType(rawValue: 0x8909)
    public static let backboneTag = EtherType(rawValue: 0x88E7)
    public static let nsh = EtherType(rawValue: 0x894F)
    /// Stacked tags from before 802.1ad.
    public static let oldVLAN9100 = EtherType(rawValue: 0x9100)
    public static let oldVLAN9200 = EtherType(rawValue: 0x9200)

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

    public static let hopByHop = IPProtocol(rawValue: 0)
    public static let icmp = IPProtocol(rawValue: 1)
    public static let igmp = IPProtocol(rawValue: 2)
    public static let ipv4 = IPProtocol(rawValue: 4)
    public static let tcp = IPProtocol(rawValue: 6)
    public static let udp = IPProtocol(rawValue: 17)
    public static let dccp = IPProtocol(rawValue: 33)
    public static let ipv6 = IPProtocol(rawValue: 41)
    public static let routing = IPProtocol(rawValue: 43)
    public static let fragment = IPProtocol(rawValue: 44)
    public static let gre = IPProtocol(rawValue: 47)
    public static let esp = IPProtocol(rawValue: 50)
    public static let ah = IPProtocol(rawValue: 51)
    public static let icmpv6 = IPProtocol(rawValue: 58)
    public static let noNextHeader = IPProtocol(rawValue: 59)
    public static let destinationOptions = IPProtocol(rawValue: 60)
    public static let etherIP = IPProtocol(rawValue: 97)
    public static let sctp = IPProtocol(rawValue: 132)
    public static let udpLite = IPProtocol(rawValue: 136)
    public static let mpls = IPProtocol(rawValue: 137)
    /// An Ethernet frame, as SRv6 carries it (RFC 8986 § 10.1).
    public static let ethernet = IPProtocol(rawValue: 143)

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

    public static let fin = TCPFlags(rawValue: 0x01)
    public static let syn = TCPFlags(rawValue: 0x02)
    public static let rst = TCPFlags(rawValue: 0x04)
    public static let psh = TCPFlags(rawValue: 0x08)
    public static let ack = TCPFlags(rawValue: 0x10)
    public static let urg = TCPFlags(rawValue: 0x20)
    public static let ece = TCPFlags(rawValue: 0x40)
    public static let cwr = TCPFlags(rawValue: 0x80)
}
