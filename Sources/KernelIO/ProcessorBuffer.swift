import CKernelIO
import Glibc
import Octets

/// What programs of the kernel on one processor hand over, where there is no ring for all: a perf event
/// (perf_event_open(2), bpf-helpers(7): bpf_perf_event_output).
@safe public final class ProcessorBuffer {
    /// - Returns: a descriptor, or `nil` where there is no such processor now.
    public static func open(processor: Int, octets: Int) throws(SystemFailure) -> Int32? {
        let descriptor = ns_open_processor_buffer(Int32(processor), UInt32(octets / 4))
        if descriptor == -ENODEV { return nil }
        guard descriptor >= 0 else {
            throw SystemFailure(operation: "open", path: "the buffer of processor \(processor)", errno: -descriptor)
        }
        return descriptor
    }

    public let descriptor: Int32
    // SAFETY: one mapping, made in `init` and undone in `deinit`: a page that tells how far the kernel has written and
    // this has read, then `size` octets. Only one thread uses it, as the class is not Sendable.
    private let base: UnsafeMutableRawPointer
    private let size: Int
    private let dataOffset: Int

    /// Offsets in the first page: include/uapi/linux/perf_event.h, `struct perf_event_mmap_page`.
    private enum Place {
        static let head = 1_024
        static let tail = 1_032
    }

    private static let sampleType: UInt32 = 9  // PERF_RECORD_SAMPLE
    private static let headerOctets = 8

    /// - Parameter octets: a power of two, at least a page.
    public init(_ descriptor: Int32, octets: Int) throws(SystemFailure) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        // SAFETY: the kernel chooses the address; the result is checked.
        let mapped = unsafe mmap(nil, page + octets, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            throw SystemFailure(operation: "map", path: "the buffer of a processor", errno: errno)
        }
        self.descriptor = descriptor
        unsafe base = mapped
        size = octets
        dataOffset = page
    }

    deinit { unsafe munmap(base, dataOffset + size) }

    /// Takes what is there, at most so many records.
    /// - Returns: how many there were.
    public func consume(atMost limit: Int, _ body: (Span<UInt8>) -> Void) -> Int {
        // SAFETY: both numbers lie in the mapping's first page, at multiples of eight.
        let tailPointer = unsafe (base + Place.tail).assumingMemoryBound(to: UInt64.self)
        let head = unsafe ns_load_acquire((base + Place.head).assumingMemoryBound(to: UInt64.self))
        var tail = unsafe tailPointer.pointee
        var count = 0
        while tail < head, count < limit {
            // u32 type, u16 flags, u16 octets of the record; of a sample: u32 octets of data, data. Records begin at
            // multiples of eight, so a header never lies across the end.
            let at = Int(tail & UInt64(size - 1))
            let header = unsafe (base + dataOffset + at).loadUnaligned(as: UInt64.self)
            let length = Int(header >> 48)
            guard length >= Self.headerOctets, UInt64(length) <= head - tail else { break }
            if UInt32(truncatingIfNeeded: header) == Self.sampleType, length > Self.headerOctets + 4 {
                give(at + Self.headerOctets + 4, length - Self.headerOctets - 4, body)
                count += 1
            }
            tail += UInt64(length)
        }
        // SAFETY: as above.
        unsafe ns_store_release(tailPointer, tail)
        return count
    }

    /// - Parameter start: from the beginning of the data; beyond its end it begins anew.
    private func give(_ start: Int, _ count: Int, _ body: (Span<UInt8>) -> Void) {
        let start = start & (size - 1)
        // SAFETY: what is read lies in the data (`start` and the first part below `size`), and the kernel does not
        // overwrite it before the tail is told.
        let first = unsafe (base + dataOffset + start).assumingMemoryBound(to: UInt8.self)
        if start + count <= size {
            let sample = unsafe Span(_unsafeStart: first, count: count)
            return body(sample)
        }
        let data = unsafe UnsafeRawBufferPointer(start: base + dataOffset, count: size)
        var joined: [UInt8] = []
        joined.reserveCapacity(count)
        unsafe joined.append(contentsOf: data[start...])
        unsafe joined.append(contentsOf: data[..<(start + count - size)])
        body(joined.span)
    }
}
