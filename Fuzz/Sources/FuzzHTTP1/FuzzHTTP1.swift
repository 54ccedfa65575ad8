import AppProtocols
import Events

/// Any octets as both directions of an HTTP/1 connection: no trap; work bounded by the input; and however the octets
/// are cut, the same messages. The first octet chooses direction and cuts, the rest is said.
@c(LLVMFuzzerTestOneInput)
public func fuzzHTTP1(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let choice = input.first else { return 0 }
    let direction: Direction = choice & 1 == 0 ? .sent : .received
    let octets = Array(input.dropFirst())
    let whole = run(octets, direction, piece: max(1, octets.count))
    let pieces = run(octets, direction, piece: 1 + Int(choice >> 3))
    precondition(whole == pieces, "a split shows")
    runWithGapsAndPauses(octets, seed: choice)
    return 0
}

private final class Log: MessageSink, Equatable {
    var lines: [[UInt8]] = []
    func receive(_ message: borrowing Message) {
        for field in message.headers.fields {
            precondition(field.name.range.upperBound <= message.headers.octets.count)
            precondition(field.value.range.upperBound <= message.headers.octets.count)
        }
        for field in message.trailers.fields {
            precondition(field.value.range.upperBound <= message.trailers.octets.count)
        }
        lines.append([message.kind.rawValue, message.isComplete ? 1 : 0])
        lines.append(message.headers.octets)
        lines.append(message.body.octets)
        lines.append(Array("\(message.notes) \(message.status) \(message.body.length)".utf8))
    }
    func receive(_ transaction: borrowing Transaction) { lines.append(transaction.target) }
    func count(_ malformation: Malformation, octets: UInt64) { lines.append([malformation.rawValue]) }
    static func == (left: Log, right: Log) -> Bool { left.lines == right.lines }
}

private var settings: ParserSettings {
    var settings = ParserSettings()
    settings.headOctetsMax = 500
    settings.rawOctetsMax = 64
    settings.bodyOctetsMax = 100
    settings.keepsWire = true
    return settings
}

private func run(_ octets: [UInt8], _ direction: Direction, piece: Int) -> Log {
    let parser = HTTP1Parser(ParserContext(settings, NoBodyTools()))
    let log = Log()
    var held: [UInt8] = []
    var rest = octets[...]
    while !rest.isEmpty {
        held += rest.prefix(piece)
        rest = rest.dropFirst(piece)
        let step = parser.receive(held.span, Arrival(direction, time: 1, firstTime: 1), to: log)
        precondition(step.consumed <= held.count)
        held.removeFirst(step.consumed)
        if step.outcome != .needMore { return log }
    }
    parser.pause(.closed, Arrival(direction, time: 1, firstTime: 1), to: log)
    return log
}

private func runWithGapsAndPauses(_ octets: [UInt8], seed: UInt8) {
    let parser = HTTP1Parser(ParserContext(settings, NoBodyTools()))
    let log = Log()
    var held: [[UInt8]] = [[], []]
    var state = UInt32(seed) | 1
    var rest = octets[...]
    while !rest.isEmpty {
        state = state &* 1_664_525 &+ 1_013_904_223
        let direction: Direction = state >> 16 & 1 == 0 ? .sent : .received
        let side = Int(direction.rawValue)
        let arrival = Arrival(direction, time: Int64(octets.count - rest.count), firstTime: 0)
        switch state >> 24 & 15 {
        case 0:
            held[side] = []
            _ = parser.skip(state & 0x2_0000 == 0 ? nil : UInt64(state >> 20 & 15), arrival, to: log)
        case 1: parser.pause(.idle, arrival, to: log)
        case 2: parser.pause(.longIdle, arrival, to: log)
        case 3:
            parser.pause(.closed, arrival, to: log)
            held[side] = []
        default:
            let count = Int(state >> 20 & 63)
            let octets = held[side] + rest.prefix(count)
            rest = rest.dropFirst(count)
            let step = parser.receive(octets.span, arrival, to: log)
            precondition(0...octets.count ~= step.consumed, "more was consumed than given")
            held[side] = Array(octets.dropFirst(step.consumed))
            if step.outcome != .needMore { return }
        }
    }
    for direction in Direction.allCases { parser.pause(.aborted, Arrival(direction, time: 9, firstTime: 9), to: log) }
}
