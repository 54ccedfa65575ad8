import AppProtocols
import Events

/// Any octets as both directions of an HTTP/2 connection, cut, with gaps and pauses, as the input says: no trap, no
/// octet consumed that was not given, nothing kept beyond the limits, and messages that hold what they say.
///
/// The input is a list of steps: an octet that says what to do, one with a length, and the octets.
@c(LLVMFuzzerTestOneInput)
public func fuzzHTTP2(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let first = input.first else { return 0 }
    var settings = ParserSettings()
    settings.showsFrames = first & 1 != 0
    settings.keepsWire = first & 2 != 0
    if first & 4 != 0 {
        settings.headOctetsMax = 256
        settings.headerFieldsMax = 4
        settings.openStreamsMax = 3
        settings.bodyOctetsMax = 64
        settings.rawOctetsMax = 32
    }
    let parser = HTTP2Parser(ParserContext(settings, NoBodyTools()))
    let sink = CheckingSink(settings)
    var held: [Direction: [UInt8]] = [.sent: [], .received: []]
    var at = 1
    var time: Int64 = 1
    while at + 1 < input.count {
        let step = input[at]
        let direction: Direction = step & 1 == 0 ? .sent : .received
        let count = min(Int(input[at + 1]) << (step & 0x10 != 0 ? 3 : 0), input.count - at - 2)
        let piece = Array(input[(at + 2)..<(at + 2 + count)])
        at += 2
        time += 1
        let arrival = Arrival(direction, time: time, firstTime: time)
        switch step >> 1 & 7 {
        case 6:
            held[direction] = []
            let gap: UInt64? = step & 0x10 != 0 ? nil : UInt64(input[at - 1])
            _ = parser.skip(gap, arrival, to: sink)
        case 7:
            let pauses: [Pause] = [.idle, .longIdle, .closed, .aborted, .memory]
            parser.pause(pauses[Int(step >> 5) % pauses.count], arrival, to: sink)
        default:
            let octets = held[direction]! + piece
            let result = parser.receive(octets.span, arrival, to: sink)
            precondition(0...octets.count ~= result.consumed, "more was consumed than given")
            held[direction] = Array(octets[result.consumed...])
            at += count
        }
        _ = parser.isWaiting(direction)
    }
    for direction in Direction.allCases {
        parser.pause(.aborted, Arrival(direction, time: time, firstTime: time), to: sink)
        precondition(!parser.isWaiting(direction), "something waits after the end")
    }
    _ = HTTP2Parser.detect(input.span, .sent)
    return 0
}

private final class CheckingSink: MessageSink {
    private let settings: ParserSettings

    init(_ settings: ParserSettings) { self.settings = settings }

    func receive(_ message: borrowing Message) {
        for list in [message.headers, message.trailers] {
            for field in list.fields {
                precondition(field.name.range.upperBound <= list.octets.count, "a name lies outside its list")
                precondition(field.value.range.upperBound <= list.octets.count, "a value lies outside its list")
            }
            precondition(list.fields.count <= settings.headerFieldsMax)
        }
        for extent in [message.method, message.target, message.host] {
            precondition(extent.range.upperBound <= message.headers.octets.count)
        }
        precondition(message.isComplete || !message.notes.isEmpty, "incomplete without a reason")
        if message.kind != .http2Frame && message.kind != .raw {
            precondition(message.body.octets.count <= settings.bodyOctetsMax)
        }
    }

    func receive(_ transaction: borrowing Transaction) {
        precondition(transaction.requestTime <= transaction.requestEndTime || transaction.requestEndTime == 0)
    }

    func count(_ malformation: Malformation, octets: UInt64) {}
}
