import Events
import Octets

/// One direction of a WebSocket connection: frames, and the messages they make up (RFC 6455 § 5).
struct WebSocketStream {
    enum State {
        case header
        case payload(WebSocketFrameHeader, remaining: UInt64)
    }

    struct Environment {
        let context: ParserContext
        let sink: any MessageSink
        let arrival: Arrival
        let handover: ProtocolHandover?
    }

    let direction: Direction
    private var state = State.header
    /// The data message being assembled; control frames may come between its fragments.
    private var message = Message()
    private var collector = BodyCollector()
    private(set) var isOpen = false
    private var isCompressed = false
    /// Carries what was said before into the next message, where the extension was agreed on with context takeover.
    private var decoder: (any BodyDecoder)?
    private var control = Message()
    /// Whether frames of this direction are masked: all are, or none (§ 5.1). `nil` before the first.
    private var isMasked: Bool?
    /// Octets were missing: the next header must look like one in every respect.
    private var isAfterGap = false

    init(_ direction: Direction) { self.direction = direction }

    /// Octets held, those of the decoder that the next message may need included.
    var heldOctets: Int {
        message.heldOctets + control.body.octets.count + (decoder == nil ? 0 : BodyCollector.decoderOctets)
    }

    var isWaiting: Bool {
        if case .payload = state { return true }
        return isOpen
    }

    mutating func receive(_ octets: Span<UInt8>, _ environment: borrowing Environment) -> ParserStep {
        var offset = 0
        while true {
            switch state {
            case .header:
                guard let header = WebSocketFrameHeader(octets, at: offset) else {
                    return ParserStep(consumed: offset)
                }
                guard accepts(header, environment.handover) else {
                    // Where the next frame begins nobody can tell now.
                    if isOpen { abandon(.malformed(.webSocketFrame), environment) }
                    environment.sink.count(.webSocketFrame, octets: UInt64(header.byteCount))
                    return ParserStep(consumed: offset, .lost)
                }
                let time = offset == 0 ? environment.arrival.firstTime : environment.arrival.time
                begin(header, at: time, environment)
                keepWire(octets, offset..<(offset + header.byteCount), header, environment.context)
                offset += header.byteCount
                state = .payload(header, remaining: header.length)
            case .payload(let header, let remaining):
                let count = Int(min(UInt64(octets.count - offset), remaining))
                append(octets, offset..<(offset + count), header, header.length - remaining, environment)
                offset += count
                guard UInt64(count) == remaining else {
                    state = .payload(header, remaining: remaining - UInt64(count))
                    return ParserStep(consumed: offset)
                }
                state = .header
                end(header, environment)
            }
        }
    }

    // MARK: Frames

    private mutating func accepts(_ header: WebSocketFrameHeader, _ handover: ProtocolHandover?) -> Bool {
        if header.isCompressed, handover?.permessageDeflate == false { return false }
        guard header.isValid else { return false }
        if isAfterGap {
            // A payload's octets pass for a header once in a few dozen times; with these once in thousands.
            guard isMasked == nil || isMasked == header.isMasked, header.length < 1 << 24 else { return false }
            isAfterGap = false
        }
        isMasked = header.isMasked
        return true
    }

    private mutating func begin(
        _ header: WebSocketFrameHeader, at time: Int64, _ environment: borrowing Environment
    ) {
        if header.isControl {
            Self.reset(&control, header.opcode, direction, at: time, environment.handover)
            control.flags = 1
            return
        }
        if header.opcode != WebSocketFrameHeader.continuation {
            // § 5.4: fragments of two messages never mix.
            if isOpen { abandon(.malformed(.webSocketFrame), environment) }
            open(header, at: time, environment)
        } else if !isOpen {
            open(header, at: time, environment)
            message.markIncomplete(.beginningNotSeen)
        } else {
            message.flags = message.flags == .max ? .max : message.flags + 1
        }
    }

    private mutating func open(_ header: WebSocketFrameHeader, at time: Int64, _ environment: borrowing Environment) {
        Self.reset(&message, header.opcode, direction, at: time, environment.handover)
        message.flags = 1
        isOpen = true
        isCompressed = header.isCompressed
        guard isCompressed else {
            return collector.begin([], in: &message, environment.context)
        }
        let handover = environment.handover
        let isClient = handover.map { $0.client == direction } ?? false
        let takesNoContext =
            isClient ? handover?.clientTakesNoContext ?? false : handover?.serverTakesNoContext ?? false
        if takesNoContext || decoder == nil { decoder = environment.context.tools.makeDecoder(.permessageDeflate) }
        if let decoder {
            collector.begin(.permessageDeflate, by: decoder, in: &message, environment.context)
        } else {
            collector.begin([nil], in: &message, environment.context)
        }
    }

    private static func reset(
        _ message: inout Message, _ opcode: UInt8, _ direction: Direction, at time: Int64,
        _ handover: ProtocolHandover?
    ) {
        message.reset(.webSocket, direction, at: time)
        message.code = opcode
        guard let handover else { return }
        message.target = message.headers.append(handover.target.span)
        message.host = message.headers.append(handover.host.span)
    }

