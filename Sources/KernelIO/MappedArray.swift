import CKernelIO
import Glibc

/// A fixed-size array of plain values in anonymous memory of its own, on huge pages where the kernel grants them.
///
/// New elements are all-zero octets, so `Element` must be a type for which zeros are a valid value (integers, and
/// structs of them). Growing moves page tables, not octets (mremap(2)), where the pages stay as large as they are, and
/// memory counts as resident once touched.
@safe public struct MappedArray<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    // SAFETY: the one pointer to this mapping; it is only reachable through spans that borrow `self`.
    @usableFromInline var storage: UnsafeMutableBufferPointer<Element>

    /// Reserves `count` zero elements. A machine that has no memory left for a table cannot go on: this traps, as
    /// Swift's own arrays do.
    public init(count: Int) {
        // SAFETY: the mapping holds at least `count` elements and is zero-filled by the kernel.
        unsafe storage = UnsafeMutableBufferPointer(start: nil, count: 0)
        grow(to: count)
    }

    /// As `init(count:)`, for what is looked at before it is written, here and there: all pages are there from the
    /// beginning. Else each would first be one of zeros that is shared, and be replaced once it is written, of which
    /// every processor that runs a thread of the program has to be told.
    public init(touched count: Int) {
        self.init(count: count)
        guard let base = unsafe storage.baseAddress else { return }
        // SAFETY: this is within the mapping, and its content stays. Before Linux 5.14 nothing happens, and pages come
        // as they are touched. What a huge page has behind the elements is not asked for where pages are small.
        unsafe madvise(base, Self.octets(count, page: 4096), MADV_POPULATE_WRITE)
    }

    deinit {
        // SAFETY: no span can outlive `self`, so nothing refers to the mapping any more.
        if let base = unsafe storage.baseAddress { unsafe munmap(base, Self.mappedOctets(storage.count)) }
    }

    @inline(always) public var count: Int { unsafe storage.count }

    /// Octets of memory the array takes once it is full. What is shorter than a huge page may become resident in one
    /// that is not counted whole.
    public var byteCount: Int {
        let isLarge = count * MemoryLayout<Element>.stride >= Self.hugePageOctets
        return Self.octets(count, page: isLarge ? Self.hugePageOctets : 4096)
    }

    /// Makes the array `count` elements long; existing elements keep their values, new ones are zero.
    public mutating func grow(to count: Int) {
        guard count > self.count else { return }
        let (octets, before) = (Self.mappedOctets(count), Self.mappedOctets(self.count))
        // Small pages would stay small.
        if self.count > 0, before < Self.hugePageOctets, octets >= Self.hugePageOctets {
            var larger = MappedArray(count: count)
            larger.replace(at: 0, with: span)
            self = larger
            return
        }
        let mapped: UnsafeMutableRawPointer?
        // SAFETY: `storage` is this mapping, of the length it was made with; nothing refers into it while `self` is
        // held.
        if let base = unsafe storage.baseAddress {
            unsafe mapped = ns_mremap(base, before, octets)
        } else {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
            unsafe mapped = mmap(nil, octets, PROT_READ | PROT_WRITE, flags, -1, 0)
        }
        // SAFETY: MAP_FAILED is the all-ones pointer; anything else is a valid mapping of `octets` octets.
        guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
            fatalError("out of memory: cannot map \(octets) bytes")
        }
        if octets >= Self.hugePageOctets { unsafe madvise(mapped, octets, MADV_HUGEPAGE) }
        unsafe storage = UnsafeMutableBufferPointer(start: mapped.assumingMemoryBound(to: Element.self), count: count)
    }

    @inline(always) public var span: Span<Element> {
        @_lifetime(borrow self) borrowing get {
            // SAFETY: the mapping is fully initialised (zero pages), and the span borrows `self`, which frees it.
            unsafe _overrideLifetime(Span(_unsafeElements: UnsafeBufferPointer(storage)), borrowing: self)
        }
    }

    @inline(always) public var mutableSpan: MutableSpan<Element> {
        @_lifetime(&self) mutating get {
            // SAFETY: as `span`; the exclusive access to `self` lasts as long as the span.
            unsafe _overrideLifetime(MutableSpan(_unsafeElements: storage), mutating: &self)
        }
    }

    /// Copies all of `source` to `position` on.
    @inline(always) public mutating func replace(at position: Int, with source: Span<Element>) {
        precondition(position >= 0 && source.count <= count - position, "copy outside the array")
        let target = unsafe storage
        // SAFETY: source and target lie inside their memory (checked above), and differ: `self` is held exclusively.
        unsafe source.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress, let to = target.baseAddress else { return }
            unsafe (to + position).update(from: from, count: source.count)
        }
    }

    /// Lets `body` append to the elements from `range.lowerBound` on, and gives back how many it appended.
    public mutating func appending<Failure: Error>(
        in range: Range<Int>, _ body: (inout OutputSpan<Element>) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "append outside the array")
        let part = unsafe UnsafeMutableBufferPointer(rebasing: storage[range])
        // SAFETY: the buffer lies inside the mapping (checked above), which outlives the call; the elements are plain.
        var output = unsafe OutputSpan(buffer: part, initializedCount: 0)
        try body(&output)
        return unsafe output.finalize(for: part)
    }

    /// Lets `body` fill each of the parts between neighbouring `cuts` (ascending, within 0 ... `count`), on up to
    /// `threads` threads; part `i` lies between cuts `i` and `i + 1`. The longest part is begun first, so that none is
    /// left for one thread at the end.
    public mutating func modifyConcurrently(
        cuts: [Int], threads: Int, _ body: @escaping @Sendable (Int, inout MutableSpan<Element>) -> Void
    ) {
        guard let first = cuts.first, let last = cuts.last else { return }
        precondition(first >= 0 && last <= count && zip(cuts, cuts.dropFirst()).allSatisfy(<=), "parts overlap")
        // SAFETY: the parts lie inside the mapping and do not overlap (checked above), each index runs once, and `self`
        // is held exclusively until all of them have returned.
        nonisolated(unsafe) let storage = unsafe storage
        let lengths: [Int] = zip(cuts, cuts.dropFirst()).map { $1 - $0 }
        let longestFirst = lengths.indices.sorted { lengths[$0] > lengths[$1] }
        concurrently(longestFirst.count, threads: threads) { turn in
            let index = longestFirst[turn]
            var part = unsafe MutableSpan(
                _unsafeElements: UnsafeMutableBufferPointer(rebasing: storage[cuts[index]..<cuts[index + 1]]))
            body(index, &part)
        }
    }

    /// Lets `body` sort elements into parts, on up to `threads` threads: call `i` fills each part with as many as
    /// `counts[i]` says. The parts come one behind the other from the array's start, and in each of them what the calls
    /// put there, call by call.
    public mutating func sortConcurrently(
        counts: [[Int]], threads: Int, _ body: @escaping @Sendable (Int, inout ArrayParts<Element>) -> Void
    ) {
        let parts = counts.first?.count ?? 0
        precondition(counts.allSatisfy { $0.count == parts && $0.allSatisfy { $0 >= 0 } }, "parts without a count")
        var (starts, end) = (counts, 0)
        for part in 0..<parts {
            for call in counts.indices {
                starts[call][part] = end
                end += counts[call][part]
            }
        }
        precondition(end <= count, "more elements than the array has room for")
        // SAFETY: each call has places of its own inside the mapping (counted and checked above), and `self` is held
        // exclusively until all of them have returned.
        nonisolated(unsafe) let storage = unsafe storage
        concurrently(counts.count, threads: threads) { [starts] call in
            var filled = unsafe ArrayParts(storage, starts: starts[call], counts: counts[call])
            body(call, &filled)
        }
    }

    /// Moves the elements of `range` to the start of the array.
    public mutating func moveToStart(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "move outside the array")
        // SAFETY: both ranges lie inside the array (checked above); `update` allows them to overlap.
        if let base = unsafe storage.baseAddress {
            unsafe base.update(from: base + range.lowerBound, count: range.count)
        }
    }

    private static var hugePageOctets: Int { 2 << 20 }
    /// A huge page costs the kernel what some hundred small ones cost that are touched one by one.
    private static var hugeFromOctets: Int { 512 << 10 }

    private static func octets(_ count: Int, page: Int) -> Int {
        let exact = count * MemoryLayout<Element>.stride
        return (exact + page - 1) / page * page
    }

    /// Octets of address space that are asked for.
    private static func mappedOctets(_ count: Int) -> Int {
        octets(count, page: count * MemoryLayout<Element>.stride >= hugeFromOctets ? hugePageOctets : 4096)
    }
}

extension Span {
    /// Asks for the cache lines of an element that will be read soon. An index outside the span does nothing useful,
    /// and no harm.
    @inline(always) public func prefetch(_ index: Int) {
        // SAFETY: the address is not read from, and prefetching takes any; it is computed as a number, which may wrap.
        unsafe withUnsafeBufferPointer { buffer in
            let start =
                UInt(bitPattern: buffer.baseAddress) &+ UInt(bitPattern: index &* MemoryLayout<Element>.stride)
            unsafe ns_prefetch(UnsafeRawPointer(bitPattern: start))
            if MemoryLayout<Element>.stride > 64 { unsafe ns_prefetch(UnsafeRawPointer(bitPattern: start &+ 64)) }
        }
    }
}
