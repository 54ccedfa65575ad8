import Flows
import KernelIO

/// Updates of one task on their way to the worker that owns their keys.
final class UpdateRun<Key: TableKey>: @unchecked Sendable {
    static var capacity: Int { 512 }

    // Written by the sender, then read by the receiver: the exchange's lock lies between.
    var root = 0
    var updates = MappedArray<FlowUpdate<Key>>(count: capacity)
    var count = 0
}

enum UpdateMessage: Sendable {
    case compact(UpdateRun<CompactKey>)
    case wide(UpdateRun<FlowKey>)
    /// Flows that the sender has counted while it had few.
    case compactFlows([FlowEntry<CompactKey>], root: Int)
    case wideFlows([FlowEntry<FlowKey>], root: Int)
}

/// Where workers hand each other updates, in runs of up to 512, and wait for each other at a cut.
///
/// The number of runs is fixed, which bounds the memory: a worker that finds none free first takes in what others have
/// sent it, which frees some. So no worker waits for another that waits for it. Flows that were counted
/// while there were few need no run: each worker sends them once between two cuts.
///
/// A worker's epoch is the number of its cuts. Whoever is through a cut goes on at once, while others still take in
/// what was sent before it, so updates of either side of the cut lie in inboxes of their own. Two are enough: nobody
/// gets through the next cut before all have sent what comes before that.
final class UpdateExchange: Sendable {
    private struct State {
        var freeCompact: [UpdateRun<CompactKey>] = []
        var freeWide: [UpdateRun<FlowKey>] = []
        /// By epoch, even and odd, then by worker.
        var inboxes: [[[UpdateMessage]]]
        /// Workers that have sent all they had before the cut, over all cuts.
        var settled = 0
    }

    private let state: Monitor<State>
    private let workers: Int

    init(workers: Int, roots: Int) {
        self.workers = workers
        var state = State(inboxes: Array(repeating: Array(repeating: [], count: workers), count: 2))
        // Each worker fills one run per task, family and receiver, and holds one spare; more may wait in inboxes.
        let runs = 2 * workers * (workers - 1) * roots + 8 * workers
        if workers > 1 {
            state.freeCompact = (0..<runs).map { _ in UpdateRun() }
            state.freeWide = (0..<runs).map { _ in UpdateRun() }
        }
        self.state = Monitor(state)
    }

    /// - Parameter epoch: the sender's.
    func send(_ message: UpdateMessage, to worker: Int, epoch: Int) {
        state.update { $0.inboxes[epoch & 1][worker].append(message) }
    }

    enum Turn<Run> {
        case run(Run)
        /// Take these in and give their runs back first.
        case inbox([UpdateMessage])
    }

    func compactRun(for worker: Int, epoch: Int) -> Turn<UpdateRun<CompactKey>> {
        state.wait { state in
            if let run = state.freeCompact.popLast() { return .run(run) }
            return Self.takeInbox(&state, worker, epoch).map { .inbox($0) }
        }
    }

    func wideRun(for worker: Int, epoch: Int) -> Turn<UpdateRun<FlowKey>> {
        state.wait { state in
            if let run = state.freeWide.popLast() { return .run(run) }
            return Self.takeInbox(&state, worker, epoch).map { .inbox($0) }
        }
    }

    func giveBack(_ messages: [UpdateMessage]) {
        state.update { state in
            for message in messages {
                switch message {
                case .compact(let run): state.freeCompact.append(run)
                case .wide(let run): state.freeWide.append(run)
                case .compactFlows, .wideFlows: break
                }
            }
        }
    }

    /// What has come for a worker, without waiting.
    func inbox(of worker: Int, epoch: Int) -> [UpdateMessage]? {
        state.withLock { Self.takeInbox(&$0, worker, epoch) }
    }

    private static func takeInbox(_ state: inout State, _ worker: Int, _ epoch: Int) -> [UpdateMessage]? {
        guard !state.inboxes[epoch & 1][worker].isEmpty else { return nil }
        let inbox = state.inboxes[epoch & 1][worker]
        state.inboxes[epoch & 1][worker] = []
        return inbox
    }

    /// Says that the caller has sent all it had before its next cut.
    func settle() { state.update { $0.settled += 1 } }

    /// What has come for a worker before the cut that ends its epoch; `nil` once every worker has settled for that cut
    /// and nothing is left.
    func inboxUntilSettled(of worker: Int, epoch: Int) -> [UpdateMessage]? {
        state.wait { state -> [UpdateMessage]?? in
            if let inbox = Self.takeInbox(&state, worker, epoch) { return .some(inbox) }
            return state.settled >= self.workers * (epoch + 1) ? .some(nil) : nil
        }
    }
}
