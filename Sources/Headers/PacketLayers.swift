import Octets

/// Where the IP packet that names the flow carries its payload: offsets into the frame that was dissected.
///
/// A tally of headers does not need it; who reads payload does. It respects the IP length fields, so padding behind the
/// packet is not in it, and tells how much of the packet the capture left out.
@frozen public struct PacketLayers: Equatable, Sendable {
    /// Where the header above IP and its extension headers begins; -1 where none was reached.
    public var transport: Int
    /// Where the captured octets of the packet end. `transport <= end` where there is a transport header.
    public var end: Int
    /// Where the packet ends on the wire: `end`, or behind it where the capture cut the packet.
    public var wireEnd: Int
    /// Octets on the wire from the first one of the IP header to the end of its packet, as its length field says; to
    /// the end of the frame where it says nothing. Less than that where the frame is shorter. 0 without an IP header.
    public var ipOctets: Int
    /// The first fragment header on the way to the flow's packet: what has to be reassembled before anything above it
    /// can be trusted. Where it is there, `transport` describes at most the beginning of the datagram.
    public var fragment: IPFragment?

    @inlinable @inline(__always)
    public init(transport: Int = -1, end: Int = 0, wireEnd: Int = 0, ipOctets: Int = 0, fragment: IPFragment? = nil) {
        self.transport = transport
        self.end = end
        self.wireEnd = wireEnd
        self.ipOctets = ipOctets
        self.fragment = fragment
    }

    /// Octets of the packet, from the transport header on, that are not in the capture.
    @inlinable @inline(__always) public var missing: Int { wireEnd - end }
}

/// One fragment of an IP datagram (RFC 791 § 3.2, RFC 8200 § 4.5).
@frozen public struct IPFragment: Equatable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    /// 16 bits in IPv4, 32 in IPv6.
    public var identification: UInt32
    /// What the datagram's fragmentable part begins with: the protocol, in IPv6 possibly an extension header.
    public var `protocol`: IPProtocol
    /// Where the fragment's data belongs in the datagram, in octets: a multiple of eight, at most 65,528.
    public var offset: Int
    public var moreFragments: Bool
    /// Where the fragment's data begins and its captured octets end in the frame.
    public var data: Range<Int>
    /// Octets of data that the capture left out.
    public var missing: Int

    @inlinable
    public init(
        source: IPAddress, destination: IPAddress, identification: UInt32, protocol: IPProtocol, offset: Int,
        moreFragments: Bool, data: Range<Int>, missing: Int = 0
    ) {
        self.source = source
        self.destination = destination
        self.identification = identification
        self.protocol = `protocol`
        self.offset = offset
        self.moreFragments = moreFragments
        self.data = data
        self.missing = missing
    }
}

extension Walk {
    /// Remembers where the payload of the packet that names the flow lies: from `offset` on.
    @inline(always) mutating func locateTransport() {
        guard isKeyOpen else { return }
        layers.transport = offset
        layers.end = end
        layers.wireEnd = wireEnd
    }

    /// Remembers how long the IP packet is that names the flow: from its header at `start` on.
    @inline(always) mutating func noteIPOctets(from start: Int) {
        if isKeyOpen { layers.ipOctets = wireEnd - start }
    }

    /// Remembers a fragment whose data begins at `offset`, unless one further out has to be reassembled first.
    mutating func locateFragment(
        of protocol: IPProtocol, identification: UInt32, fragmentOffset: UInt16, moreFragments: Bool
    ) {
        guard isKeyOpen, layers.fragment == nil else { return }
        layers.fragment = IPFragment(
            source: info.source, destination: info.destination, identification: identification, protocol: `protocol`,
            offset: Int(fragmentOffset) * 8, moreFragments: moreFragments, data: offset..<end,
            missing: wireEnd - end)
    }
}

extension CommonPath {
    /// Where the payload lies in a frame that `dissect` has taken.
    ///
    /// - Parameters:
    ///   - info: what `dissect` made of `frame`.
    ///   - wireLength: octets of the frame on the wire.
    @inline(always)
    public static func layers(of frame: Span<UInt8>, _ info: PacketInfo, wireLength: UInt32) -> PacketLayers {
        let network = info.vlan == 0 ? 14 : 18
        let isIPv4 = info.source.family == .v4
        let transport = network + (isIPv4 ? 20 : 40)
        let claimed =
            isIPv4
            ? network + Int(frame.bigEndian16(at: network + 2))
            : transport + Int(frame.bigEndian16(at: network + 4))
        let wireEnd = min(claimed, max(frame.count, Int(wireLength)))
        return PacketLayers(
            transport: transport, end: min(wireEnd, frame.count), wireEnd: wireEnd, ipOctets: wireEnd - network)
    }
}
