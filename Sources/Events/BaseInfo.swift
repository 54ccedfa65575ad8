import Headers

/// What is known of the program and the connection behind an event, as people are shown it.
public struct BaseInfo: Sendable, Equatable {
    /// Nanoseconds since 1970.
    public var time: Int64 = 0
    /// 0: not known (the source is a capture).
    public var pid: UInt32 = 0
    public var tid: UInt32 = 0
    /// The name of the thread, as the kernel keeps it: at most 15 octets, any of them.
    public var comm = CommandName.none
    /// -1: not known.
    public var fd: Int32 = -1
    public var direction = Direction.received
    /// The connection's ends as its tuple names them; `IPAddress.none` where they are not known.
    public var source = IPAddress.none
    public var destination = IPAddress.none
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    /// The kernel's address of the socket; 0: not known, the event goes by the default lifecycle.
    public var sock: UInt64 = 0

    public init() {}

    public var hasTuple: Bool { source.family != .none }
}
