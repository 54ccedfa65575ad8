/// Values of JSON tokens.
public enum JSONString {
    @inline(always) public static func hexValue(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The octets that a string stands for (RFC 8259 § 7), its escapes resolved. A surrogate without its pair becomes
    /// U+FFFD.
    /// - Parameter text: what stands between the quotes, as `JSONScanner` found it.
    public static func unescaped(_ text: Span<UInt8>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < text.count else {
                octets.append(text[index])
                index += 1
                continue
            }
            let letter = text[index + 1]
            index += 2
            switch letter {
            case UInt8(ascii: "b"): octets.append(0x08)
            case UInt8(ascii: "f"): octets.append(0x0C)
            case UInt8(ascii: "n"): octets.append(0x0A)
            case UInt8(ascii: "r"): octets.append(0x0D)
            case UInt8(ascii: "t"): octets.append(0x09)
            case UInt8(ascii: "u"): octets += character(text, at: &index)
            default: octets.append(letter)
            }
        }
        return octets
    }

    /// The UTF-8 octets of `\u` and four digits, or of two of them that are a pair; `index` stands behind the `u`.
    private static func character(_ text: Span<UInt8>, at index: inout Int) -> [UInt8] {
        let first = unit(text, at: index)
        index = min(index + 4, text.count)
        guard 0xD800..<0xE000 ~= first else { return utf8(first) }
        guard first < 0xDC00, index + 6 <= text.count, text[index] == UInt8(ascii: "\\"),
            text[index + 1] == UInt8(ascii: "u")
        else { return utf8(0xFFFD) }
        let second = unit(text, at: index + 2)
        guard 0xDC00..<0xE000 ~= second else { return utf8(0xFFFD) }
        index += 6
        return utf8(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private static func unit(_ text: Span<UInt8>, at index: Int) -> UInt32 {
        guard index + 4 <= text.count else { return 0xFFFD }
        return (index..<(index + 4)).reduce(0) { $0 << 4 | UInt32(hexValue(text[$1]) ?? 0) }
    }

    private static func utf8(_ value: UInt32) -> [UInt8] {
        Unicode.Scalar(value).map { Array(String($0).utf8) } ?? [0xEF, 0xBF, 0xBD]
    }
}

extension Span where Element == UInt8 {
    /// The integer that a JSON number or a decimal text is; `nil` for fractions, exponents and what does not fit.
    public func integer<Value: FixedWidthInteger>(as type: Value.Type = Value.self) -> Value? {
        guard count > 0 else { return nil }
        let isNegative = self[0] == UInt8(ascii: "-")
        var value: Value = 0
        guard !isNegative || count > 1 else { return nil }
        for index in (isNegative ? 1 : 0)..<count {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= self[index] else { return nil }
            let digit = Value(self[index] - UInt8(ascii: "0"))
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !tooLarge, !carry else { return nil }
            value = sum
        }
        return value
    }
}
