import Events
import Octets

/// What one connection says: finds out which protocol it speaks, keeps what no parser could take yet, and follows the
/// connection from one protocol to the next.
///
/// Used by one thread at a time. Any split of the octets into calls gives the same messages.
public final class Conversation {
    private var state: ConversationState

    /// - Parameter pools: shared by conversations that no two threads use at once.
    public init(
        _ registry: ParserRegistry, _ settings: ParserSettings, _ tools: any BodyTools,
        _ pools: ParserPools = ParserPools()
    ) {
        state = ConversationState(registry, settings, tools, pools)
    }

    public var spoken: ConnectionProtocol { state.spoken }

    /// Takes the next octets of a direction.
    /// - Returns: `heldOctets` then.
    @discardableResult
    public func receive(
        _ octets: Span<UInt8>, _ direction: Direction, at time: Int64, to sink: any MessageSink
    ) -> Int {
        state.receiveAndCount(octets, direction, at: time, to: sink)
    }

    /// Octets are missing before what comes next: how many, if known.
    public func skip(_ octets: UInt64?, _ direction: Direction, at time: Int64, to sink: any MessageSink) {
        state.skip(octets, direction, at: time, to: sink)
    }

    /// Nothing more comes for now, or for good.
    public func pause(_ pause: Pause, _ direction: Direction, at time: Int64, to sink: any MessageSink) {
        state.pause(pause, direction, at: time, to: sink)
    }

    /// Whether something unfinished waits in a direction.
    public func isWaiting(_ direction: Direction) -> Bool { state.isWaiting(direction) }

    /// Octets held for what is not finished, both directions together.
    public var heldOctets: Int { state.countOctets() }

    /// Whether octets that come after a silence begin a conversation of their own: a descriptor may have been given to
    /// another connection, of which nothing but its first octets tells.
    public func isAnother(_ octets: Span<UInt8>, _ direction: Direction) -> Bool { state.isAnother(octets, direction) }
}
