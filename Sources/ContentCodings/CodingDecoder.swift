/// One coding's decoder, as `StreamDecompressor` and `BodyDecompressor` drive it.
protocol CodingDecoder: ~Copyable {
    /// Takes octets from the front of `input` and appends to `output`, for one call of the library.
    mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step
    /// Makes it ready for another stream.
    mutating func reset() throws(DecompressionFailure.Reason)
    /// Ends one of several messages in a stream, for codings that have them.
    mutating func endMessage() throws(DecompressionFailure.Reason)
    /// What it holds in memory, where that can be much.
    var memoryOctets: Int { get }
}

extension CodingDecoder where Self: ~Copyable {
    mutating func endMessage() throws(DecompressionFailure.Reason) {}
    var memoryOctets: Int { 0 }
}

/// What one call of a library did. It always consumes, appends, or needs more of either.
struct Step {
    var consumed = 0
    /// A member or frame has ended and no other has begun: the file may end here.
    var isBetweenParts = false
    /// What follows the last member or frame is none.
    var isGarbage = false
}
