import CZlib

/// zlib's inflate over the members of a gzip file (RFC 1952 § 2.2).
@safe struct GzipDecoder: ~Copyable, @unchecked Sendable {
    /// On the heap, as inflate's state points back at it. Owned by this value alone, which is why it may change
    /// threads.
    private let stream: UnsafeMutablePointer<z_stream>
    private var state = State.member

    private enum State {
        case member
        /// After a member: this many octets of the next one's magic number were seen.
        case between(magicOctets: Int)
    }

    private static let magic: [UInt8] = [0x1F, 0x8B]

    init() throws(DecompressionFailure.Reason) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // SAFETY: `stream` points at one zeroed z_stream, which zlib takes as "use malloc". 15 window bits are 32 KiB;
        // 16 more ask for the gzip format.
        let result = unsafe inflateInit2_(stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { throw .outOfMemory }
    }

    deinit {
        // SAFETY: initialised in `init`, used by nobody else; inflateEnd takes a stream whose initialisation failed,
        // too.
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

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
        // SAFETY: `stream` was initialised by inflateInit2_.
        unsafe inflateReset(stream)
        state = .member
        _ = try inflate(Self.magic.span, into: &output)
        return Step(consumed: 1)
    }

    private mutating func inflate(
        _ input: Span<UInt8>, into output: inout OutputSpan<UInt8>
    ) throws(DecompressionFailure.Reason) -> Step {
        var consumed = 0
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
        switch result {
        case Z_OK, Z_BUF_ERROR:  // Z_BUF_ERROR: no input or no room, which the caller sees
            return Step(consumed: consumed)
        case Z_STREAM_END:
            state = .between(magicOctets: 0)
            return Step(consumed: consumed, isBetweenParts: true)
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .corrupt
        }
    }
}
