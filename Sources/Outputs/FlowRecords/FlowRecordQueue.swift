import Flows
import KernelIO

/// Gives a sink of flow records a thread and a bounded queue of its own, so that one that is slow or away neither
/// delays nor changes what others get.
public final class FlowRecordQueue: Sendable {
    /// What becomes of records that find the queue full.
    public enum Overflow: Sendable {
        /// Whoever brings them waits, unless the other end is away: for captures, which can wait.
        case wait
        /// They are dropped, and counted: for live traffic, which cannot.
        case drop
    }

    struct State: Sendable {
        var queue: [[MeteredFlow]] = []
        var waiting = 0
        var isClosed = false
        var isAway = false
        /// Records, by what became of them.
        var given: UInt64 = 0
        var written: UInt64 = 0
        var lost: [LedgerReport.Cause] = []
        /// Of collectors.
        var messages: UInt64 = 0
        var dataRecords: UInt64 = 0
        var failure: SystemFailure?

        mutating func lose(_ count: Int, _ cause: String) {
            guard count > 0 else { return }
            if let index = lost.firstIndex(where: { $0.name == cause }) {
                lost[index].count += UInt64(count)
            } else {
                lost.append(LedgerReport.Cause(cause, UInt64(count)))
            }
        }
    }

    /// Records that may wait: some 16 MB, and as many that are being written.
    public static let defaultLimit = 65_536
    /// How long records may be held back to be written together.
    private static let flushNanoseconds: Int64 = 1_000_000_000

    private let name: String
    private let limit: Int
    private let overflow: Overflow
    private let state = Monitor(State())
    private let thread = Monitor(WorkerThread?.none)

    /// - Parameters:
    ///   - sink: nobody else uses it from now on.
    ///   - limit: records from which on the queue counts as full.
    /// - Throws: where the system has no thread left.
    public init(
        _ sink: any FlowRecordSink, limit: Int = defaultLimit, overflow: Overflow = .wait
    ) throws(SystemFailure) {
        name = sink.name
        self.limit = limit
        self.overflow = overflow
        let thread = try WorkerThread(name: "flow-records") { [state] in
            Self.work(sink, SinkLink(state: state))
        }
        self.thread.update { $0 = thread }
    }

    /// Hands over records.
    public func put(_ flows: [MeteredFlow]) {
        state.wait { state -> Void? in
            let isFull = state.waiting >= limit
            if isFull, overflow == .wait, !state.isAway, !state.isClosed { return nil }
            state.given += UInt64(flows.count)
            if isFull || state.isClosed {
                state.lose(flows.count, state.isAway ? "the queue was full, the other end away" : "the queue was full")
            } else {
                state.queue.append(flows)
                state.waiting += flows.count
            }
            return ()
        }
    }

    /// Waits until all records were written or given up. Nothing may be put behind it.
    public func drain() {
        state.update { $0.isClosed = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// What failed first.
    public var failure: SystemFailure? { state.withLock { $0.failure } }

    /// What became of the records so far.
    public var stage: LedgerReport.Stage {
        state.withLock { state in
            let gone = state.written + state.lost.reduce(0) { $0 + $1.count }
            let noted = [("messages", state.messages), ("data records", state.dataRecords)].filter { $0.1 > 0 }
            return LedgerReport.Stage(
                name: name, unit: "flow records", seen: state.given, delivered: state.written, lost: state.lost,
                inFlight: state.given - gone, noted: noted.map { LedgerReport.Cause($0.0, $0.1) })
        }
    }

    private static func work(_ sink: any FlowRecordSink, _ link: SinkLink) {
        while true {
            // `nil`: nothing came for a while. Empty: nothing comes any more.
            let next = link.state.wait(nanoseconds: flushNanoseconds) { state -> [[MeteredFlow]]? in
                guard !state.queue.isEmpty || state.isClosed else { return nil }
                defer {
                    state.queue = []
                    state.waiting = 0
                }
                return state.queue
            }
            guard let next else {
                sink.flush(link)
                continue
            }
            if next.isEmpty { break }
            // Whoever waits for room has it now.
            link.state.update { _ in }
            for flows in next { sink.write(flows, link) }
        }
        sink.finish(link)
    }
}
