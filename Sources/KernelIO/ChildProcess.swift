import CKernelIO
import Glibc

/// A second process of this program, which goes on from where the first one is.
public struct ChildProcess: Sendable {
    public let processID: Int32

    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        /// Ended by this signal.
        case signalled(Int32)
        case unknown
    }

    /// Runs `body` in a child, which then ends with the code that it returns. Call it while there is one thread.
    public static func fork(_ body: () -> Int32) throws(SystemFailure) -> ChildProcess {
        let processID = ns_fork()
        if processID == 0 { exit(body()) }
        guard processID > 0 else { throw SystemFailure(operation: "make", path: "a second process", errno: errno) }
        return ChildProcess(processID: processID)
    }

    /// As `fork`, with a connection between the two: each learns from its end when the other is gone.
    public static func forkLinked(
        _ body: (MessageSocket) -> Int32
    ) throws(SystemFailure) -> (child: ChildProcess, link: MessageSocket) {
        let (parents, childs) = try MessageSocket.makePair()
        let child = try fork {
            parents.close()
            return body(childs)
        }
        childs.close()
        return (child, parents)
    }

    /// In the child: what it does while it has other threads, on one of their kind; this one only waits.
    ///
    /// The Swift runtime remembers the number of each thread for its own locks (PI futexes, futex(2)), and the thread
    /// that came through fork(2) goes on with its parent's number. Where another one waits for what it has locked, and
    /// be it the first use of a generic type, neither of them ever goes on. A thread that is made now inherits how this
    /// one is confined.
    public static func onNewThread<Result>(_ body: () throws -> Result) throws -> Result {
        try withoutActuallyEscaping(body) { body in
            let handed = Handed(body)
            try WorkerThread(name: "reader") { handed.run() }.join()
            guard let outcome = handed.outcome else { preconditionFailure("a thread ends once its closure returns") }
            return try outcome.get()
        }
    }

    /// Used by one thread at a time: the other one waits for its end. That is why it may change threads.
    private final class Handed<Result>: @unchecked Sendable {
        private let body: () throws -> Result
        private(set) var outcome: Swift.Result<Result, any Error>?

        init(_ body: @escaping () throws -> Result) { self.body = body }

        func run() { outcome = Swift.Result(catching: body) }
    }

    /// Waits until it has ended. Call it once.
    public func wait() -> Ending {
        var isSignal: Int32 = 0
        // SAFETY: the function writes `isSignal` during the call.
        let code = unsafe ns_wait(processID, &isSignal)
        return code < 0 ? .unknown : isSignal == 1 ? .signalled(code) : .exited(code)
    }

    /// Ends it at once.
    public func kill() { _ = Glibc.kill(processID, SIGKILL) }

    /// In the child: interrupts are the parent's to deal with, and so is standard input unless there are keys to read.
    public static func leaveSignalsToParent(readsKeys: Bool = false) {
        ns_leave_signals_to_parent()
        if !readsKeys { ns_leave_input_to_parent() }
    }

    /// In the child: closes what it has inherited, but for standard streams and these.
    public static func closeAll(but kept: [Int32]) {
        let kept = kept.sorted()
        // SAFETY: the function reads `count` descriptors during the call.
        unsafe ns_close_all_but(kept, kept.count)
    }
}
