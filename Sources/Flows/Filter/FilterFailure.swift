/// Why an expression is no filter, and where.
///
/// Printed in three lines: what is wrong, the expression, and a caret under the place.
public struct FilterFailure: Error, Equatable, Sendable {
    public enum Reason: Equatable, Sendable {
        /// Something else was expected here.
        case expected(String)
        /// A word that names nothing; the nearest name if there is one.
        case unknown(String, nearest: String?)
        /// A number outside its field's range.
        case outOfRange(String)
        /// A construct of pcap-filter(7) that is known and not supported, and what to write instead.
        case unsupported(String)
        /// An `and` after an `or` in a chain with a key-field comparison: languages differ on what it means.
        case ambiguous
        /// More open parentheses than `PacketFilter.nestingMax`.
        case tooDeep
        /// More text than `PacketFilter.textOctetsMax` or tests than `PacketFilter.testsMax`.
        case tooLong
    }

    public var reason: Reason
    public var text: String
    /// Characters from the start of `text`, the first is 1. One past the end where the text ends too early.
    public var column: Int
    /// Characters that the place covers, at least 1.
    public var length: Int

    public init(_ reason: Reason, text: String, column: Int, length: Int) {
        self.reason = reason
        self.text = text
        self.column = column
        self.length = max(length, 1)
    }

    /// What is wrong, in one line without the place.
    public var message: String {
        switch reason {
        case .expected(let what):
            column > text.count ? "expected \(what) where the expression ends" : "expected \(what), not \"\(found)\""
        case .unknown(let what, let nearest):
            "\"\(found)\" is not \(what)" + (nearest.map { " (did you mean \($0)?)" } ?? "")
        case .outOfRange(let range): "\"\(found)\" is out of range: \(range)"
        case .unsupported(let advice): "\"\(found)\" is known to libpcap but not supported here: \(advice)"
        case .ambiguous: "\"and\" after \"or\": add parentheses, (a or b) and c, or a or (b and c)"
        case .tooDeep: "more than \(PacketFilter.nestingMax) nested parentheses"
        case .tooLong:
            "too long: at most \(PacketFilter.textOctetsMax) octets and \(PacketFilter.testsMax) tests"
        }
    }

    /// The text at the place, shortened where it is long.
    private var found: String {
        let place = text.dropFirst(column - 1).prefix(length)
        return place.count > 40 ? place.prefix(40) + "…" : String(place)
    }
}

extension FilterFailure: CustomStringConvertible {
    /// The message, the part of the expression around the place, and a caret line.
    public var description: String {
        // A long expression is cut to the neighbourhood of the place, so the caret line stays on the screen.
        let start = max(0, column - 1 - 60)
        let window = text.dropFirst(start).prefix(120)
        // Control characters would move the caret; one column each keeps it right.
        let line = String(window.map { $0.isNewline || $0 == "\t" ? " " : $0 })
        let caret = String(repeating: " ", count: column - 1 - start) + "^"
        let tail = String(repeating: "~", count: max(0, min(length, 120 - (column - 1 - start)) - 1))
        return "\(message)\n  \(line)\n  \(caret)\(tail)"
    }
}
