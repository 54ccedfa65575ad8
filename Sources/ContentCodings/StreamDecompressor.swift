/// Decompresses a stream pushed to it piece by piece, into the caller's buffer: memory is bounded by the window of the
/// format, whatever the stream claims.
///
/// All members of a gzip file and all frames of a zstd file are one stream, as their own tools read them. What follows
/// the last one and is no further one is ignored and told by `hasTrailingGarbage`.
public struct StreamDecompressor: ~Copyable, Sendable {
    /// Memory a stream may ask for to look back: 32 KiB for gzip by definition, this much for zstd, as its tool allows.
    public static let windowOctetsMax = 1 << zstdWindowLogMax
    static let zstdWindowLogMax = 27

    public let compression: Compression
    /// Octets of the compressed stream consumed.
    public private(set) var compressedOffset: Int64 = 0
    /// Octets after the last member or frame belong to no other and were ignored.
    public private(set) var hasTrailingGarbage = false

    /// One of the two, as `compression` says.
    private var gzip: GzipDecoder?
    private var zstd: ZstdDecoder?
    private var isFinished = false
    /// Why there is nothing more, once it was said.
    private var failure: DecompressionFailure?

    /// - Throws: `outOfMemory` where the library cannot allocate its state.
    public init(_ compression: Compression) throws(DecompressionFailure) {
        self.compression = compression
        do throws(DecompressionFailure.Reason) {
            gzip = compression == .gzip ? try GzipDecoder() : nil
            zstd = compression == .zstd ? try ZstdDecoder() : nil
        } catch {
            throw DecompressionFailure(reason: error, compression: compression, compressedOffset: 0)
        }
    }

    /// Why a call of `decompress` returned.
    public enum Stop: Equatable, Sendable {
        /// All input was consumed and there is room left: give the next piece.
        case needsInput
        /// There is no room left: empty the output and call again with the input not yet consumed.
        case outputFull
        /// The stream has ended, properly.
        case finished
    }

    /// Decompresses as much of `input` as `output` has room for, and appends it.
    ///
    /// - Parameters:
    ///   - consumed: set to the octets of `input` taken, also when it throws.
    ///   - isFinal: the file has nothing after `input`.
    /// - Throws: when the stream is corrupt, or cut: only once all that can be decompressed before was appended.
    ///   What was appended before it throws is good as far as the stream tells.
    public mutating func decompress(
        _ input: Span<UInt8>, isFinal: Bool, consumed: inout Int, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure) -> Stop {
        consumed = 0
        if isFinished { return .finished }
        if let failure { throw failure }
        defer { compressedOffset += Int64(consumed) }
        while true {
            let rest = input.extracting(consumed...)
            let step: Step
            do throws(DecompressionFailure.Reason) {
                step = try self.step(rest, into: &output)
            } catch {
                // libzstd does not tell how much of the block it had taken: its beginning is what is known.
                consumed += gzip?.takenByFailure ?? 0
                throw failed(error, at: consumed)
            }
            consumed += step.consumed
            if step.isGarbage {
                consumed = input.count
                hasTrailingGarbage = true
                isFinished = true
                return .finished
            }
            if output.isFull { return .outputFull }
            guard consumed == input.count else { continue }
            if !isFinal { return .needsInput }
            guard step.isBetweenParts else {
                throw failed(.truncated, at: consumed)
            }
            isFinished = true
            return .finished
        }
    }

    /// - Parameter consumed: octets taken in this call.
    private mutating func failed(_ reason: DecompressionFailure.Reason, at consumed: Int) -> DecompressionFailure {
        let failure = DecompressionFailure(
            reason: reason, compression: compression, compressedOffset: compressedOffset + Int64(consumed))
        self.failure = failure
        return failure
    }

    private mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        let room = output.freeCapacity
        let step =
            if let step = try gzip?.step(input, into: &output) { step } else { try zstd?.step(input, into: &output) }
        guard let step else { throw .corrupt }
        // Neither library stands still with input and room; if one did, this would never return.
        let stoodStill = step.consumed == 0 && output.freeCapacity == room && !step.isGarbage
        if stoodStill, !input.isEmpty, room > 0 { throw .corrupt }
        return step
    }
}
