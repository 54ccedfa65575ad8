import Flows

/// Reads the expression of a rule from left to right.
///
///     rule      = condition *clause
///     condition = ["total"] metric operator number                                       ; threshold
///               / ["total"] metric ("rises" / "falls" / "changes") operator amount       ; rate of change
///               / "new" "key"
///               / "top" count [metric] "changes"
///     clause    = "for" duration / "clear" number / "by" fields / "over" count ["snapshots"]
///               / "above" number / "within" duration / "after" duration
///     metric    = "packets" / "bytes" / "flows" / "packets/s" / "bytes/s" / "bits/s" / "spread"
///     operator  = ">" / ">=" / "<" / "<=" / "==" / "=" / "!="
///     amount    = number / number "%"
///
/// Each clause may stand once, in any order. Words are those of `AlertNumber`, `DurationText` and `KeyFields`.
struct AlertParser {
    private struct Token {
        var text: Substring
        var column: Int
    }

    private let text: String
    private var tokens: ArraySlice<Token>
    private let endColumn: Int

    init(_ text: String) throws(AlertExpressionFailure) {
        guard text.utf8.count <= AlertCondition.textOctetsMax else {
            throw AlertExpressionFailure("longer than \(AlertCondition.textOctetsMax) octets", column: 1)
        }
        self.text = text
        tokens = Self.tokens(of: text)[...]
        endColumn = text.count + 1
    }

