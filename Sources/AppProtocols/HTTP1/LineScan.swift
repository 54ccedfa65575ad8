import Octets

/// Finds line ends eight octets at a time.
enum LineScan {
    static let cr: UInt8 = 0x0D, lf: UInt8 = 0x0A, space: UInt8 = 0x20, tab: UInt8 = 0x09

    /// What was odd about a line; it is noted, and read all the same.
    struct Oddities: OptionSet, Sendable {
        let rawValue: UInt8
        /// A line ends with a bare LF, or holds a CR that no LF follows (RFC 9112 § 2.2).
        static let lineEnd = Oddities(rawValue: 1)
        /// A control octet stands in a line.
        static let control = Oddities(rawValue: 2)
        /// There are more fields than the limit.
        static let tooMany = Oddities(rawValue: 4)
    }

    struct Line {
        /// Where the content ends and the line end begins.
        var end: Int
        /// Where the next line begins.
        var next: Int
    }

    /// The end of the line that `position` lies in. On `nil` nothing up to `position` need be searched again.
    @inline(__always)
    static func line(_ octets: Span<UInt8>, from position: inout Int, _ odd: inout Oddities) -> Line? {
        while true {
            position = control(octets, from: position)
            guard position < octets.count else { return nil }
            switch octets[position] {
            case lf:
                odd.insert(.lineEnd)
                return Line(end: position, next: position + 1)
            case cr:
                guard position + 1 < octets.count else { return nil }
                if octets[position + 1] == lf { return Line(end: position, next: position + 2) }
                odd.insert(.lineEnd)
            case tab: break
            default: odd.insert(.control)
            }
            position += 1
        }
    }

    /// The first octet below 0x20 (or another limit, up to 0x80) at or behind `start`, or the end.
    ///
    /// Eight octets at once: subtracting the limit from each borrows into the top bit of those below it. A borrow can
    /// make later octets look small, never earlier ones, so the lowest is right.
    @inline(__always)
    static func control(_ octets: Span<UInt8>, from start: Int, below limit: UInt8 = 0x20) -> Int {
        var index = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        while index <= octets.count - 8 {
            let word = octets.word(at: index)
            let small = (word &- ones &* UInt64(limit)) & ~word & (ones &* 0x80)
            if small != 0 { return index + small.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < octets.count, octets[index] >= limit { index += 1 }
        return index
    }

    /// The first LF at or behind `start`, or `nil`.
    static func lineFeed(_ octets: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        let ones: UInt64 = 0x0101_0101_0101_0101
        while index <= octets.count - 8 {
            let word = octets.word(at: index) ^ (ones &* UInt64(lf))
            let zero = (word &- ones) & ~word & (ones &* 0x80)
            if zero != 0 { return index + zero.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < octets.count {
            if octets[index] == lf { return index }
            index += 1
        }
        return nil
    }

    /// Whether an octet may stand in a token (RFC 9110 § 5.6.2).
    @inline(__always)
    static func isToken(_ octet: UInt8) -> Bool {
        // One bit for each of the octets 0 ... 63 and 64 ... 127.
        let low: UInt64 = 0x03FF_6CFA_0000_0000, high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        let bits = octet < 64 ? low : high
        return octet < 128 && bits &>> UInt64(octet & 63) & 1 == 1
    }

    /// Where the token that begins at `start` ends, `end` at the latest.
    ///
    /// Eight octets at once, as long as they are letters and hyphens, of which names of fields are made.
    @inline(__always)
    static func endOfToken(_ octets: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var index = start
        let last = min(end &- 1, octets.count &- 8)
        while index <= last {
            let others = notNames(octets.word(at: index))
            index &+= min(others.trailingZeroBitCount >> 3, 8)
            if others != 0 { break }
        }
        while index < end, isToken(octets[index]) { index &+= 1 }
        return min(index, end)
    }

    /// The most significant bit of each octet that is neither a letter nor a hyphen.
    @inline(__always)
    private static func notNames(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits = ones &* 0x80
        // No sum leaves its octet, all being below 0x80.
        let low = word & ~highBits
        let lower = low | (ones &* 0x20)
        let letters = (lower &+ ones &* 0x1F) & ~(lower &+ ones &* 0x05)
        let hyphens = ~((low ^ (ones &* 0x2D)) &+ ones &* 0x7F)
        return (word | ~(letters | hyphens)) & highBits
    }

    @inline(__always) static func isDigit(_ octet: UInt8) -> Bool { octet &- 0x30 < 10 }
    @inline(__always) static func isBlank(_ octet: UInt8) -> Bool { octet == space || octet == tab }

    /// `range` without spaces and tabs (and line ends of folded values) at its ends.
    @inline(__always)
    static func trimmed(_ octets: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound, end = range.upperBound
        while start < end, isPadding(octets[start]) { start += 1 }
        while end > start, isPadding(octets[end - 1]) { end -= 1 }
        return start..<end
    }

    @inline(__always) private static func isPadding(_ octet: UInt8) -> Bool {
        octet == space || octet == tab || octet == cr || octet == lf
    }

    /// Whether `octets[range]` is `text`, ASCII letters of either case. `text` is lower case.
    @inline(__always)
    static func equals(_ octets: Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
        range.count == text.utf8.count && hasLetters(octets.extracting(range), text.utf8.span)
    }

    /// - Parameter text: as many octets.
    private static func hasLetters(_ octets: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        for index in octets.indices {
            var octet = octets[index]
            if octet &- 0x41 < 26 { octet |= 0x20 }
            if octet != text[index] { return false }
        }
        return true
    }
}
