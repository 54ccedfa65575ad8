import AppProtocols
import Events

/// Any events of one connection, with all parsers: no trap, an end, nothing kept beyond the limits, nothing that waits
/// behind the end; and however the octets of an event are cut, the same messages.
///
/// The input is a list of steps: an octet that says what to do, one with a length or a time, and for data the octets.
@c(LLVMFuzzerTestOneInput)
public func fuzzConversation(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let choice = input.first else { return 0 }
    var settings = ParserSettings()
    settings.showsFrames = choice & 1 != 0
    settings.keepsWire = choice & 2 != 0
    settings.headOctetsMax = choice & 4 != 0 ? 256 : 4_096
    settings.headerFieldsMax = 8
    settings.openStreamsMax = 3
    settings.bodyOctetsMax = 64
    settings.rawOctetsMax = 48
    settings.wireOctetsMax = 256
    let steps = Step.list(of: input.dropFirst())
    let hasKnownEnd = choice & 0x80 == 0
    let whole = run(steps, settings, hasKnownEnd, piece: .max)
    let pieces = run(steps, settings, hasKnownEnd, piece: 1 + Int(choice >> 3))
    precondition(whole == pieces, "a split shows")
    return 0
}

private enum Step {
    case data([UInt8], Direction, after: Int64)
    case gap(UInt64?, Direction)
    case pause(Pause, Direction)

    static func list(of input: ArraySlice<UInt8>) -> [Step] {
        var steps: [Step] = []
        var rest = input
        while let choice = rest.popFirst(), let value = rest.popFirst() {
            let direction: Direction = choice & 1 == 0 ? .sent : .received
            switch choice >> 1 & 15 {
            case 14: steps.append(.gap(value == 0xFF ? nil : UInt64(value), direction))
            case 15:
                let pauses: [Pause] = [.idle, .longIdle, .closed, .aborted, .memory]
                steps.append(.pause(pauses[Int(value) % pauses.count], direction))
            default:
                let count = Int(value) << (choice & 0x20 != 0 ? 3 : 0)
                steps.append(.data(Array(rest.prefix(count)), direction, after: Int64(choice >> 6)))
                rest = rest.dropFirst(count)
            }
        }
        return steps
    }
}

/// What came out, as text.
private func run(_ steps: [Step], _ settings: ParserSettings, _ hasKnownEnd: Bool, piece: Int) -> [String] {
    var conversation = Conversation(ParserContext(settings, NoBodyTools()), hasKnownEnd: hasKnownEnd)
    let sink = CheckingSink(settings)
    var time: Int64 = 1
    for step in steps {
        switch step {
        case .data(let octets, let direction, let delay):
            time += delay
            var start = 0
            while start < octets.count {
                let end = octets.count - start > piece ? start + piece : octets.count
                conversation.receive(octets.span.extracting(start..<end), direction, at: time, to: sink)
                start = end
            }
        case .gap(let octets, let direction): conversation.skip(octets, direction, at: time, to: sink)
        case .pause(let pause, let direction): conversation.pause(pause, direction, at: time, to: sink)
        }
        _ = conversation.isWaiting(.sent)
        precondition(conversation.heldOctets >= 0, "less than nothing is held")
    }
    for direction in Direction.allCases { conversation.pause(.aborted, direction, at: time, to: sink) }
    for direction in Direction.allCases {
        precondition(!conversation.isWaiting(direction), "something waits behind the end")
    }
    return sink.lines
}

private final class CheckingSink: MessageSink {
    private let settings: ParserSettings
    var lines: [String] = []

    init(_ settings: ParserSettings) { self.settings = settings }

    func receive(_ message: borrowing Message) {
        for list in [message.headers, message.trailers] {
            precondition(list.fields.count <= settings.headerFieldsMax, "too many fields")
            for field in list.fields {
                precondition(field.name.range.upperBound <= list.octets.count, "a name lies outside its list")
                precondition(field.value.range.upperBound <= list.octets.count, "a value lies outside its list")
            }
        }
        for extent in [message.method, message.target, message.host] {
            precondition(extent.range.upperBound <= message.headers.octets.count, "an extent lies outside its list")
        }
        precondition(message.wire.count <= settings.wireOctetsMax, "too much of the wire is kept")
        precondition(message.isComplete || !message.notes.isEmpty, "incomplete without a reason")
        if message.kind == .raw {
            precondition(message.body.octets.count <= settings.rawOctetsMax, "too many raw octets")
        } else if message.kind != .http2Frame {
            precondition(message.body.octets.count <= settings.bodyOctetsMax, "too much of a body is kept")
        }
        lines.append(
            "\(message.kind) \(message.isComplete) \(message.status) \(message.code) \(message.body.length) "
                + "\(message.endTime) \(message.notes) \(message.headers.octets) \(message.trailers.octets) "
                + "\(message.body.octets) \(message.wire)")
    }

    func receive(_ transaction: borrowing Transaction) {
        lines.append("\(transaction.status) \(transaction.target) \(transaction.requestTime)")
    }

    func count(_ malformation: Malformation, octets: UInt64) { lines.append("\(malformation) \(octets)") }
}
