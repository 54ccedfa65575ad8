import CKernelIO
import Glibc

/// The C library's heap for programs that hold much at once in many threads: one for all of them, that grows in steps
/// of several mebibytes, on huge pages. The kernel then has to be asked, and to clear a page, a few hundred times less
/// often; threads with heaps of their own ask it for every few pages.
public struct HeapPages: ~Copyable {
    /// The end of the heap when it was looked at last; 0 before.
    private var end: UInt = 0

    /// Steps in which the heap grows, and which it keeps when it becomes smaller.
    private static let stepOctets: Int32 = 32 << 20
    /// The heap gives memory back to the kernel when so much is free at its end.
    private static let idleOctetsMax: Int32 = 64 << 20
    /// What is larger has a mapping of its own. The C library's own threshold ends here, too; below it, moves up to
    /// what was freed.
    private static let mappingOctetsMin: Int32 = 32 << 20

    /// Has all threads that are made later use one heap. For a program as a whole, before it has any: one that is there
    /// already has a heap of its own, which the later ones may be given, too.
    public static func share() {
        ns_share_heap(stepOctets, idleOctetsMax, mappingOctetsMin)
    }

    public init() {}

    /// Asks for huge pages where the heap has grown since the last call. To be called often by those who fill it: costs
    /// next to nothing where it has not.
    public mutating func advise() {
        // SAFETY: asking for the end of the heap changes nothing.
        let now = unsafe UInt(bitPattern: sbrk(0))
        // What was given back and is asked for again is new.
        if now < end { end = now }
        guard now > end, now != .max else { return }
        let page: UInt = 4096
        let start = end == 0 ? now - min(now, UInt(Self.stepOctets)) : end
        let first = (start + page - 1) / page * page
        // SAFETY: the advice changes no content. What of the range is no mapping is passed over, with an error that
        // does not matter.
        unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), Int(now - first), MADV_HUGEPAGE)
        end = now
    }
}
