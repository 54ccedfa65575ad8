import Octets

/// A header with addresses in a frame, for those who change them.
public struct AddressPlace: Equatable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// An IPv4 header: at least its 20 octets are there.
        case ipv4
        /// An IPv6 header: at least its 40 octets are there.
        case ipv6
        /// An ARP packet (RFC 826), whole or not.
        case arp
    }

    public var kind: Kind
    /// Octets from the start of the frame.
    public var offset: Int

    public init(kind: Kind, offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}

extension Dissector {
    /// Dissects a frame as `dissect` does, and tells where on the way there are addresses: of the packet and of all
    /// that tunnels carry.
    public func places(
        in frame: Span<UInt8>, linkType: LinkType, wireLength: UInt32
    ) -> (dissection: Dissection, places: [AddressPlace]) {
        var walk = Walk(tunnels: .inner, capturedLength: frame.count, time: 0, wireLength: wireLength)
        guard let first = Walk.first(of: linkType) else {
            return (Dissection(info: walk.info, outcome: .unknownLinkType), [])
        }
        walk.places = []
        walk.next = first
        walk.run(frame)
        return (walk.dissection, walk.places ?? [])
    }
}
