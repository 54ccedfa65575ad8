import Headers

/// A field that a comparison can name.
enum FilterField: String, CaseIterable {
    case sourceIP = "src_ip"
    case destinationIP = "dst_ip"
    case sourcePort = "src_port"
    case destinationPort = "dst_port"
    case `protocol` = "protocol"
    case version = "ip_version"
    case vlan = "vlan"
    case length = "length"
    case capturedLength = "captured_length"
    case tcpFlags = "tcp_flags"

    init?(word: String) {
        let folded = NearestName.folded(word)
        if let field = Self.allCases.first(where: { NearestName.folded($0.rawValue) == folded }) {
            self = field
            return
        }
        switch String(decoding: folded, as: UTF8.self) {
        case "proto": self = .protocol
        case "len", "wirelength": self = .length
        default: return nil
        }
    }

    var test: FilterInstruction.Test {
        switch self {
        case .sourceIP, .destinationIP: .address
        case .sourcePort, .destinationPort: .port
        case .protocol: .protocol
        case .version: .version
        case .vlan: .vlan
        case .length: .length
        case .capturedLength: .capturedLength
        case .tcpFlags: .flags
        }
    }

    var side: FilterSide {
        switch self {
        case .destinationIP, .destinationPort: .destination
        default: .source
        }
    }

    /// The largest value; the range of a number field starts at 0.
    var max: UInt64 {
        switch self {
        case .sourcePort, .destinationPort: 65_535
        case .protocol, .version, .tcpFlags: 255
        case .vlan: 4_095
        default: UInt64(UInt32.max)
        }
    }

    /// What a value of this field is called in an error.
    var valueName: String {
        switch self {
        case .sourceIP, .destinationIP: "an IPv4 or IPv6 address or prefix"
        case .sourcePort, .destinationPort: "a port number or service name"
        case .protocol: "a protocol name or number"
        case .version: "4 or 6"
        case .vlan: "a VLAN identifier"
        case .length, .capturedLength: "a number of octets"
        case .tcpFlags: "a TCP flag"
        }
    }

    /// The numbers that have names in this field.
    var valueNames: [(name: String, value: UInt64)] {
        switch self {
        case .protocol: FilterVocabulary.protocols
        case .sourcePort, .destinationPort: FilterVocabulary.services
        case .tcpFlags: FilterVocabulary.flags
        default: []
        }
    }
}

/// The words of the language that are not its grammar.
enum FilterVocabulary {
    /// IANA protocol numbers under the names of `PacketInfo`'s layers and of pcap-filter(7).
    static let protocols: [(name: String, value: UInt64)] = [
        ("tcp", 6), ("udp", 17), ("icmp", 1), ("icmp6", 58), ("icmpv6", 58), ("sctp", 132), ("igmp", 2), ("gre", 47),
        ("esp", 50), ("ah", 51), ("dccp", 33), ("udplite", 136), ("ipip", 4), ("ipv6", 41), ("pim", 103), ("vrrp", 112),
        ("ospf", 89), ("igrp", 9), ("egp", 8), ("rsvp", 46), ("l2tp", 115),
    ]

    /// The services that people write by name; any other port is written as a number.
    static let services: [(name: String, value: UInt64)] = [
        ("ftp-data", 20), ("ftp", 21), ("ssh", 22), ("telnet", 23), ("smtp", 25), ("domain", 53), ("dns", 53),
        ("bootps", 67), ("bootpc", 68), ("tftp", 69), ("http", 80), ("kerberos", 88), ("pop3", 110), ("sunrpc", 111),
        ("ntp", 123), ("imap", 143), ("snmp", 161), ("snmptrap", 162), ("bgp", 179), ("ldap", 389), ("https", 443),
        ("microsoft-ds", 445), ("isakmp", 500), ("syslog", 514), ("ldaps", 636), ("domain-s", 853), ("imaps", 993),
        ("pop3s", 995), ("mysql", 3306), ("rdp", 3389), ("postgresql", 5432), ("sip", 5060), ("mdns", 5353),
        ("redis", 6379), ("gtp-u", 2152), ("vxlan", 4789), ("geneve", 6081),
    ]

    static let flags: [(name: String, value: UInt64)] = [
        ("fin", 1), ("syn", 2), ("rst", 4), ("psh", 8), ("ack", 16), ("urg", 32), ("ece", 64), ("cwr", 128),
    ]

    /// Protocols that pcap-filter(7) lets stand alone or before a qualifier.
    static let protocolKeywords = [
        "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "ah", "esp", "gre", "dccp", "udplite", "pim", "vrrp",
    ]

    /// Keywords of pcap-filter(7) that mean something we do not keep, each with what to do instead.
    static let unsupported: [String: String] = [
        "ether": "link addresses are not part of a flow", "wlan": "link addresses are not part of a flow",
        "arp": "only IP packets have flows", "rarp": "only IP packets have flows", "stp": "only IP packets have flows",
        "broadcast": "write the address", "multicast": "write dst net 224.0.0.0/4 or dst net ff00::/8",
        "gateway": "link addresses are not part of a flow", "mpls": "labels are looked through without being asked",
        "pppoed": "PPPoE is looked through without being asked",
        "pppoes": "PPPoE is looked through without being asked",
        "geneve": "use --tunnels inner, or udp port 6081", "vxlan": "use --tunnels inner, or udp port 4789",
        "inbound": "directions are not recorded", "outbound": "directions are not recorded",
        "ifname": "interfaces are not part of a flow", "protochain": "write proto",
        "tcp-syn": "write tcp_flags has syn", "tcpflags": "write tcp_flags has syn",
    ]

    static let keywords =
        [
            "src", "dst", "host", "net", "port", "portrange", "proto", "ip", "ip6", "vlan", "less", "greater", "not",
            "and", "or",
        ]
        + protocolKeywords

    static func value(_ word: String, among names: [(name: String, value: UInt64)]) -> UInt64? {
        let folded = NearestName.folded(word)
        return names.first { NearestName.folded($0.name) == folded }?.value
    }
}
