import Events
import Octets

/// Which parsers there are, in the order in which they are asked: so the same octets always give the same parser.
public struct ParserRegistry: Sendable {
    public struct Entry: Sendable {
        public var spoken: ConnectionProtocol
        /// Whether a direction that starts so speaks the protocol.
        public var detect: @Sendable (Span<UInt8>, Direction) -> Detection
        /// A parser for a new connection; or for one that spoke another protocol before, whose parser is given.
        public var make: Maker

        public typealias Maker = @Sendable (ParserContext, (any ProtocolParser)?) -> any ProtocolParser

        public init(
            _ spoken: ConnectionProtocol, detect: @escaping @Sendable (Span<UInt8>, Direction) -> Detection,
            make: @escaping Maker
        ) {
            self.spoken = spoken
            self.detect = detect
            self.make = make
        }
    }

    public enum Answer: Equatable, Sendable {
        case found(ConnectionProtocol)
        /// A parser says yes only with more octets, and none before it says yes now.
        case needMore
        case none
    }

    public let entries: [Entry]

    /// - Parameter entries: the last one must be `raw`, which takes everything.
    public init(_ entries: [Entry]) { self.entries = entries }

    func detect(_ octets: Span<UInt8>, _ direction: Direction) -> Answer {
        for entry in entries where entry.spoken != .raw {
            switch entry.detect(octets, direction) {
            case .yes: return .found(entry.spoken)
            case .needMore: return .needMore
            case .no: continue
            }
        }
        return .none
    }

    /// Whether octets for which more were needed are worth waiting for although the other side has answered: any word
    /// may be a method, but one that was answered before its line ended is so only if it is a usual one.
    func expectsMore(_ octets: Span<UInt8>, _ direction: Direction) -> Bool {
        entries.contains { entry in
            guard entry.spoken != .raw, entry.detect(octets, direction) == .needMore else { return false }
            return entry.spoken != .http1 || HTTP1StartLine.isUsualBeginning(octets)
        }
    }

    func makeParser(
        _ spoken: ConnectionProtocol, _ context: ParserContext, after previous: (any ProtocolParser)?
    ) -> any ProtocolParser {
        let entry = entries.first { $0.spoken == spoken } ?? entries[entries.count - 1]
        return entry.make(context, previous)
    }
}

extension ParserRegistry {
    /// All parsers. To add one: its type, a case of `ConnectionProtocol`, and a line here.
    public static let standard = ParserRegistry([
        Entry(.http2, detect: HTTP2Parser.detect) { context, previous in
            HTTP2Parser(context, (previous as? HTTP1Parser)?.handover)
        },
        Entry(.http1, detect: HTTP1Parser.detect) { context, _ in HTTP1Parser(context) },
        // Begins with an upgrade alone: nothing in its octets tells it.
        Entry(.webSocket, detect: { _, _ in .no }) { context, previous in
            WebSocketParser(context, (previous as? HTTP1Parser)?.handover)
        },
        Entry(.raw, detect: { _, _ in .yes }) { context, _ in RawParser(context) },
    ])
}
