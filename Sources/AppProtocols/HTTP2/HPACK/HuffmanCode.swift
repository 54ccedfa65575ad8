import Octets

/// The Huffman code of HPACK (RFC 7541 § 5.2 and appendix B).
///
/// The code is canonical: ordered by length, then by symbol, so the lengths alone define it. Decoding looks 12 bits
/// up at a time, which gives one or two symbols; the few longer codes are found by comparing with the first code of
/// each length.
enum HuffmanCode {
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

    /// By the next 12 bits: first symbol, second symbol << 8, bits of the first << 16, bits of both << 24 (the same
    /// where there is only one). 0: the code is longer.
    private static let steps: [UInt32] = makeSteps()

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
            guard second != 0, both <= stepBits else { return first & 0xFF | bits << 16 | bits << 24 }
            return first & 0xFF | (second & 0xFF) << 8 | bits << 16 | both << 24
        }
    }

    /// The most octets that `count` coded octets decode to: no code is shorter than 5 bits.
    @inline(always) static func decodedMax(_ count: Int) -> Int { count * 8 / 5 }

    /// Appends what `coded` stands for: at most `decodedMax` octets, and wide stores reach `OctetWriter.slack` beyond.
    /// - Returns: false where the code is broken: the end-of-string symbol, or padding that is not its beginning or
    ///   longer than 7 bits (§ 5.2). Nothing is appended then.
    @_lifetime(output: copy output)
    static func decode(_ coded: Span<UInt8>, into output: inout OctetWriter) -> Bool {
        let start = output.position
        if decodeAll(coded, into: &output) { return true }
        output.position = start
        return false
    }

    @_lifetime(output: copy output)
    private static func decodeAll(_ coded: Span<UInt8>, into output: inout OctetWriter) -> Bool {
        let table = Self.steps
        let steps = table.span
        // The next bits, left-aligned; `bits` of them are valid and the rest are 0.
        var window: UInt64 = 0
        var bits = 0
        var next = 0
        while coded.count &- next >= 8 {
            // Whole octets only: what does not fit is loaded again next time, into the same places.
            window |= coded.bigEndian64(at: next) >> UInt64(bits)
            let octets = (63 &- bits) >> 3
            next &+= octets
            bits &+= octets &* 8
            // At least 56 bits: four look-ups of 12 need no check.
            lookUpFour(steps, &window, &bits, into: &output)
            if steps[Int(window >> 52)] == 0, bits >= 32 {
                guard let long = longSymbol(window) else { return false }
                output.append(long.octet)
                window <<= UInt64(long.bits)
                bits &-= long.bits
            }
            // Bits below the valid ones may be set from the wide load; they are loaded again.
            window &= bits == 0 ? 0 : ~UInt64(0) << UInt64(64 &- bits)
        }
        return decodeEnd(coded, from: next, window, bits, steps, into: &output)
    }

    /// Four look-ups, for which there must be bits: at most eight octets come of them, in one store.
    @inline(always)
    @_lifetime(output: copy output)
    private static func lookUpFour(
        _ steps: Span<UInt32>, _ window: inout UInt64, _ bits: inout Int, into output: inout OctetWriter
    ) {
        var word: UInt64 = 0
        var count = 0
        for _ in 0..<4 {
            let step = steps[Int(window >> 52)]
            if step == 0 { break }
            word |= UInt64(step & 0xFFFF) << UInt64(8 &* count)
            let both = Int(step >> 24)
            count &+= both == Int(step >> 16 & 0xFF) ? 1 : 2
            window <<= UInt64(both)
            bits &-= both
        }
        output.append(word: word, count: count)
    }

    /// Decodes the last octets, fewer than eight, which need a check for each code.
    @_lifetime(output: copy output)
    private static func decodeEnd(
        _ coded: Span<UInt8>, from start: Int, _ loaded: UInt64, _ loadedBits: Int, _ steps: Span<UInt32>,
        into output: inout OctetWriter
    ) -> Bool {
        var window = loaded
        var bits = loadedBits
        var rest = coded.count &- start
        var restOctets = last(rest, of: coded)
        while true {
            // As many whole octets as there is room for.
            let taken = min(rest, (64 &- bits) >> 3)
            window |= restOctets >> UInt64(bits)
            bits &+= taken &* 8
            window &= bits == 0 ? 0 : ~UInt64(0) << UInt64(64 &- bits)
            restOctets <<= UInt64(taken &* 8)
            rest &-= taken
            if bits >= 4 * stepBits { lookUpFour(steps, &window, &bits, into: &output) }
            // While there are twelve bits, whatever they stand for is whole.
            while bits >= stepBits {
                let step = steps[Int(window >> 52)]
                if step == 0 { break }
                let both = Int(step >> 24)
                output.append(word: UInt64(step & 0xFFFF), count: both == Int(step >> 16 & 0xFF) ? 1 : 2)
                window <<= UInt64(both)
                bits &-= both
            }
            // No code is longer than 30 bits.
            if rest > 0, bits < 32 { continue }
            let step = steps[Int(window >> 52)]
            let first = Int(step >> 16 & 0xFF)
            if step != 0, first <= bits {
                let both = Int(step >> 24)
                let isPair = both != first && both <= bits
                output.append(UInt8(truncatingIfNeeded: step))
                if isPair { output.append(UInt8(truncatingIfNeeded: step >> 8)) }
                window <<= UInt64(isPair ? both : first)
                bits &-= isPair ? both : first
            } else if step == 0, let long = longSymbol(window), long.bits <= bits {
                output.append(long.octet)
                window <<= UInt64(long.bits)
                bits &-= long.bits
            } else {
                // Padding: the first bits of the end-of-string symbol, which are all 1, and fewer than 8.
                return bits < 8 && (bits == 0 || window == ~UInt64(0) << UInt64(64 &- bits))
            }
        }
    }

    /// The last `count` octets of `coded`, fewer than eight, left-aligned.
    @inline(always)
    private static func last(_ count: Int, of coded: Span<UInt8>) -> UInt64 {
        if coded.count >= 8 { return coded.bigEndian64(at: coded.count &- 8) << UInt64(64 &- 8 &* count) }
        var octets: UInt64 = 0
        for index in (coded.count &- count)..<coded.count { octets = octets << 8 | UInt64(coded[index]) }
        return octets << UInt64(64 &- 8 &* count)
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
