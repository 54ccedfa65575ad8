import Events
import Headers

/// Who is shown with the messages of each direction of a connection. A value, so that a recorder has it at hand.
struct Speakers {
    private var bases: (received: BaseInfo, sent: BaseInfo) = (BaseInfo(), BaseInfo())
    private var known: (received: Bool, sent: Bool) = (false, false)

    /// Whether an event says nothing new. What was known stays: the first event names a direction.
    @inline(__always)
    func know(_ head: EventHead) -> Bool {
        let (isKnown, hasTuple) =
            head.direction == .received
            ? (known.received, bases.received.hasTuple) : (known.sent, bases.sent.hasTuple)
        return isKnown && (hasTuple || head.source.family == .none)
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
