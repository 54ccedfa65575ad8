import AppProtocols
import Events

/// Any octets as frames: no trap, and however they are cut, the same messages. The first octet chooses the cuts.
@c(LLVMFuzzerTestOneInput)
public func fuzzWebSocket(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    guard let choice = input.first else { return 0 }
    let octets = Array(input.dropFirst())
    for hasGap in [false, true] {
        let whole = run(octets, piece: max(1, octets.count / 2), gapAfter: hasGap ? octets.count / 2 : nil)
        let pieces = run(octets, piece: 1 + Int(choice), gapAfter: nil)
        precondition(hasGap || whole == pieces, "a split shows")
    }
    return 0
}

private final class Log: MessageSink {
    var lines: [[UInt8]] = []
    func receive(_ message: borrowing Message) {
        precondition(message.kind == .webSocket || message.kind == .gap)
        lines.append([message.code, message.flags, message.isComplete ? 1 : 0])
        lines.append(message.body.octets)
        lines.append(Array("\(message.notes) \(message.status) \(message.body.length)".utf8))
    }
    func receive(_ transaction: borrowing Transaction) {}
    func count(_ malformation: Malformation, octets: UInt64) { lines.append([malformation.rawValue]) }
}

private func run(_ octets: [UInt8], piece: Int, gapAfter: Int?) -> [[UInt8]] {
    var settings = ParserSettings()
    settings.bodyOctetsMax = 100
    let parser = WebSocketParser(ParserContext(settings, NoBodyTools()), nil)
    let log = Log()
    let arrival = Arrival(.sent, time: 1, firstTime: 1)
    var held: [UInt8] = []
    var rest = octets[...]
    while !rest.isEmpty {
        held += rest.prefix(piece)
        rest = rest.dropFirst(piece)
        let step = parser.receive(held.span, arrival, to: log)
        precondition(step.consumed <= held.count)
        held.removeFirst(step.consumed)
        if step.outcome != .needMore { break }
        if let gapAfter, octets.count - rest.count >= gapAfter {
            _ = parser.skip(gapAfter % 3 == 0 ? nil : UInt64(gapAfter % 17), arrival, to: log)
            held = []
        }
    }
    parser.pause(.aborted, arrival, to: log)
    return log.lines
}
