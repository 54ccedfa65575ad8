/// Reads an expression from left to right and emits its code on the way; there is no tree.
///
///     chain   = factor *(("and" / "or") factor)         ; equal precedence, left to right (pcap-filter(7))
///     factor  = *("not") ("(" chain ")" / comparison / primitive)
///
/// Comparisons and primitives are in extensions, a file each.
struct FilterParser {
    var code = FilterCode()
    /// The token that is looked at, not yet taken.
    var token: FilterToken
    /// What an identifier without a qualifier stands for; `nil` after something that has no qualifier.
    var lastQualifier: FilterQualifier?
    private var lexer: FilterLexer
    private let text: String

    init(_ text: String) throws(FilterFailure) {
        guard text.utf8.count <= PacketFilter.textOctetsMax else {
            throw FilterFailure(.tooLong, text: String(text.prefix(80)), column: 1, length: 1)
        }
        self.text = text
        lexer = FilterLexer(text)
        token = lexer.next()
    }

    mutating func parse() throws(FilterFailure) -> [FilterInstruction] {
        if token.kind == .end { return [] }
        let whole = try chain(nesting: 0)
        guard token.kind == .end else { throw failure(.expected("\"and\", \"or\" or the end")) }
        code.finish(whole)
        return code.instructions
    }

    private mutating func chain(nesting: Int) throws(FilterFailure) -> FilterFragment {
        var left = try factor(nesting: nesting)
        var holdsComparison = left.isComparison
        var orWasSeen = false
        var ambiguous: FilterToken?
        while token.kind == .and || token.kind == .or {
            let join = take()
            if join.kind == .or { orWasSeen = true } else if orWasSeen { ambiguous = ambiguous ?? join }
            if join.kind == .and { code.continueWhenTrue(left) } else { code.continueWhenFalse(left) }
            let right = try factor(nesting: nesting)
            holdsComparison = holdsComparison || right.isComparison
            left = join.kind == .and ? code.both(left, right) : code.either(left, right)
        }
        if holdsComparison, let ambiguous { throw failure(.ambiguous, at: ambiguous) }
        left.isComparison = holdsComparison
        return left
    }

    private mutating func factor(nesting: Int) throws(FilterFailure) -> FilterFragment {
        // A loop, so a run of `not` costs no stack.
        var isNegated = false
        while token.kind == .not {
            take()
            isNegated.toggle()
        }
        let positive = try operand(nesting: nesting)
        return isNegated ? positive.negated : positive
    }

    private mutating func operand(nesting: Int) throws(FilterFailure) -> FilterFragment {
        switch token.kind {
        case .open: return try parenthesised(nesting: nesting)
        case .word(let word):
            if let field = FilterField(word: word) {
                let first = token
                var ahead = lexer
                if FilterParser.startsComparison(ahead.next(), then: ahead.next()) {
                    take()
                    return try comparison(of: field, named: first)
                }
            }
            return try primitive(word, nesting: nesting)
        default: throw failure(.expected("a test such as \"dst_port == 443\" or \"host 10.0.0.1\""))
        }
    }

    /// `( chain )`. Qualifiers inside do not leave the parentheses, those before them go in.
    mutating func parenthesised(nesting: Int) throws(FilterFailure) -> FilterFragment {
        guard nesting < PacketFilter.nestingMax else { throw failure(.tooDeep) }
        let outer = lastQualifier
        take()
        var inner = try chain(nesting: nesting + 1)
        guard token.kind == .close else { throw failure(.expected("\")\", \"and\" or \"or\"")) }
        take()
        lastQualifier = outer
        inner.isComparison = false
        return inner
    }

    private static func startsComparison(_ sign: FilterToken, then next: FilterToken) -> Bool {
        switch sign.kind {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        case .word(let word): ["in", "has"].contains(word.lowercased())
        case .not:
            if case .word(let word) = next.kind { word.lowercased() == "in" } else { false }
        default: false
        }
    }

    // MARK: Tokens, code and errors

    @discardableResult mutating func take() -> FilterToken {
        let taken = token
        token = lexer.next()
        return taken
    }

    /// The token after the one that is looked at.
    var following: FilterToken {
        var ahead = lexer
        return ahead.next()
    }

    /// Whether the word that is looked at is `word`, in any case.
    func isAt(_ word: String) -> Bool {
        if case .word(let text) = token.kind { text.lowercased() == word } else { false }
    }

    func failure(_ reason: FilterFailure.Reason, at place: FilterToken? = nil) -> FilterFailure {
        let range = (place ?? token).range
        let before = String(decoding: lexer.octets[..<range.lowerBound], as: UTF8.self).count
        return FilterFailure(
            reason, text: text, column: before + 1,
            length: String(decoding: lexer.octets[range], as: UTF8.self).count)
    }

    /// Refuses an expression before its code outgrows the limit.
    func requireRoom(for tests: Int = 1) throws(FilterFailure) {
        guard code.instructions.count + tests <= PacketFilter.testsMax else { throw failure(.tooLong) }
    }
}
