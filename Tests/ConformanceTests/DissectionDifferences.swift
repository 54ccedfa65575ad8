/// The packets whose five-tuple differs from the oracle's, each with the reason. docs/conformance.md says more.
enum DissectionDifferences {
    struct Entry {
        var packets: [Int]
        var reason: String
    }

    private static let sourceRoute =
        "the oracle has no tuple where a source route is; ours has the fixed header's addresses"
    private static let controlWord =
        "tshark takes the control word for a known manufacturer's address, and then an address for an EtherType"

    static let known: [String: Entry] = [
        "ip_options__07_ipv4_loose_source_route_udp.pcap": Entry(packets: [1], reason: sourceRoute),
        "ip_options__08_ipv4_strict_source_route_udp.pcap": Entry(packets: [1], reason: sourceRoute),
        "ip_options__19_ipv4_snaplen_truncated_inside_options.pcap": Entry(
            packets: [1], reason: "tshark needs the cut options for the destination; both addresses stand before them"),
        "mpls_pw__03_mpls_pw_eth_ipv6_tcp_cw.pcap": Entry(packets: [1], reason: controlWord),
        "mpls_pw__08_mpls_pw_eth_llc_snap_ipv4_udp_cw.pcap": Entry(packets: [1], reason: controlWord),
        "mpls_pw__17_mpls_pw_outer_qinq_inner_ipv4_udp_cw.pcap": Entry(packets: [1], reason: controlWord),
        "mpls_pw__18_mpls_pw_outer_legacy_vlan_ipv4_tcp_cw.pcap": Entry(packets: [1], reason: controlWord),
        "mpls_pw__19_mpls_pw_ambiguous_no_cw_mac_starts_with_4.pcap": Entry(
            packets: [1], reason: "tshark 4.0 takes a first nibble of 4 for IPv4 whatever follows; later ones do not"),
        "PcapPlusPlus__cf-5757531338309632.pcap": Entry(
            packets: [1], reason: "the oracle follows AH here, against its own rule that AH is the protocol"),
    ]
}
