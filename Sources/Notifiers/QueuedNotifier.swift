import Alerts
import KernelIO
import Outputs

/// Gives a notifier a thread and a queue of its own, so that one that is slow or fails neither delays nor repeats what
/// others send.
///
/// What finds the queue full is dropped, and what cannot be sent is tried again after a pause and then given up; both
/// are counted by cause. Nobody who brings an alert waits.
public final class QueuedNotifier: Sendable {
    /// How it goes about.
    public struct Policy: Equatable, Sendable {
        /// Alerts that may wait.
        public var queueMax: Int
        /// How often one is tried.
        public var tries: Int
        /// Nanoseconds for each try.
        public var timeout: Int64
        /// Nanoseconds before the second try; twice as many before each further one, a minute at most.
        public var pause: Int64

        public init(
            queueMax: Int = 100, tries: Int = 3, timeout: Int64 = 10_000_000_000, pause: Int64 = 500_000_000
        ) {
            self.queueMax = queueMax
            self.tries = tries
            self.timeout = timeout
            self.pause = pause
        }

        static let pauseMax: Int64 = 60_000_000_000
    }

    private struct State: Sendable {
        var queue: [Alert] = []
        /// Nothing more comes; and when, on the monotonic clock, what is left is given up.
        var deadline: Int64?
        /// Alerts by what became of them.
        var given: UInt64 = 0
        var sent: UInt64 = 0
        /// By cause, in the order in which the causes came up.
        var lost: [LedgerReport.Cause] = []
        var retries: UInt64 = 0
        var failure: SystemFailure?

        mutating func lose(_ cause: String) {
            if let index = lost.firstIndex(where: { $0.name == cause }) {
                lost[index].count += 1
            } else if lost.count < QueuedNotifier.causesMax {
                lost.append(LedgerReport.Cause(cause, 1))
            } else {
                lost[QueuedNotifier.causesMax - 1].name = "other failures"
                lost[QueuedNotifier.causesMax - 1].count += 1
            }
        }
    }

    /// Causes that the ledger tells apart.
    static let causesMax = 16

    public let name: String
    private let notifier: any Notifier
    private let policy: Policy
    private let state = Monitor(State())
    private let thread = Monitor(WorkerThread?.none)

    /// - Throws: where the system has no thread left.
    public init(_ notifier: any Notifier, name: String, policy: Policy = Policy()) throws(SystemFailure) {
        self.notifier = notifier
        self.name = name
        self.policy = policy
        let thread = try WorkerThread(name: "notify") { [self] in work() }
        self.thread.update { $0 = thread }
    }

    /// Hands over an alert.
    public func put(_ alert: Alert) {
        state.update { state in
            state.given += 1
            if state.queue.count >= policy.queueMax || state.deadline != nil {
                state.lose("the queue was full")
            } else {
                state.queue.append(alert)
            }
        }
    }

    /// What is put from now on is lost. What waits has until then to be sent; failures are not tried again.
    /// - Parameter nanoseconds: from now on; `nil` for as long as each try may take, twice.
    public func close(within nanoseconds: Int64? = nil) {
        let deadline = Clock.monotonicNanoseconds + (nanoseconds ?? 2 * policy.timeout)
        state.update { $0.deadline = $0.deadline ?? deadline }
    }

    /// Closes, and waits until everything was sent or given up.
    public func drain(within nanoseconds: Int64? = nil) {
        close(within: nanoseconds)
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// What failed first.
    public var failure: SystemFailure? { state.withLock { $0.failure } }

    /// What became of the alerts so far.
    public var stage: LedgerReport.Stage {
        state.withLock { state in
            let gone = state.lost.reduce(state.sent) { $0 + $1.count }
            return LedgerReport.Stage(
                name: "notify \(name)", unit: "alerts", seen: state.given, delivered: state.sent, lost: state.lost,
                inFlight: state.given - gone,
                noted: state.retries > 0 ? [LedgerReport.Cause("tried again", state.retries)] : [])
        }
    }

    private func work() {
        while let alert = next() { send(alert) }
    }

    /// The next alert; `nil` at the end.
    private func next() -> Alert? {
        state.wait { (state) -> Alert?? in
            if let deadline = state.deadline, Clock.monotonicNanoseconds >= deadline {
                for _ in state.queue { state.lose("not sent before the end") }
                state.queue = []
            }
            if !state.queue.isEmpty { return .some(state.queue.removeFirst()) }
            return state.deadline == nil ? nil : .some(Alert?.none)
        }
    }

    private func send(_ alert: Alert) {
        var pause = policy.pause
        for number in 1...max(policy.tries, 1) {
            let left = state.withLock { $0.deadline }.map { max($0 - Clock.monotonicNanoseconds, 1_000_000) }
            do throws(SystemFailure) {
                try notifier.send(alert, timeout: min(policy.timeout, left ?? policy.timeout))
                return state.update { $0.sent += 1 }
            } catch {
                if number >= policy.tries || !pauses(pause) { return giveUp(error) }
                state.update { $0.retries += 1 }
                pause = min(2 * pause, Policy.pauseMax)
            }
        }
    }

    /// Waits before another try.
    /// - Returns: whether there may be one.
    private func pauses(_ nanoseconds: Int64) -> Bool {
        state.wait(nanoseconds: nanoseconds) { $0.deadline == nil ? nil : () } == nil
    }

    private func giveUp(_ failure: SystemFailure) {
        state.update { state in
            state.failure = state.failure ?? failure
            state.lose("\(failure)")
        }
    }
}
