/// Numbers as text. No String, no formatter, no locale, no branch per digit: a million rows are printed with these.
extension OctetWriter {
    /// Appends a number in decimal, at most 20 octets.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(decimal value: UInt64) {
        if value < 100_000_000 {
            append(leading: UInt32(truncatingIfNeeded: value))
        } else {
            appendLong(decimal: value)
        }
    }

    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(decimal value: Int64) {
        if value < 0 { append(0x2D) }
        append(decimal: value.magnitude)
    }

    /// Appends a number in lower-case hexadecimal without leading zeros, at most four octets.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(hexadecimal value: UInt16) {
        let value = UInt32(value)
        // One nibble per octet, the most significant in the lowest octet, which is written first.
        let nibbles = value >> 12 | value & 0x0F00 | (value & 0x00F0) << 12 | (value & 0x000F) << 24
        // 1 in every octet above 9: adding 6 carries into the fifth bit. No sum exceeds 0x66, so octets stay apart.
        let letters = ((nibbles &+ 0x0606_0606) >> 4) & 0x0101_0101
        let text = nibbles &+ 0x3030_3030 &+ letters &* 39
        let skipped = min(nibbles.trailingZeroBitCount >> 3, 3)
        append(word: UInt64(text >> UInt32(8 * skipped)), count: 4 &- skipped)
    }

    /// Appends an IPv4 address as a dotted quad, at most 15 octets.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(dottedQuad address: UInt32) {
        append(octet: address >> 24, followedBy: 0x2E)
        append(octet: address >> 16 & 0xFF, followedBy: 0x2E)
        append(octet: address >> 8 & 0xFF, followedBy: 0x2E)
        append(octet: address & 0xFF, followedBy: 0x2E)
        position &-= 1  // the last dot
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(octet value: UInt32, followedBy separator: UInt32) {
        let hundreds = (value &* 41) >> 12  // value / 100 for values up to 255
        let rest = value &- hundreds &* 100
        let tens = (rest &* 103) >> 10  // rest / 10 for values up to 99
        let text = (hundreds | tens << 8 | (rest &- tens &* 10) << 16) | 0x30_3030 | separator << 24
        let skipped: UInt32 = value >= 100 ? 0 : value >= 10 ? 1 : 2
        append(word: UInt64(text >> (8 &* skipped)), count: 4 &- Int(skipped))
    }

    @_lifetime(self: copy self)
    @usableFromInline mutating func appendLong(decimal value: UInt64) {
        let low = UInt32(truncatingIfNeeded: value % 100_000_000)
        let rest = value / 100_000_000
        if rest < 100_000_000 {
            append(leading: UInt32(truncatingIfNeeded: rest))
        } else {
            append(leading: UInt32(truncatingIfNeeded: rest / 100_000_000))
            append(word: OctetText.eightDigits(UInt32(truncatingIfNeeded: rest % 100_000_000)), count: 8)
        }
        append(word: OctetText.eightDigits(low), count: 8)
    }

    /// Appends a number below 10^8 without leading zeros.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func append(leading value: UInt32) {
        let digits = OctetText.eightDigits(value)
        // Leading zeros are the lowest octets equal to 0x30; the last digit stays even if it is one.
        let skipped = min((digits ^ 0x3030_3030_3030_3030).trailingZeroBitCount >> 3, 7)
        append(word: digits >> UInt64(8 &* skipped), count: 8 &- skipped)
    }
}

/// Digits by arithmetic within one word.
@usableFromInline enum OctetText {
    /// The eight decimal digits of a number below 10^8 as text, the most significant in the lowest octet.
    ///
    /// Two halves of four digits, each split into two of two digits, each split into two of one: every step divides all
    /// lanes of the word at once by a multiplication whose shifted product is the exact quotient in the lane's range.
    @inlinable @inline(__always)
    static func eightDigits(_ value: UInt32) -> UInt64 {
        let halves = UInt64(value / 10_000) | UInt64(value % 10_000) << 32
        let hundreds = ((halves &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let pairs = hundreds | (halves &- 100 &* hundreds) << 16
        let tens = ((pairs &* 103) >> 10) & 0x000F_000F_000F_000F
        return (tens | (pairs &- 10 &* tens) << 8) | 0x3030_3030_3030_3030
    }
}
