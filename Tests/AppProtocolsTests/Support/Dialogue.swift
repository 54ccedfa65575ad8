import AppProtocols
import Events

/// A message as a test compares it: all but times, which depend on how octets were cut.
struct SeenMessage: Equatable, CustomStringConvertible {
    var kind: MessageKind
    var direction: Direction
    var method = "", target = "", host = "", reason = ""
    var status: UInt16
    var version: UInt8
    var head: [UInt8]
    var fields: [[String]]
    var trailers: [[String]]
    var body: [UInt8]
    var length: UInt64, decodedLength: UInt64
    var code: UInt8, flags: UInt8
    var isComplete: Bool, isContinuation: Bool
    var notes: [MessageNote]
    var wire: [UInt8]

    init(_ message: borrowing Message) {
        kind = message.kind
        direction = message.direction
        method = message.headers.text(of: message.method)
        target = message.headers.text(of: message.target)
        host = message.headers.text(of: message.host)
        reason = message.headers.text(of: message.reason)
        status = message.status
        version = message.version
        head = message.headers.octets
        fields = message.headers.pairs
        trailers = message.trailers.pairs
        body = message.body.octets
        length = message.body.length
        decodedLength = message.body.decodedLength
        code = message.code
        flags = message.flags
        isComplete = message.isComplete
        isContinuation = message.isContinuation
        notes = message.notes
        wire = message.wire
    }

    var bodyText: String { String(decoding: body, as: UTF8.self) }
    var description: String {
        "\(kind) \(direction) \(method) \(target) \(status) body:\(bodyText.debugDescription.prefix(80)) "
            + "complete:\(isComplete) continuation:\(isContinuation) notes:\(notes)"
    }
}

extension HeaderList {
    func text(of extent: Extent) -> String { String(decoding: octets[extent.range], as: UTF8.self) }
    var pairs: [[String]] { fields.map { [text(of: $0.name), text(of: $0.value)] } }
}

struct CountedOctets: Equatable {
    var malformation: Malformation
    var octets: UInt64
}

/// Drives parsers as the pipeline does: gives again what was not consumed, and follows switches of protocol.
final class Dialogue: MessageSink {
    private(set) var messages: [SeenMessage] = []
    private(set) var transactions: [Transaction] = []
    private(set) var counted: [CountedOctets] = []
    private(set) var outcomes: [ParserStep.Outcome] = []
    private(set) var parser: any ProtocolParser
    private(set) var isLost: Set<Direction> = []
    private var held: [Direction: [UInt8]] = [:]
    private let settings: ParserSettings
    private let tools: any BodyTools
    var time: Int64 = 1_000

    init(_ settings: ParserSettings = ParserSettings(), tools: any BodyTools = PlainTools()) {
        self.settings = settings
        self.tools = tools
        parser = HTTP1Parser(ParserContext(settings, tools))
    }

    init(_ parser: any ProtocolParser) {
        settings = ParserSettings()
        tools = PlainTools()
        self.parser = parser
    }

    func receive(_ message: borrowing Message) { messages.append(SeenMessage(message)) }
    func receive(_ transaction: borrowing Transaction) { transactions.append(copy transaction) }
    func count(_ malformation: Malformation, octets: UInt64) {
        counted.append(CountedOctets(malformation: malformation, octets: octets))
    }

    func say(_ direction: Direction, _ text: String) { say(direction, Array(text.utf8)) }

    func say(_ direction: Direction, _ octets: [UInt8]) {
        time += 1
        held[direction, default: []] += octets
        give(direction)
    }

    /// The same octets, cut into pieces of at most `piece`.
    func say(_ direction: Direction, _ octets: [UInt8], piece: Int) {
        var rest = octets[...]
        while !rest.isEmpty {
            say(direction, Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
        }
    }

    private func give(_ direction: Direction) {
        guard !isLost.contains(direction), let octets = held[direction] else { return }
        let step = parser.receive(octets.span, arrival(direction), to: self)
        precondition(step.consumed <= octets.count, "more consumed than given")
        held[direction] = Array(octets.dropFirst(step.consumed))
        switch step.outcome {
        case .needMore: break
        case .another: outcomes.append(.another)
        case .lost:
            outcomes.append(.lost)
            isLost.insert(direction)
        case .switches(let next):
            outcomes.append(.switches(to: next))
            let handover = (parser as? HTTP1Parser)?.handover
            switch next {
            case .webSocket: parser = WebSocketParser(ParserContext(settings, tools), handover)
            case .http1: parser = HTTP1Parser(ParserContext(settings, tools))
            case .raw, .http2: parser = RawParser(ParserContext(settings, tools))
            }
            give(direction)
            give(direction.opposite)
        }
    }

    func lose(_ direction: Direction, _ octets: UInt64?) {
        held[direction] = []
        _ = parser.skip(octets, arrival(direction), to: self)
    }

    func pause(_ pause: Pause) {
        time += 1_000_000_000
        for direction in [Direction.sent, .received] {
            parser.pause(pause, arrival(direction), to: self)
            if pause == .closed || pause == .aborted { held[direction] = [] }
        }
    }

    func unconsumed(_ direction: Direction) -> [UInt8] { held[direction] ?? [] }

    private func arrival(_ direction: Direction) -> Arrival { Arrival(direction, time: time, firstTime: time) }
}
