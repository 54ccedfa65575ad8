import Flows
import Headers
import KernelIO
import Pipeline
import TestSupport
import Testing

/// How to run the real engine, from files to rows.
struct Engine {
    var tasks: [FlowTask]
    var workers = 1
    var tunnels = TunnelMode.outer
    var filter: PacketFilter?
    var merge = false
    var interval: Int64?
    var clock = CaptureSource.SnapshotClock.capture
    var memoryLimit: Int?
    var cumulative = false
    /// Few, so that workers share their flows out in the middle of a run, and of several between its cuts.
    var unsharedFlows = 64
    var order = RowOrder.key
    var limit: Int?
    /// At which the capture is played.
    var speed: Double?

    init(_ tasks: [FlowTask]) { self.tasks = tasks }
    init(_ task: FlowTask) { self.init([task]) }

    /// Runs over files, and checks what must hold of every run: the ledger.
    func run(
        paths: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> EngineResult {
        let source = CaptureSource(paths: paths, merge: merge, interval: interval, clock: clock, speed: speed)
        let aggregator = ExactAggregator(
            tasks: tasks, workers: workers, memoryLimit: memoryLimit, cumulative: cumulative,
            unsharedFlows: unsharedFlows)
        let builder = SnapshotBuilder(order: order, limit: limit, threads: workers)
        let periodic = Monitor([(snapshot: Snapshot, cut: SnapshotCut)]())
        let (counts, last) = try FlowAnalysis(workers: workers, tunnels: tunnels, filter: filter)
            .run(source, into: aggregator) { state, cut in
                let snapshot = builder.snapshot(state, time: cut.time)
                periodic.update { $0.append((snapshot, cut)) }
            }
        let final = builder.snapshot(last, time: nil)
        let result = EngineResult(
            periodic: periodic.withLock { $0.map { EngineSnapshot($0.snapshot) } },
            cuts: periodic.withLock { $0.map(\.cut) }, last: EngineSnapshot(final), counts: counts,
            reports: source.reports, endpoints: builder.endpoints(last).map { TaskRows($0) })
        result.checkLedger(isCumulative: cumulative, sourceLocation)
        return result
    }

    /// Runs over a capture of the frames.
    func run(
        _ frames: [TestFrame], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> EngineResult {
        try Golden.withTemporaryDirectory { folder in
            try Golden.write(frames.pcapng(), to: folder + "/capture")
            let result = try run(paths: [folder + "/capture"], sourceLocation: sourceLocation)
            #expect(result.counts.seen.packets == UInt64(frames.count), sourceLocation: sourceLocation)
            #expect(result.reports.map(\.end) == [.clean], sourceLocation: sourceLocation)
            return result
        }
    }
}

struct EngineResult {
    var periodic: [EngineSnapshot]
    var cuts: [SnapshotCut]
    var last: EngineSnapshot
    var counts: TrafficCounts
    var reports: [CaptureReport]
    var endpoints: TaskRows?

    var all: [EngineSnapshot] { periodic + [last] }

    /// seen = delivered + filtered + undelivered, and every task has what was delivered.
    func checkLedger(isCumulative: Bool, _ location: SourceLocation) {
        let undelivered = counts.undelivered.values.reduce(into: (packets: UInt64(0), bytes: UInt64(0))) {
            $0.packets += $1.packets
            $0.bytes += $1.bytes
        }
        #expect(
            counts.seen.packets == counts.delivered.packets + counts.filtered.packets + undelivered.packets,
            sourceLocation: location)
        #expect(
            counts.seen.bytes == counts.delivered.bytes + counts.filtered.bytes + undelivered.bytes,
            sourceLocation: location)
        #expect(counts.seen.packets == reports.reduce(0) { $0 + $1.statistics.frames }, sourceLocation: location)
        let byPath = counts.paths.values.reduce(0) { $0 + $1.packets }
        #expect(byPath == counts.seen.packets - counts.filtered.packets, sourceLocation: location)
        for task in last.tasks.indices {
            let counted = isCumulative ? [last] : all
            #expect(
                counted.reduce(0) { $0 + $1.tasks[task].totalPackets } == counts.delivered.packets,
                "\(last.tasks[task].task)", sourceLocation: location)
            #expect(
                counted.reduce(0) { $0 + $1.tasks[task].totalBytes } == counts.delivered.bytes,
                "\(last.tasks[task].task)", sourceLocation: location)
        }
    }
}

struct EngineSnapshot: Equatable {
    var time: Int64
    var tasks: [TaskRows]

    init(_ snapshot: Snapshot) {
        time = snapshot.time
        tasks = snapshot.results.map { TaskRows($0) }
    }
}

/// One task's result with its rows read.
struct TaskRows: Equatable {
    var task: FlowTask
    var rows: [FlowRecord]
    var other: FlowRecord?
    var evictedFlows: UInt64
    var totalPackets: UInt64
    var totalBytes: UInt64

    init(_ result: TaskResult) {
        task = result.task
        rows = []
        result.rows.read(0..<result.rows.count, into: &rows)
        other = result.other
        evictedFlows = result.evictedFlows
        totalPackets = result.totalPackets
        totalBytes = result.totalBytes
    }
}
