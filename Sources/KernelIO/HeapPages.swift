import CKernelIO
import Glibc
import Synchronization

/// The C library's heap for programs that hold much at once in many threads: one for all of them, that grows in steps
/// of several mebibytes, on huge pages. The kernel then has to be asked, and to clear a page, a few hundred times less
/// often; threads with heaps of their own ask it for every few pages.
///
/// Safe to be used by several threads.
public enum HeapPages {
    /// Steps in which the heap grows, and which it keeps when it becomes smaller.
    private static let stepOctets: UInt = 16 << 20
    /// The heap gives memory back to the kernel when so much is free at its end.
    private static let idleOctetsMax: UInt = 64 << 20
    /// What is larger has a mapping of its own. The C library's own threshold ends here, too; below it, moves up to
    /// what was freed.
    private static let mappingOctetsMin: UInt = 32 << 20
    /// So much of the heap has its pages as they are touched, which is enough for most runs; what is behind it is
    /// filled ahead.
    private static let touchedOctets: UInt = 32 << 20
    private static let hugePageOctets: UInt = 2 << 20

    /// Up to where huge pages were asked for; 0: before `share`.
    private static let advised = Atomic<UInt>(0)
    /// Up to where pages are there, or being filled by some thread.
    private static let filled = Atomic<UInt>(0)

    /// The end of the heap.
    private static var end: UInt {
        // SAFETY: asking for it changes nothing.
        unsafe UInt(bitPattern: sbrk(0))
    }

    /// Has all threads that are made later use one heap. For a program as a whole, before it has any: one that is there
    /// already has a heap of its own, which the later ones may be given, too.
    public static func share() {
        ns_share_heap(CInt(stepOctets), CInt(idleOctetsMax), CInt(mappingOctetsMin))
        let end = end
        advised.store(end, ordering: .releasing)
        filled.store((end + touchedOctets) / hugePageOctets * hugePageOctets, ordering: .releasing)
    }

    /// Asks for huge pages where the heap has grown, and fills one of them. To be called often by those who fill the
    /// heap: costs next to nothing where it has not grown.
    ///
    /// A page that is touched first by the C library is cleared while it keeps every other thread from the heap: which
    /// let one thread wait for the other wherever memory is what they wait for.
    public static func advise() {
        let (now, before) = (end, advised.load(ordering: .acquiring))
        guard now != .max, before > 0 else { return }
        if now != before { follow(now, from: before) }
        let start = filled.load(ordering: .relaxed)
        guard start + hugePageOctets <= now else { return }
        let isMine = filled.compareExchange(
            expected: start, desired: start + hugePageOctets, ordering: .relaxed
        ).exchanged
        guard isMine else { return }
        // SAFETY: pages that are asked for keep their content. What of the range is no mapping any more, or a kernel
        // before 5.14 that knows no such advice, is an error that does not matter.
        unsafe madvise(UnsafeMutableRawPointer(bitPattern: start), Int(hugePageOctets), MADV_POPULATE_WRITE)
    }

    private static func follow(_ now: UInt, from before: UInt) {
        if now > before {
            let page: UInt = 4096
            let first = (before + page - 1) / page * page
            // SAFETY: the advice changes no content. What of the range is no mapping is passed over, with an error that
            // does not matter.
            unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), Int(now - first), MADV_HUGEPAGE)
        } else {
            // What was given back and is asked for again is new.
            filled.min(now / hugePageOctets * hugePageOctets, ordering: .relaxed)
        }
        _ = advised.compareExchange(expected: before, desired: now, ordering: .releasing)
    }
}
