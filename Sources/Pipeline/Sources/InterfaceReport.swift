import LiveCapture

/// What became of one live interface.
public struct InterfaceReport: Equatable, Sendable {
    public var name: String
    /// The LINKTYPE_ value of its frames.
    public var linkType: UInt16
    public var hasNanoseconds: Bool
    /// Of all its sockets together.
    public var counters: SocketCounters
    /// Frames that the interface had no room for, before any socket; `nil`: not known.
    public var droppedByInterface: UInt64?
    /// Frames handed to workers.
    public var frames: UInt64
    /// Received frames that were left out on purpose, and why.
    public var leftOut: (cause: LeftOut, frames: UInt64)?
    /// Received frames that nobody has read yet.
    public var inFlight: UInt64
    /// Why the interface gave nothing any more; `nil` where it was told to stop.
    public var failure: String?

    public enum LeftOut: Sendable {
        /// More than were asked for.
        case beyondLimit
        /// Frames that the machine sends to itself are seen twice, and counted once.
        case secondSight
        /// The kernel could not run the filter.
        case filter
    }

    public static func == (a: Self, b: Self) -> Bool {
        a.name == b.name && a.linkType == b.linkType && a.hasNanoseconds == b.hasNanoseconds
            && a.counters == b.counters && a.droppedByInterface == b.droppedByInterface && a.frames == b.frames
            && a.inFlight == b.inFlight && a.failure == b.failure && a.leftOut?.cause == b.leftOut?.cause
            && a.leftOut?.frames == b.leftOut?.frames
    }
}
