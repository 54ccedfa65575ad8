import Octets

/// The Huffman code of HPACK (RFC 7541 § 5.2 and appendix B).
///
/// The code is canonical: ordered by length, then by symbol, so the lengths alone define it. Decoding looks 12 bits
/// up at a time, which gives one or two symbols; the few longer codes are found by comparing with the first code of
/// each length.
struct HuffmanCode {
    /// The length in bits of each octet's code.
    static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28,
        28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15,
        6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22,
        20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23,
        23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22,
        22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26,
        27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27,
        26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    ]

    /// Bits of one look-up.
    private static let stepBits = 12

    /// By the next 12 bits: the first symbol, the second << 8 if there are two, the bits of all << 16, eight times
    /// their number << 24. 0: the code is longer.
    private static let allSteps: [UInt32] = makeSteps()
    /// Kept by those who decode: what is static is looked for at each use.
    private let steps = HuffmanCode.allSteps

    /// The codes of one length: the first of them, left-aligned in 32 bits, and where its symbol stands in
    /// `symbols`.
    private struct Length {
        var first: UInt32 = 0
        var symbolIndex = 0
    }

    /// Octets in the order of their codes. The end-of-string symbol would be the last.
    private static let symbols: [UInt8] = (0...255).sorted { left, right in
        (lengths[Int(left)], left) < (lengths[Int(right)], right)
    }

    /// By length in bits, 0 ... 31. Lengths without codes start where the next one does, and so match nothing.
    private static let longCodes: [Length] = {
        var table = [Length](repeating: Length(), count: 32)
        var code: UInt64 = 0
        var symbol = 0
        for length in 1...31 {
            table[length] = Length(first: UInt32(clamping: code), symbolIndex: symbol)
            while symbol < 256, Int(lengths[Int(symbols[symbol])]) == length {
                code += 1 << UInt64(32 - length)
                symbol += 1
            }
        }
        return table
    }()

    /// Code and length of an octet, for encoders in tests.
    static func code(of octet: UInt8) -> (bits: UInt32, count: Int) {
        let count = Int(lengths[Int(octet)])
        let row = longCodes[count]
        let rank = symbols.firstIndex(of: octet)! - row.symbolIndex
        return ((row.first >> UInt32(32 - count)) + UInt32(rank), count)
    }

    private static func makeSteps() -> [UInt32] {
        let patterns = 1 << stepBits
        // The symbol whose code stands at the top of each pattern, in canonical order: octet, and its bits << 8.
        var firsts: [UInt32] = []
        for octet in symbols where lengths[Int(octet)] <= stepBits {
            let bits = UInt32(lengths[Int(octet)])
            firsts.append(contentsOf: repeatElement(UInt32(octet) | bits << 8, count: patterns >> Int(bits)))
        }
        firsts.append(contentsOf: repeatElement(0, count: patterns - firsts.count))
        return firsts.indices.map { pattern in
            let first = firsts[pattern]
            guard first != 0 else { return 0 }
            let bits = first >> 8
            let second = firsts[(pattern << Int(bits)) & (patterns - 1)]
            let both = bits + (second >> 8)
            guard second != 0, both <= stepBits else { return first & 0xFF | bits << 16 | 8 << 24 }
            return first & 0xFF | (second & 0xFF) << 8 | both << 16 | 16 << 24
        }
    }

    /// The most octets that `count` coded octets decode to: no code is shorter than 5 bits.
    @inline(always) static func decodedMax(_ count: Int) -> Int { count * 8 / 5 }

    /// Appends what a part of `block` stands for: at most `decodedMax` octets, and wide stores reach
    /// `OctetWriter.slack` beyond. What is behind the part may be read, too.
    /// - Returns: false where the code is broken: the end-of-string symbol, or padding that is not its beginning or
    ///   longer than 7 bits (§ 5.2). Nothing is appended then.
    @_lifetime(output: copy output)
    func decode(_ part: Range<Int>, of block: Span<UInt8>, into output: inout OctetWriter) -> Bool {
        let start = output.position
        if Self.decodeAll(part, of: block, steps.span, into: &output) { return true }
        output.position = start
        return false
    }

    @_lifetime(output: copy output)
    private static func decodeAll(
        _ part: Range<Int>, of block: Span<UInt8>, _ steps: Span<UInt32>, into output: inout OctetWriter
    ) -> Bool {
        // The next bits, left-aligned, of which so many count. Those below may be set already: they come again, to the
        // same places.
        var window: UInt64 = 0
        var bits = 0
        var next = part.lowerBound
        // Bits that are not decoded yet. Behind them come ones, as in padding.
        var left = part.count &* 8
        while true {
            let isWhole = next &+ 8 <= part.upperBound
            let loaded = isWhole ? block.bigEndian64(at: next) : end(of: part, from: next, in: block)
            window |= loaded &>> UInt64(truncatingIfNeeded: bits)
            let octets = (63 &- bits) >> 3
            next &+= octets
            bits &+= octets &* 8
            let before = bits
            let isBroken = lookUpFour(steps, &window, &bits, into: &output)
            left &-= before &- bits
            // No code is made of ones alone, so this one began in wrong padding.
            if left < 0 { return false }
            guard isBroken else { continue }
            // Padding: the first bits of the end-of-string symbol, which are all 1, and fewer than 8.
            if left < 8, window | ~UInt64(0) &>> UInt64(truncatingIfNeeded: left) == ~UInt64(0) { return true }
            guard let long = longSymbol(window), long.bits <= left else { return false }
            if long.bits > bits { continue }
            output.append(long.octet)
            window <<= UInt64(long.bits)
            bits &-= long.bits
            left &-= long.bits
        }
    }

    /// Four look-ups, for which there must be 48 bits: at most eight octets come of them, in one store.
    /// - Returns: whether they end before, at a longer code or ones.
    @inline(always)
    @_lifetime(output: copy output)
    private static func lookUpFour(
        _ steps: Span<UInt32>, _ window: inout UInt64, _ bits: inout Int, into output: inout OctetWriter
    ) -> Bool {
        var word: UInt64 = 0
        var wordBits: UInt64 = 0
        var isBroken = false
        for _ in 0..<4 {
            let step = UInt64(steps[Int(window >> 52)])
            if step == 0 {
                isBroken = true
                break
            }
            word |= (step & 0xFFFF) &<< wordBits
            wordBits &+= step >> 24
            let used = step >> 16 & 0xFF
            window = window &<< used
            bits &-= Int(used)
        }
        output.append(word: word, count: Int(wordBits >> 3))
        return isBroken
    }

    /// The octets from `next` on, fewer than eight, left-aligned, and ones behind them.
    @inline(always)
    private static func end(of part: Range<Int>, from next: Int, in block: Span<UInt8>) -> UInt64 {
        let count = part.upperBound &- next
        guard count > 0 else { return ~0 }
        let ones = ~UInt64(0) &>> UInt64(truncatingIfNeeded: 8 &* count)
        if next <= block.count &- 8 { return block.bigEndian64(at: next) | ones }
        var octets: UInt64 = 0
        for index in next..<part.upperBound { octets = octets << 8 | UInt64(block[index]) }
        return octets &<< UInt64(64 &- 8 &* count) | ones
    }

    /// The symbol whose code of more than 12 bits stands at the top; `nil` for the end-of-string symbol.
    private static func longSymbol(_ window: UInt64) -> (octet: UInt8, bits: Int)? {
        let top = UInt32(truncatingIfNeeded: window >> 32)
        let table = longCodes
        var length = stepBits + 1
        // The code belongs to the longest length whose first code is not beyond it.
        while length < 31, table[length + 1].first <= top { length += 1 }
        let row = table[length]
        let index = row.symbolIndex + Int((top - row.first) >> UInt32(32 - length))
        guard index < 256, length <= 30 else { return nil }
        return (symbols[index], length)
    }
}
