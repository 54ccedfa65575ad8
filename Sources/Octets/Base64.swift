/// Base64 (RFC 4648 § 4), with its padding.
public enum Base64 {
    /// Appends what `text` stands for.
    /// - Returns: `nil` if it is base64, else the position of the first octet that is wrong; `text.count` where it ends
    ///   too early. Bits that padding leaves over must be 0 (RFC 4648 § 3.5).
    public static func decode(_ text: Span<UInt8>, into octets: inout [UInt8]) -> Int? {
        guard text.count > 0 else { return nil }
        guard text.count & 3 == 0 else {
            // Name a wrong octet if there is one rather than the length.
            return text.indices.first { value(text[$0]) > 63 } ?? text.count
        }
        let padding =
            text[text.count - 1] != UInt8(ascii: "=") ? 0 : text[text.count - 2] != UInt8(ascii: "=") ? 1 : 2
        let count = text.count / 4 * 3 - padding
        var wrong: Int?
        octets.append(addingCapacity: count + padding) { output in
            var index = 0
            let whole = text.count - (padding > 0 ? 4 : 0)
            while index < whole {
                let first = value(text[index]), second = value(text[index + 1])
                let third = value(text[index + 2]), fourth = value(text[index + 3])
                guard (first | second | third | fourth) <= 63 else {
                    wrong = (index..<(index + 4)).first { value(text[$0]) > 63 }
                    return
                }
                output.append(first << 2 | second >> 4)
                output.append(second << 4 | third >> 2)
                output.append(third << 6 | fourth)
                index += 4
            }
            guard padding > 0 else { return }
            wrong = (index..<(index + 4 - padding)).first { value(text[$0]) > 63 }
            guard wrong == nil else { return }
            let first = value(text[index]), second = value(text[index + 1])
            output.append(first << 2 | second >> 4)
            if padding == 2 {
                if second & 0x0F != 0 { wrong = index + 1 }
            } else {
                let third = value(text[index + 2])
                output.append(second << 4 | third >> 2)
                if third & 0x03 != 0 { wrong = index + 2 }
            }
        }
        return wrong
    }

    /// 0 ... 63, or more for an octet outside the alphabet.
    @inline(always) private static func value(_ octet: UInt8) -> UInt8 {
        octet < 0x80 ? table[Int(octet)] : 0xFF
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let table: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 128)
        for (value, octet) in alphabet.enumerated() { table[Int(octet)] = UInt8(value) }
        return table
    }()
}
