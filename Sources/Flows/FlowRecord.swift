import Headers

/// One row of a task's result: a flow and what was counted for it.
///
/// Forward means from `key`'s source to its destination. In a bidirectional row the source is the initiator: the sender
/// of the packet with the earliest time (where both directions share that time, the lower address and port).
public struct FlowRecord: Equatable, Sendable, BitwiseCopyable {
    public var key: FlowKey
    public var packets: UInt64
    /// Octets of the frames on the wire.
    public var bytes: UInt64
    /// 0 in one-way rows.
    public var reversePackets: UInt64
    public var reverseBytes: UInt64
    /// Earliest and latest packet time of both directions, nanoseconds since 1970 UTC.
    public var firstSeen: Int64
    public var lastSeen: Int64
    /// Union of the TCP flags seen, per direction.
    public var tcpFlags: UInt8
    public var reverseTCPFlags: UInt8
    /// How many packets and octets, both directions together, the flow may have had besides: they were evicted under
    /// the task's memory limit and stand in the row of evicted flows. 0: what is counted is all there was.
    public var packetsBound: UInt64 = 0
    public var bytesBound: UInt64 = 0

    @inline(always)
    public init(
        key: FlowKey, packets: UInt64 = 0, bytes: UInt64 = 0, reversePackets: UInt64 = 0, reverseBytes: UInt64 = 0,
        firstSeen: Int64 = 0, lastSeen: Int64 = 0, tcpFlags: UInt8 = 0, reverseTCPFlags: UInt8 = 0
    ) {
        self.key = key
        self.packets = packets
        self.bytes = bytes
        self.reversePackets = reversePackets
        self.reverseBytes = reverseBytes
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.tcpFlags = tcpFlags
        self.reverseTCPFlags = reverseTCPFlags
    }

    /// Everything of the flow is in its row.
    @inline(always) public var isExact: Bool { packetsBound == 0 && bytesBound == 0 }
    @inline(always) public var totalPackets: UInt64 { packets + reversePackets }
    @inline(always) public var totalBytes: UInt64 { bytes + reverseBytes }
}
