import Octets

/// What follows what: one line per link type, EtherType, IP protocol and UDP port that the walk can take apart.
extension Walk {
    /// The first header of a frame; `nil` for a link type the dissector does not know.
    static func first(of linkType: LinkType) -> NextHeader? {
        switch linkType {
        case .ethernet: .ethernet
        case .linuxCooked: .linuxCooked
        case .linuxCooked2: .linuxCooked2
        case .raw, .rawBSD, .rawOpenBSD: .ip(.none)
        case .ipv4: .ip(.v4)
        case .ipv6: .ip(.v6)
        case .null: .null
        case .loop: .loop
        case .ppp: .ppp
        case .pppHDLC: .pppHDLC
        case .pppEthernet: .pppoe
        case .ieee80211: .ieee80211(swappedControl: false)
        case .ieee80211Radiotap: .radiotap
        case .ppi: .ppi
        case .ciscoHDLC: .ciscoHDLC
        case .frameRelay: .frameRelay
        case .fddi: .fddi
        case .tokenRing: .tokenRing
        case .pflog: .pflog
        case .nflog: .nflog
        case .pktap: .pktap
        case .mpls: .mpls
        default: nil
        }
    }

    /// A tunnel that announces itself by a UDP port.
    @inline(always) static func tunnel(onPort port: UInt16) -> NextHeader? {
        switch port {
        case 1701: .l2tp
        case 2152: .gtp
        case 3544: .teredo
        case 4341: .lisp
        case 4754: .gre
        case 4789: .vxlan
        case 4790: .vxlanGPE
        case 5247: .capwap
        case 6081: .geneve
        case 6635: .mpls
        default: nil
        }
    }

    /// Reads the header at `offset`.
    @inline(always) mutating func step(_ frame: Span<UInt8>) throws(DecodeFailure) {
        switch next {
        case .end: break
        case .ethernet: try ethernet(frame)
        case .etherType(let type): try etherType(type, frame)
        case .ip(let family): try ip(family, frame)
        case .ipProtocol(let number): try ipProtocol(number, frame)
        case .llc: try llc(frame)
        case .linuxCooked: try linuxCooked(frame)
        case .linuxCooked2: try linuxCooked2(frame)
        case .null: try null(frame)
        case .loop: try loop(frame)
        case .ppp: try ppp(frame)
        case .pppHDLC: try pppHDLC(frame)
        case .pppoe: try pppoe(frame)
        case .radiotap: try radiotap(frame)
        case .ieee80211(let swapped): try ieee80211(frame, swappedControl: swapped)
        case .ppi: try ppi(frame)
        case .ciscoHDLC: try ciscoHDLC(frame)
        case .frameRelay: try frameRelay(frame)
        case .fddi: try fddi(frame)
        case .tokenRing: try tokenRing(frame)
        case .pflog: try pflog(frame)
        case .nflog: try nflog(frame)
        case .pktap: try pktap(frame)
        case .mpls: try mpls(frame)
        case .gre: try gre(frame)
        case .erspan2: try erspan2(frame)
        case .erspan3: try erspan3(frame)
        case .vxlan: try vxlan(frame)
        case .vxlanGPE: try vxlanGPE(frame)
        case .geneve: try geneve(frame)
        case .gtp: try gtp(frame)
        case .l2tp: try l2tp(frame)
        case .teredo: try teredo(frame)
        case .nsh: try nsh(frame)
        case .lisp: try lisp(frame)
        case .capwap: try capwap(frame)
        case .nextProtocol(let number): nextProtocol(number)
        }
    }

    /// What an EtherType announces. It has no octets of its own: the header that held it was skipped.
    @inline(always) mutating func etherType(_ type: EtherType, _ frame: Span<UInt8>) throws(DecodeFailure) {
        switch type {
        case .ipv4: try ip(.v4, frame)
        case .ipv6: try ip(.v6, frame)
        case .vlan, .serviceVLAN, .oldVLAN9100, .oldVLAN9200: try vlan(type, frame)
        case .mpls, .mplsUpstream: try mpls(frame)
        case .pppoeSession: try pppoe(frame)
        case .pppoeDiscovery: finish(.pppoe)
        case .backboneTag: try backboneTag(frame)
        case .macsec: try macsec(frame)
        case .ciscoMetadata: try ciscoMetadata(frame)
        case .bridgedEthernet: next = .ethernet
        case .nsh: next = .nsh
        case .ppp: next = .ppp
        case .arp:
            places?.append(AddressPlace(kind: .arp, offset: offset))
            finish(.arp)
        default: finish(.otherEtherType)
        }
    }

    /// What an IP protocol number announces.
    @inline(always) mutating func ipProtocol(_ number: IPProtocol, _ frame: Span<UInt8>) throws(DecodeFailure) {
        locateTransport()
        switch number {
        case .tcp: try tcp(frame)
        case .udp: try udp(frame)
        case .icmp: try icmp(frame)
        case .icmpv6: try icmpv6(frame)
        case .sctp: try sctp(frame)
        case .dccp: try dccp(frame)
        case .udpLite: try udpLite(frame)
        case .igmp: finish(.igmp)
        case .esp: finish(.esp)
        case .ah: try authenticationHeader(frame)
        case .ipv4: ipInIP(.v4)
        case .ipv6: ipInIP(.v6)
        case .gre: try gre(frame)
        case .etherIP: try etherIP(frame)
        case .mpls: try mpls(frame)
        case .ethernet: next = .ethernet
        default: finish(.otherIP)
        }
    }

    private mutating func ipInIP(_ family: IPFamily) {
        path.append(.ipInIP)
        next = .ip(family)
    }

    /// The next-protocol octet that NSH and VXLAN-GPE share (RFC 8300 § 11.1.3).
    mutating func nextProtocol(_ number: UInt8) {
        switch number {
        case 1: next = .ip(.v4)
        case 2: next = .ip(.v6)
        case 3: next = .ethernet
        case 4: next = .nsh
        case 5: next = .mpls
        default: next = .end
        }
    }
}
