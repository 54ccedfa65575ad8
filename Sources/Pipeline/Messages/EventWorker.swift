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
    /// Who is shown with the messages of each direction.
    private var bases: (received: BaseInfo, sent: BaseInfo) = (BaseInfo(), BaseInfo())
    private var known: (received: Bool, sent: Bool) = (false, false)
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

    /// Notes who this event shows to be behind the connection. What was known stays: the first event names a direction.
    func note(_ head: EventHead) {
        if head.direction == .received {
            if !known.received {
                known.received = true
                Self.fill(&bases.received, head)
            } else if !bases.received.hasTuple, head.source.family != .none {
                Self.fillTuple(&bases.received, head)
            }
        } else {
            if !known.sent {
                known.sent = true
                Self.fill(&bases.sent, head)
            } else if !bases.sent.hasTuple, head.source.family != .none {
                Self.fillTuple(&bases.sent, head)
            }
        }
    }

    /// Who is behind a message of this direction. A direction of which no event was seen is shown as its opposite.
    func base(_ direction: Direction, at time: Int64) -> BaseInfo {
        let isReceived = direction == .received ? known.received : !known.sent
        var base = isReceived ? bases.received : bases.sent
        base.direction = isReceived ? .received : .sent
        base.time = time
        return base
    }

    private static func fill(_ base: inout BaseInfo, _ head: EventHead) {
        base.pid = head.pid
        base.tid = head.tid
        base.fd = head.fd
        base.sock = head.sock
        base.direction = head.direction
        base.comm = head.comm
        fillTuple(&base, head)
    }

    private static func fillTuple(_ base: inout BaseInfo, _ head: EventHead) {
        base.source = head.source
        base.destination = head.destination
        base.sourcePort = head.sourcePort
        base.destinationPort = head.destinationPort
    }
}
