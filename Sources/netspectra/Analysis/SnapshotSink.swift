import Flows
import KernelIO
import Outputs

/// Where a run's snapshots go: the snapshot directories and standard output, as asked for. Remembers what it was given.
final class SnapshotSink: Sendable {
    /// Packets of a task, and those of them in flows that gave way to the memory limit.
    private struct TaskPackets: Sendable {
        var all: UInt64 = 0
        var evicted: UInt64 = 0
    }

    private struct State: Sendable {
        /// By task: of all snapshots together, and of the last one, which has all where snapshots are cumulative.
        var tasks: [(sum: TaskPackets, last: TaskPackets)] = []
        /// Of the last snapshot; `nil` before the first.
        var lastTime: Int64?
        /// Snapshots for the directory, and those that are there.
        var directorySnapshots = (seen: UInt64(0), written: UInt64(0))
        var hasPrinted = false
        /// The writers' first failures, after which they are not used any more.
        var directoryFailure: SystemFailure?
        var outputFailure: SystemFailure?
    }

    private let directory: SnapshotDirectoryWriter?
    /// Databases and further directories, each on a thread of its own.
    private let queues: [QueuedWriter]
    /// `nil` where the output is the report.
    private let stream: RowStreamWriter?
    /// Standard output belongs to somebody else.
    private let isSilent: Bool
    /// Who knows whose rows are.
    private let owners: OwnerFeed?
    /// The rules, if there are any.
    private let alerts: AlertDispatcher?
    private let top: Int?
    private let isExact: Bool
    private let state = Monitor(State())

    /// - Throws: where a database cannot be opened.
    init(
        _ options: AnalysisOptions, isReport: Bool, owners: OwnerFeed? = nil, alerts: AlertDispatcher? = nil
    ) throws(SystemFailure) {
        self.alerts = alerts
        self.owners = owners
        var queues: [QueuedWriter] = []
        for store in options.stores { queues.append(try store.writer(options)) }
        for directory in options.directories { queues.append(try directory.writer(options)) }
        self.queues = queues
        directory = options.output.map {
            SnapshotDirectoryWriter(
                root: $0, shards: options.shards, defaultShards: Self.defaultShards,
                threads: options.workers)
        }
        isSilent = options.flowRecords?.takesOutput ?? false
        stream =
            isReport || isSilent
            ? nil
            : RowStreamWriter(
                descriptor: 1, format: Self.format(options), namesSnapshots: options.snapshotInterval != nil,
                threads: options.workers)
        top = options.top
        isExact = options.isExact
    }

    /// Files per task where the configuration does not say: enough for several threads to write.
    static let defaultShards = 4

    static var style: Style { Style.detect(descriptor: 1, environment: Terminal.environment) }

    /// Columns that tables may take; elsewhere than on a terminal only if somebody says so.
    static var width: Int? { Terminal.columns(1) ?? Terminal.environment("COLUMNS").flatMap(columns) }

    private static func columns(_ text: String) -> Int? { Int(text).flatMap { $0 > 0 ? $0 : nil } }

