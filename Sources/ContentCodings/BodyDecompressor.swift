/// Takes a coding off bodies pushed to it piece by piece, one after the other. Memory is bounded by the coding's
/// window, whatever a body claims.
///
/// Owned by one thread at a time.
public final class BodyDecompressor {
    /// 2 to this power is the largest window that zstd may use in HTTP (RFC 9659 § 3).
    static let zstdWindowLogMax = 23

    public let coding: BodyCoding
    /// The body may end here: the coding's end mark was reached. Of `messageDeflate`: no message is open.
    public private(set) var hasEnded: Bool

    private let decoder: any AnyCodingDecoder
    /// What follows is none of the coding's and is ignored.
    private var isPastEnd = false
    private var failure: DecompressionFailure.Reason?

    /// - Throws: `outOfMemory` where the library cannot allocate its state.
    public init(_ coding: BodyCoding) throws(DecompressionFailure.Reason) {
        self.coding = coding
        hasEnded = coding == .messageDeflate
        decoder =
            switch coding {
            case .gzip: CodingDecoderBox(try GzipDecoder())
            case .deflate: CodingDecoderBox(try DeflateDecoder())
            case .brotli: CodingDecoderBox(try BrotliDecoder())
            case .zstd: CodingDecoderBox(try ZstdDecoder(windowLogMax: Self.zstdWindowLogMax))
            case .messageDeflate: CodingDecoderBox(try MessageDeflateDecoder())
            }
    }

    /// Decodes from the front of `input`, appending to `output` until it is full or `input` is used up. Where it fills
    /// `output` there may be more to come without input.
    /// - Returns: the octets of `input` taken; all of them where they follow the end.
    /// - Throws: when the octets are no such coding, then and from then on. What was appended before stays good.
    public func decompress(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Int {
        if let failure { throw failure }
        var consumed = 0
        while !isPastEnd {
            let room = output.freeCapacity
            guard room > 0 else { return consumed }
            let step = try failing { () throws(DecompressionFailure.Reason) in
                try decoder.step(input.extracting(consumed...), into: &output)
            }
            consumed += step.consumed
            hasEnded = step.isBetweenParts || step.isGarbage
            isPastEnd = step.isGarbage
            if output.isFull || (consumed == input.count && !isPastEnd) { return consumed }
            if step.consumed == 0, output.freeCapacity == room, !isPastEnd {
                // No library stands still with input and room; if one did, this would never return.
                failure = .corrupt
                throw .corrupt
            }
        }
        return input.count
    }

    /// Ends one of several messages in one stream (`messageDeflate`): the octets that the sender left out are added.
    /// For other codings it does nothing. To be called when `decompress` has left room in its output.
    /// - Throws: when no message can end here.
    public func endMessage() throws(DecompressionFailure.Reason) {
        if let failure { throw failure }
        try failing { () throws(DecompressionFailure.Reason) in try decoder.endMessage() }
        if coding == .messageDeflate { hasEnded = true }
    }

    /// Makes it ready for another body, also after a failure, and keeps its memory where the library allows that.
    /// - Throws: `outOfMemory`; it is then of no more use.
    public func reset() throws(DecompressionFailure.Reason) {
        failure = nil
        isPastEnd = false
        hasEnded = coding == .messageDeflate
        try failing { () throws(DecompressionFailure.Reason) in try decoder.reset() }
    }

    /// What it holds in memory beyond what every coding needs, in octets.
    public var memoryOctets: Int { decoder.memoryOctets }

    private func failing<Result>(
        _ body: () throws(DecompressionFailure.Reason) -> Result
    ) throws(DecompressionFailure.Reason) -> Result {
        do throws(DecompressionFailure.Reason) {
            return try body()
        } catch {
            failure = error
            throw error
        }
    }
}

/// `CodingDecoder` where the coding is known only when running.
private protocol AnyCodingDecoder: AnyObject {
    func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step
    func reset() throws(DecompressionFailure.Reason)
    func endMessage() throws(DecompressionFailure.Reason)
    var memoryOctets: Int { get }
}

private final class CodingDecoderBox<Decoder: CodingDecoder & ~Copyable>: AnyCodingDecoder {
    private var decoder: Decoder

    init(_ decoder: consuming Decoder) { self.decoder = decoder }

    func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        try decoder.step(input, into: &output)
    }
    func reset() throws(DecompressionFailure.Reason) { try decoder.reset() }
    func endMessage() throws(DecompressionFailure.Reason) { try decoder.endMessage() }
    var memoryOctets: Int { decoder.memoryOctets }
}
