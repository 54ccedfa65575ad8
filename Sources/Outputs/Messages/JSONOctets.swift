import Octets

/// Octets from outside as JSON strings (RFC 8259 § 7).
///
/// UTF-8 stays as it is but for what JSON must escape and what could drive a terminal (`TerminalText`), which becomes
/// `\u001b`. What is no UTF-8 has no form as a string; `append(jsonLatin1:)` maps each octet to the character of the
/// same number, as RFC 9110 § 5.5 has it of old field values.
extension OctetBuffer {
    private static let growth = 6
    private static let pieceOctets = 4096

    /// Appends `"…"`.
    /// - Returns: false where `source` is no UTF-8; nothing is appended then.
    @inline(__always)
    mutating func append(json source: Span<UInt8>) -> Bool {
        if source.count <= Self.pieceOctets {
            var isText = false
            write(atMost: OctetWriter.jsonOctetsMax(source)) { isText = $0.append(jsonString: source) }
            return isText
        }
        return append(longJSON: source)
    }

    private mutating func append(longJSON source: Span<UInt8>) -> Bool {
        let start = count
        var index = 0
        write(atMost: 1) { $0.append(0x22) }
        while index < source.count {
            let end = min(index + Self.pieceOctets, source.count)
            // A step may go up to seven octets beyond `end`.
            write(atMost: (end - index + 8) * Self.growth) { writer in
                index = writer.append(json: source, from: index, to: end)
            }
            if index < 0 {
                truncate(to: start)
                return false
            }
        }
        write(atMost: 1) { $0.append(0x22) }
        return true
    }

    /// Appends `"…"` with each octet as the character of the same number.
    mutating func append(jsonLatin1 source: Span<UInt8>) {
        write(atMost: OctetWriter.jsonOctetsMax(source)) { $0.append(jsonLatin1: source) }
    }

    /// Appends `"…"`, by one of the two.
    /// - Returns: false where `source` was no UTF-8.
    @inline(__always)
    mutating func append(jsonAny source: Span<UInt8>) -> Bool {
        if append(json: source) { return true }
        append(jsonLatin1: source)
        return false
    }
}

extension OctetWriter {
    /// The most octets that a JSON string takes, quotes and the reach of wide stores included.
    @inline(__always) static func jsonOctetsMax(_ source: Span<UInt8>) -> Int { source.count * 6 + 16 }

    /// Appends `"…"`.
    /// - Returns: false where `source` is no UTF-8; nothing is appended then.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(jsonString source: Span<UInt8>) -> Bool {
        let start = position
        append(0x22)
        if append(json: source, from: 0, to: source.count) < 0 {
            position = start
            return false
        }
        append(0x22)
        return true
    }

    /// Appends octets from `start` until at least `end` are done.
    /// - Returns: where it stopped: `end`, or up to seven octets behind it; -1 where the octets are no UTF-8.
    @_lifetime(self: copy self)
    mutating func append(json source: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        while index < end {
            while index <= source.count &- 8, index < end {
                let word = source.word(at: index)
                let flags = OctetFlags.specialInJSON(word)
                if flags != 0 {
                    let clean = flags.trailingZeroBitCount >> 3
                    append(word: word, count: clean)
                    index &+= clean
                    break
                }
                append(word: word, count: 8)
                index &+= 8
            }
            guard index < end else { break }
            let octet = source[index]
            if octet < 0x80 {
                append(json: octet)
                index &+= 1
                continue
            }
            let scalar = source.scalar(at: index)
            if scalar.count == 0 { return -1 }
            append(json: scalar, source, index)
            index &+= scalar.count
        }
        return index
    }

    @_lifetime(self: copy self)
    mutating func append(jsonLatin1 source: Span<UInt8>) {
        append(0x22)
        for index in source.indices {
            let octet = source[index]
            if octet >= 0x7F { append(jsonEscape: UInt16(octet)) } else { append(json: octet) }
        }
        append(0x22)
    }

    /// Appends `"…"`, by one of the two.
    /// - Returns: false where `source` was no UTF-8.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(jsonAny source: Span<UInt8>) -> Bool {
        if append(jsonString: source) { return true }
        append(jsonLatin1: source)
        return false
    }

    @_lifetime(self: copy self)
    private mutating func append(json scalar: DecodedScalar, _ source: Span<UInt8>, _ index: Int) {
        guard scalar.isDangerous else {
            for offset in 0..<scalar.count { append(source[index &+ offset]) }
            return
        }
        if scalar.value > 0xFFFF {
            append(jsonEscape: UInt16(truncatingIfNeeded: 0xD800 + (scalar.value - 0x10000) >> 10))
            append(jsonEscape: UInt16(truncatingIfNeeded: 0xDC00 + scalar.value & 0x3FF))
        } else {
            append(jsonEscape: UInt16(truncatingIfNeeded: scalar.value))
        }
    }

    /// Appends one octet below 0x80.
    @inline(__always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(json octet: UInt8) {
        switch octet {
        case 0x22, 0x5C:
            append(0x5C)
            append(octet)
        case 0x0A: append(word: 0x6E5C, count: 2)
        case 0x0D: append(word: 0x725C, count: 2)
        case 0x09: append(word: 0x745C, count: 2)
        case ..<0x20, 0x7F: append(jsonEscape: UInt16(octet))
        default: append(octet)
        }
    }

    /// Appends `\u001b`.
    @_lifetime(self: copy self)
    fileprivate mutating func append(jsonEscape unit: UInt16) {
        append(word: 0x755C, count: 2)
        append(twoHexDigits: UInt8(truncatingIfNeeded: unit >> 8))
        append(twoHexDigits: UInt8(truncatingIfNeeded: unit))
    }
}
