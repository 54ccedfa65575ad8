import CKernelIO
import Glibc

/// Ctrl-C and SIGTERM as a request to finish in order.
public enum StopSignals {
    /// timeout(1) and others signal a process and then its group: one interrupt, which comes twice.
    private static let echoNanoseconds: Int64 = 100_000_000

    /// From now on a pipe whose reader has gone ends a write (`SystemFailure.isBrokenPipe`) and not the process.
    public static func ignoreBrokenPipes() { ns_ignore_broken_pipes() }

    /// From now on the first such signal calls `body`, on a thread of its own, and a second one ends the process at
    /// once, with `atSecond` called before. What follows the first within `echoNanoseconds` is taken for the same one.
    ///
    /// Call it before any other thread exists: threads inherit that they do not take these signals themselves.
    public static func onFirst(
        _ body: @escaping @Sendable () -> Void, atSecond: @escaping @Sendable () -> Void = {}
    ) {
        var signals = sigset_t()
        // SAFETY: the set is initialised by sigemptyset(3) before anything else reads it.
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let waited = signals
        _ = try? WorkerThread(name: "signals") {
            var signals = waited
            var number: Int32 = 0
            // SAFETY: sigwait(3) reads the set and writes the number during the call.
            _ = unsafe sigwait(&signals, &number)
            let first = Clock.monotonicNanoseconds
            body()
            repeat {
                _ = unsafe sigwait(&signals, &number)
            } while Clock.monotonicNanoseconds - first < echoNanoseconds
            atSecond()
            _exit(128 + number)
        }
    }
}
