import Flows

/// A text with places for what an alert says: `{"text": "{{summary}}"}`.
///
/// `{{json}}` becomes the whole alert as a JSON object; every other name becomes a text in which what JSON escapes is
/// escaped, so that it can stand between quotes.
public struct AlertTemplate: Equatable, Sendable {
    enum Piece: Equatable {
        case text(String)
        case value(String)
    }

    /// What may stand between the braces.
    public static let names = [
        "json", "id", "state", "rule", "task", "time", "condition", "metric", "key", "value", "bound", "exactness",
        "keys", "summary", "query", "suppressed",
    ]

    private let pieces: [Piece]

    /// - Throws: the name that there is not, or the braces that do not close.
    public init(parsing text: String) throws(AlertExpressionFailure) {
        var pieces: [Piece] = []
        var rest = text[...]
        var column = 1
        while let open = Self.range(of: "{{", in: rest) {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            column += rest[..<open].count
            let inside = rest[rest.index(open, offsetBy: 2)...]
            guard let close = Self.range(of: "}}", in: inside) else {
                throw AlertExpressionFailure("\"{{\" without \"}}\"", column: column)
            }
            let name = String(inside[..<close].filter { $0 != " " })
            guard Self.names.contains(name) else {
                throw AlertExpressionFailure(
                    "there is no {{\(name.prefix(40))}}\(NearestName.hint(name, among: Self.names)); there is "
                        + Self.names.joined(separator: ", "), column: column)
            }
            pieces.append(.value(name))
            column += 4 + inside[..<close].count
            rest = inside[inside.index(close, offsetBy: 2)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.pieces = pieces
    }

    /// The text, with what `value` gives for each name.
    public func text(_ value: (String) -> String) -> String {
        pieces.reduce(into: "") { text, piece in
            switch piece {
            case .text(let own): text += own
            case .value(let name): text += value(name)
            }
        }
    }

    private static func range(of pair: String, in text: Substring) -> Substring.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            if text[index...].hasPrefix(pair) { return index }
            index = text.index(after: index)
        }
        return nil
    }
}
