import Headers

/// What bounds the reassembler, in memory and in patience. Times are nanoseconds of packet time.
public struct StreamSettings: Equatable, Sendable {
    /// Whose TCP segments are followed: those of the outermost packet, or of the innermost that tunnels lead to.
    public var tunnels = TunnelMode.outer
    /// Changes the places of connections in the table: unknown to who made the traffic, it cannot be made slow.
    public var seed: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Connections kept at a time; the one that was silent longest gives way, unfinished handshakes and finished
    /// connections first.
    public var connectionsMax = 1 << 20
    /// Silence after which a connection is given up.
    public var idleNanoseconds: Int64 = 3_600_000_000_000
    /// Silence after which a handshake without data, a reset connection or a finished one is forgotten.
    public var briefNanoseconds: Int64 = 60_000_000_000

    /// Octets that may wait behind a missing segment, for one direction of a connection and for all together. Segments
    /// wait in blocks of 2 KiB, which is what is counted.
    public var waitingOctetsMax = 1 << 20
    public var allWaitingOctetsMax = 256 << 20
    /// Packets of a direction after which a missing segment is waited for no longer.
    public var waitingPacketsMax = 1024
    /// Time after which a missing segment is waited for no longer. Long enough for some retransmission time-outs.
    public var waitingNanoseconds: Int64 = 10_000_000_000
    /// Time after which octets that a segment acknowledges are waited for no longer. They were received before it was
    /// sent: only a capture out of order can still bring them.
    public var acknowledgedNanoseconds: Int64 = 500_000_000
    /// How far a segment may lie from what is expected before it is taken for a stray.
    public var windowOctets = 64 << 20

    /// Fragmented datagrams kept at a time, the octets that they may hold together, and the time until the last
    /// fragment must have come (RFC 8200 § 4.5 allows 60 s; Linux waits 30 s).
    public var datagramsMax = 1024
    public var fragmentOctetsMax = 4 << 20
    public var fragmentNanoseconds: Int64 = 30_000_000_000

    public init() {}
}
