import Events

/// Octets of no known protocol, as a dialogue: what one side says is one message until the other side speaks, the line
/// falls silent, or it is `rawOctetsMax` long, up to the last line that has ended. So it does not matter how the octets
/// were cut.
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
            if message.body.octets.count >= context.settings.rawOctetsMax { showLines(arrival, to: sink) }
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

    /// Shows what has reached the limit. A line is not cut in two, as secrets are looked for in lines; one that takes
    /// half of the limit is.
    private func showLines(_ arrival: Arrival, to sink: any MessageSink) {
        let half = context.settings.rawOctetsMax / 2
        guard let last = message.body.octets.suffix(half + 1).lastIndex(of: UInt8(ascii: "\n")),
            last + 1 < message.body.octets.count
        else { return show(to: sink) }
        let rest = Array(message.body.octets[(last + 1)...])
        message.body.octets.removeSubrange((last + 1)...)
        show(to: sink)
        message.reset(.raw, arrival.direction, at: arrival.time)
        isOpen = true
        message.body.append(rest.span)
        message.endTime = arrival.time
    }

    private func show(to sink: any MessageSink) {
        message.body.length = UInt64(message.body.octets.count)
        message.body.decodedLength = message.body.length
        if context.settings.keepsWire {
            let octets = message.body.octets
            message.keepWire(octets.span, context.settings)
        }
        sink.receive(message)
        // A connection that waits keeps no buffer.
        message = Message()
        isOpen = false
    }
}
