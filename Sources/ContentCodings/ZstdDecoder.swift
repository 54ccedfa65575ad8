import CZstd

/// libzstd's streaming decompression over the frames of a file (RFC 8878 § 3.1), skippable ones included.
@safe struct ZstdDecoder: ~Copyable, @unchecked Sendable {
    /// Owned by this value alone, which is why it may change threads.
    private let context: OpaquePointer
    private var hasReadFrame = false
    private var isBetweenFrames = false
    /// Octets of input that libzstd asked for: the rest of a header, or a block. A frame's first octet comes alone, as
    /// a frame that is there whole is decoded in one go.
    private var wanted = 1

    /// - Parameter windowLogMax: a frame that asks for a larger window than 2 to this power fails.
    init(windowLogMax: Int = StreamDecompressor.zstdWindowLogMax) throws(DecompressionFailure.Reason) {
        guard let context = unsafe ZSTD_createDCtx() else { throw .outOfMemory }
        unsafe self.context = context
        // SAFETY: the context was just created. A larger window than this fails, whatever the frame says.
        _ = unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLogMax))
    }

    deinit {
        // SAFETY: created in `init`, used by nobody else.
        _ = unsafe ZSTD_freeDCtx(context)
    }

    mutating func step(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        // At a boundary an empty piece would start a frame that may never come.
        if input.isEmpty, isBetweenFrames { return Step(isBetweenParts: true) }
        // When a call fails, libzstd does not tell what it put out before: so no call gets more than a block.
        let input = input.extracting(first: wanted)
        var consumed = 0
        // SAFETY: libzstd reads `size` octets at `src` and writes at most `size` at `dst`, both within the buffers lent
        // for this call, and keeps neither pointer.
        let result = unsafe input.withUnsafeBufferPointer { from in
            unsafe output.withUnsafeMutableBufferPointer { to, initializedCount in
                var source = unsafe ZSTD_inBuffer(src: UnsafeRawPointer(from.baseAddress), size: from.count, pos: 0)
                var target = unsafe ZSTD_outBuffer(
                    dst: UnsafeMutableRawPointer(to.baseAddress), size: to.count, pos: initializedCount)
                let result = unsafe ZSTD_decompressStream(context, &target, &source)
                consumed = unsafe source.pos
                unsafe initializedCount = target.pos
                return result
            }
        }
        if ZSTD_isError(result) != 0 { return try failed(result) }
        isBetweenFrames = result == 0
        wanted = max(result, 1)
        hasReadFrame = hasReadFrame || isBetweenFrames
        return Step(consumed: consumed, isBetweenParts: isBetweenFrames)
    }

    private func failed(_ result: Int) throws(DecompressionFailure.Reason) -> Step {
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_prefix_unknown where hasReadFrame: return Step(isGarbage: true)
        case ZSTD_error_frameParameter_windowTooLarge: throw .windowTooLarge
        case ZSTD_error_memory_allocation: throw .outOfMemory
        default: throw .corrupt
        }
    }
}

extension ZstdDecoder: CodingDecoder {
    /// Forgets the stream and keeps memory and parameters.
    mutating func reset() {
        // SAFETY: the context is this value's own.
        _ = unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        hasReadFrame = false
        isBetweenFrames = false
        wanted = 1
    }

    var memoryOctets: Int {
        // SAFETY: the context is this value's own.
        unsafe ZSTD_sizeof_DCtx(context)
    }
}
