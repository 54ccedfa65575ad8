import AppProtocols
import Events
import Headers

/// One connection: what it says and who says it. Owned by the shard of its key.
final class EventWorker {
    let key: ConnectionKey
    /// The number of the event it was first seen with.
    let serial: UInt64
    /// What it says; made when the first octets come.
    var conversation: Conversation?
    /// Who is shown with its messages.
    private(set) var speakers = Speakers()
    /// Octets it holds for what is not finished.
    var heldOctets = 0
    /// When the newest event came, in ticks.
    var lastTick: Int64 = 0
    /// The shard's list of workers by last use, newest first; -1: none.
    var newer: Int32 = -1
    var older: Int32 = -1
    /// The next worker of the same socket (in another process); -1: none.
    var nextOfSocket: Int32 = -1
    /// The idle flush was made since the newest event.
    var isIdle = false
    /// It had been made when the newest event came.
    var wasIdle = false
    /// Forgotten; only its timer is still in the wheel.
    var hasEnded = false
    /// A timer is in the wheel.
    var hasTimer = false

    init(_ key: ConnectionKey, serial: UInt64) {
        self.key = key
        self.serial = serial
    }

    /// Notes who an event shows to be behind the connection.
    func note(_ head: EventHead) {
        if speakers.know(head) { return }
        // Only ever read and set as a whole, so that no access of every event is checked.
        var known = speakers
        known.note(head)
        speakers = known
    }
}
