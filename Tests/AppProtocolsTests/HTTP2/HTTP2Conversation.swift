import Events
import Octets

@testable import AppProtocols

/// Frames of RFC 9113 as octets.
enum HTTP2Frame {
    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        var octets: [UInt8] = []
        octets.appendBigEndian(UInt32(payload.count) << 8 | UInt32(type))
        octets.append(flags)
        octets.appendBigEndian(stream)
        return octets + payload
    }

    static let preface = HTTP2FrameFinder.preface

    static func settings(_ values: [(UInt16, UInt32)] = [(3, 100)]) -> [UInt8] {
        var payload: [UInt8] = []
        for (identifier, value) in values {
            payload.appendBigEndian(identifier)
            payload.appendBigEndian(value)
        }
        return frame(4, payload)
    }

    static let settingsACK = frame(4, flags: 1)

    static func headers(_ stream: UInt32, _ block: [UInt8], end: Bool = false, flags: UInt8 = 4) -> [UInt8] {
        frame(1, flags: flags | (end ? 1 : 0), stream: stream, block)
    }

    static func continuation(_ stream: UInt32, _ block: [UInt8], isLast: Bool = true) -> [UInt8] {
        frame(9, flags: isLast ? 4 : 0, stream: stream, block)
    }

    static func data(_ stream: UInt32, _ text: String, end: Bool = false) -> [UInt8] {
        data(stream, Array(text.utf8), end: end)
    }

    static func data(_ stream: UInt32, _ octets: [UInt8], end: Bool = false) -> [UInt8] {
        frame(0, flags: end ? 1 : 0, stream: stream, octets)
    }

    static func reset(_ stream: UInt32, _ code: UInt8) -> [UInt8] { frame(3, stream: stream, [0, 0, 0, code]) }

    static func goAway(last: UInt8, code: UInt8, _ debug: String = "") -> [UInt8] {
        frame(7, [0, 0, 0, last, 0, 0, 0, code] + Array(debug.utf8))
    }

    static func promise(_ stream: UInt32, _ promised: UInt8, _ block: [UInt8]) -> [UInt8] {
        frame(5, flags: 4, stream: stream, [0, 0, 0, promised] + block)
    }
}

/// What a parser gave, in order.
final class RecordingSink: MessageSink {
    var messages: [Message] = []
    var transactions: [Transaction] = []
    var malformations: [Malformation] = []
    var malformedOctets: UInt64 = 0

    func receive(_ message: borrowing Message) { messages.append(copy message) }
    func receive(_ transaction: borrowing Transaction) { transactions.append(copy transaction) }
    func count(_ malformation: Malformation, octets: UInt64) {
        malformations.append(malformation)
        malformedOctets += octets
    }

    func messages(_ kind: MessageKind) -> [Message] { messages.filter { $0.kind == kind } }
}

/// A parser with its sink, fed as the pipeline does: octets that were not consumed are given again.
final class HTTP2Conversation {
    let parser: HTTP2Parser
    let sink = RecordingSink()
    private var held: [Direction: [UInt8]] = [:]
    private var time: Int64 = 1_000

    init(_ change: (inout ParserSettings) -> Void = { _ in }, tools: any BodyTools = NoBodyTools()) {
        var settings = ParserSettings()
        change(&settings)
        parser = HTTP2Parser(ParserContext(settings, tools))
    }

    @discardableResult
    func feed(_ direction: Direction, _ octets: [UInt8]) -> Self {
        var all = held[direction] ?? []
        all += octets
        let step = parser.receive(all.span, Arrival(direction, time: time, firstTime: time), to: sink)
        precondition(step.outcome == .needMore && step.consumed <= all.count)
        held[direction] = Array(all[step.consumed...])
        return self
    }

    /// In pieces of at most `count` octets.
    func feed(_ direction: Direction, _ octets: [UInt8], by count: Int) {
        var at = 0
        while at < octets.count {
            feed(direction, Array(octets[at..<min(octets.count, at + count)]))
            at += count
        }
    }

    func skip(_ direction: Direction, _ octets: UInt64?) {
        held[direction] = []
        _ = parser.skip(octets, Arrival(direction, time: time, firstTime: time), to: sink)
    }

    func pause(_ pause: Pause, _ direction: Direction) {
        parser.pause(pause, Arrival(direction, time: time, firstTime: time), to: sink)
    }

    func close() {
        pause(.closed, .sent)
        pause(.closed, .received)
    }

    func heldCount(_ direction: Direction) -> Int { held[direction]?.count ?? 0 }
}

extension Message {
    func text(_ extent: HeaderList.Extent) -> String { headers.text(extent) }
    var bodyText: String { String(decoding: body.octets, as: UTF8.self) }
    /// `name: value`, `?` for what is unknown.
    var headerLines: [String] { headers.lines }
    var trailerLines: [String] { trailers.lines }
}

extension HeaderList {
    func text(_ extent: Extent) -> String { String(decoding: octets[extent.range], as: UTF8.self) }
    var lines: [String] {
        fields.map { field in
            let name = field.marks.contains(.unknownName) ? "?" : text(field.name)
            return name + ": " + (field.marks.contains(.unknownValue) ? "?" : text(field.value))
        }
    }
}
