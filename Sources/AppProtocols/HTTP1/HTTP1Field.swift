/// One field line of a head or of trailers (RFC 9112 § 5).
enum HTTP1Field {
    /// Reads `octets[line]`, line end left out, as a field of `list`, or as the continuation of its last one
    /// (obs-fold, § 5.2). Ranges are those of `octets`. What is no field is kept as a name without value.
    @inline(__always)
    static func read(
        _ octets: Span<UInt8>, _ line: Range<Int>, into list: inout HeaderList, _ odd: inout LineScan.Oddities,
        fieldsMax: Int
    ) {
        let start = line.lowerBound
        if LineScan.isBlank(octets[start]) { return fold(octets, line, into: &list, &odd) }
        guard list.fields.count < fieldsMax else { return odd.formUnion(.tooMany) }
        let index = LineScan.endOfToken(octets, from: start, to: line.upperBound)
        guard index < line.upperBound, octets[index] == 0x3A, index > start else {
            odd.insert(.control)
            return readOdd(octets, line, from: index, into: &list)
        }
        let value = LineScan.trimmed(octets, (index + 1)..<line.upperBound)
        list.fields.append(HeaderList.Field(name: .init(start..<index), value: .init(value)))
    }

    private static func fold(
        _ octets: Span<UInt8>, _ line: Range<Int>, into list: inout HeaderList, _ odd: inout LineScan.Oddities
    ) {
        odd.insert(.control)
        let text = LineScan.trimmed(octets, line)
        guard !list.fields.isEmpty else { return readOdd(octets, line, from: line.lowerBound, into: &list) }
        guard !text.isEmpty else { return }
        let last = list.fields.count - 1
        let value = list.fields[last].value.range
        list.fields[last].value = .init((value.isEmpty ? text.lowerBound : value.lowerBound)..<text.upperBound)
    }

    /// A line without a colon, with blanks before it, or with octets in the name that no name has.
    private static func readOdd(
        _ octets: Span<UInt8>, _ line: Range<Int>, from position: Int, into list: inout HeaderList
    ) {
        var colon = position
        while colon < line.upperBound, octets[colon] != 0x3A { colon += 1 }
        let name = LineScan.trimmed(octets, line.lowerBound..<colon)
        let value = colon < line.upperBound ? LineScan.trimmed(octets, (colon + 1)..<line.upperBound) : 0..<0
        list.fields.append(HeaderList.Field(name: .init(name), value: .init(value)))
    }
}
