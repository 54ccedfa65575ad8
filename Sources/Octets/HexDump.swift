extension OctetBuffer {
    /// Appends octets as Go's `hex.Dump` and `hexdump -C` show them: 16 per line, with their offset and as ASCII;
    /// nothing for no octets.
    public mutating func append(hexDump source: Span<UInt8>) {
        var offset = 0
        while offset < source.count {
            let line = source.extracting(offset..<min(offset + 16, source.count))
            let start = offset
            write(atMost: 80) { $0.append(hexDumpLine: line, at: start) }
            offset += 16
        }
    }
}

extension OctetWriter {
    @_lifetime(self: copy self)
    fileprivate mutating func append(hexDumpLine octets: Span<UInt8>, at offset: Int) {
        for shift in stride(from: 24, through: 0, by: -8) {
            append(twoHexDigits: UInt8(truncatingIfNeeded: offset >> shift))
        }
        append(word: 0x2020, count: 2)
        for index in 0..<16 {
            if index < octets.count {
                append(twoHexDigits: octets[index])
                append(0x20)
            } else {
                append(word: 0x20_2020, count: 3)
            }
            if index == 7 { append(0x20) }
        }
        append(word: 0x7C20, count: 2)
        for index in octets.indices { append(octets[index] &- 0x20 < 0x5F ? octets[index] : UInt8(ascii: ".")) }
        append(word: 0x0A7C, count: 2)
    }
}
