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
    private let settings: ParserSettings
    private let tools: any BodyTools
    private var exchange = HTTP1Exchange()
    private let pool: HTTP1Pool
    private var received: HTTP1StreamBox?
    private var sent: HTTP1StreamBox?

    /// - Parameter pool: where the directions' state comes from and goes to between messages; may be shared by all
    ///   parsers of a thread.
    public init(_ settings: ParserSettings, _ tools: any BodyTools, pool: HTTP1Pool = HTTP1Pool()) {
        self.pool = pool
        self.settings = settings
        self.tools = tools
    }

    /// What the message that switched protocols said; `nil` before.
    public var handover: ProtocolHandover? { exchange.handover }

    public static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection {
        var scanned = 0
        return HTTP1StartLine.detect(prefix, at: 0, scanned: &scanned)
    }

    public func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        let box = box(arrival.direction)
        let step = box.stream.receive(octets, &exchange, environment(arrival, sink))
        if box.stream.isIdle { release(box, arrival.direction) }
        return step
    }

    public func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        box(arrival.direction).stream.skip(octets, &exchange, environment(arrival, sink))
        return .needMore
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        guard let box = existingBox(arrival.direction) else {
            if pause == .closed || pause == .aborted { exchange.end(arrival.direction, to: sink) }
            exchange.releaseMemory()
            return
        }
        box.stream.pause(pause, &exchange, environment(arrival, sink))
        if box.stream.isIdle { release(box, arrival.direction) }
        exchange.releaseMemory()
    }

    public func isWaiting(_ direction: Direction) -> Bool { existingBox(direction)?.stream.isWaiting ?? false }

    public var heldOctets: Int {
        (received?.stream.heldOctets ?? 0) + (sent?.stream.heldOctets ?? 0) + exchange.heldOctets
    }

    private func environment(_ arrival: Arrival, _ sink: any MessageSink) -> HTTP1Stream.Environment {
        HTTP1Stream.Environment(settings: settings, tools: tools, sink: sink, arrival: arrival)
    }

    private func existingBox(_ direction: Direction) -> HTTP1StreamBox? { direction == .sent ? sent : received }

    private func box(_ direction: Direction) -> HTTP1StreamBox {
        if let box = existingBox(direction) { return box }
        let box = pool.take(direction)
        if direction == .sent { sent = box } else { received = box }
        return box
    }

    private func release(_ box: HTTP1StreamBox, _ direction: Direction) {
        if direction == .sent { sent = nil } else { received = nil }
        pool.give(box)
    }
}
