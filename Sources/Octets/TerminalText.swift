/// Text from outside, written so that it cannot drive a terminal.
///
/// Printable ASCII and well-formed UTF-8 stay as they are. Control characters become `\a` `\b` `\v` `\f` `\r` or
/// `\x1b`; characters that turn or hide text become `\u{202e}`; octets that are no UTF-8 become `\xff`.
public enum TerminalText {
    public enum Lines: Sendable {
        /// LF and TAB stay, CRLF becomes LF.
        case kept
        /// The text stays on one line.
        case escaped
    }

    /// The most octets that one octet becomes. (A character of three octets becomes at most `\u{fffb}`.)
    static let growth = 4
    /// Octets that are escaped in one go, so that buffers do not grow to the worst case of a large body.
    static let pieceOctets = 4096
    /// From so many octets on it pays to look first whether any needs an escape.
    static let plainOctetsMin = 512
}

extension OctetBuffer {
    /// Appends all of `source`, escaped.
    public mutating func append(terminal source: Span<UInt8>, _ lines: TerminalText.Lines) {
        var index = 0
        while index < source.count {
            let end = min(index + TerminalText.pieceOctets, source.count)
            let piece = source.extracting(index..<end)
            if piece.count >= TerminalText.plainOctetsMin,
                lines == .kept ? piece.isPrintableLines : piece.isPrintable
            {
                append(contentsOf: piece)
                index = end
                continue
            }
            // A step may go up to seven octets beyond `end`.
            write(atMost: (end - index + 8) * TerminalText.growth) { writer in
                index = writer.append(terminal: source, from: index, to: end, lines)
            }
        }
    }
}

extension OctetWriter {
    /// Appends octets from `start` until at least `end` are done.
    ///
    /// The writer must have room for `TerminalText.growth` times the octets and seven more.
    /// - Returns: where it stopped: `end`, or up to seven octets behind it.
    @_lifetime(self: copy self)
    mutating func append(
        terminal source: Span<UInt8>, from start: Int, to end: Int, _ lines: TerminalText.Lines
    ) -> Int {
        lines == .kept
            ? append(plain: source, start, end, lines) { OctetFlags.notLines($0) }
            : append(plain: source, start, end, lines) { OctetFlags.notPrintable($0) }
    }

    /// - Parameter special: flags the octets that do not stay as they are.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func append(
        plain source: Span<UInt8>, _ start: Int, _ end: Int, _ lines: TerminalText.Lines,
        _ special: (UInt64) -> UInt64
    ) -> Int {
        var index = start
        while index < end {
            index = appendWords(source, index, end, lines, special)
            guard index < end else { break }
            let (word, count) = source.upToEight(at: index)
            let clean = min(special(word).trailingZeroBitCount >> 3, count)
            append(word: word, count: clean)
            index &+= clean
            if clean < count { index = appendSpecial(source, index, lines) }
        }
        return index
    }

    /// Appends words of eight octets, up to what does not stay as it is and is no end of a line.
    /// - Returns: where it stopped.
    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func appendWords(
        _ source: Span<UInt8>, _ start: Int, _ end: Int, _ lines: TerminalText.Lines, _ special: (UInt64) -> UInt64
    ) -> Int {
        var index = start
        // Not the writer's own, which would be in memory after each store.
        var target = position
        var memory = MutableRawSpan(_elements: &octets)
        let last = min(end &- 1, source.count &- 8)
        while index <= last {
            let word = source.word(at: index)
            memory.storeBytes(of: word.littleEndian, toByteOffset: target, as: UInt64.self)
            let flags = special(word)
            if flags == 0 {
                // Words that stay whole need not wait for where the one before ended.
                index &+= 8
                target &+= 8
                continue
            }
            let clean = flags.trailingZeroBitCount >> 3
            index &+= clean
            target &+= clean
            guard lines == .kept, word &>> UInt64(8 &* clean) & 0xFFFF == 0x0A0D else { break }
            memory.storeBytes(of: 0x0A, toByteOffset: target, as: UInt8.self)
            index &+= 2
            target &+= 1
        }
        position = target
        return index
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func appendSpecial(_ source: Span<UInt8>, _ index: Int, _ lines: TerminalText.Lines) -> Int {
        let octet = source[index]
        if lines == .kept {
            if octet == 0x0A || octet == 0x09 {
                append(octet)
                return index &+ 1
            }
            if octet == 0x0D, index &+ 1 < source.count, source[index &+ 1] == 0x0A {
                append(0x0A)
                return index &+ 2
            }
        }
        return octet < 0x80 ? appendControl(octet, index) : appendScalar(source, index)
    }

    @_lifetime(self: copy self)
    private mutating func appendControl(_ octet: UInt8, _ index: Int) -> Int {
        append(0x5C)
        switch octet {
        case 0x07: append(UInt8(ascii: "a"))
        case 0x08: append(UInt8(ascii: "b"))
        case 0x09: append(UInt8(ascii: "t"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0B: append(UInt8(ascii: "v"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0D: append(UInt8(ascii: "r"))
        default:
            append(UInt8(ascii: "x"))
            append(twoHexDigits: octet)
        }
        return index &+ 1
    }

    @_lifetime(self: copy self)
    private mutating func appendScalar(_ source: Span<UInt8>, _ index: Int) -> Int {
        let scalar = source.scalar(at: index)
        if scalar.count == 0 {
            append(0x5C)
            append(UInt8(ascii: "x"))
            append(twoHexDigits: source[index])
            return index &+ 1
        }
        if scalar.isDangerous {
            append(0x5C)
            append(UInt8(ascii: "u"))
            append(UInt8(ascii: "{"))
            if scalar.value > 0xFFFF { append(hexadecimal: UInt16(truncatingIfNeeded: scalar.value >> 16)) }
            if scalar.value > 0xFFFF {
                append(twoHexDigits: UInt8(truncatingIfNeeded: scalar.value >> 8))
                append(twoHexDigits: UInt8(truncatingIfNeeded: scalar.value))
            } else {
                append(hexadecimal: UInt16(truncatingIfNeeded: scalar.value))
            }
            append(UInt8(ascii: "}"))
        } else {
            for offset in 0..<scalar.count { append(source[index &+ offset]) }
        }
        return index &+ scalar.count
    }
}
