import Octets

/// JSON members by name, wherever they stand in the octets: in one document, in many lines of them, in an event
/// stream, in a string within another document. Octets that are not covered stay as they are.
///
/// Every quote is tried as the beginning of a name, so what stands before, however broken, cannot hide one.
extension Redactor {
    func addMembers(of octets: Span<UInt8>, to edits: inout OctetEdits) {
        guard !jsonNames.isEmpty else { return }
        var index = 0
        while index < octets.count {
            if octets[index] == 0x22, let value = valueStart(octets, nameAt: index + 1) {
                index = addValue(of: octets, from: value.start, depth: value.depth, to: &edits)
            } else {
                index += 1
            }
        }
    }

    /// Where the value begins if a name that is looked for stands at `start`, and by how many backslashes its quotes
    /// are escaped.
    private func valueStart(_ octets: Span<UInt8>, nameAt start: Int) -> (start: Int, depth: Int)? {
        // An octet of a name may be written as `\u0070`, and within a string as `\\u0070`.
        let limit = min(octets.count, start + 8 * jsonNames.lengthMax + 8)
        guard start < limit, let quote = (start..<limit).first(where: { octets[$0] == 0x22 }) else { return nil }
        var end = quote
        while end > start, octets[end - 1] == 0x5C { end -= 1 }
        var colon = quote + 1
        while colon < octets.count, Self.isSpace(octets[colon]) { colon += 1 }
        guard colon < octets.count, octets[colon] == UInt8(ascii: ":"),
            jsonNames.contains(octets.extracting(start..<end))
                || jsonNames.contains(unescaped(octets.extracting(start..<end)).span)
        else { return nil }
        var value = colon + 1
        while value < octets.count, Self.isSpace(octets[value]) { value += 1 }
        return (value, quote - end)
    }

    /// `\u0070` as `p`; any number of backslashes counts as one.
    private func unescaped(_ text: Span<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            guard text[index] == 0x5C else {
                result.append(text[index])
                index += 1
                continue
            }
            while index < text.count, text[index] == 0x5C { index += 1 }
            guard index + 4 < text.count, text[index] == UInt8(ascii: "u") else { continue }
            var unit: UInt16 = 0
            for offset in 1...4 { unit = unit << 4 | UInt16(HexDigit.value(text[index + offset]) ?? 0) }
            result.append(UInt8(truncatingIfNeeded: min(unit, 0xFF)))
            index += 5
        }
        return result
    }

    /// Covers the value at `start`.
    /// - Returns: where it ends.
    private func addValue(
        of octets: Span<UInt8>, from start: Int, depth: Int, to edits: inout OctetEdits
    ) -> Int {
        guard start < octets.count else { return start }
        switch octets[start] {
        case 0x22, 0x5C: return addString(of: octets, from: start, to: &edits)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if depth > 0 { return addRest(of: octets, from: start, to: &edits) }
            return addContainer(of: octets, from: start, to: &edits)
        default: return addScalar(of: octets, from: start, isQuotable: depth == 0, to: &edits)
        }
    }

    /// A string whose first quote, or the backslashes before it, stand at `start`.
    private func addString(of octets: Span<UInt8>, from start: Int, to edits: inout OctetEdits) -> Int {
        let end = stringEnd(octets, from: start)
        edits.replace(end.content, by: marker.marker(for: octets.extracting(end.content)))
        return end.after
    }

    /// What stands between the quotes, and where it goes on behind them. A string without an end reaches to the last
    /// octet.
    private func stringEnd(_ octets: Span<UInt8>, from start: Int) -> (content: Range<Int>, after: Int) {
        var first = start
        while first < octets.count, octets[first] == 0x5C { first += 1 }
        guard first < octets.count, octets[first] == 0x22 else { return (start..<octets.count, octets.count) }
        let depth = first - start
        var backslashes = 0
        for index in (first + 1)..<octets.count {
            if octets[index] == 0x22, depth == 0 ? backslashes.isMultiple(of: 2) : backslashes <= depth {
                return ((first + 1)..<(depth == 0 ? index : index - backslashes), index + 1)
            }
            backslashes = octets[index] == 0x5C ? backslashes + 1 : 0
        }
        return ((first + 1)..<octets.count, octets.count)
    }

    /// Every string, number and boolean within; names and shape stay.
    private func addContainer(of octets: Span<UInt8>, from start: Int, to edits: inout OctetEdits) -> Int {
        var index = start
        var depth = 0
        while index < octets.count {
            switch octets[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                index += 1
                if depth == 0 { return index }
            case 0x22:
                let string = stringEnd(octets, from: index)
                var next = string.after
                while next < octets.count, Self.isSpace(octets[next]) { next += 1 }
                let isName = next < octets.count && octets[next] == UInt8(ascii: ":")
                if !isName {
                    edits.replace(string.content, by: marker.marker(for: octets.extracting(string.content)))
                }
                index = string.after
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: index = addScalar(of: octets, from: index, isQuotable: true, to: &edits)
            }
        }
        return index
    }

    /// A number, `true` or `false` becomes a string, `null` stays; what is none of them is covered up to the end of
    /// its line.
    private func addScalar(
        of octets: Span<UInt8>, from start: Int, isQuotable: Bool, to edits: inout OctetEdits
    ) -> Int {
        var end = start
        while end < octets.count, Self.isScalar(octets[end]) { end += 1 }
        if end == start || (end < octets.count && !Self.endsScalar(octets[end])) {
            while end < octets.count, octets[end] != 0x0A { end += 1 }
        }
        if octets.extracting(start..<end).isNull { return end }
        let text = marker.marker(for: octets.extracting(start..<end))
        edits.replace(start..<end, by: isQuotable ? [0x22] + text + [0x22] : text)
        return max(end, start + 1)
    }

    private func addRest(of octets: Span<UInt8>, from start: Int, to edits: inout OctetEdits) -> Int {
        edits.replace(start..<octets.count, by: marker.marker(for: octets.extracting(start..<octets.count)))
        return octets.count
    }

    private static func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || 0x09...0x0D ~= octet }

    /// What numbers and literals are made of.
    private static func isScalar(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func endsScalar(_ octet: UInt8) -> Bool {
        isSpace(octet) || octet == UInt8(ascii: ",") || octet == UInt8(ascii: "}") || octet == UInt8(ascii: "]")
            || octet == 0x22 || octet == 0x5C
    }
}

extension Span where Element == UInt8 {
    fileprivate var isNull: Bool {
        count == 4 && self[0] == UInt8(ascii: "n") && self[1] == UInt8(ascii: "u") && self[2] == UInt8(ascii: "l")
            && self[3] == UInt8(ascii: "l")
    }
}
