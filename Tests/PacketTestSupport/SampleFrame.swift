import Headers

/// Frames that reach every step of the dissector: where damage and fuzzing start from.
public struct SampleFrame: Sendable {
    public var name: String
    public var linkType: LinkType
    public var octets: [UInt8]

    /// Every link type that the dissector knows.
    public static let linkTypes: [LinkType] = [
        .ethernet, .null, .tokenRing, .ppp, .fddi, .rawBSD, .rawOpenBSD, .pppHDLC, .pppEthernet, .raw, .ciscoHDLC,
        .ieee80211, .frameRelay, .loop, .linuxCooked, .pflog, .ieee80211Radiotap, .ppi, .mpls, .ipv4, .ipv6, .nflog,
        .pktap, .linuxCooked2,
    ]

    public static let all: [SampleFrame] = links + networks + tunnels

    private static let snap = Packets.snap(.ipv4, Packets.innerIP)
    private static let wireless = [0x08, 0x01] + [UInt8](repeating: 2, count: 20) + [0, 0] + snap
    private static let zeros12 = [UInt8](repeating: 0, count: 12)

    private static let links: [SampleFrame] = [
        SampleFrame(name: "ethernet", linkType: .ethernet, octets: Packets.innerFrame),
        SampleFrame(
            name: "llc", linkType: .ethernet,
            octets: Packets.ethernet(EtherType(rawValue: UInt16(snap.count)), snap)),
        SampleFrame(
            name: "vlans", linkType: .ethernet,
            octets: Packets.ethernet(.serviceVLAN, Packets.vlan(1, .vlan, Packets.vlan(2, .ipv4, Packets.innerIP)))),
        SampleFrame(
            name: "mpls", linkType: .ethernet,
            octets: Packets.ethernet(.mpls, Packets.mpls([1, 2], [0, 0, 0, 0] + Packets.innerFrame))),
        SampleFrame(
            name: "pppoe", linkType: .ethernet,
            octets: Packets.ethernet(.pppoeSession, Packets.pppoe([0, 0x21] + Packets.innerIP))),
        SampleFrame(
            name: "macsec", linkType: .ethernet,
            octets: Packets.ethernet(.macsec, [0, 0, 0, 0, 0, 1, 8, 0] + Packets.innerIP + zeros12 + [0, 0, 0, 0])),
        SampleFrame(
            name: "backbone", linkType: .ethernet,
            octets: Packets.ethernet(.backboneTag, [0, 0, 0, 5] + Packets.innerFrame)),
        SampleFrame(name: "null", linkType: .null, octets: [2, 0, 0, 0] + Packets.innerIP),
        SampleFrame(name: "ppp", linkType: .ppp, octets: [0xFF, 3, 0, 0x21] + Packets.innerIP),
        SampleFrame(name: "cooked", linkType: .linuxCooked, octets: zeros12 + [0, 0, 8, 0] + Packets.innerIP),
        SampleFrame(
            name: "cooked2", linkType: .linuxCooked2, octets: [8, 0] + zeros12 + [0, 0, 0, 0, 0, 0] + Packets.innerIP),
        SampleFrame(name: "wireless", linkType: .ieee80211, octets: wireless),
        SampleFrame(
            name: "radiotap", linkType: .ieee80211Radiotap, octets: [0, 0, 9, 0, 2, 0, 0, 0, 0x30] + wireless),
        SampleFrame(name: "relay", linkType: .frameRelay, octets: [0x18, 0x41, 3, 0xCC] + Packets.innerIP),
        SampleFrame(
            name: "nflog", linkType: .nflog,
            octets: [2, 0, 0, 0, 5, 0, 3, 0, 1, 0, 0, 0, UInt8(Packets.innerIP.count + 4), 0, 9, 0] + Packets.innerIP),
    ]

    private static let networks: [SampleFrame] = [
        SampleFrame(name: "sctp", linkType: .raw, octets: Packets.ipv4(.sctp, Packets.sctp(1, 2))),
        SampleFrame(name: "icmp", linkType: .raw, octets: Packets.ipv4(.icmp, Packets.echoRequest())),
        SampleFrame(
            name: "options", linkType: .raw,
            octets: Packets.ipv4(.udp, Packets.udp(1, 2)) { $0.options = [1, 1, 1, 1, 0x94, 4, 0, 0] }),
        SampleFrame(
            name: "extensions", linkType: .raw,
            octets: Packets.ipv6(
                .hopByHop,
                [60, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 1, 0, 0, 0, 9] + Packets.tcp(1, 2))),
        SampleFrame(
            name: "ah", linkType: .raw,
            octets: Packets.ipv4(.ah, [4, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2] + zeros12 + Packets.innerIP)),
    ]

    private static let tunnels: [SampleFrame] = [
        ("gre", Packets.tunnelled(.gre, Packets.gre(GREFields(protocolType: .ipv4, key: 1), Packets.innerIP))),
        (
            "erspan2",
            Packets.tunnelled(
                .gre,
                Packets.gre(
                    GREFields(protocolType: .erspan, sequenceNumber: 1),
                    [0x10, 5, 0, 1, 0, 0, 0, 0] + Packets.innerFrame))
        ),
        (
            "erspan3",
            Packets.tunnelled(
                .gre, Packets.gre(GREFields(protocolType: .erspan3, sequenceNumber: 1), zeros12 + Packets.innerFrame))
        ),
        ("pptp", Packets.tunnelled(.gre, [0x30, 0x81, 0x88, 0x0B] + zeros12 + [0x21] + Packets.innerIP)),
        ("etherip", Packets.tunnelled(.etherIP, [0x30, 0] + Packets.innerFrame)),
        ("vxlan", Packets.tunnelled(toPort: 4789, Packets.vxlan(Packets.innerFrame))),
        (
            "nsh",
            Packets.tunnelled(
                toPort: 4790, [0x0C, 0, 0, 4, 0, 0, 42, 0, 0x0F, 0xC2, 2, 1, 0, 0, 1, 255] + Packets.innerIP)
        ),
        (
            "geneve",
            Packets.tunnelled(
                toPort: 6081, [2, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 1, 4, 5, 6, 7] + Packets.innerFrame)
        ),
        (
            "gtp",
            Packets.tunnelled(
                toPort: 2152,
                [0x34, 255, 0, UInt8(Packets.innerIP.count + 8), 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0]
                    + Packets.innerIP)
        ),
        ("l2tp", Packets.tunnelled(toPort: 1701, [2, 2, 0, 1, 0, 2, 0, 1, 9, 0xFF, 3, 0, 0x21] + Packets.innerIP)),
        (
            "teredo",
            Packets.tunnelled(
                toPort: 3544, [0, 0, 0xFF, 0xFF, 1, 2, 3, 4] + Packets.ipv6(.udp, Packets.udp(1, 2)))
        ),
        ("capwap", Packets.tunnelled(toPort: 5247, [0, 0x10, 2, 0, 0, 0, 0, 0] + Packets.innerFrame)),
        ("lisp", Packets.tunnelled(toPort: 4341, [0x80, 0, 0, 1, 0, 0, 0, 0] + Packets.innerIP)),
    ].map { SampleFrame(name: $0.0, linkType: .ethernet, octets: $0.1) }
}