    private static func format(_ options: AnalysisOptions) -> RowStreamWriter.Format {
        switch options.format {
        case .table: .table(isExact: options.isExact, width: width, style: style)
        case .json: .json
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

    /// Writes a snapshot. One without a packet is not stored, and only rules look at it; on standard output the last
    /// one stands where no other has rows. Where one writer fails, the other goes on.
    func take(_ snapshot: Snapshot, isLast: Bool = false) {
        var snapshot = owners?.attributed(snapshot) ?? snapshot
        let tasks =
            snapshot.results.map { TaskPackets(all: $0.totalPackets, evicted: $0.other?.totalPackets ?? 0) }
            + snapshot.sketches.map { TaskPackets(all: $0.totalPackets) }
        let isEmpty = tasks.allSatisfy { $0.all == 0 }
        let isPrinted = state.update { state in
            // The last one is named by its last packet, which may have come at the very cut before, or be older. No
            // two have one time, by which they are found again.
            if isLast, !isEmpty, let time = state.lastTime, snapshot.time <= time { snapshot.time = time + 1 }
            state.lastTime = snapshot.time
            if state.tasks.isEmpty { state.tasks = tasks.map { _ in (TaskPackets(), TaskPackets()) } }
            for (index, packets) in tasks.enumerated() {
                state.tasks[index].sum.all += packets.all
                state.tasks[index].sum.evicted += packets.evicted
                state.tasks[index].last = packets
            }
            let isPrinted = !isEmpty || isLast && !state.hasPrinted
            state.hasPrinted = state.hasPrinted || isPrinted
            return isPrinted
        }
        if !isEmpty, let directory {
            state.update { $0.directorySnapshots.seen += 1 }
            attempt(\.directoryFailure) { () throws(SystemFailure) in
                try directory.write(snapshot)
                state.update { $0.directorySnapshots.written += 1 }
            }
        }
        // Behind the directory, as it may have to wait; before standard output, whose reader may be slow.
        if !isEmpty { for queue in queues { queue.put(snapshot) } }
        // The last one is named by its last packet: without any, by nothing.
        if !isEmpty || !isLast { alerts?.take(snapshot) { [stream] in stream?.write(line: $0) ?? false } }
        guard let stream, isPrinted else { return }
        var printed = snapshot
        if let top {
            for index in printed.results.indices {
                printed.results[index].rows = printed.results[index].rows.first(top)
            }
            for index in printed.sketches.indices {
                printed.sketches[index].rows = Array(printed.sketches[index].rows.prefix(top))
            }
        }
        attempt(\.outputFailure) { () throws(SystemFailure) in try stream.write(printed) }
    }

    /// Ends the output with the report, as far as its format has a place for it.
    func finish(_ report: AnalysisReport) {
        for queue in queues { queue.finish(report) }
        attempt(\.outputFailure) { () throws(SystemFailure) in
            if isSilent { return }
            if let stream { return try stream.finish(report) }
            // Nothing could be read, and the messages have said so.
            if report.capture.files.allSatisfy({ $0.format == CaptureFileSummary.notRead }) { return }
            var report = report
            // They stand on standard error.
            report.problems = []
            let text = ReportText(isExact: isExact, width: Self.width, style: Self.style).text(report)
            try DescriptorWriter(descriptor: 1, name: "standard output").write(Array(text.utf8).span)
        }
    }

    /// Waits until all have everything and all alerts are sent, and says what became of it.
    func drainQueues() -> [LedgerReport.Stage] {
        for queue in queues { queue.drain() }
        return (directoryStage.map { [$0] } ?? []) + queues.map(\.stage) + (alerts?.drain() ?? [])
    }

    /// What became of the directory's snapshots, where not all are there.
    private var directoryStage: LedgerReport.Stage? {
        let (seen, written) = state.withLock { $0.directorySnapshots }
        guard let directory, written < seen else { return nil }
        return LedgerReport.Stage(
            name: "directory \(directory.root)", unit: "snapshots", seen: seen, delivered: written,
            lost: [.init("not written", seen - written)])
    }

    private func attempt(
        _ failure: WritableKeyPath<State, SystemFailure?> & Sendable, _ write: () throws(SystemFailure) -> Void
    ) {
        guard state.withLock({ $0[keyPath: failure] }) == nil else { return }
        do throws(SystemFailure) {
            try write()
        } catch {
            state.update { $0[keyPath: failure] = error }
        }
    }

    /// What could not be written: the directory, standard output, the first of the other writers.
    var failures: [SystemFailure] {
        let own = state.withLock { [$0.directoryFailure, $0.outputFailure] }
        return (own + [queues.lazy.compactMap(\.failure).first]).compactMap(\.self)
    }

    /// Packets by task that went into snapshots, and those of them that stand in `other`.
    func counted(_ tasks: [String], isCumulative: Bool) -> [CountedTask] {
        state.withLock { state in
            zip(tasks, state.tasks).map { name, packets in
                let counted = isCumulative ? packets.last : packets.sum
                return CountedTask(name: "task \(name)", packets: counted.all, evicted: counted.evicted)
            }
        }
    }
}
