import Octets

/// Parameters of URLs and form-encoded bodies: `name=value`, ampersands between.
extension Redactor {
    enum ParameterPlace {
        /// Parameters begin behind a question mark or number sign, and values end at an ampersand.
        case url
        /// The same within other text, where blanks and control characters end them.
        case word
        /// They begin at once.
        case form
    }

    func addParameters(
        of octets: Span<UInt8>, _ range: Range<Int>, _ names: NameSet, _ place: ParameterPlace,
        to edits: inout OctetEdits
    ) {
        guard !names.isEmpty else { return }
        var index = range.lowerBound
        if place == .form, !range.isEmpty {
            index = addParameter(of: octets, index..<range.upperBound, depth: 0, names, place, to: &edits)
        }
        while index < range.upperBound {
            let character = Character(octets, at: index, to: range.upperBound)
            index += character.count
            if character.isDelimiter {
                let rest = index..<range.upperBound
                index = addParameter(of: octets, rest, depth: character.depth, names, place, to: &edits)
            }
        }
    }

    /// What one or more octets stand for: a URL within a parameter is percent-encoded, once for each URL around it.
    private struct Character {
        var octet: UInt8
        var count = 1
        /// How often it is encoded.
        var depth = 0

        init(_ octets: Span<UInt8>, at index: Int, to end: Int) {
            octet = octets[index]
            guard octet == UInt8(ascii: "%") else { return }
            var next = index + 1
            // `%25` is the percent sign of the next.
            while next + 3 < end, octets[next] == UInt8(ascii: "2"), octets[next + 1] == UInt8(ascii: "5") { next += 2 }
            guard next + 1 < end, let high = HexDigit.value(octets[next]), let low = HexDigit.value(octets[next + 1])
            else { return }
            octet = high << 4 | low
            depth = (next - index + 1) / 2
            count = next + 2 - index
        }

        var isDelimiter: Bool {
            octet == UInt8(ascii: "?") || octet == UInt8(ascii: "&") || octet == UInt8(ascii: "#")
                || octet == UInt8(ascii: ";")
        }
    }

    /// - Parameter depth: of the parameter: how often what stands before it is encoded.
    /// - Returns: where the next delimiter is looked for.
    private func addParameter(
        of octets: Span<UInt8>, _ range: Range<Int>, depth: Int, _ names: NameSet, _ place: ParameterPlace,
        to edits: inout OctetEdits
    ) -> Int {
        // Each octet of a name may be written as three; `[]` and more of it may follow.
        let nameEnd = min(range.upperBound, range.lowerBound + 3 * names.lengthMax + 64)
        var name: [UInt8] = []
        var index = range.lowerBound
        var hasValue = false
        while index < nameEnd, !hasValue {
            let character = Character(octets, at: index, to: range.upperBound)
            if character.isDelimiter || isOutside(octets[index], place) { return index }
            index += character.count
            hasValue = character.octet == UInt8(ascii: "=")
            if !hasValue { name.append(character.octet == UInt8(ascii: "+") ? 0x20 : character.octet) }
        }
        // `token[]` and `user[token]` are meant by `token` and `user`.
        let nameCount = name.dropFirst().firstIndex(of: UInt8(ascii: "[")) ?? name.count
        guard hasValue, names.contains(name.span.extracting(0..<nameCount)) else { return index }
        var end = index
        while end < range.upperBound, !isOutside(octets[end], place) {
            let character = Character(octets, at: end, to: range.upperBound)
            if character.octet == UInt8(ascii: "&"), character.depth <= depth { break }
            end += character.count
        }
        edits.replace(index..<end, by: marker.marker(for: octets.extracting(index..<end)))
        return end
    }

    private func isOutside(_ octet: UInt8, _ place: ParameterPlace) -> Bool { place == .word && octet <= 0x20 }
}

enum HexDigit {
    static func value(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x37
        case 0x61...0x66: octet - 0x57
        default: nil
        }
    }
}
