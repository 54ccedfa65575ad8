import CZlib

/// zlib's inflate over one stream at a time; used again for the next by `reset`, which keeps its 40 KB of memory.
@safe struct Inflater: ~Copyable, @unchecked Sendable {
    /// On the heap, as inflate's state points back at it. Owned by this value alone, which is why it may change
    /// threads.
    private let stream: UnsafeMutablePointer<z_stream>
    /// The octets so far end where a block does, and with it an octet: nothing is open.
    private(set) var isAtBoundary = true
    /// Octets of its input that the last call took, also if it threw.
    private(set) var taken = 0

    /// What is around the DEFLATE blocks; the raw value is what zlib takes for a window of up to 32 KiB.
    enum Format: Int32 {
        /// RFC 1952.
        case gzip = 31
        /// RFC 1950.
        case zlib = 15
        /// Nothing (RFC 1951).
        case bare = -15
    }

    init(_ format: Format) throws(DecompressionFailure.Reason) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // SAFETY: `stream` points at one zeroed z_stream, which zlib takes as "use malloc".
        let result = unsafe inflateInit2_(stream, format.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw .outOfMemory }
    }

    deinit {
        // SAFETY: initialised in `init`, used by nobody else; inflateEnd takes a stream whose initialisation failed,
        // too.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Forgets all and begins a stream of this format.
    mutating func reset(_ format: Format) {
        // SAFETY: `stream` was initialised by inflateInit2_. The window has one size in every format.
        unsafe inflateReset2(stream, format.rawValue)
        isAtBoundary = true
    }

    /// Begins a stream that may refer back to what the last one gave.
    mutating func resetKeepingWindow() {
        // SAFETY: `stream` was initialised by inflateInit2_.
        unsafe inflateResetKeep(stream)
        isAtBoundary = true
    }

    struct Result {
        var consumed = 0
        /// The end of the stream was reached, checksum included.
        var isEnd = false
    }

    /// Takes octets from the front of `input` and appends to `output` until one of them is used up, or the stream ends.
    mutating func inflate(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Result {
        var consumed = 0
        let before = output.count
        // SAFETY: zlib reads `avail_in` octets at `next_in` and writes `avail_out` octets at `next_out`, both within
        // the buffers lent for this call; it keeps neither pointer beyond it that is read before being set again here.
        let result = unsafe input.withUnsafeBufferPointer { from in
            unsafe output.withUnsafeMutableBufferPointer { to, initializedCount in
                let room = UInt32(clamping: to.count - initializedCount)
                let given = UInt32(clamping: from.count)
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: from.baseAddress)
                unsafe stream.pointee.avail_in = given
                unsafe stream.pointee.next_out = to.baseAddress.map { unsafe $0 + initializedCount }
                unsafe stream.pointee.avail_out = room
                let result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                consumed = Int(given) - Int(unsafe stream.pointee.avail_in)
                initializedCount += Int(room) - Int(unsafe stream.pointee.avail_out)
                return result
            }
        }
        // SAFETY: an integer of a stream that this value owns. Its low bits count the bits left of the last octet, 128
        // says that a block has ended (zlib.h at `inflate`).
        let place = unsafe stream.pointee.data_type
        taken = consumed
        // Behind a block's end a call that does nothing takes that bit back.
        if consumed > 0 || output.count > before { isAtBoundary = place & 128 != 0 && place & 63 == 0 }
        switch result {
        case Z_OK, Z_BUF_ERROR: return Result(consumed: consumed)  // Z_BUF_ERROR: no input or no room
        case Z_STREAM_END: return Result(consumed: consumed, isEnd: true)
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .corrupt
        }
    }
}
