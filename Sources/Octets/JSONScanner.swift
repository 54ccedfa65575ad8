/// Walks JSON texts (RFC 8259) token by token, in place: nothing is allocated or copied, and every token says where it
/// lies, so that a text can be changed around it.
///
/// The structure is checked strictly; octets beyond ASCII in strings pass unjudged. After it has thrown, a scanner is
/// not to be used.
public struct JSONScanner: ~Escapable {
    public enum Token: Equatable, Sendable {
        case beginObject, endObject, beginArray, endArray
        /// A member's name: what stands between the quotes. Its value follows.
        case name(Range<Int>, hasEscapes: Bool)
        /// What stands between the quotes.
        case string(Range<Int>, hasEscapes: Bool)
        case number(Range<Int>)
        case bool(Bool)
        case null
        /// Behind the outermost value there is only white space.
        case end
    }

    /// What may come next.
    private enum Expectation { case value, valueOrEnd, nameOrEnd, name, colon, commaOrEnd, nothing }

    /// Nesting is followed this deep.
    public static let depthMax = 256

    public let text: Span<UInt8>
    /// Where the next token is looked for.
    public private(set) var position: Int
    /// Open arrays and objects.
    public private(set) var depth = 0
    private var expectation = Expectation.value
    /// One bit per level: set for objects.
    private var levels = InlineArray<4, UInt64>(repeating: 0)

    @_lifetime(copy text)
    public init(_ text: Span<UInt8>, from position: Int = 0) {
        self.text = text
        self.position = position
    }

    @_lifetime(self: copy self)
    public mutating func next() throws(JSONFailure) -> Token {
        while true {
            skipWhitespace()
            guard position < text.count else {
                guard expectation == .nothing else { throw JSONFailure(.truncated, at: position) }
                return .end
            }
            let octet = text[position]
            switch (expectation, octet) {
            case (.commaOrEnd, UInt8(ascii: ",")):
                position += 1
                expectation = isInObject ? .name : .value
            case (.colon, UInt8(ascii: ":")):
                position += 1
                expectation = .value
            case (.commaOrEnd, UInt8(ascii: "}")), (.nameOrEnd, UInt8(ascii: "}")):
                guard isInObject else { throw JSONFailure(.unexpected, at: position) }
                return close(.endObject)
            case (.commaOrEnd, UInt8(ascii: "]")), (.valueOrEnd, UInt8(ascii: "]")):
                guard !isInObject else { throw JSONFailure(.unexpected, at: position) }
                return close(.endArray)
            case (.nameOrEnd, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")):
                let (range, hasEscapes) = try string()
                expectation = .colon
                return .name(range, hasEscapes: hasEscapes)
            case (.value, _), (.valueOrEnd, _): return try value(octet)
            default: throw JSONFailure(.unexpected, at: position)
            }
        }
    }

    /// Passes over the value that comes next, with all that is in it.
    @_lifetime(self: copy self)
    public mutating func skipValue() throws(JSONFailure) {
        let outer = depth
        repeat { _ = try next() } while depth > outer
    }

    private var isInObject: Bool { levels[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1 }

    @_lifetime(self: copy self)
    private mutating func open(_ token: Token, isObject: Bool) throws(JSONFailure) -> Token {
        guard depth < Self.depthMax else { throw JSONFailure(.tooDeep, at: position) }
        let bit = UInt64(1) << UInt64(depth & 63)
        levels[depth >> 6] = isObject ? levels[depth >> 6] | bit : levels[depth >> 6] & ~bit
        depth += 1
        position += 1
        expectation = isObject ? .nameOrEnd : .valueOrEnd
        return token
    }

    @_lifetime(self: copy self)
    private mutating func close(_ token: Token) -> Token {
        depth -= 1
        position += 1
        endValue()
        return token
    }

    @_lifetime(self: copy self)
    private mutating func endValue() { expectation = depth == 0 ? .nothing : .commaOrEnd }

    @_lifetime(self: copy self)
    private mutating func value(_ octet: UInt8) throws(JSONFailure) -> Token {
        switch octet {
        case UInt8(ascii: "{"): return try open(.beginObject, isObject: true)
        case UInt8(ascii: "["): return try open(.beginArray, isObject: false)
        case UInt8(ascii: "\""):
            let (range, hasEscapes) = try string()
            endValue()
            return .string(range, hasEscapes: hasEscapes)
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let range = try number()
            endValue()
            return .number(range)
        default: throw JSONFailure(.unexpected, at: position)
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipWhitespace() {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func word(_ word: StaticString, _ token: Token) throws(JSONFailure) -> Token {
        for octet in word.description.utf8 {
            guard position < text.count else { throw JSONFailure(.truncated, at: position) }
            guard text[position] == octet else { throw JSONFailure(.unexpected, at: position) }
            position += 1
        }
        endValue()
        return token
    }

    /// RFC 8259 § 7.
    @_lifetime(self: copy self)
    private mutating func string() throws(JSONFailure) -> (Range<Int>, Bool) {
        position += 1
        let start = position
        var hasEscapes = false
        while position < text.count {
            let octet = text[position]
            if octet == UInt8(ascii: "\"") {
                position += 1
                return (start..<(position - 1), hasEscapes)
            }
            guard octet >= 0x20 else { throw JSONFailure(.controlCharacter, at: position) }
            position += 1
            if octet == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape()
            }
        }
        throw JSONFailure(.truncated, at: position)
    }

    @_lifetime(self: copy self)
    private mutating func escape() throws(JSONFailure) {
        guard position < text.count else { throw JSONFailure(.truncated, at: position) }
        switch text[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                position += 1
                guard position < text.count else { throw JSONFailure(.truncated, at: position) }
                guard JSONString.hexValue(text[position]) != nil else { throw JSONFailure(.badEscape, at: position) }
            }
            position += 1
        default: throw JSONFailure(.badEscape, at: position)
        }
    }

    /// RFC 8259 § 6.
    @_lifetime(self: copy self)
    private mutating func number() throws(JSONFailure) -> Range<Int> {
        let start = position
        if text[position] == UInt8(ascii: "-") { position += 1 }
        let integer = position
        try digits()
        if text[integer] == UInt8(ascii: "0"), position > integer + 1 { throw JSONFailure(.badNumber, at: integer) }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits()
        }
        return start..<position
    }

    @_lifetime(self: copy self)
    private mutating func digits() throws(JSONFailure) {
        let start = position
        while position < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[position] { position += 1 }
        guard position > start else {
            throw JSONFailure(position < text.count ? .badNumber : .truncated, at: position)
        }
    }
}

/// Why and where a JSON text is none.
public struct JSONFailure: Error, Equatable, Sendable {
    public enum Reason: UInt8, Sendable, CaseIterable {
        /// The text ends inside a value.
        case truncated
        /// This octet must not stand here.
        case unexpected
        /// A control character in a string that is not escaped.
        case controlCharacter
        case badEscape
        case badNumber
        /// Nested deeper than `JSONScanner.depthMax`.
        case tooDeep
    }

    public let reason: Reason
    /// Octets from the start of the text.
    public let position: Int

    public init(_ reason: Reason, at position: Int) {
        self.reason = reason
        self.position = position
    }
}
