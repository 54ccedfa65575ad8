import Events

/// WebSocket (RFC 6455) with permessage-deflate (RFC 7692), both directions of a connection.
///
/// One message for each data message, however many frames it came in, and one for each control frame. `code` is the
/// opcode, `flags` the number of frames, `target` and `host` those of the request that opened the connection. Of a
/// close frame `status` is the code, and the body holds code and reason as sent.
///
/// Frames say nothing by which one could be found in the middle of a stream. Behind a gap the next octets are taken for
/// a frame if every bit of its header says so; else the direction is lost.
public final class WebSocketParser: ProtocolParser {
    private let context: ParserContext
    private let handover: ProtocolHandover?
    private var received = WebSocketStream(.received)
    private var sent = WebSocketStream(.sent)

    /// - Parameter handover: what the upgrade said; `nil` if it was not seen.
    public init(_ context: ParserContext, _ handover: ProtocolHandover?) {
        self.context = context
        self.handover = handover
    }

    /// Never: frames are known by the upgrade before them only.
    public static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection { .no }

    public func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        let environment = environment(arrival, sink)
        return arrival.direction == .sent ? sent.receive(octets, environment) : received.receive(octets, environment)
    }

    public func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        let environment = environment(arrival, sink)
        if arrival.direction == .sent { sent.skip(octets, environment) } else { received.skip(octets, environment) }
        return .needMore
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        let environment = environment(arrival, sink)
        if arrival.direction == .sent { sent.pause(pause, environment) } else { received.pause(pause, environment) }
    }

    public func isWaiting(_ direction: Direction) -> Bool {
        direction == .sent ? sent.isWaiting : received.isWaiting
    }

    public var heldOctets: Int { received.heldOctets + sent.heldOctets }

    private func environment(_ arrival: Arrival, _ sink: any MessageSink) -> WebSocketStream.Environment {
        WebSocketStream.Environment(context: context, sink: sink, arrival: arrival, handover: handover)
    }
}
