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
            index = addParameter(of: octets, index..<range.upperBound, names, place, to: &edits)
        }
        while index < range.upperBound {
            switch octets[index] {
            case UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: "#"), UInt8(ascii: ";"):
                index = addParameter(of: octets, (index + 1)..<range.upperBound, names, place, to: &edits)
            default: index += 1
            }
        }
    }

    /// - Returns: where the next delimiter is looked for.
    private func addParameter(
        of octets: Span<UInt8>, _ range: Range<Int>, _ names: NameSet, _ place: ParameterPlace,
        to edits: inout OctetEdits
    ) -> Int {
        // Each octet of a name may be written as three; `[]` and more of it may follow.
        let nameEnd = min(range.upperBound, range.lowerBound + 3 * names.lengthMax + 64)
        var equals = range.lowerBound
        while equals < nameEnd, octets[equals] != UInt8(ascii: "=") {
            if isDelimiter(octets[equals]) || isOutside(octets[equals], place) { return equals }
            equals += 1
        }
        guard equals < nameEnd, names.contains(decodedName(octets, range.lowerBound..<equals).span) else {
            return equals
        }
        var end = equals + 1
        while end < range.upperBound, octets[end] != UInt8(ascii: "&"), !isOutside(octets[end], place) { end += 1 }
        edits.replace((equals + 1)..<end, by: marker.marker(for: octets.extracting((equals + 1)..<end)))
        return end
    }

    private func isDelimiter(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "?") || octet == UInt8(ascii: "&") || octet == UInt8(ascii: "#")
            || octet == UInt8(ascii: ";")
    }

    private func isOutside(_ octet: UInt8, _ place: ParameterPlace) -> Bool { place == .word && octet <= 0x20 }

    /// Percent-encoding taken off, up to a bracket: `token[]` and `user%5Btoken` are meant by `token` and `user`.
    private func decodedName(_ octets: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var name: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            var octet = octets[index]
            if octet == UInt8(ascii: "%"), index + 2 < range.upperBound, let high = HexDigit.value(octets[index + 1]),
                let low = HexDigit.value(octets[index + 2])
            {
                octet = high << 4 | low
                index += 2
            }
            if octet == UInt8(ascii: "["), !name.isEmpty { break }
            name.append(octet == UInt8(ascii: "+") ? 0x20 : octet)
            index += 1
        }
        return name
    }
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
