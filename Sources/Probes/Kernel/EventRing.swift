import CLibBPF
import Glibc
import Octets

/// The ring buffer through which records come from the kernel (Documentation/bpf/ringbuf.rst).
@safe final class EventRing {
    // SAFETY: made by ring_buffer__new with this object as the context, freed once in `deinit`, so the context is valid
    // for as long as the ring. Only one thread uses it, as the class is not Sendable.
    private var ring: OpaquePointer?
    private var body: ((Span<UInt8>) -> Void)?
    private var taken = 0

    /// After so many records the caller looks around.
    private static let recordsMax = 8_192

    /// - Parameter descriptor: of the map.
    init(_ descriptor: Int32) throws(BPFFailure) {
        BPFLog.install()
        // SAFETY: `self` outlives the ring (see above); the sample is `size` octets long and valid during the call.
        let made = unsafe ring_buffer__new(
            descriptor,
            { context, sample, size in
                guard let context = unsafe context, let sample = unsafe sample else { return 0 }
                let ring = unsafe Unmanaged<EventRing>.fromOpaque(context).takeUnretainedValue()
                let start = unsafe sample.assumingMemoryBound(to: UInt8.self)
                return unsafe ring.take(Span(_unsafeStart: start, count: Int(size)))
            }, Unmanaged.passUnretained(self).toOpaque(), nil)
        guard let made = unsafe made else {
            throw BPFFailure(operation: "map", name: "the ring buffer", errno: errno, log: BPFLog.take())
        }
        unsafe ring = made
    }

    // SAFETY: freed once, and nothing can call any more.
    deinit { if let ring = unsafe ring { unsafe ring_buffer__free(ring) } }

    private func take(_ sample: Span<UInt8>) -> Int32 {
        taken += 1
        // The space in the ring may be larger than the record.
        let length = sample.count >= 4 ? Int(sample.littleEndian32(at: 0)) : 0
        body?(sample.extracting(0..<min(length, sample.count)))
        // What is negative ends the round; the record is taken all the same.
        return taken >= Self.recordsMax ? -1 : 0
    }

    /// Becomes readable when the kernel wakes its reader up.
    var descriptor: Int32 {
        // SAFETY: the ring is alive, and the descriptor its own.
        unsafe ring.map { unsafe ring_buffer__epoll_fd($0) } ?? -1
    }

    /// Takes the records that are there, up to some thousands.
    /// - Returns: how many there were.
    func consume(_ body: (Span<UInt8>) -> Void) -> Int {
        taken = 0
        withoutActuallyEscaping(body) { body in
            self.body = body
            defer { self.body = nil }
            // SAFETY: the ring is alive, and so is what it calls.
            if let ring = unsafe ring { _ = unsafe ring_buffer__consume(ring) }
        }
        return taken
    }
}
