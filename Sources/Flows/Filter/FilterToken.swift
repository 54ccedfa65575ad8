/// A word or sign of a filter expression and where it stands.
struct FilterToken: Equatable {
    enum Kind: Equatable {
        /// Letters, digits and `_ - . : / \`: names, numbers, addresses, ranges.
        case word(String)
        case open, close, openSet, closeSet, comma
        case and, or, not
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
        /// A sign of pcap-filter(7)'s arithmetic, which is not supported.
        case arithmetic
        /// A sign that means nothing.
        case stray
        case end
    }

    var kind: Kind
    /// Octets of the expression.
    var range: Range<Int>
}

/// Cuts an expression into tokens. Never fails: a stray sign is a token, so the parser can say what it wanted instead.
struct FilterLexer {
    let octets: [UInt8]
    private var position = 0

    init(_ text: String) { octets = Array(text.utf8) }

    mutating func next() -> FilterToken {
        while position < octets.count, FilterLexer.isBlank(octets[position]) { position += 1 }
        let start = position
        guard start < octets.count else { return FilterToken(kind: .end, range: start..<start) }
        if FilterLexer.isWord(octets[start]) {
            while position < octets.count, FilterLexer.isWord(octets[position]) { position += 1 }
            return FilterToken(kind: word(start..<position), range: start..<position)
        }
        let (kind, length) = sign(octets[start], start + 1 < octets.count ? octets[start + 1] : 0)
        position += length
        // A character outside ASCII is one stray token however many octets it has.
        while kind == .stray, position < octets.count, octets[position] & 0xC0 == 0x80 { position += 1 }
        return FilterToken(kind: kind, range: start..<position)
    }

    private func word(_ range: Range<Int>) -> FilterToken.Kind {
        let text = String(decoding: octets[range], as: UTF8.self)
        return switch text.lowercased() {
        case "and": .and
        case "or": .or
        case "not": .not
        default: .word(text)
        }
    }

    private func sign(_ first: UInt8, _ second: UInt8) -> (FilterToken.Kind, Int) {
        switch (UnicodeScalar(first), UnicodeScalar(second)) {
        case ("&", "&"): (.and, 2)
        case ("|", "|"): (.or, 2)
        case ("=", "="): (.equal, 2)
        case ("!", "="): (.notEqual, 2)
        case ("<", "="): (.lessOrEqual, 2)
        case (">", "="): (.greaterOrEqual, 2)
        case ("=", _): (.equal, 1)
        case ("!", _): (.not, 1)
        case ("<", _): (.less, 1)
        case (">", _): (.greater, 1)
        case ("(", _): (.open, 1)
        case (")", _): (.close, 1)
        case ("{", _): (.openSet, 1)
        case ("}", _): (.closeSet, 1)
        case (",", _): (.comma, 1)
        case ("[", _), ("]", _), ("&", _), ("|", _), ("+", _), ("*", _), ("^", _), ("%", _): (.arithmetic, 1)
        default: (.stray, 1)
        }
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || 0x09...0x0D ~= octet }

    private static func isWord(_ octet: UInt8) -> Bool {
        switch UnicodeScalar(octet) {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", ":", "/", "\\": true
        default: false
        }
    }
}