    /// Words, and the signs of operators, which need no blank around them.
    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var rest = text[...]
        var column = 1
        while let first = rest.first {
            let length: Int
            if first.isWhitespace {
                length = rest.prefix { $0.isWhitespace }.count
            } else {
                length = isSign(first) ? rest.prefix(while: isSign).count : rest.prefix { isPartOfWord($0) }.count
                tokens.append(Token(text: rest.prefix(length), column: column))
            }
            rest = rest.dropFirst(length)
            column += length
        }
        return tokens
    }

    private static func isSign(_ character: Character) -> Bool { "<>=!".contains(character) }
    private static func isPartOfWord(_ character: Character) -> Bool { !character.isWhitespace && !isSign(character) }

    mutating func condition() throws(AlertExpressionFailure) -> AlertCondition {
        var condition = try head()
        var given: Set<String> = []
        while let token = tokens.popFirst() {
            guard given.insert(String(token.text)).inserted else {
                throw failure("\"\(token.text)\" stands there already", token)
            }
            try clause(token, &condition)
        }
        return condition
    }

    // MARK: The condition

    private mutating func head() throws(AlertExpressionFailure) -> AlertCondition {
        let first = try next("a metric, \"total\", \"new key\" or \"top\"")
        switch first.text {
        case "new":
            let word = try next("\"key\"")
            guard word.text == "key" else { throw failure("expected \"key\", not \(quoted(word))", word) }
            return AlertCondition(
                metric: nil, kind: .newKey(horizon: AlertCondition.horizonDefault, learning: 0), text: text)
        case "top": return try top()
        case "total":
            return try measured(try metric(try next("a metric")), isTotal: true)
        default: return try measured(try metric(first), isTotal: false)
        }
    }

    private mutating func top() throws(AlertExpressionFailure) -> AlertCondition {
        let token = try next("how many keys")
        guard let count = Int(token.text), 1...AlertCondition.topMax ~= count else {
            throw failure("expected a whole number from 1 to \(AlertCondition.topMax), not \(quoted(token))", token)
        }
        var word = try next("\"changes\"")
        var metric: AlertMetric?
        if word.text != "changes" {
            metric = try self.metric(word)
            word = try next("\"changes\"")
        }
        guard word.text == "changes" else { throw failure("expected \"changes\", not \(quoted(word))", word) }
        return AlertCondition(metric: metric, kind: .top(count: count), text: text)
    }

    private mutating func measured(
        _ metric: AlertMetric, isTotal: Bool
    ) throws(AlertExpressionFailure) -> AlertCondition {
        let token = try next("an operator, \"rises\", \"falls\" or \"changes\"")
        var condition = AlertCondition(metric: metric, isTotal: isTotal, kind: .threshold(.greater, 0), text: text)
        if let direction = AlertCondition.Direction(rawValue: String(token.text)) {
            let sign = try next("> or >=")
            guard let comparison = AlertComparison(word: sign.text), comparison.isUpward else {
                throw failure("expected > or >=, not \(quoted(sign))", sign)
            }
            let amount = try next("a number, or a percentage such as 50%")
            let isPercent = amount.text.hasSuffix("%")
            let number = isPercent ? amount.text.dropLast() : amount.text
            guard let value = AlertNumber.value(number, unit: isPercent ? "" : metric.unit) else {
                throw failure("expected a number, or a percentage such as 50%, not \(quoted(amount))", amount)
            }
            condition.kind = .change(direction, comparison, amount: value, isPercent: isPercent, snapshots: 1)
            return condition
        }
        guard let comparison = AlertComparison(word: token.text) else {
            let names = AlertComparison.allCases.map(\.rawValue) + AlertCondition.Direction.allCases.map(\.rawValue)
            throw failure(
                "expected one of \(names.joined(separator: ", ")), not \(quoted(token))"
                    + NearestName.hint(String(token.text), among: names), token)
        }
        condition.kind = .threshold(comparison, try number(metric))
        return condition
    }

    private func metric(_ token: Token) throws(AlertExpressionFailure) -> AlertMetric {
        if let metric = AlertMetric(rawValue: String(token.text)) { return metric }
        let names = AlertMetric.allCases.map(\.rawValue) + ["total", "new", "top"]
        throw failure(
            "\(quoted(token)) is no metric\(NearestName.hint(String(token.text), among: names)); "
                + "there are \(AlertMetric.allCases.map(\.rawValue).joined(separator: ", "))", token)
    }

    // MARK: Clauses

    private static let clauses = ["for", "clear", "by", "over", "above", "within", "after"]

    private mutating func clause(
        _ token: Token, _ condition: inout AlertCondition
    ) throws(AlertExpressionFailure) {
        switch (token.text, condition.kind) {
        case ("for", .threshold), ("for", .change): condition.duration = try duration()
        case ("clear", .threshold(let comparison, let limit)):
            condition.clear = try clear(condition.metric, comparison, limit)
        case ("clear", .change(_, let comparison, let amount, let isPercent, _)):
            condition.clear = try clear(isPercent ? nil : condition.metric, comparison, amount, isPercent: isPercent)
        case ("by", _) where !condition.isTotal: condition.fields = try fields()
        case ("over", .change(let direction, let comparison, let amount, let isPercent, _)):
            condition.kind = .change(
                direction, comparison, amount: amount, isPercent: isPercent, snapshots: try snapshots())
        case ("above", .change), ("above", .newKey): condition.floor = try number(condition.metric ?? .bytes)
        case ("within", .newKey(_, let learning)):
            condition.kind = .newKey(horizon: try duration(), learning: learning)
        case ("after", .newKey(let horizon, _)):
            condition.kind = .newKey(horizon: horizon, learning: try duration())
        case ("by", _): throw failure("the total has no fields: leave out \"total\" or \"by\"", token)
        default:
            let word = String(token.text)
            if Self.clauses.contains(word) {
                throw failure("\"\(word)\" means nothing in a rule of this kind", token)
            }
            throw failure(
                "expected one of \(Self.clauses.joined(separator: ", ")), not \(quoted(token))"
                    + NearestName.hint(word, among: Self.clauses), token)
        }
    }

    private mutating func clear(
        _ metric: AlertMetric?, _ comparison: AlertComparison, _ limit: Double, isPercent: Bool = false
    ) throws(AlertExpressionFailure) -> Double {
        var token = try next("a number")
        let whole = token
        if isPercent, token.text.hasSuffix("%") { token.text = token.text.dropLast() }
        guard let value = AlertNumber.value(token.text, unit: metric?.unit ?? "") else {
            throw failure("expected a number, not \(quoted(whole))", whole)
        }
        guard comparison.isUpward && value <= limit || comparison.isDownward && value >= limit else {
            let side = comparison.isUpward ? "at most" : comparison.isDownward ? "at least" : "not with =="
            throw failure("what clears an alert lies \(side) at what fires it", whole)
        }
        return value
    }

    private mutating func number(_ metric: AlertMetric) throws(AlertExpressionFailure) -> Double {
        let example = metric.unit.isEmpty ? "10k" : "10M\(metric.unit)"
        let token = try next("a number such as \(example)")
        guard let value = AlertNumber.value(token.text, unit: metric.unit) else {
            throw failure("expected a number such as \(example), not \(quoted(token))", token)
        }
        return value
    }

    private mutating func duration() throws(AlertExpressionFailure) -> Int64 {
        let token = try next("a duration such as 30s")
        guard let value = DurationText.nanoseconds(String(token.text)), value > 0 else {
            throw failure("expected a duration above 0 such as 30s, not \(quoted(token))", token)
        }
        return value
    }

    private mutating func snapshots() throws(AlertExpressionFailure) -> Int {
        let token = try next("how many snapshots")
        guard let count = Int(token.text), 1...AlertCondition.snapshotsMax ~= count else {
            throw failure(
                "expected a whole number from 1 to \(AlertCondition.snapshotsMax), not \(quoted(token))", token)
        }
        if let word = tokens.first?.text, word == "snapshots" || word == "snapshot" { tokens.removeFirst() }
        return count
    }

    private mutating func fields() throws(AlertExpressionFailure) -> KeyFields {
        let token = try next("key fields such as SrcIP/24")
        var words = String(token.text)
        // `SrcIP, DstIP` is one list.
        while words.last == ",", let more = tokens.popFirst() { words += more.text }
        do throws(KeyFieldsFailure) {
            return try KeyFields(parsing: words)
        } catch {
            throw failure("\(error)", token)
        }
    }

    // MARK: Tokens

    private mutating func next(_ expected: String) throws(AlertExpressionFailure) -> Token {
        if let token = tokens.popFirst() { return token }
        throw AlertExpressionFailure("expected \(expected) where the expression ends", column: endColumn)
    }

    private func failure(_ message: String, _ token: Token) -> AlertExpressionFailure {
        AlertExpressionFailure(message, column: token.column)
    }

    private func quoted(_ token: Token) -> String {
        "\"\(token.text.count > 40 ? token.text.prefix(40) + "…" : token.text)\""
    }
}
