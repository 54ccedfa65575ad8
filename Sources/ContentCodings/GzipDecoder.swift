/// The members of a gzip file or body (RFC 1952 § 2.2), one after the other.
struct GzipDecoder: ~Copyable, Sendable {
    private var inflater: Inflater
    private var state = State.member

    private enum State {
        case member
        /// After a member: this many octets of the next one's magic number were seen.
        case between(magicOctets: Int)
    }

    private static let magic: [UInt8] = [0x1F, 0x8B]

    init() throws(DecompressionFailure.Reason) { inflater = try Inflater(.gzip) }

    /// Octets that a step which threw had taken until then.
    var takenByFailure: Int { inflater.taken }

    mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        switch state {
        case .member: try inflate(input, into: &output)
        case .between(let seen): try between(seen, input, into: &output)
        }
    }

    /// The next member must start with its magic number; anything else is garbage to ignore, as gzip does.
    private mutating func between(
        _ seen: Int, _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        guard !input.isEmpty else { return Step(isBetweenParts: true, isGarbage: false) }
        guard input[0] == Self.magic[seen] else { return Step(isGarbage: true) }
        guard seen == 1 else {
            state = .between(magicOctets: 1)
            return Step(consumed: 1, isBetweenParts: true)
        }
        inflater.reset(.gzip)
        state = .member
        _ = try inflate(Self.magic.span, into: &output)
        return Step(consumed: 1)
    }

    private mutating func inflate(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        let result = try inflater.inflate(input, into: &output)
        if result.isEnd { state = .between(magicOctets: 0) }
        return Step(consumed: result.consumed, isBetweenParts: result.isEnd)
    }
}

extension GzipDecoder: CodingDecoder {
    mutating func reset() {
        inflater.reset(.gzip)
        state = .member
    }
}
