import Events
import Headers

/// Who is shown with the messages of each direction of a connection.
struct Speakers {
    private var bases: (received: BaseInfo, sent: BaseInfo) = (BaseInfo(), BaseInfo())
    private var known: (received: Bool, sent: Bool) = (false, false)

    /// How much is known of them. Apart, as it is asked for with each event, and they only with a message.
    struct Known {
        private enum Degree { case none, name, tuple }
        private var received = Degree.none
        private var sent = Degree.none

        /// What was known stays: the first event names a direction.
        /// - Returns: whether an event says more.
        mutating func add(_ head: EventHead) -> Bool {
            let before = head.direction == .received ? received : sent
            let hasTuple = head.source.family != .none
            if before == .tuple || (before == .name && !hasTuple) { return false }
            let now = hasTuple ? Degree.tuple : .name
            if head.direction == .received { received = now } else { sent = now }
            return true
        }
    }

    /// Notes who this event, which is not known yet, shows to be behind the connection.
    mutating func note(_ head: EventHead) {
        if head.direction == .received {
            Self.fill(&bases.received, head, isKnown: known.received)
            known.received = true
        } else {
            Self.fill(&bases.sent, head, isKnown: known.sent)
            known.sent = true
        }
    }

    /// Who is behind a message of this direction. A direction of which no event was seen is shown as its opposite.
    @inline(__always)
    func base(_ direction: Direction, at time: Int64) -> BaseInfo {
        let isReceived = direction == .received ? known.received : !known.sent
        var base = isReceived ? bases.received : bases.sent
        base.direction = isReceived ? .received : .sent
        base.time = time
        return base
    }

    private static func fill(_ base: inout BaseInfo, _ head: EventHead, isKnown: Bool) {
        if !isKnown {
            base.pid = head.pid
            base.tid = head.tid
            base.fd = head.fd
            base.sock = head.sock
            base.direction = head.direction
            base.comm = head.comm
        }
        base.source = head.source
        base.destination = head.destination
        base.sourcePort = head.sourcePort
        base.destinationPort = head.destinationPort
    }
}
