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
    private var received: StreamBox?
    private var sent: StreamBox?

    /// A direction's state, which a connection that waits for its next request does not need.
    private final class StreamBox {
        var stream: HTTP1Stream
        init(_ direction: Direction) { stream = HTTP1Stream(direction) }
    }

    public init(_ settings: ParserSettings, _ tools: any BodyTools) {
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
        box(arrival.direction).stream.receive(octets, &exchange, environment(arrival, sink))
    }

    public func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        box(arrival.direction).stream.skip(octets, &exchange, environment(arrival, sink))
        return .needMore
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        guard let box = existingBox(arrival.direction) else {
            if pause == .closed || pause == .aborted { exchange.end(arrival.direction, to: sink) }
            return
        }
        box.stream.pause(pause, &exchange, environment(arrival, sink))
        if box.stream.isIdle { release(arrival.direction) }
    }

    public func isWaiting(_ direction: Direction) -> Bool { existingBox(direction)?.stream.isWaiting ?? false }

    private func environment(_ arrival: Arrival, _ sink: any MessageSink) -> HTTP1Stream.Environment {
        HTTP1Stream.Environment(settings: settings, tools: tools, sink: sink, arrival: arrival)
    }

    private func existingBox(_ direction: Direction) -> StreamBox? { direction == .sent ? sent : received }

    private func box(_ direction: Direction) -> StreamBox {
        if let box = existingBox(direction) { return box }
        let box = StreamBox(direction)
        if direction == .sent { sent = box } else { received = box }
        return box
    }

    private func release(_ direction: Direction) {
        if direction == .sent { sent = nil } else { received = nil }
        exchange.releaseMemory()
    }
}
