/// Text building as octets, for writers that print millions of rows: no String, no formatter, no locale.
extension [UInt8] {
    /// Appends the UTF-8 octets of a literal or short text.
    @inline(always) public mutating func append(text: StaticString) {
        // `utf8Start` is unsafe by nature of StaticString; going through String keeps this target free of `unsafe`.
        append(contentsOf: text.description.utf8)
    }

    /// Appends a number in decimal.
    @inline(always) public mutating func append(decimal value: UInt64) {
        if value < 10 {
            append(0x30 | UInt8(truncatingIfNeeded: value))
            return
        }
        var digits: [20 of UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        var start = 20
        var rest = value
        while rest != 0 {
            start &-= 1  // at most 20 decimal digits in 64 bits, so `start` stays in 0 ..< 20
            digits[start] = 0x30 | UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        while start < 20 {
            append(digits[start])
            start &+= 1
        }
    }

    @inline(always) public mutating func append(decimal value: Int64) {
        if value < 0 { append(0x2D) }
        append(decimal: value.magnitude)
    }
}
