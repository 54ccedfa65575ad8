import Headers

/// Names of protocols and ports that people know, as IANA registered them; the system's files are not read.
public enum ServiceNames {
    /// The name of a port of TCP, UDP or SCTP; `nil` for others and for ports without a well-known name.
    ///
    /// - Parameter protocol: `nil` where the key does not have it.
    public static func name(_ port: UInt16, protocol: UInt8? = nil) -> String? {
        switch `protocol` {
        case 6, nil: tcp[port] ?? both[port]
        case 17: udp[port] ?? both[port]
        case 132: sctp[port]
        default: nil
        }
    }

    /// `TCP`, `ICMPv6` …, or the number.
    public static func name(protocol number: UInt8) -> String { protocols[number] ?? "\(number)" }

    private static let protocols: [UInt8: String] = [
        0: "HOPOPT", 1: "ICMP", 2: "IGMP", 4: "IP-in-IP", 6: "TCP", 8: "EGP", 9: "IGP", 17: "UDP", 27: "RDP", 33: "DCCP",
        41: "IPv6-in-IP", 46: "RSVP", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 59: "IPv6-NoNxt", 88: "EIGRP",
        89: "OSPF", 94: "IPIP", 103: "PIM", 108: "IPComp", 112: "VRRP", 115: "L2TP", 132: "SCTP", 136: "UDP-Lite",
        137: "MPLS-in-IP",
    ]

    private static let both: [UInt16: String] = [
        7: "echo", 9: "discard", 13: "daytime", 19: "chargen", 37: "time", 53: "dns", 88: "kerberos", 111: "rpcbind",
        135: "msrpc", 137: "netbios-ns", 138: "netbios-dgm", 139: "netbios-ssn", 161: "snmp", 162: "snmp-trap",
        389: "ldap", 464: "kpasswd", 546: "dhcpv6-client", 547: "dhcpv6-server", 554: "rtsp", 853: "dns-tls",
        1194: "openvpn", 1812: "radius", 1813: "radius-acct", 2049: "nfs", 3478: "stun", 3702: "ws-discovery",
        5060: "sip", 5061: "sips", 5349: "stuns", 8080: "http-alt",
    ]

    private static let tcp: [UInt16: String] = [
        20: "ftp-data", 21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 43: "whois", 70: "gopher", 79: "finger",
        80: "http", 110: "pop3", 113: "ident", 119: "nntp", 143: "imap", 179: "bgp", 194: "irc", 427: "slp",
        443: "https", 445: "smb", 465: "smtps", 515: "printer", 587: "submission", 631: "ipp", 636: "ldaps",
        646: "ldp", 873: "rsync", 989: "ftps-data", 990: "ftps", 993: "imaps", 995: "pop3s", 1080: "socks",
        1433: "mssql", 1521: "oracle", 1723: "pptp", 1883: "mqtt", 2181: "zookeeper", 2375: "docker",
        2376: "docker-tls",
        2379: "etcd", 2380: "etcd-peer", 3128: "proxy", 3268: "globalcat", 3306: "mysql", 3389: "rdp", 4222: "nats",
        5222: "xmpp", 5432: "postgres", 5672: "amqp", 5900: "vnc", 5985: "winrm", 6379: "redis", 6443: "kubernetes",
        6667: "irc", 8000: "http-alt", 8443: "https-alt", 8883: "mqtts", 8888: "http-alt", 9000: "clickhouse",
        9042: "cassandra", 9092: "kafka", 9100: "node-exporter", 9200: "elasticsearch", 10250: "kubelet",
        11211: "memcached", 27017: "mongodb",
    ]

    private static let udp: [UInt16: String] = [
        67: "dhcp-server", 68: "dhcp-client", 69: "tftp", 80: "quic", 123: "ntp", 443: "quic", 500: "isakmp",
        514: "syslog", 520: "rip", 521: "ripng", 623: "ipmi", 1701: "l2tp", 1900: "ssdp", 2055: "netflow",
        2123: "gtp-c", 2152: "gtp-u", 3544: "teredo", 3784: "bfd", 4500: "ipsec-nat-t", 4739: "ipfix", 4789: "vxlan",
        5004: "rtp", 5005: "rtcp", 5350: "nat-pmp", 5351: "nat-pmp", 5353: "mdns", 5355: "llmnr", 6081: "geneve",
        6343: "sflow", 17500: "dropbox", 51820: "wireguard",
    ]

    private static let sctp: [UInt16: String] = [2905: "m3ua", 3868: "diameter", 36412: "s1ap", 38412: "ngap"]
}
