import Headers

/// Names a connection to the sink.
public struct StreamID: Hashable, Sendable {
    /// Ascending from 1 in the order in which connections are opened; never reused in a run.
    public let serial: UInt64
    /// A small number that no other connection has until this one has ended: an index for the sink's own state.
    public let slot: Int

    public init(serial: UInt64, slot: Int) {
        self.serial = serial
        self.slot = slot
    }
}

/// A TCP connection as the sink learns of it.
public struct StreamConnection: Equatable, Sendable {
    /// How sure it is which end opened the connection.
    public enum Basis: UInt8, Sendable, CaseIterable {
        /// A SYN said so.
        case handshake
        /// Joined midway; one port is that of a service and the other is not.
        case ports
        /// Joined midway; the end that was heard first is taken for the opener.
        case firstHeard
    }

    public let id: StreamID
    /// The end that opened the connection: what it says is `.sent`, what it is told is `.received`.
    public let opener: IPAddress
    public let responder: IPAddress
    public let openerPort: UInt16
    public let responderPort: UInt16
    public let basis: Basis
    /// The time of the connection's first packet in the capture: nanoseconds since 1970.
    public let firstSeen: Int64
}

/// Why a connection will give no more.
public enum StreamEnd: UInt8, Sendable, CaseIterable {
    /// Both ends closed it, and everything before was delivered or marked.
    case closed
    /// One end reset it, and it has been silent since.
    case reset
    /// Its ports were taken by a new connection.
    case reused
    /// Silent for too long.
    case idle
    /// Given up for its memory.
    case evicted
    /// The capture ended.
    case captureEnd
}

/// Octets of a stream that are not there.
public struct StreamGap: Equatable, Sendable {
    public enum Cause: UInt8, Sendable, CaseIterable {
        /// The capture's snap length cut a segment.
        case snapLength
        /// More had arrived behind the gap than may wait for one connection.
        case waitingOctets
        /// More packets had arrived behind the gap than may wait.
        case waitingPackets
        /// It was waited for too long.
        case waitingTime
        /// The memory for all that waits was used up.
        case memory
        /// The connection ended.
        case end
        /// The sequence numbers moved too far to tell how much is missing.
        case jump
    }

    /// `nil` where the size is not known.
    public let octets: Int?
    public let cause: Cause

    public init(octets: Int?, cause: Cause) {
        self.octets = octets
        self.cause = cause
    }
}
