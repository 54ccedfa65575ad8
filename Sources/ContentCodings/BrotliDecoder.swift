import CBrotli

/// libbrotlidec over one body (RFC 7932). Its window is at most 16 MiB, as the format without extensions has it.
@safe struct BrotliDecoder: ~Copyable, @unchecked Sendable {
    /// Owned by this value alone, which is why it may change threads.
    private var state: OpaquePointer
    private var hasEnded = false

    private static let stepOctets = 2_048

    init() throws(DecompressionFailure.Reason) { unsafe state = try Self.makeState() }

    deinit {
        // SAFETY: made in `init` or `reset`, used by nobody else.
        unsafe BrotliDecoderDestroyInstance(state)
    }

    private static func makeState() throws(DecompressionFailure.Reason) -> OpaquePointer {
        // SAFETY: without functions for memory the library uses malloc.
        guard let state = unsafe BrotliDecoderCreateInstance(nil, nil, nil) else { throw .outOfMemory }
        return unsafe state
    }

    mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        if hasEnded { return input.isEmpty ? Step(isBetweenParts: true) : Step(isGarbage: true) }
        // A call that fails gives nothing of what it decoded before: so none gets much.
        let input = input.extracting(first: Self.stepOctets)
        var consumed = 0
        // SAFETY: the library reads `givenOctets` at `next` and writes at most `room` octets at `target`, both within
        // the buffers lent for this call, and keeps neither pointer.
        let result = unsafe input.withUnsafeBufferPointer { from in
            unsafe output.withUnsafeMutableBufferPointer { to, initializedCount in
                var givenOctets = from.count
                var next = from.baseAddress
                var room = to.count - initializedCount
                let before = room
                var target = unsafe to.baseAddress.map { unsafe $0 + initializedCount }
                let result = unsafe BrotliDecoderDecompressStream(state, &givenOctets, &next, &room, &target, nil)
                consumed = from.count - givenOctets
                initializedCount += before - room
                return result
            }
        }
        switch result {
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT, BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
            return Step(consumed: consumed)
        case BROTLI_DECODER_RESULT_SUCCESS:
            hasEnded = true
            return Step(consumed: consumed, isBetweenParts: true)
        default:
            // SAFETY: reads the state that this value owns. Failures to allocate are a range of their own (decode.h).
            let code = unsafe BrotliDecoderGetErrorCode(state).rawValue
            throw code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES.rawValue
                && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES.rawValue ? .outOfMemory : .corrupt
        }
    }
}

extension BrotliDecoder: CodingDecoder {
    /// The library has no way to use a state again.
    mutating func reset() throws(DecompressionFailure.Reason) {
        let fresh = unsafe try Self.makeState()
        // SAFETY: the old state is used by nobody else, and by this value no more.
        unsafe BrotliDecoderDestroyInstance(state)
        unsafe state = fresh
        hasEnded = false
    }
}
