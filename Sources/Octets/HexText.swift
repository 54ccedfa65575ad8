/// Octets as hexadecimal digits, lower-case.
extension OctetWriter {
    /// Appends an octet as two digits.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(twoHexDigits octet: UInt8) {
        append(HexText.digit(octet >> 4))
        append(HexText.digit(octet & 15))
    }
}

extension OctetBuffer {
    /// Appends octets as digits without anything between them.
    public mutating func append(hexadecimal octets: Span<UInt8>) {
        write(atMost: 2 * octets.count) { output in
            for index in octets.indices { output.append(twoHexDigits: octets[index]) }
        }
    }
}

@usableFromInline enum HexText {
    @inlinable @inline(__always) static func digit(_ nibble: UInt8) -> UInt8 { nibble &+ (nibble < 10 ? 0x30 : 0x57) }
}
