/// What the kernel counted for a socket since its start.
public struct SocketCounters: Equatable, Sendable {
    /// Frames that passed the filter, also those dropped for lack of room in the buffer.
    public var received: UInt64 = 0
    /// Those of `received` for which the buffer had no room.
    public var dropped: UInt64 = 0

    public init() {}
}
