/// What the kernel counted for a socket since its start.
public struct SocketCounters: Equatable, Sendable {
    /// Frames that passed the filter, also those dropped for lack of room in the buffer.
    public var received: UInt64 = 0
    /// Those of `received` for which the buffer had no room.
    public var dropped: UInt64 = 0
    /// Frames the interface dropped before the socket could see them (rx_dropped and rx_missed_errors). The interface
    /// counts for all who listen.
    public var droppedByInterface: UInt64 = 0

    public init() {}
}
