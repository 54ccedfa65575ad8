/// Why and where decoding of a header stopped. A flat value: rejecting hostile input costs no allocation.
public struct DecodeFailure: Error, Equatable, Sendable {
    /// The header that could not be decoded.
    public enum Layer: UInt8, Sendable, CaseIterable {
        case link, ethernet, vlan, llc, mpls, ppp, pppoe, ieee80211, radiotap, linuxCooked, null
        case backboneTag, macsec, ciscoMetadata, ppi, ciscoHDLC, frameRelay, fddi, tokenRing, pflog, nflog, pktap, arp
        case ipv4, ipv6, ipv6Extension, ah, esp
        case tcp, udp, udpLite, sctp, dccp, icmp, icmpv6, igmp
        case gre, erspan, etherIP, vxlan, geneve, gtp, l2tp, teredo, nsh, lisp, capwap
    }

    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The captured octets end inside the header.
        case truncated
        /// A length field is smaller than the header it stands in.
        case lengthBelowHeader
        /// A length field claims more than the enclosing layer holds.
        case lengthBeyondPacket
        /// A version field is not the one this header has.
        case versionMismatch
        /// More headers are nested than the dissector follows.
        case tooDeep
        /// A field holds a value that its specification forbids.
        case invalidField
    }

    public let layer: Layer
    public let reason: Reason
    /// Octets from the start of the frame to the start of `layer`.
    public let offset: Int32
    /// Octets needed and octets there, where the reason is about a length; otherwise 0.
    public let needed: Int32, available: Int32

    @inline(always)
    public init(_ layer: Layer, _ reason: Reason, at offset: Int, needed: Int = 0, available: Int = 0) {
        self.layer = layer
        self.reason = reason
        self.offset = Int32(clamping: offset)
        self.needed = Int32(clamping: needed)
        self.available = Int32(clamping: available)
    }
}

extension DecodeFailure: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .truncated: "\(layer) at octet \(offset): needs \(needed) octets, \(available) are there"
        case .lengthBelowHeader:
            "\(layer) at octet \(offset): length field \(available) is below the header's \(needed)"
        case .lengthBeyondPacket:
            "\(layer) at octet \(offset): length field \(needed) exceeds the \(available) octets there"
        case .versionMismatch: "\(layer) at octet \(offset): wrong version"
        case .tooDeep: "\(layer) at octet \(offset): nested deeper than \(needed) headers"
        case .invalidField: "\(layer) at octet \(offset): a field holds a forbidden value"
        }
    }
}
