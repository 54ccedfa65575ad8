import Flows
import KernelIO
import Sketches

/// Counts in sketches: memory is that of their parameters, whatever arrives.
///
/// Each worker has sketches of its own for the packets it decodes; they are merged when results are made. A sketch
/// needs no owner per key, so nothing goes from worker to worker.
public final class SketchAggregator: Aggregator {
    public let tasks: [SketchTask]
    private let workers: [SketchWorker]
    private let collector: CutCollector<[SketchPart]>

    /// - Parameter cumulative: cuts do not start the counts anew.
    /// - Throws: where a task's parameters cannot be.
    public init(tasks: [SketchTask], workers: Int, cumulative: Bool = false) throws(SketchFailure) {
        self.tasks = tasks
        var all: [SketchWorker] = []
        for _ in 0..<workers {
            all.append(try SketchWorker(tasks, workers: workers, cumulative: cumulative))
        }
        self.workers = all
        collector = CutCollector(workers: workers)
    }

    public func input(_ batch: borrowing PacketBatch, worker: Int) { workers[worker].input(batch) }

    public func cut(worker: Int) -> SketchCut? {
        collector.collect(workers[worker].cut(), of: worker).map { SketchCut(tasks: tasks, parts: $0) }
    }
}

/// All workers' sketches at one cut.
public struct SketchCut: Sendable {
    let tasks: [SketchTask]
    /// By worker, then by task.
    let parts: [[SketchPart]]
}

/// One worker's sketches.
private final class SketchWorker: @unchecked Sendable {
    private let lanes: [SketchLane]
    private let isCumulative: Bool

    init(_ tasks: [SketchTask], workers: Int, cumulative: Bool) throws(SketchFailure) {
        var lanes: [SketchLane] = []
        for task in tasks { lanes.append(try SketchLane(task, workers: workers)) }
        self.lanes = lanes
        isCumulative = cumulative
    }

    func input(_ batch: borrowing PacketBatch) {
        for lane in lanes { lane.input(batch) }
    }

    func cut() -> [SketchPart] { lanes.map { $0.cut(isCumulative: isCumulative) } }
}
