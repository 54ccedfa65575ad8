import CBrotliEncoder
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
            let result = unsafe CZlib.deflate(&stream, Z_FINISH)
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

/// `octets` in a Brotli stream, made by libbrotlienc.
public func brotli(_ octets: [UInt8]) -> [UInt8] {
    var produced = BrotliEncoderMaxCompressedSize(octets.count) + 16
    var output = [UInt8](repeating: 0, count: produced)
    // SAFETY: both arrays are lent for the one call that reads and writes them, with their counts.
    let result = unsafe octets.withUnsafeBufferPointer { from in
        unsafe output.withUnsafeMutableBufferPointer { to in
            unsafe BrotliEncoderCompress(
                5, 22, BROTLI_MODE_GENERIC, from.count, from.baseAddress, &produced, to.baseAddress)
        }
    }
    precondition(result == BROTLI_TRUE, "the output holds any stream")
    return Array(output.prefix(produced))
}

/// DEFLATE without anything around it, or in zlib's format.
public func deflate(_ octets: [UInt8], isBare: Bool) -> [UInt8] {
    var deflater = MessageDeflater(windowBits: isBare ? -15 : 15)
    return deflater.compress(octets, flush: Z_FINISH)
}

/// The sending side of permessage-deflate: messages that refer back to earlier ones.
@safe public struct MessageDeflater: ~Copyable {
    /// On the heap, as zlib's state points back at it.
    private let stream: UnsafeMutablePointer<z_stream>

    public init() { self.init(windowBits: -15) }

    init(windowBits: Int32) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // SAFETY: one zeroed z_stream, which zlib takes as "use malloc".
        unsafe deflateInit2_(
            stream, 9, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        // SAFETY: initialised in `init`, used by nobody else.
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// One message without the last four octets of its flush.
    public mutating func message(_ octets: [UInt8]) -> [UInt8] {
        // zlib flushes nothing twice; an empty message is the header of an empty stored block (RFC 7692 § 7.2.3.6).
        if octets.isEmpty { return [0] }
        let flushed = compress(octets, flush: Z_SYNC_FLUSH)
        precondition(flushed.suffix(4) == [0, 0, 0xFF, 0xFF], "a flush ends with an empty stored block")
        return flushed.dropLast(4)
    }

    mutating func compress(_ octets: [UInt8], flush: Int32) -> [UInt8] {
        var input = octets
        var output = [UInt8](repeating: 0, count: octets.count + octets.count / 8 + 64)
        // SAFETY: both arrays are lent for the one call that reads and writes them, with their counts.
        let produced = unsafe input.withUnsafeMutableBufferPointer { from in
            unsafe output.withUnsafeMutableBufferPointer { to in
                unsafe stream.pointee.next_in = from.baseAddress
                unsafe stream.pointee.avail_in = UInt32(from.count)
                unsafe stream.pointee.next_out = to.baseAddress
                unsafe stream.pointee.avail_out = UInt32(to.count)
                let result = unsafe CZlib.deflate(stream, flush)
                precondition(result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK), "the output holds any message")
                return unsafe to.count - Int(stream.pointee.avail_out)
            }
        }
        return Array(output.prefix(produced))
    }
}
