/// The coding that HTTP calls deflate: zlib's format (RFC 9110 § 8.4.1.2), or the bare DEFLATE blocks that some servers
/// send instead.
///
/// The first two octets tell which. Bare blocks look like a header of zlib's only if they begin with a stored block
/// whose padding is not zero, which no known encoder writes.
struct DeflateDecoder: ~Copyable, Sendable {
    private var inflater: Inflater
    private var state = State.start

    private enum State {
        case start
        /// The first octet, taken already.
        case first(UInt8)
        case stream
        case ended
    }

    init() throws(DecompressionFailure.Reason) { inflater = try Inflater(.zlib) }

    mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        switch state {
        case .start:
            guard input.count >= 2 else {
                if !input.isEmpty { state = .first(input[0]) }
                return Step(consumed: input.count)
            }
            begin(input[0], input[1])
            return try inflate(input, into: &output)
        case .first(let first):
            guard !input.isEmpty else { return Step() }
            begin(first, input[0])
            let octets: [1 of UInt8] = [first]
            _ = try inflate(octets.span, into: &output)
            return try inflate(input, into: &output)
        case .stream: return try inflate(input, into: &output)
        case .ended: return input.isEmpty ? Step(isBetweenParts: true) : Step(isGarbage: true)
        }
    }

    /// zlib's header (RFC 1950 § 2.2): method 8, a window of at most 2⁷⁺⁸ octets, and a multiple of 31 in all.
    private mutating func begin(_ first: UInt8, _ second: UInt8) {
        let isHeader = first & 15 == 8 && first >> 4 <= 7 && (UInt16(first) << 8 | UInt16(second)) % 31 == 0
        if !isHeader { inflater.reset(.bare) }
        state = .stream
    }

    private mutating func inflate(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        let result = try inflater.inflate(input, into: &output)
        if result.isEnd { state = .ended }
        return Step(consumed: result.consumed, isBetweenParts: result.isEnd)
    }
}

extension DeflateDecoder: CodingDecoder {
    mutating func reset() {
        inflater.reset(.zlib)
        state = .start
    }
}