    private mutating func append(
        _ octets: Span<UInt8>, _ range: Range<Int>, _ header: WebSocketFrameHeader, _ position: UInt64,
        _ environment: borrowing Environment
    ) {
        guard !range.isEmpty else { return }
        keepWire(octets, range, header, environment.context)
        let payload = octets.extracting(range)
        guard header.isMasked else { return take(payload, header, environment) }
        // Taken off in pieces, so that a frame of any length costs one small buffer.
        var offset = 0
        while offset < payload.count {
            let count = min(16_384, payload.count - offset)
            let unmasked = Self.unmask(
                payload.extracting(offset..<(offset + count)), header.key, position &+ UInt64(offset))
            take(unmasked.span, header, environment)
            offset += count
        }
    }

    /// § 5.3. `position` is that of the first octet in the frame's payload.
    private static func unmask(_ octets: Span<UInt8>, _ key: UInt32, _ position: UInt64) -> [UInt8] {
        let shift = UInt32(position & 3) * 8
        let turned = shift == 0 ? key : key >> shift | key << (32 - shift)
        return [UInt8](capacity: octets.count) { output in
            for index in octets.indices {
                output.append(octets[index] ^ UInt8(truncatingIfNeeded: turned &>> (UInt32(index & 3) &* 8)))
            }
        }
    }

    private mutating func take(
        _ payload: Span<UInt8>, _ header: WebSocketFrameHeader, _ environment: borrowing Environment
    ) {
        if header.isControl {
            control.endTime = environment.arrival.time
            control.body.append(payload)
        } else {
            message.endTime = environment.arrival.time
            collector.append(payload, to: &message, environment.context)
        }
    }

    private mutating func keepWire(
        _ octets: Span<UInt8>, _ range: Range<Int>, _ header: WebSocketFrameHeader,
        _ context: ParserContext
    ) {
        guard context.settings.keepsWire else { return }
        if header.isControl {
            control.wire.append(contentsOf: octets.extracting(range))
        } else {
            message.keepWire(octets.extracting(range), context.settings)
        }
    }

    // MARK: Ends

    private mutating func end(_ header: WebSocketFrameHeader, _ environment: borrowing Environment) {
        if header.isControl { return endControl(header, environment) }
        message.endTime = environment.arrival.time
        guard header.isFinal else { return }
        finish(isWhole: message.isComplete, environment)
    }

    private mutating func endControl(_ header: WebSocketFrameHeader, _ environment: borrowing Environment) {
        control.endTime = environment.arrival.time
        control.body.length = UInt64(control.body.octets.count)
        control.body.decodedLength = control.body.length
        if header.opcode == WebSocketFrameHeader.close {
            if control.body.octets.count >= 2 {
                control.status = control.body.octets.span.bigEndian16(at: 0)
            } else if control.body.octets.count == 1 {
                control.note(.malformed(.webSocketFrame))
            }
        }
        environment.sink.receive(control)
        control.reset(.webSocket, direction, at: 0)
    }

    private mutating func finish(isWhole: Bool, _ environment: borrowing Environment) {
        collector.end(isWhole: isWhole, in: &message)
        // A decoder that missed something is of no use for what follows.
        if isCompressed, !message.isComplete { decoder = nil }
        environment.sink.receive(message)
        isOpen = false
        // A connection that waits for its next message keeps no buffer.
        message.releaseShown()
    }

    private mutating func abandon(_ note: MessageNote, _ environment: borrowing Environment) {
        message.markIncomplete(note)
        finish(isWhole: false, environment)
    }

    // MARK: Gaps and pauses

    mutating func skip(_ count: UInt64?, _ environment: borrowing Environment) {
        if case .payload(let header, let remaining) = state, !header.isControl, let count, count <= remaining {
            collector.skip(count, in: &message)
            state = count == remaining ? .header : .payload(header, remaining: remaining - count)
            if count == remaining, header.isFinal { finish(isWhole: false, environment) }
            return
        }
        if isOpen {
            abandon(.gap(octets: count), environment)
        } else {
            environment.sink.receive(gap: count, environment.arrival)
        }
        decoder = nil
        state = .header
        isAfterGap = true
    }

    mutating func pause(_ pause: Pause, _ environment: borrowing Environment) {
        guard pause != .idle else { return }
        if pause == .longIdle || pause == .memory {
            if isOpen { showSoFar(environment, for: pause == .memory ? .memoryLimited : nil) }
            return
        }
        if isOpen { abandon(.endNotSeen, environment) }
        state = .header
    }

    private mutating func showSoFar(_ environment: borrowing Environment, for reason: MessageNote?) {
        guard !message.isContinuation || message.body.length > 0 else { return }
        let wasComplete = message.isComplete
        message.markIncomplete(.soFar(seen: message.body.length, announced: nil))
        if let reason { message.note(reason) }
        environment.sink.receive(message)
        message.isComplete = wasComplete
        message.beginContinuation()
    }
}
