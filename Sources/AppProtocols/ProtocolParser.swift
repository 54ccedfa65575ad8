import Events
import Octets

/// How sure a parser is, by the first octets of a direction.
public enum Detection: Sendable, Equatable {
    case yes, no
    /// All octets so far fit, but they are too few to tell.
    case needMore
}

/// Where octets came from and when.
public struct Arrival: Sendable {
    public var direction: Direction
    /// When the newest of the given octets was seen: nanoseconds since 1970.
    public var time: Int64
    /// When the first of the given octets was seen: earlier than `time` if they waited for more.
    public var firstTime: Int64
    /// The octets follow what the other side said, or a silence, on a descriptor whose connection's end nobody tells:
    /// they may belong to the next connection, which got the same number.
    public var mayBeAnother = false

    public init(_ direction: Direction, time: Int64, firstTime: Int64) {
        self.direction = direction
        self.time = time
        self.firstTime = firstTime
    }
}

/// What a parser did with octets it was given.
public struct ParserStep: Sendable, Equatable {
    /// Octets taken from the front. The rest is given again, with more behind it.
    public var consumed: Int
    public var outcome: Outcome

    public enum Outcome: Sendable, Equatable {
        /// Give the rest again when there is more.
        case needMore
        /// From here on both directions speak another protocol (`Upgrade`, `CONNECT`).
        case switches(to: ConnectionProtocol)
        /// From here on this direction cannot be understood, and what is left is to be shown raw.
        case lost
        /// What was not consumed belongs to another connection (`Arrival.mayBeAnother`).
        case another
    }

    public init(consumed: Int, _ outcome: Outcome = .needMore) {
        self.consumed = consumed
        self.outcome = outcome
    }
}

/// What is spoken on a connection. To add one: a case, a parser, a line in `ParserRegistry`.
public enum ConnectionProtocol: UInt8, Sendable, CaseIterable {
    case raw = 0
    case http1
    case http2
    case webSocket
}

/// Why nothing more is to be expected for now.
public enum Pause: Sendable, Equatable {
    /// The connection fell silent: show streams (raw octets, event streams, bodies that last until close) as far as
    /// they came; the rest may still arrive and goes on.
    case idle
    /// Silent for long: show every message as far as it came, marked incomplete; what follows is a continuation.
    case longIdle
    /// The memory for what is unfinished is used up: as `longIdle`, with a note, and what was shown gives its memory
    /// back.
    case memory
    /// The direction was closed in order: a body that lasts until close is complete.
    case closed
    /// The connection was reset, forgotten, or the source ended: no order about it.
    case aborted
}

/// One protocol on one connection, both directions: octets in, messages out.
///
/// Any split of the octets into calls gives the same messages. A parser reads no clock, waits for nothing and keeps
/// nothing by a length it was told. It is used by one thread at a time.
public protocol ProtocolParser: AnyObject {
    /// Whether a direction that starts with `prefix` (not empty) speaks this protocol.
    static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection

    /// Takes octets that follow those consumed so far in their direction, and gives every message they complete.
    func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep

    /// Octets are missing before what comes next in this direction: how many, if known. A body that has enough
    /// left goes on behind it; else the parser finds the next message, or loses its way and says so. Every gap is told
    /// by a note of the message that it is in, or where it is in none by a message of its own.
    /// What was received and not consumed is shown by the caller.
    func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome

    /// Nothing more comes in this direction for now. Octets not consumed are shown by the caller when it is for good.
    func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink)

    /// Whether an unfinished message waits in this direction (so that the caller asks again at `longIdle`).
    func isWaiting(_ direction: Direction) -> Bool

    /// Octets held for what is not finished, both directions together: heads, bodies, what the next octets need. Told
    /// by lengths, so it does not depend on how memory was used before; in constant time.
    var heldOctets: Int { get }
}
