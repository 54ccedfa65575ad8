import Headers

/// What was counted of one direction of a flow while one record of it lasted.
@frozen public struct FlowDirection: Equatable, Sendable, BitwiseCopyable {
    public var packets: UInt64 = 0
    /// Octets of the frames on the wire.
    public var bytes: UInt64 = 0
    /// Octets of the IP packets in them: without link headers and padding.
    public var ipBytes: UInt64 = 0
    /// Earliest and latest packet time, nanoseconds since 1970 UTC; 0 without packets.
    public var firstSeen: Int64 = 0
    public var lastSeen: Int64 = 0
    /// Octets of TCP payload that came again.
    public var retransmittedBytes: UInt64 = 0
    /// TCP segments with something that came before, or that was missing for longer than a round trip.
    public var retransmissions: UInt32 = 0
    /// TCP segments that fill a gap sooner than the sender could have heard of it: overtaken on their way.
    public var outOfOrder: UInt32 = 0
    /// TCP segments that say that the receiver of the other direction has no room left.
    public var zeroWindows: UInt32 = 0
    /// The union of the flags seen.
    public var tcpFlags: TCPFlags = []

    @inlinable public init() {}
}

/// A flow record as a meter gives it out: the packets of both directions of a five-tuple (and VLAN) between two of the
/// flow's ends (RFC 7011 § 2, RFC 5103).
@frozen public struct MeteredFlow: Equatable, Sendable, BitwiseCopyable {
    /// From the initiator to the responder. The initiator is who sent the SYN, else who was heard first.
    public var key: FlowKey
    public var forward: FlowDirection
    public var reverse: FlowDirection
    public var endReason: FlowEndReason
    /// Time from SYN to SYN-ACK: between where it was measured and the responder, and back. Nanoseconds; `nil` where
    /// the handshake was not seen, or one of the two came more than once, so that it is not known which was answered.
    public var responderRoundTrip: Int64?
    /// Time from SYN-ACK to ACK: between where it was measured and the initiator, and back. Likewise.
    public var initiatorRoundTrip: Int64?

    @inlinable
    public init(
        key: FlowKey, forward: FlowDirection, reverse: FlowDirection, endReason: FlowEndReason,
        responderRoundTrip: Int64? = nil, initiatorRoundTrip: Int64? = nil
    ) {
        self.key = key
        self.forward = forward
        self.reverse = reverse
        self.endReason = endReason
        self.responderRoundTrip = responderRoundTrip
        self.initiatorRoundTrip = initiatorRoundTrip
    }

    /// Of both directions together.
    public var firstSeen: Int64 {
        if forward.packets == 0 { return reverse.firstSeen }
        return reverse.packets == 0 ? forward.firstSeen : min(forward.firstSeen, reverse.firstSeen)
    }
    public var lastSeen: Int64 {
        if forward.packets == 0 { return reverse.lastSeen }
        return reverse.packets == 0 ? forward.lastSeen : max(forward.lastSeen, reverse.lastSeen)
    }
    public var totalPackets: UInt64 { forward.packets &+ reverse.packets }
    public var totalBytes: UInt64 { forward.bytes &+ reverse.bytes }
    public var totalIPBytes: UInt64 { forward.ipBytes &+ reverse.ipBytes }
}
