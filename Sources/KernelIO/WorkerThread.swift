import CKernelIO
import Glibc

/// A thread of the operating system that runs one closure, and can be waited for.
@safe public final class WorkerThread: @unchecked Sendable {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    private var thread = pthread_t()
    /// What the system keeps of a thread that has ended, until somebody has waited for it.
    private var isKept = false

    /// - Parameter name: shown by tools such as top(1); cut at 15 octets.
    /// - Throws: where the system has no thread left.
    public init(name: String, _ run: @escaping @Sendable () -> Void) throws(SystemFailure) {
        // SAFETY: the retained body is consumed exactly once: by the thread, or below where none was created.
        let body = unsafe Unmanaged.passRetained(Body(name: name, run: run))
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                let body = unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue()
                unsafe ns_set_thread_name(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            unsafe body.release()
            throw SystemFailure(operation: "create a thread", path: name, errno: code)
        }
        isKept = true
    }

    /// Nobody will wait: nothing is kept of it once it ends.
    deinit {
        if isKept { pthread_detach(thread) }
    }

    /// Waits until the closure has returned. Call it once.
    public func join() {
        isKept = false
        _ = pthread_join(thread, nil)
    }
}

/// Runs `body` for 0 ..< `count` on up to `threads` threads, each index once, and returns when all are done.
public func concurrently(_ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard threads > 1, count > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    let next = Monitor(0)
    let work: @Sendable () -> Void = {
        while let index = next.withLock({ (next: inout Int) -> Int? in
            guard next < count else { return nil }
            next += 1
            return next - 1
        }) { body(index) }
    }
    // Where no further thread is to be had, the ones there do the work.
    let helpers = (1..<min(threads, count)).compactMap { try? WorkerThread(name: "netspectra-\($0)", work) }
    work()
    for helper in helpers { helper.join() }
}

/// What `body` makes of 0 ..< `count`, in that order, computed on up to `threads` threads.
public func mapConcurrently<Result: Sendable>(
    _ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Result
) -> [Result] {
    guard threads > 1, count > 1 else { return (0..<count).map(body) }
    let results = Monitor([Result?](repeating: nil, count: count))
    concurrently(count, threads: threads) { index in
        let result = body(index)
        results.withLock { $0[index] = result }
    }
    return results.withLock { $0.compactMap(\.self) }
}
