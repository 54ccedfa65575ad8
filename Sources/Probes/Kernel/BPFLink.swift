import CLibBPF
import Glibc
import KernelIO

/// A program that runs where it was attached for as long as this exists.
@safe final class BPFLink: @unchecked Sendable {
    // SAFETY: made by libbpf, destroyed once, and not touched in between: so it may go in any thread.
    private let link: OpaquePointer?
    private let descriptor: Int32

    init(_ link: OpaquePointer) {
        unsafe self.link = link
        descriptor = -1
    }

    /// - Parameter descriptor: of the kernel's link, owned by this from now on.
    init(descriptor: Int32) {
        unsafe link = nil
        self.descriptor = descriptor
    }

    /// Lets an iterator's program go over everything once.
    func iterate() throws(BPFFailure) {
        // SAFETY: the link is alive; the buffer has as many octets as are read at most.
        let iteration = unsafe link.map { unsafe bpf_iter_create(bpf_link__fd($0)) } ?? -EBADF
        guard iteration >= 0 else { throw BPFFailure(operation: "begin", name: "a look at all files", errno: errno) }
        defer { close(iteration) }
        var octets = [UInt8](repeating: 0, count: 64)
        while true {
            // The program prints nothing, so this ends when it is through.
            let count = unsafe read(iteration, &octets, octets.count)
            if count == 0 { return }
            guard count > 0 || errno == EINTR || errno == EAGAIN else {
                throw BPFFailure(operation: "look at", name: "all files", errno: errno)
            }
        }
    }

    deinit {
        // SAFETY: nobody else has it.
        if let link = unsafe link { unsafe bpf_link__destroy(link) } else { close(descriptor) }
    }
}

/// Links that go together: each waits in the kernel until nobody runs its program any more, some 0.1 s, so they go side
/// by side.
final class BPFLinks: ExpressibleByArrayLiteral {
    private var links: [BPFLink]
    private static let threadsMax = 64

    init(_ links: [BPFLink]) { self.links = links }
    convenience init(arrayLiteral elements: BPFLink...) { self.init(elements) }

    func append(_ more: [BPFLink]) { links += more }

    deinit {
        let slots = Monitor(links.map { Optional($0) })
        let count = links.count
        links = []
        concurrently(count, threads: min(count, Self.threadsMax)) { index in
            // The last reference: the link goes in this thread, outside of the lock.
            var link: BPFLink?
            slots.withLock { swap(&$0[index], &link) }
        }
    }
}
