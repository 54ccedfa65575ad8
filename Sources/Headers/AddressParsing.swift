extension IPAddress {
    /// Reads a dotted quad or an IPv6 address in any form of RFC 4291 § 2.2; `nil` for anything else, zone identifiers
    /// included. Leading zeros in a dotted quad are refused: they are octal to some readers.
    public init?(text: some StringProtocol) {
        let octets = Array(text.utf8)
        guard octets.count <= 45 else { return nil }  // the longest form: eight groups whose last two are a dotted quad
        if let address = octets.contains(UInt8(ascii: ":")) ? IPAddress.sixth(octets) : IPAddress.fourth(octets[...]) {
            self = address
        } else {
            return nil
        }
    }

    private static func fourth(_ text: ArraySlice<UInt8>) -> IPAddress? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let octet = decimalOctet(part) else { return nil }
            value = value << 8 | UInt32(octet)
        }
        return IPAddress(v4: value)
    }

    /// 0 ... 255 in decimal, without leading zeros.
    public static func decimalOctet(_ text: ArraySlice<UInt8>) -> UInt8? {
        guard 1...3 ~= text.count, text.count == 1 || text.first != UInt8(ascii: "0") else { return nil }
        var value = 0
        for digit in text {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return UInt8(exactly: value)
    }

    private static func sixth(_ text: [UInt8]) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        // Where `::` stands, if it does; a second one makes the address ambiguous.
        let gaps = text.indices.dropLast().filter { text[$0] == colon && text[$0 + 1] == colon }
        guard gaps.count <= 1 else { return nil }
        var groups: [UInt16]
        if let gap = gaps.first {
            guard let head = sixthGroups(text[..<gap]), let tail = sixthGroups(text[(gap + 2)...], quadAllowed: true),
                head.count + tail.count <= 7
            else { return nil }
            groups = head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
        } else {
            guard let all = sixthGroups(text[...], quadAllowed: true), all.count == 8 else { return nil }
            groups = all
        }
        let words = groups.reduce(into: (high: UInt64(0), low: UInt64(0))) { words, group in
            words.high = words.high << 16 | words.low >> 48
            words.low = words.low << 16 | UInt64(group)
        }
        return IPAddress(v6: words.high, words.low)
    }

    /// Groups of up to four hexadecimal digits; the last may be a dotted quad, which is two groups.
    private static func sixthGroups(_ text: ArraySlice<UInt8>, quadAllowed: Bool = false) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if quadAllowed, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let quad = fourth(part) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: quad.low >> 16))
                groups.append(UInt16(truncatingIfNeeded: quad.low))
                continue
            }
            guard 1...4 ~= part.count, let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16),
                part.first != UInt8(ascii: "+")
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}
