import Octets

/// A hex dump as Go's `hex.Dump` (and `hexdump -C`) prints it: 16 octets per line.
///
///     00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|
public enum HexDump {
    static let lineOctetsMax = 79

    @inline(always) static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value | 0x30 : value &+ 0x57 }

    @inline(always) static func isPrintable(_ octet: UInt8) -> Bool { 0x20..<0x7F ~= octet }
}

extension OctetBuffer {
    /// Appends the dump of `octets`, a line's end behind every line; nothing for no octets.
    public mutating func append(hexDump octets: Span<UInt8>) {
        var start = 0
        while start < octets.count {
            let line = octets.extracting(start..<min(start + 16, octets.count))
            write(atMost: HexDump.lineOctetsMax) { output in
                for shift in stride(from: 28, through: 0, by: -4) {
                    output.append(HexDump.digit(UInt8(truncatingIfNeeded: start >> shift) & 15))
                }
                for column in 0..<16 {
                    if column & 7 == 0 { output.append(0x20) }
                    output.append(0x20)
                    output.append(column < line.count ? HexDump.digit(line[column] >> 4) : 0x20)
                    output.append(column < line.count ? HexDump.digit(line[column] & 15) : 0x20)
                }
                output.append(0x20)
                output.append(0x20)
                output.append(UInt8(ascii: "|"))
                for index in line.indices {
                    output.append(HexDump.isPrintable(line[index]) ? line[index] : UInt8(ascii: "."))
                }
                output.append(UInt8(ascii: "|"))
                output.append(0x0A)
            }
            start += 16
        }
    }
}
