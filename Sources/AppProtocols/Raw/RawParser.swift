import Events

/// Octets of no known protocol, as a dialogue: what one side says is one message until the other side speaks, the line
/// falls silent, or it is `rawOctetsMax` long. So it does not matter how the octets were cut.
public final class RawParser: ProtocolParser {
    private let context: ParserContext
    private var message = Message()
    /// Octets are in `message`, and they came in its direction.
    private var isOpen = false

    public init(_ context: ParserContext) { self.context = context }

    /// Anything is raw.
    public static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection { .yes }

    public func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        guard !octets.isEmpty else { return ParserStep(consumed: 0) }
        if isOpen, message.direction != arrival.direction { show(to: sink) }
        var offset = 0
        while offset < octets.count {
            if !isOpen {
                message.reset(.raw, arrival.direction, at: offset == 0 ? arrival.firstTime : arrival.time)
                isOpen = true
            }
            let count = min(octets.count - offset, max(1, context.settings.rawOctetsMax) - message.body.octets.count)
            message.body.append(octets.extracting(offset..<(offset + count)))
            message.endTime = arrival.time
            offset += count
            if message.body.octets.count >= context.settings.rawOctetsMax { show(to: sink) }
        }
        return ParserStep(consumed: offset)
    }

    public func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        // Nothing is joined over a gap.
        if isWaiting(arrival.direction) { show(to: sink) }
        sink.receive(gap: octets, arrival)
        return .needMore
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        if isWaiting(arrival.direction) { show(to: sink) }
    }

    public func isWaiting(_ direction: Direction) -> Bool { isOpen && message.direction == direction }

    public var heldOctets: Int { message.heldOctets }

    private func show(to sink: any MessageSink) {
        message.body.length = UInt64(message.body.octets.count)
        message.body.decodedLength = message.body.length
        if context.settings.keepsWire {
            message.wire = Array(message.body.octets.prefix(context.settings.wireOctetsMax))
        }
        sink.receive(message)
        // A connection that waits keeps no buffer.
        message = Message()
        isOpen = false
    }
}
