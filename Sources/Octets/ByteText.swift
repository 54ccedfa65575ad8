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
