extension OctetBuffer {
    /// Appends octets in base64 (RFC 4648 § 4), padded, on one line.
    public mutating func append(base64 source: Span<UInt8>) {
        var index = 0
        while index < source.count {
            // A multiple of six, so that only the last piece has padding.
            let end = min(index + 6 * 1024, source.count)
            write(atMost: (end - index + 2) / 3 * 4) { $0.append(base64: source.extracting(index..<end)) }
            index = end
        }
    }
}

extension OctetWriter {
    @_lifetime(self: copy self)
    fileprivate mutating func append(base64 source: Span<UInt8>) {
        var index = 0
        // Eight octets are read for six that are used.
        while index <= source.count &- 8 {
            append(word: Self.base64Characters(sixOf: source.word(at: index).byteSwapped >> 16), count: 8)
            index &+= 6
        }
        while index < source.count {
            let rest = min(source.count - index, 3)
            var octets = UInt64(source[index]) << 40
            if rest > 1 { octets |= UInt64(source[index + 1]) << 32 }
            if rest > 2 { octets |= UInt64(source[index + 2]) << 24 }
            append(word: Self.base64Characters(sixOf: octets), count: rest + 1)
            for _ in rest..<3 { append(UInt8(ascii: "=")) }
            index += rest
        }
    }

    /// Six octets, the first in bits 40 ... 47, as eight characters, the first in the lowest octet.
    ///
    /// All eight at once: a character's distance from its number changes at 26 (`a`), 52 (`0`), 62 (`+`) and 63 (`/`).
    /// No lane leaves 0 ... 255 on the way, so none disturbs another.
    @inline(__always)
    private static func base64Characters(sixOf octets: UInt64) -> UInt64 {
        var numbers = octets >> 42 & 63 | octets >> 28 & 63 << 8 | octets >> 14 & 63 << 16 | octets & 63 << 24
        numbers |= octets << 14 & 63 << 32 | octets << 28 & 63 << 40 | octets << 42 & 63 << 48 | octets << 56 & 63 << 56
        let ones = OctetFlags.ones
        func atLeast(_ bound: UInt64) -> UInt64 { (numbers &+ ones &* (128 - bound)) >> 7 & ones }
        return numbers &+ ones &* 65 &+ atLeast(26) &* 6 &- atLeast(52) &* 75 &- atLeast(62) &* 15 &+ atLeast(63) &* 3
    }
}
