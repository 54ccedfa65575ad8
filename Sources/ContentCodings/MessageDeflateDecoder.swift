/// permessage-deflate (RFC 7692 § 7.2.2): the messages of one direction as one stream of bare DEFLATE blocks, each
/// message ending with a flush whose last four octets are left out.
///
/// A sender without context takeover refers back to nothing; so the same decoder serves it.
struct MessageDeflateDecoder: ~Copyable, Sendable {
    private var inflater: Inflater

    /// What the sender has left out: length and complement of an empty stored block.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    init() throws(DecompressionFailure.Reason) { inflater = try Inflater(.bare) }

    mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        let result = try inflater.inflate(input, into: &output)
        // A final block ends no more than its message (RFC 7692 § 7.2.3.4).
        if result.isEnd { inflater.resetKeepingWindow() }
        return Step(consumed: result.consumed, isBetweenParts: inflater.isAtBoundary)
    }
}

extension MessageDeflateDecoder: CodingDecoder {
    mutating func reset() { inflater.reset(.bare) }

    /// The tail fits only behind the flush: anywhere else it is octets of something that the message has cut.
    mutating func endMessage() throws(DecompressionFailure.Reason) {
        // Nothing was sent, or nothing left out.
        if inflater.isAtBoundary { return }
        var failure: DecompressionFailure.Reason?
        let given = [UInt8](capacity: 16) { output in
            do throws(DecompressionFailure.Reason) {
                _ = try inflater.inflate(Self.tail.span, into: &output)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard given.isEmpty, inflater.isAtBoundary else { throw .corrupt }
    }
}
