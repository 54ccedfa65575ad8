import AppProtocols
import Events
import Headers

/// One connection: what it says and who says it. Kept and changed in the table of its key's shard.
struct EventWorker {
    let key: ConnectionKey
    /// The number of the event it was first seen with.
    let serial: UInt64
    /// What it says; `nil` once it has ended.
    private var conversation: Conversation?
    /// What is known of who is shown with its messages.
    private var known = Speakers.Known()
    /// Octets it holds for what is not finished.
    private(set) var heldOctets = 0
    /// When the newest event came, in ticks.
    var lastTick: Int64 = 0
    /// The shard's list of workers by last use, newest first; -1: none.
    var newer: Int32 = -1
    var older: Int32 = -1
    /// The next worker of the same socket (in another process); -1: none.
    var nextOfSocket: Int32 = -1
    /// The idle flush was made since the newest event.
    var isIdle = false
    /// Forgotten; only its timer may still be in the wheel.
    var hasEnded: Bool { conversation == nil }
    /// A timer is in the wheel.
    var hasTimer = false

    init(_ key: ConnectionKey, serial: UInt64, _ conversation: Conversation) {
        self.key = key
        self.serial = serial
        self.conversation = conversation
    }

    /// Notes an event that comes in a tick.
    /// - Returns: whether it tells more of who is behind the connection than was known.
    mutating func note(_ head: EventHead, in tick: Int64) -> Bool {
        lastTick = tick
        isIdle = false
        return known.add(head)
    }

    /// Forgets what was said, and what is held of it.
    mutating func end() {
        conversation = nil
        heldOctets = 0
    }

    /// Something unfinished waits.
    var isWaiting: Bool { Direction.allCases.contains { conversation?.isWaiting($0) == true } }

    /// Takes octets.
    /// - Returns: how many octets more it holds than before.
    mutating func receive(_ octets: Span<UInt8>, _ head: EventHead, to sink: any MessageSink) -> Int {
        account(conversation?.receive(octets, head.direction, at: head.time, to: sink) ?? 0)
    }

    /// Octets are missing: how many, if known.
    mutating func skip(_ octets: UInt64?, _ head: EventHead, to sink: any MessageSink) {
        conversation?.skip(octets, head.direction, at: head.time, to: sink)
    }

    /// Notes what it holds now.
    /// - Returns: how many octets more than before.
    mutating func account() -> Int { account(conversation?.heldOctets ?? 0) }

    private mutating func account(_ held: Int) -> Int {
        defer { heldOctets = held }
        return held - heldOctets
    }

    mutating func pause(_ pause: Pause, _ direction: Direction, at time: Int64, to sink: any MessageSink) {
        conversation?.pause(pause, direction, at: time, to: sink)
    }

    /// In both directions.
    mutating func pause(_ pause: Pause, at time: Int64, to sink: any MessageSink) {
        conversation?.pause(pause, at: time, to: sink)
    }
}
