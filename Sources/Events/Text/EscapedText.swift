import Octets

/// Octets from outside as text that cannot drive a terminal: control characters become `\a`, `\b`, `\f`, `\n`, `\r`,
/// `\t`, `\v` or `\xHH`, as do octets that are no UTF-8. All else stays as it is.
extension OctetBuffer {
    /// - Parameter keepsLines: `\n` and `\t` stay as they are, as payload has them; names lose them.
    public mutating func append(escaping text: Span<UInt8>, keepsLines: Bool) {
        var start = 0
        var index = 0
        while index < text.count {
            let octet = text[index]
            if 0x20..<0x7F ~= octet || keepsLines && (octet == 0x0A || octet == 0x09) {
                index += 1
                continue
            }
            let length = octet >= 0x80 ? UTF8Scalar.length(text, at: index) : 0
            if length > 0 {
                index += length
                continue
            }
            append(contentsOf: text.extracting(start..<index))
            append(escape: octet)
            index += 1
            start = index
        }
        append(contentsOf: text.extracting(start..<text.count))
    }

    public mutating func append(escaping name: CommandName) {
        append(escaping: name.octets.span, keepsLines: false)
    }

    private mutating func append(escape octet: UInt8) {
        let letter: UInt8? =
            switch octet {
            case 0x07: UInt8(ascii: "a")
            case 0x08: UInt8(ascii: "b")
            case 0x09: UInt8(ascii: "t")
            case 0x0A: UInt8(ascii: "n")
            case 0x0B: UInt8(ascii: "v")
            case 0x0C: UInt8(ascii: "f")
            case 0x0D: UInt8(ascii: "r")
            default: nil
            }
        write(atMost: 4) { output in
            output.append(UInt8(ascii: "\\"))
            if let letter { return output.append(letter) }
            output.append(UInt8(ascii: "x"))
            output.append(HexDump.digit(octet >> 4))
            output.append(HexDump.digit(octet & 15))
        }
    }
}

/// Well-formed UTF-8 (RFC 3629 § 4), the C1 control characters left out.
enum UTF8Scalar {
    /// How many octets of a printable character beyond ASCII start at `index`; 0 if they are none.
    static func length(_ text: Span<UInt8>, at index: Int) -> Int {
        let first = text[index]
        let rest = text.count - index
        func follows(_ ahead: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            ahead < rest && range ~= text[index + ahead]
        }
        switch first {
        case 0xC2: return follows(1, 0xA0...0xBF) ? 2 : 0  // U+0080 ... U+009F steer terminals
        case 0xC3...0xDF: return follows(1) ? 2 : 0
        case 0xE0: return follows(1, 0xA0...0xBF) && follows(2) ? 3 : 0
        case 0xED: return follows(1, 0x80...0x9F) && follows(2) ? 3 : 0
        case 0xE1...0xEF: return follows(1) && follows(2) ? 3 : 0
        case 0xF0: return follows(1, 0x90...0xBF) && follows(2) && follows(3) ? 4 : 0
        case 0xF1...0xF3: return follows(1) && follows(2) && follows(3) ? 4 : 0
        case 0xF4: return follows(1, 0x80...0x8F) && follows(2) && follows(3) ? 4 : 0
        default: return 0
        }
    }
}
