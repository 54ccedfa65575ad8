import Headers

extension ProtocolLayer {
    /// As the protocol hierarchy shows it.
    var displayName: String {
        switch self {
        case .none: "nothing"
        case .ethernet: "Ethernet"
        case .ieee8023: "IEEE 802.3"
        case .llc: "LLC"
        case .snap: "SNAP"
        case .linuxCooked: "Linux cooked v1"
        case .linuxCooked2: "Linux cooked v2"
        case .null: "Null/Loopback"
        case .loop: "OpenBSD loopback"
        case .ppp: "PPP"
        case .pppoe: "PPPoE"
        case .ieee80211: "IEEE 802.11"
        case .radiotap: "Radiotap"
        case .rawIP: "Raw IP"
        case .ppi: "PPI"
        case .ciscoHDLC: "Cisco HDLC"
        case .frameRelay: "Frame Relay"
        case .fddi: "FDDI"
        case .tokenRing: "Token Ring"
        case .pflog: "PF log"
        case .nflog: "Netfilter log"
        case .pktap: "PKTAP"
        case .vlan: "802.1Q VLAN"
        case .serviceVLAN: "802.1ad VLAN"
        case .backboneTag: "802.1ah tag"
        case .macsec: "MACsec"
        case .ciscoMetadata: "Cisco metadata"
        case .mpls: "MPLS"
        case .pseudowire: "Pseudowire"
        case .arp: "ARP"
        case .otherEtherType: "Other EtherType"
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        case .ah: "AH"
        case .esp: "ESP"
        case .tcp: "TCP"
        case .udp: "UDP"
        case .udpLite: "UDP-Lite"
        case .sctp: "SCTP"
        case .dccp: "DCCP"
        case .icmp: "ICMP"
        case .icmpv6: "ICMPv6"
        case .igmp: "IGMP"
        case .otherIP: "Other IP protocol"
        case .gre: "GRE"
        case .erspan: "ERSPAN"
        case .ipInIP: "IP in IP"
        case .etherIP: "EtherIP"
        case .vxlan: "VXLAN"
        case .geneve: "GENEVE"
        case .gtp: "GTP-U"
        case .l2tp: "L2TP"
        case .teredo: "Teredo"
        case .nsh: "NSH"
        case .lisp: "LISP"
        case .capwap: "CAPWAP"
        case .fragment: "Later fragments"
        case .malformed: "Malformed"
        case .unknownLinkType: "Unknown link type"
        }
    }
}

extension LinkType {
    /// As the LINKTYPE_ registry and Wireshark call it.
    var displayName: String {
        switch self {
        case .ethernet: "Ethernet"
        case .null: "Null/Loopback"
        case .loop: "OpenBSD loopback"
        case .ppp, .pppHDLC: "PPP"
        case .pppEthernet: "PPPoE"
        case .raw, .rawBSD, .rawOpenBSD: "Raw IP"
        case .ipv4: "Raw IPv4"
        case .ipv6: "Raw IPv6"
        case .ieee80211: "IEEE 802.11"
        case .ieee80211Radiotap: "802.11 radiotap"
        case .linuxCooked: "Linux cooked v1"
        case .linuxCooked2: "Linux cooked v2"
        default: "link type \(rawValue)"
        }
    }
}

extension PacketMarks {
    /// As the ledger names a mark.
    var noteName: String {
        switch self {
        case .laterFragment: "later fragment"
        case .portsCut: "ports cut off"
        case .transportCut: "transport header cut off"
        case .tunnelCut: "inner header cut off"
        case .malformedAbove: "malformed inner header"
        default: "mark \(rawValue)"
        }
    }
}

extension Dissection.Outcome {
    /// As the ledger names the cause.
    var causeName: String {
        switch self {
        case .flow: "counted"
        case .notIP: "not IP"
        case .unknownLinkType: "unknown link type"
        case .truncated: "cut before the addresses"
        case .malformed: "malformed header"
        }
    }
}
