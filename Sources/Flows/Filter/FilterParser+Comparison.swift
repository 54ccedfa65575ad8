import Headers

/// Key-field comparisons: `field op value`, `field [not] in { value, … }`, `tcp_flags has flag`.
extension FilterParser {
    /// One value of a comparison: an address prefix, or a range of numbers.
    private enum Value {
        case prefix(FilterPrefix)
        case numbers(ClosedRange<UInt64>)
    }

    /// Parses from the operator on.
    mutating func comparison(of field: FilterField, named name: FilterToken) throws(FilterFailure) -> FilterFragment {
        lastQualifier = nil
        let sign = take()
        var result: FilterFragment
        switch sign.kind {
        case .word(let word) where word.lowercased() == "has": result = try has(field, sign)
        case .word: result = try members(of: field, inverted: false, sign)
        case .not:
            take()  // `in`, as the caller saw
            result = try members(of: field, inverted: true, sign)
        default: result = try compare(field, sign)
        }
        result.isComparison = true
        return result
    }

    private mutating func compare(_ field: FilterField, _ sign: FilterToken) throws(FilterFailure) -> FilterFragment {
        try requireRoom()
        let ordered = sign.kind != .equal && sign.kind != .notEqual
        if ordered, field.test == .address || field.test == .flags {
            throw failure(.expected(field.test == .address ? "==, != or in" : "has, == or !="), at: sign)
        }
        let value = try value(of: field, rangesAllowed: false)
        var test: FilterInstruction
        if ordered, case .numbers(let range) = value {
            test = FilterParser.ordered(field, sign.kind, range.lowerBound)
        } else {
            test = FilterParser.test(field, value)
        }
        test.inverted = sign.kind == .notEqual
        return code.emit(test)
    }

    private static func ordered(_ field: FilterField, _ sign: FilterToken.Kind, _ number: UInt64) -> FilterInstruction {
        switch sign {
        case .less:
            number == 0
                ? .nothing(field.test, side: field.side) : .range(field.test, 0...(number - 1), side: field.side)
        case .lessOrEqual: .range(field.test, 0...number, side: field.side)
        case .greater: .range(field.test, (number + 1)...UInt64.max, side: field.side)  // `number` is below 2^32
        default: .range(field.test, number...UInt64.max, side: field.side)
        }
    }

    private static func test(_ field: FilterField, _ value: Value) -> FilterInstruction {
        switch value {
        case .prefix(let prefix): .address(prefix, side: field.side)
        case .numbers(let range) where field.test == .flags:
            .flags(TCPFlags(rawValue: UInt8(truncatingIfNeeded: range.lowerBound)), among: TCPFlags(rawValue: 0xFF))
        case .numbers(let range): .range(field.test, range, side: field.side)
        }
    }

    /// `in { a, b, c-d }`. `not in` is the conjunction of the inverted tests, so an absent field matches neither.
    private mutating func members(
        of field: FilterField, inverted: Bool, _ sign: FilterToken
    ) throws(FilterFailure) -> FilterFragment {
        guard field.test != .flags else { throw failure(.expected("has, == or !="), at: sign) }
        var tests: [FilterInstruction] = []
        try forEachMember { parser throws(FilterFailure) in
            try parser.requireRoom(for: tests.count + 1)
            var test = FilterParser.test(field, try parser.value(of: field, rangesAllowed: true))
            test.inverted = inverted
            tests.append(test)
        }
        return inverted ? code.all(tests) : code.any(tests)
    }

    private mutating func has(_ field: FilterField, _ sign: FilterToken) throws(FilterFailure) -> FilterFragment {
        guard field.test == .flags else { throw failure(.expected("a comparison; has is for tcp_flags"), at: sign) }
        try requireRoom()
        var flags = TCPFlags()
        let add = { (parser: inout FilterParser) throws(FilterFailure) in
            if case .numbers(let range) = try parser.value(of: field, rangesAllowed: false) {
                flags.insert(TCPFlags(rawValue: UInt8(truncatingIfNeeded: range.lowerBound)))
            }
        }
        if token.kind == .openSet { try forEachMember(add) } else { try add(&self) }
        return code.emit(.flags(flags, among: flags))
    }

    private mutating func forEachMember(
        _ body: (inout FilterParser) throws(FilterFailure) -> Void
    ) throws(FilterFailure) {
        guard token.kind == .openSet else { throw failure(.expected("a set such as {80, 443}")) }
        repeat {
            take()
            try body(&self)
        } while token.kind == .comma
        guard token.kind == .closeSet else { throw failure(.expected("\",\" or \"}\"")) }
        take()
    }

    private mutating func value(of field: FilterField, rangesAllowed: Bool) throws(FilterFailure) -> Value {
        guard case .word(let word) = token.kind else { throw failure(.expected(field.valueName)) }
        let value: Value
        if field.test == .address {
            value = .prefix(try prefix(word, expecting: field.valueName))
        } else if rangesAllowed, let range = try range(word, upTo: field.max, names: []) {
            value = .numbers(range)
        } else {
            let number = try number(word, upTo: field.max, names: field.valueNames, expecting: field.valueName)
            value = .numbers(number...number)
        }
        take()
        return value
    }

    // MARK: Literals, shared with the primitives

    /// A number in decimal or `0x` hexadecimal, or a name that stands for one.
    func number(
        _ word: String, upTo max: UInt64, names: [(name: String, value: UInt64)], expecting what: String
    ) throws(FilterFailure) -> UInt64 {
        if let value = FilterVocabulary.value(word, among: names) { return value }
        guard let value = FilterParser.number(word) else {
            guard word.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else {
                throw failure(.unknown(what, nearest: NearestName.find(word, among: names.lazy.map(\.name))))
            }
            throw failure(.outOfRange("0 to \(max)"))  // more digits than 64 bits hold
        }
        guard value <= max else { throw failure(.outOfRange("0 to \(max)")) }
        return value
    }

    /// `a-b` or `a..b`; `nil` where the word is no range.
    func range(
        _ word: String, upTo max: UInt64, names: [(name: String, value: UInt64)]
    ) throws(FilterFailure) -> ClosedRange<UInt64>? {
        // A name may hold a hyphen itself.
        guard FilterVocabulary.value(word, among: names) == nil else { return nil }
        let parts = word.split(separator: word.contains("..") ? ".." : "-", maxSplits: 1)
        guard parts.count == 2, let low = FilterParser.number(String(parts[0])),
            let high = FilterParser.number(String(parts[1]))
        else { return nil }
        guard low <= high else { throw failure(.outOfRange("the range ends before it starts")) }
        guard high <= max else { throw failure(.outOfRange("0 to \(max)")) }
        return low...high
    }

    static func number(_ word: String) -> UInt64? {
        guard let first = word.utf8.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= first else { return nil }
        if word.hasPrefix("0x") || word.hasPrefix("0X") {
            return word.utf8.dropFirst(2).first == UInt8(ascii: "-") ? nil : UInt64(word.dropFirst(2), radix: 16)
        }
        return UInt64(word)
    }

    /// An address, or `address/length`.
    func prefix(_ word: String, expecting what: String) throws(FilterFailure) -> FilterPrefix {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(text: parts[0]) else {
            throw failure(.expected(what))
        }
        let max = address.family == .v4 ? 32 : 128
        guard parts.count == 2 else { return FilterPrefix(address: address, length: max) }
        guard let length = FilterParser.number(String(parts[1])), length <= max else {
            throw failure(.outOfRange("the prefix length is 0 to \(max)"))
        }
        return FilterPrefix(address: address, length: Int(length))
    }
}
