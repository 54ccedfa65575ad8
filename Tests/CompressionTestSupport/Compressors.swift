import CZlib
import CZstd

/// One gzip member holding `octets`, made by zlib.
public func gzip(_ octets: [UInt8]) -> [UInt8] {
    var stream = unsafe z_stream()
    var output = [UInt8](repeating: 0, count: octets.count + octets.count / 8 + 64)
    var input = octets
    // SAFETY: both arrays are lent for the one call that reads and writes them, with their counts.
    let produced = unsafe input.withUnsafeMutableBufferPointer { from in
        unsafe output.withUnsafeMutableBufferPointer { to in
            unsafe deflateInit2_(
                &stream, 9, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size))
            unsafe stream.next_in = from.baseAddress
            unsafe stream.avail_in = UInt32(from.count)
            unsafe stream.next_out = to.baseAddress
            unsafe stream.avail_out = UInt32(to.count)
            let result = unsafe deflate(&stream, Z_FINISH)
            precondition(result == Z_STREAM_END, "the output holds any member")
            let produced = unsafe to.count - Int(stream.avail_out)
            unsafe deflateEnd(&stream)
            return produced
        }
    }
    return Array(output.prefix(produced))
}

/// One zstd frame with a checksum holding `octets`, made by libzstd.
public func zstd(_ octets: [UInt8], windowLog: Int32 = 0) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(octets.count))
    // SAFETY: both arrays are lent for the one call that reads and writes them, with their counts.
    let produced = unsafe octets.withUnsafeBytes { from in
        unsafe output.withUnsafeMutableBytes { to in
            let context = unsafe ZSTD_createCCtx()
            defer { _ = unsafe ZSTD_freeCCtx(context) }
            _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
            if windowLog > 0 {
                _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
                _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
            }
            var source = unsafe ZSTD_inBuffer(src: from.baseAddress, size: from.count, pos: 0)
            var target = unsafe ZSTD_outBuffer(dst: to.baseAddress, size: to.count, pos: 0)
            // Flushed before it is ended, so that the frame keeps its window instead of becoming a single segment.
            if windowLog > 0 { _ = unsafe ZSTD_compressStream2(context, &target, &source, ZSTD_e_flush) }
            let left = unsafe ZSTD_compressStream2(context, &target, &source, ZSTD_e_end)
            precondition(left == 0, "the output holds any frame")
            return unsafe target.pos
        }
    }
    return Array(output.prefix(produced))
}

/// A skippable frame (RFC 8878 § 3.1.2).
public func skippable(_ octets: [UInt8]) -> [UInt8] {
    [0x5A, 0x2A, 0x4D, 0x18] + (0..<4).map { UInt8(truncatingIfNeeded: octets.count >> (8 * $0)) } + octets
}
