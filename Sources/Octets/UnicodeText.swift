/// One well-formed UTF-8 sequence.
public struct DecodedScalar: Sendable {
    public var value: UInt32
    /// Octets of the sequence; 0 where there is none.
    public var count: Int

    static let malformed = DecodedScalar(value: 0, count: 0)

    /// Characters that move the cursor, turn the direction of what follows, or are not seen at all: C1 controls, bidi
    /// marks and overrides, line and paragraph separators, interlinear annotation, tags. Those below U+0080 are told
    /// apart before anything is decoded.
    @inline(always) public var isDangerous: Bool {
        if value < 0xA0 { return true }
        if value < 0x061C { return false }
        switch value {
        case 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: return true
        default: return 0xE0000...0xE007F ~= value
        }
    }
}

/// What eight octets are, all at once; the flag of an octet is its most significant bit. Flags are right up to the
/// lowest that is set: a borrow can only spoil those above it.
public enum OctetFlags {
    @inline(always) public static var ones: UInt64 { 0x0101_0101_0101_0101 }
    @inlinable @inline(__always) static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Octets outside 0x20 ... 0x7E.
    @inline(always) public static func notPrintable(_ word: UInt64) -> UInt64 {
        (word | (word &+ ones) | (word &- ones &* 0x20)) & highBits
    }

    /// Octets outside 0x20 ... 0x7E that are no TAB or LF either. All flags are right: no sum leaves its octet.
    @inline(__always) static func notLines(_ word: UInt64) -> UInt64 {
        let low = word & ~highBits
        let isLine = (low &+ ones &* 0x77) & ~(low &+ ones &* 0x75)
        return (word | (low &+ ones) | ~((low &+ ones &* 0x60) | isLine)) & highBits
    }

    /// Octets that JSON text must escape or that need a closer look: those not printable, `"` and `\`.
    @inline(always) public static func specialInJSON(_ word: UInt64) -> UInt64 {
        let quotes = (word ^ ones &* 0x22) &- ones
        let backslashes = (word ^ ones &* 0x5C) &- ones
        return (word | (word &+ ones) | (word &- ones &* 0x20) | quotes | backslashes) & highBits
    }
}

extension Span where Element == UInt8 {
    /// Eight octets, the first in the lowest. Traps unless all are there.
    @inline(always) public func word(at offset: Int) -> UInt64 {
        // In a span whose count is known no octet needs a check of its own, and in one expression eight loads become
        // one.
        let octets = extracting(offset..<offset &+ 8)
        return UInt64(octets[0]) | UInt64(octets[1]) << 8 | UInt64(octets[2]) << 16 | UInt64(octets[3]) << 24
            | UInt64(octets[4]) << 32 | UInt64(octets[5]) << 40 | UInt64(octets[6]) << 48 | UInt64(octets[7]) << 56
    }

    /// The next octets, at most eight, the first in the lowest; none behind the end. `offset` is within the span.
    @inline(always) public func upToEight(at offset: Int) -> (word: UInt64, count: Int) {
        let rest = count &- offset
        if rest >= 8 { return (word(at: offset), 8) }
        if count >= 8 { return (word(at: count &- 8) >> UInt64(8 &* (8 &- rest)), rest) }
        var word: UInt64 = 0
        for index in 0..<rest { word |= UInt64(self[offset &+ index]) << UInt64(8 &* index) }
        return (word, rest)
    }

    /// The UTF-8 sequence at `offset`, as the Unicode Standard's table 3-7 allows it.
    public func scalar(at offset: Int) -> DecodedScalar {
        let first = UInt32(self[offset])
        if first < 0x80 { return DecodedScalar(value: first, count: 1) }
        func tail(_ index: Int) -> UInt32? {
            guard offset + index < count, self[offset + index] & 0xC0 == 0x80 else { return nil }
            return UInt32(self[offset + index] & 0x3F)
        }
        switch first {
        case 0xC2...0xDF:
            guard let second = tail(1) else { return .malformed }
            return DecodedScalar(value: (first & 0x1F) << 6 | second, count: 2)
        case 0xE0...0xEF:
            guard let second = tail(1), let third = tail(2) else { return .malformed }
            let value = (first & 0x0F) << 12 | second << 6 | third
            let isRight = value >= 0x800 && !(0xD800...0xDFFF ~= value)
            return isRight ? DecodedScalar(value: value, count: 3) : .malformed
        case 0xF0...0xF4:
            guard let second = tail(1), let third = tail(2), let fourth = tail(3) else { return .malformed }
            let value = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
            return 0x10000...0x10FFFF ~= value ? DecodedScalar(value: value, count: 4) : .malformed
        default:
            return .malformed
        }
    }

