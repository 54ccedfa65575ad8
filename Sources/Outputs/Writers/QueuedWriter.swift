import Flows
import KernelIO

/// Gives a writer a thread, a queue and an interval of its own, so that one that is slow or fails neither delays nor
/// changes what others write.
///
/// A snapshot that cannot be written is tried again, then given up and counted; the writer goes on with the next.
public final class QueuedWriter: Sendable {
    /// What becomes of a snapshot that finds the queue full.
    public enum Overflow: String, Sendable, CaseIterable {
        /// Whoever brings it waits: for captures, which can wait.
        case wait
        /// It is dropped, and counted: for live traffic, which cannot.
        case drop
    }

    private struct State: Sendable {
        var queue: [Snapshot] = []
        var isClosed = false
        /// Snapshots, by what became of them; those being written are in none.
        var given: UInt64 = 0
        var written: UInt64 = 0
        var dropped: UInt64 = 0
        /// By cause, in the order in which the causes came up.
        var failed: [LedgerReport.Cause] = []
        var failure: SystemFailure?
    }

    public let name: String
    private let writer: any Writer
    private let limit: Int
    private let overflow: Overflow
    private let interval: Int64?
    private let isCumulative: Bool
    private let tries: Int
    private let pause: Int64
    private let state = Monitor(State())
    private let thread = Monitor(WorkerThread?.none)

    /// - Parameters:
    ///   - name: what the ledger calls it.
    ///   - limit: snapshots that may wait.
    ///   - interval: snapshots that end within the same span of this many nanoseconds are written as one; `nil` for
    ///     each as it comes.
    ///   - isCumulative: snapshots hold what those before them do.
    ///   - tries: how often one snapshot is tried.
    ///   - pause: nanoseconds before the second try; twice as many before each further one.
    /// - Throws: where the system has no thread left.
    public init(
        _ writer: any Writer, name: String, limit: Int = 4, overflow: Overflow = .wait, interval: Int64? = nil,
        isCumulative: Bool = false, tries: Int = 3, pause: Int64 = 100_000_000
    ) throws(SystemFailure) {
        self.writer = writer
        self.name = name
        self.limit = limit
        self.overflow = overflow
        self.interval = interval
        self.isCumulative = isCumulative
        self.tries = tries
        self.pause = pause
        let thread = try WorkerThread(name: "store") { [self] in work() }
        self.thread.update { $0 = thread }
    }

    /// Hands over a snapshot.
    public func put(_ snapshot: Snapshot) {
        state.wait { (state) -> Void? in
            if state.queue.count >= limit, overflow == .wait, !state.isClosed { return nil }
            state.given += 1
            if state.queue.count >= limit || state.isClosed {
                state.dropped += 1
            } else {
                state.queue.append(snapshot)
            }
            return ()
        }
    }

    /// Waits until everything was written or given up. Nothing may be put behind it.
    public func drain() {
        state.update { $0.isClosed = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// Drains, then ends the writer with the run's report.
    public func finish(_ report: AnalysisReport?) {
        drain()
        do throws(SystemFailure) {
            try writer.finish(report)
        } catch {
            state.update { $0.failure = $0.failure ?? error }
        }
    }

    /// What failed first.
    public var failure: SystemFailure? { state.withLock { $0.failure } }

    /// What became of the snapshots so far.
    public var stage: LedgerReport.Stage {
        state.withLock { state in
            let lost =
                (state.dropped > 0 ? [LedgerReport.Cause("the queue was full", state.dropped)] : []) + state.failed
            let gone = state.written + lost.reduce(0) { $0 + $1.count }
            return LedgerReport.Stage(
                name: name, unit: "snapshots", seen: state.given, delivered: state.written, lost: lost,
                inFlight: state.given - gone)
        }
    }

    private func work() {
        var merger = SnapshotMerger(isCumulative: isCumulative)
        while let snapshot = next() {
            if let time = merger.time, span(time) != span(snapshot.time) { flush(&merger) }
            merger.add(snapshot)
            if interval == nil { flush(&merger) }
        }
        flush(&merger)
    }

    /// The next snapshot; `nil` at the end.
    private func next() -> Snapshot? {
        state.wait { state in
            if !state.queue.isEmpty { return .some(state.queue.removeFirst()) }
            return state.isClosed ? .some(Snapshot?.none) : nil
        }
    }

    /// Ends of spans count as their part, as snapshots are named by their ends.
    private func span(_ time: Int64) -> Int64 {
        guard let interval else { return time }
        let (quotient, rest) = (time &- 1).quotientAndRemainder(dividingBy: interval)
        return rest < 0 ? quotient - 1 : quotient
    }

    private func flush(_ merger: inout SnapshotMerger) {
        let count = UInt64(merger.count)
        guard let snapshot = merger.take() else { return }
        var wait = pause
        for number in 1...tries {
            do throws(SystemFailure) {
                try writer.write(snapshot)
                return state.update { $0.written += count }
            } catch {
                if number == tries { return giveUp(count, error) }
                // Nobody brings anything that ends this: it is a pause.
                let isOver: Void? = Monitor(()).wait(nanoseconds: wait) { _ in nil }
                if isOver != nil { return }
                wait *= 2
            }
        }
    }

    private func giveUp(_ count: UInt64, _ failure: SystemFailure) {
        state.update { state in
            state.failure = state.failure ?? failure
            let cause = "\(failure)"
            if let index = state.failed.firstIndex(where: { $0.name == cause }) {
                state.failed[index].count += count
            } else {
                state.failed.append(LedgerReport.Cause(cause, count))
            }
        }
    }
}
