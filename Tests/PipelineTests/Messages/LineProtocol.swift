import AppProtocols
import Events
import KernelIO
import Octets
import Pipeline

/// A protocol of lines for tests: every line is a raw message, an unfinished one is shown at a long silence or the end.
final class LineParser: ProtocolParser {
    private var message = Message()
    private var line: (received: [UInt8], sent: [UInt8]) = ([], [])

    static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection { .yes }

    func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        for index in octets.indices {
            if octets[index] == 0x0A { show(arrival, isComplete: true, sink) } else { add(octets[index], arrival) }
        }
        return ParserStep(consumed: octets.count)
    }

    func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        message.reset(.gap, arrival.direction, at: arrival.time)
        message.gapLength = octets
        sink.receive(message)
        return .needMore
    }

    func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        guard pause != .idle, isWaiting(arrival.direction) else { return }
        show(arrival, isComplete: false, sink)
    }

    func isWaiting(_ direction: Direction) -> Bool {
        direction == .received ? !line.received.isEmpty : !line.sent.isEmpty
    }

    var heldOctets: Int { line.received.count + line.sent.count }

    private func add(_ octet: UInt8, _ arrival: Arrival) {
        if arrival.direction == .received { line.received.append(octet) } else { line.sent.append(octet) }
    }

    private func show(_ arrival: Arrival, isComplete: Bool, _ sink: any MessageSink) {
        message.reset(.raw, arrival.direction, at: arrival.time)
        message.isComplete = isComplete
        if arrival.direction == .received {
            swap(&message.body.octets, &line.received)
            line.received.removeAll()
        } else {
            swap(&message.body.octets, &line.sent)
            line.sent.removeAll()
        }
        sink.receive(message)
    }
}

extension ParserRegistry {
    static let lines = ParserRegistry([
        Entry(.raw, detect: { _, _ in .yes }, make: { _, _ in LineParser() })
    ])
}

/// Shows a message as `pid>text` (sent), `pid<text` (received), with `…` where it is incomplete and `[n]` for a gap. A
/// long text is lent.
final class LineRenderer: MessageRenderer {
    func append(_ message: borrowing Message, of base: BaseInfo, to output: inout OctetBuffer) {
        output.append("\(base.pid)\(message.direction == .sent ? ">" : "<")")
        if message.kind == .gap { output.append("[\(message.gapLength ?? 0)]") }
        output.append(lending: message.body.octets, first: message.body.octets.count)
        output.append(message.isComplete ? "\n" : "…\n")
    }

    func append(_ transaction: borrowing Transaction, of base: BaseInfo, to output: inout OctetBuffer) {}

    func append(text: Span<UInt8>, of base: BaseInfo, to output: inout OctetBuffer) {
        output.append(contentsOf: text)
        output.append("\n")
    }
}

/// What a run wrote, by lines.
final class Written: Sendable {
    private let octets = Monitor<[UInt8]>([])

    func append(_ span: Span<UInt8>) {
        let copy = [UInt8](copying: span)
        octets.withLock { $0 += copy }
    }

    var lines: [String] {
        octets.withLock { String(decoding: $0, as: UTF8.self) }.split(separator: "\n").map(String.init)
    }
}

extension [UInt8] {
    init(copying span: Span<UInt8>) {
        self = []
        append(contentsOf: span)
    }
}

extension EventHead {
    /// An event of process `pid`, so many milliseconds after some moment.
    static func at(
        _ milliseconds: Int64, pid: UInt32, _ direction: Direction = .sent, sock: UInt64 = 0, kind: Kind = .data,
        missing: UInt64 = 0
    ) -> EventHead {
        var head = EventHead()
        head.kind = kind
        head.time = 1_700_000_000_000_000_000 + milliseconds * 1_000_000
        head.pid = pid
        head.tid = pid
        head.fd = sock == 0 ? 5 : -1
        head.sock = sock
        head.direction = direction
        head.missing = missing
        return head
    }
}
