import CaptureFiles
import Flows
import Headers
import KernelIO

/// Runs a capture source through decoders into an aggregator: the threads, and the order in which they stop.
///
/// Every worker takes a batch of frames from the source, decodes it, and counts its packets; packets whose flow another
/// worker owns go there in runs. At a cut all workers hand over their tables; results are made of them in the
/// background while the workers go on.
public struct FlowAnalysis: Sendable {
    public var workers: Int
    public var tunnels: TunnelMode
    public var filter: PacketFilter?
    /// Who else gets every batch of frames.
    public var observers: [any FrameObserver] = []
    /// For tests of what happens where the system has no thread left.
    var startThread: @Sendable (String, @escaping @Sendable () -> Void) throws(SystemFailure) -> WorkerThread = {
        (name, body) throws(SystemFailure) in try WorkerThread(name: name, body)
    }

    public init(workers: Int = Machine.processorCount, tunnels: TunnelMode = .outer, filter: PacketFilter? = nil) {
        self.workers = workers
        self.tunnels = tunnels
        self.filter = filter
    }

    /// Runs until the source ends.
    ///
    /// - Parameters:
    ///   - onSnapshot: called for each periodic cut, in order, on a thread of its own.
    /// - Returns: what became of the frames, and the aggregator's state after the last one.
    /// - Throws: where the system has no thread to work on.
    public func run<A: Aggregator>(
        _ source: some FrameSource, into aggregator: A, onSnapshot: @escaping @Sendable (A.Cut, SnapshotCut) -> Void
    ) throws(SystemFailure) -> (counts: TrafficCounts, last: A.Cut) {
        let snapshots = SnapshotQueue<A.Cut>()
        let writer = try startThread("snapshots") {
            while let (state, cut) = snapshots.next() { onSnapshot(state, cut) }
        }
        defer {
            snapshots.close()
            writer.join()
        }
        let outcome = Monitor((counts: TrafficCounts(), last: A.Cut?.none))
        let work: @Sendable (Int) -> Void = { worker in
            let (counts, last) = self.work(source, aggregator, snapshots, worker: worker)
            outcome.update { outcome in
                outcome.counts.add(counts)
                if let last { outcome.last = last }
            }
        }
        let threads = try startWorkers(work)
        work(0)
        for thread in threads { thread.join() }
        return outcome.withLock { ($0.counts, $0.last!) }
    }

    /// Starts all workers but the first. None begins before all are there: at a cut each waits for every other.
    private func startWorkers(_ work: @escaping @Sendable (Int) -> Void) throws(SystemFailure) -> [WorkerThread] {
        let areAllThere = Monitor(Bool?.none)
        var threads: [WorkerThread] = []
        do throws(SystemFailure) {
            for worker in 1..<max(workers, 1) {
                threads.append(
                    try startThread("worker-\(worker)") {
                        if areAllThere.wait({ $0 }) { work(worker) }
                    })
            }
        } catch {
            areAllThere.update { $0 = false }
            for thread in threads { thread.join() }
            throw error
        }
        areAllThere.update { $0 = true }
        return threads
    }

    /// One worker's life. The last worker to reach the end gets everybody's final state.
    private func work<A: Aggregator>(
        _ source: some FrameSource, _ aggregator: A, _ snapshots: SnapshotQueue<A.Cut>, worker: Int
    ) -> (TrafficCounts, A.Cut?) {
        var frames = FrameBatch()
        var packets = PacketBatch()
        var decoder = FrameDecoder(tunnels: tunnels, filter: filter)
        var cutsMade = 0
        while true {
            switch source.next(&frames, cutsMade: cutsMade, worker: worker) {
            case .frames:
                for observer in observers { observer.take(frames, worker: worker) }
                var start = 0
                while start < frames.frames.count {
                    let end = min(start + PacketBatch.capacity, frames.frames.count)
                    decoder.decode(frames, start..<end, into: &packets)
                    aggregator.input(packets, worker: worker)
                    start = end
                }
            case .cut(let cut):
                cutsMade += 1
                if let state = aggregator.cut(worker: worker) { snapshots.put((state, cut)) }
                for observer in observers { observer.cut(cut, worker: worker) }
            case .idle:
                for observer in observers { observer.idle(worker: worker) }
            case .end:
                for observer in observers { observer.end(worker: worker) }
                return (decoder.counts, aggregator.cut(worker: worker))
            }
        }
    }
}

/// Cuts on their way to the thread that makes snapshots of them. Whoever brings one waits until the snapshot before is
/// made: so besides the tables being filled there is at most one other set of them.
private final class SnapshotQueue<State: Sendable>: Sendable {
    private struct Queue {
        var waiting: (State, SnapshotCut)?
        /// The thread that makes snapshots is at one.
        var isBusy = false
        var isClosed = false
    }

    private let queue = Monitor(Queue())

    func put(_ snapshot: (State, SnapshotCut)) {
        queue.wait { queue -> Void? in
            guard queue.waiting == nil, !queue.isBusy else { return nil }
            queue.waiting = snapshot
            return ()
        }
    }

    /// The caller is done with the last one. `nil` once the queue is closed and empty.
    func next() -> (State, SnapshotCut)? {
        queue.update { $0.isBusy = false }
        return queue.wait { queue -> (State, SnapshotCut)?? in
            if let waiting = queue.waiting {
                queue.waiting = nil
                queue.isBusy = true
                return .some(waiting)
            }
            return queue.isClosed ? .some(nil) : nil
        }
    }

    func close() { queue.update { $0.isClosed = true } }
}
