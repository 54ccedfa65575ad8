/// Text building on arrays, for what is printed once; rows are built with `OctetWriter`.
extension [UInt8] {
    /// Appends the UTF-8 octets of a literal or short text.
    @inline(always) public mutating func append(text: StaticString) {
        // `utf8Start` is unsafe by nature of StaticString; going through String keeps this target free of `unsafe`.
        append(contentsOf: text.description.utf8)
    }

    /// Appends a copy. The loop becomes wide moves; arrays take no spans in this release of Swift.
    @inline(always) public mutating func append(contentsOf octets: Span<UInt8>) {
        // With nothing to append the library writes the count into the storage that all empty arrays share: a race,
        // as the thread sanitizer has it.
        guard !octets.isEmpty else { return }
        append(addingCapacity: octets.count) { output in
            for index in octets.indices { output.append(octets[index]) }
        }
    }

    /// Appends a copy of octets that are not empty, looked at on the way.
    /// - Returns: their `isPrintableLines`.
    public mutating func append(linesOf octets: Span<UInt8>) -> Bool {
        // Its extremes, written again: shared through a value of both, this loop takes one octet at a time.
        var lowest = UInt8.max
        var highest = UInt8.min
        append(addingCapacity: octets.count) { output in
            for index in octets.indices {
                let octet = octets[index]
                lowest = Swift.min(lowest, octet &- 0x0B)
                highest = Swift.max(highest, octet &- 0x09)
                output.append(octet)
            }
        }
        return lowest >= 0x20 - 0x0B && highest <= 0x7E - 0x09
    }

    /// Keeps memory ready for `more` octets that come now: in few pieces where doubling would take several, but never
    /// for more than eight times what there will be then.
    /// - Parameter whole: how many there will be in the end.
    @inline(always) public mutating func reserve(_ more: Int, of whole: Int) {
        let needed = count + more
        if needed > capacity { reserveCapacity(Swift.min(8 * needed, whole)) }
    }

    /// Appends a number in decimal.
    public mutating func append(decimal value: UInt64) {
        append(atMost: 20) { $0.append(decimal: value) }
    }

    public mutating func append(decimal value: Int64) {
        append(atMost: 20) { $0.append(decimal: value) }
    }

    /// Appends what `body` writes, at most 56 octets.
    @inline(always)
    public mutating func append(atMost octetsMax: Int, _ body: (inout OctetWriter) -> Void) {
        precondition(octetsMax <= 56, "short texts only")
        var scratch = InlineArray<64, UInt8>(repeating: 0)
        var writer = OctetWriter(scratch.mutableSpan)
        body(&writer)
        let count = writer.position
        append(addingCapacity: count) { output in
            for index in 0..<count { output.append(scratch[index]) }
        }
    }
}