    /// Where a UTF-8 sequence that lacks its last octets begins; `count` where the octets do not end in one.
    public var startOfCutSequence: Int {
        var start = count
        while start > 0, count - start < 3 {
            start -= 1
            let octet = self[start]
            if octet & 0xC0 == 0x80 { continue }
            let length = octet >= 0xF0 ? 4 : octet >= 0xE0 ? 3 : octet >= 0xC2 ? 2 : 1
            return octet <= 0xF4 && length > count - start ? start : count
        }
        return count
    }

    /// Whether all of it is well-formed UTF-8.
    public var isUTF8: Bool {
        var index = 0
        while index < count {
            let length = scalar(at: index).count
            if length == 0 { return false }
            index &+= length
        }
        return true
    }

    /// Whether all of it is 0x20 ... 0x7E.
    ///
    /// Extremes without a way out: what makes the loop go through 16 octets at a time.
    public var isPrintable: Bool {
        var lowest = UInt8.max
        var highest = UInt8.min
        for index in indices {
            lowest = Swift.min(lowest, self[index])
            highest = Swift.max(highest, self[index])
        }
        return lowest >= 0x20 && highest <= 0x7E
    }

    /// Whether it is 0x20 ... 0x7E, but for so many octets below 0x20; as fast as `isPrintable`.
    public func isPrintable(butForControls controls: Int) -> Bool {
        var highest = UInt8.min
        var seen = 0
        var start = 0
        while start < count {
            // Counted in an octet, which cannot overflow in a run of so many: what lets the loop be wide. A multiple of
            // the 32 octets that it takes at a time.
            let end = Swift.min(start &+ 224, count)
            var below: UInt8 = 0
            for index in start..<end {
                highest = Swift.max(highest, self[index])
                below &+= (self[index] &- 0x20) >> 7
            }
            seen &+= Int(below)
            start = end
        }
        return highest <= 0x7E && seen == controls
    }

    /// Whether all of it is 0x20 ... 0x7E, TAB or LF; as fast as `isPrintable`.
    public var isPrintableLines: Bool {
        // Counted from behind LF, TAB and LF are the largest of all, and what is between LF and the blank the smallest.
        // Counted from TAB, what is below TAB is larger than 0x7E.
        var lowest = UInt8.max
        var highest = UInt8.min
        for index in indices {
            lowest = Swift.min(lowest, self[index] &- 0x0B)
            highest = Swift.max(highest, self[index] &- 0x09)
        }
        return lowest >= 0x20 - 0x0B && highest <= 0x7E - 0x09
    }

    /// Whether people can read this: UTF-8, and of the control characters only those that text has, which are those
    /// with an escape of their own in C, and ESC.
    ///
    /// - Parameter mayBeCut: the end may lack octets.
    public func isText(mayBeCut: Bool) -> Bool {
        let end = mayBeCut ? startOfCutSequence : count
        var index = 0
        while index < end {
            while index <= end &- 8 {
                let flags = OctetFlags.notLines(word(at: index))
                if flags != 0 {
                    index &+= flags.trailingZeroBitCount >> 3
                    break
                }
                index &+= 8
            }
            guard index < end else { break }
            let octet = self[index]
            switch octet {
            case 0x07...0x0D, 0x1B, 0x20...0x7E: index &+= 1
            case 0x80...:
                let length = scalar(at: index).count
                if length == 0 { return false }
                index &+= length
            default: return false
            }
        }
        return true
    }
}
