import Events
import Octets

/// HTTP/1.0 and HTTP/1.1 (RFC 9112), both directions of a connection.
///
/// It watches; it does not serve. What an endpoint must refuse is shown as far as it can be read, with a note that
/// says what is wrong; where two endpoints may read the same octets differently (lengths that contradict each other,
/// odd line ends), the note is what smuggling is found by.
///
/// When `receive` answers `switches(to:)`, `handover` says what the next parser needs; octets of the other direction
/// that were not consumed belong to the next parser as well.
public final class HTTP1Parser: ProtocolParser {
    let context: ParserContext
    private let pool: BoxPool<HTTP1Stream>
    /// One, which is out while it is changed: each access to a property that is used in its place is checked as the
    /// program runs, and none to one that is only copied and exchanged.
    private var sides = [Sides()]
    /// Asked for with every event.
    private var held = 0

    /// Both directions, and what pairs their messages.
    private struct Sides {
        private var received: [HTTP1Stream]?
        private var sent: [HTTP1Stream]?
        /// Octets held in each.
        private var held: (received: Int, sent: Int) = (0, 0)
        var exchange = HTTP1Exchange()

        subscript(direction: Direction) -> [HTTP1Stream]? {
            _read { if direction == .sent { yield sent } else { yield received } }
            _modify { if direction == .sent { yield &sent } else { yield &received } }
        }

        /// A direction's state, or one from the pool. It is to be put back: while it is out its references are not
        /// counted.
        @inline(__always)
        private mutating func takeBox(_ direction: Direction, _ pool: BoxPool<HTTP1Stream>) -> [HTTP1Stream] {
            self[direction].take() ?? pool.take() ?? [HTTP1Stream(direction)]
        }

        mutating func receive(
            _ octets: Span<UInt8>, _ environment: borrowing HTTP1Stream.Environment, _ pool: BoxPool<HTTP1Stream>
        ) -> ParserStep {
            let direction = environment.arrival.direction
            var box = takeBox(direction, pool)
            let (step, isIdle, held) = box[0].receiveAndTrim(octets, &exchange, environment)
            if isIdle {
                hold(0, direction)
                pool.give(consume box)
            } else {
                hold(held, direction)
                self[direction] = consume box
            }
            return step
        }

        mutating func skip(
            _ octets: UInt64?, _ environment: borrowing HTTP1Stream.Environment, _ pool: BoxPool<HTTP1Stream>
        ) {
            let direction = environment.arrival.direction
            var box = takeBox(direction, pool)
            box[0].skip(octets, &exchange, environment)
            hold(box[0].heldOctets, direction)
            self[direction] = consume box
        }

        mutating func pause(
            _ pause: Pause, _ environment: borrowing HTTP1Stream.Environment, _ pool: BoxPool<HTTP1Stream>
        ) {
            let direction = environment.arrival.direction
            if var box = self[direction].take() {
                let isIdle = box[0].pauseAndTrim(pause, &exchange, environment)
                if isIdle {
                    hold(0, direction)
                    pool.give(consume box)
                } else {
                    hold(box[0].heldOctets, direction)
                    self[direction] = consume box
                }
            } else if pause == .closed || pause == .aborted {
                exchange.end(direction, to: environment.sink)
            }
            exchange.releaseMemory()
        }

        private mutating func hold(_ octets: Int, _ direction: Direction) {
            if direction == .sent { held.sent = octets } else { held.received = octets }
        }

        var heldOctets: Int { held.received + held.sent + exchange.heldOctets }
    }

    /// - Parameter context: whose pool the directions' state comes from and goes to between messages.
    public init(_ context: ParserContext) {
        self.context = context
        pool = context.http1
    }

    /// What the message that switched protocols said; `nil` before.
    public var handover: ProtocolHandover? {
        let own = sides
        return own[0].exchange.handover
    }

    public static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection {
        var (start, scanned) = (0, 0)
        // Some senders put an empty line before a message (RFC 9112 § 2.2).
        let end = min(prefix.count, Self.emptyOctetsMax)
        while start < end, prefix[start] == LineScan.cr || prefix[start] == LineScan.lf { start += 1 }
        var line: HTTP1StartLine?
        return HTTP1StartLine.detect(prefix, at: start, scanned: &scanned, line: &line)
    }

    /// Of empty lines before the first message.
    private static let emptyOctetsMax = 8

    public func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        change { $0.receive(octets, environment(arrival, sink), pool) }
    }

    public func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        change { $0.skip(octets, environment(arrival, sink), pool) }
        return .needMore
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        change { $0.pause(pause, environment(arrival, sink), pool) }
    }

    /// Nothing that is called meanwhile may come back to this parser, whose state is out.
    @inline(__always) private func change<Result>(_ body: (inout Sides) -> Result) -> Result {
        var own: [Sides] = []
        swap(&own, &sides)
        defer {
            held = own[0].heldOctets
            swap(&own, &sides)
        }
        return body(&own[0])
    }

    public func isWaiting(_ direction: Direction) -> Bool {
        let own = sides
        return own[0][direction]?[0].isWaiting ?? false
    }

    public var heldOctets: Int { held }

    private func environment(_ arrival: Arrival, _ sink: any MessageSink) -> HTTP1Stream.Environment {
        HTTP1Stream.Environment(parser: self, sink: sink, arrival: arrival)
    }
}

extension HTTP1Stream {
    /// What a stream needs during a call. Settings and tools are reached by the parser: to copy them would count
    /// references for every piece that comes.
    struct Environment {
        let parser: HTTP1Parser
        let sink: any MessageSink
        let arrival: Arrival
    }
}
