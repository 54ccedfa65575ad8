/// What the octets at the walk's offset are to be taken for.
enum NextHeader {
    case end
    // Link
    case ethernet, llc, linuxCooked, linuxCooked2, null, loop, ppp, pppHDLC, pppoe, radiotap
    case ieee80211(swappedControl: Bool)
    case ppi, ciscoHDLC, frameRelay, fddi, tokenRing, pflog, nflog, pktap
    case etherType(EtherType)
    case mpls
    // Network
    /// IPv4 or IPv6, as the version field says. The family is what the layer below announced.
    case ip(IPFamily)
    case ipProtocol(IPProtocol)
    // Tunnel
    case gre, erspan2, erspan3, vxlan, vxlanGPE, geneve, gtp, l2tp, teredo, nsh, lisp, capwap
    case nextProtocol(UInt8)
}
