/// Puts what one task counted in several snapshots into one result.
public struct TaskMerger: Sendable {
    private let task: FlowTask
    private var rows: RowMerger
    private var other: FlowRecord?
    private var evictedFlows: UInt64 = 0
    private var totalPackets: UInt64 = 0
    private var totalBytes: UInt64 = 0
    /// Some rows said whose they are.
    private var isAttributed = false

    public init(_ task: FlowTask) {
        self.task = task
        rows = RowMerger(task, processes: task.tellsWholeFlows ? .all : [])
    }

    /// Rows of one key but different processes stay apart.
    public mutating func add(_ row: FlowRecord, bound: RowBound, process: RowProcess = .unknown) {
        if process != .unknown { isAttributed = true }
        rows.add(row, of: task, bound: bound, process: process)
    }

    /// Adds what a result says besides its rows.
    public mutating func add(other: FlowRecord?, evictedFlows: UInt64, totalPackets: UInt64, totalBytes: UInt64) {
        self.evictedFlows &+= evictedFlows
        self.totalPackets &+= totalPackets
        self.totalBytes &+= totalBytes
        guard let other else { return }
        guard var sum = self.other else {
            self.other = other
            return
        }
        sum.packets &+= other.packets
        sum.bytes &+= other.bytes
        sum.reversePackets &+= other.reversePackets
        sum.reverseBytes &+= other.reverseBytes
        sum.firstSeen = min(sum.firstSeen, other.firstSeen)
        sum.lastSeen = max(sum.lastSeen, other.lastSeen)
        sum.tcpFlags |= other.tcpFlags
        sum.reverseTCPFlags |= other.reverseTCPFlags
        self.other = sum
    }

    public mutating func add(_ result: TaskResult) {
        add(
            other: result.other, evictedFlows: result.evictedFlows, totalPackets: result.totalPackets,
            totalBytes: result.totalBytes)
        var buffer: [FlowRecord] = []
        var bounds: [RowBound] = []
        var pairs: [ProcessPair] = []
        let bounded = result.rows as? any BoundedRows
        let attributed = result.rows as? any AttributedRows
        let processes = attributed?.processes ?? ProcessNumbers()
        isAttributed = isAttributed || attributed != nil
        for start in stride(from: 0, to: result.rows.count, by: 8192) {
            let range = start..<min(start + 8192, result.rows.count)
            result.rows.read(range, into: &buffer)
            bounded?.readBounds(range, into: &bounds)
            attributed?.readProcesses(range, into: &pairs)
            for index in buffer.indices {
                add(
                    buffer[index], bound: bounded == nil ? .none : bounds[index],
                    process: attributed == nil ? .unknown : processes.process(pairs[index]))
            }
        }
    }

    /// The sums, in the order of their keys.
    public consuming func result() -> TaskResult {
        let (task, other, evicted, packets, bytes) = (task, other, evictedFlows, totalPackets, totalBytes)
        let isAttributed = isAttributed
        let sorted = rows.rows().sorted {
            $0.record.key != $1.record.key ? $0.record.key < $1.record.key : $0.process < $1.process
        }
        var merged: any FlowRows = MergedRows(rows: sorted)
        if isAttributed {
            var processes = ProcessNumbers()
            let pairs = sorted.map { processes.pair($0.process) }
            merged = OwnedRows(merged, pairs, processes)
        }
        return TaskResult(
            task: task, rows: merged, other: other, evictedFlows: evicted, totalPackets: packets, totalBytes: bytes)
    }
}

/// Rows that were put together from several snapshots.
private struct MergedRows: BoundedRows {
    let rows: [RowMerger.Row]

    var count: Int { rows.count }

    func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) {
        buffer.removeAll(keepingCapacity: true)
        buffer.append(contentsOf: rows[range].lazy.map(\.record))
    }

    func readBounds(_ range: Range<Int>, into bounds: inout [RowBound]) {
        bounds.removeAll(keepingCapacity: true)
        bounds.append(contentsOf: rows[range].lazy.map(\.bound))
    }
}

/// Puts snapshots that follow each other into one, with the time of the last.
public struct SnapshotMerger: Sendable {
    private let isCumulative: Bool
    private var last: Snapshot?
    private var tasks: [TaskMerger] = []
    public private(set) var count = 0

    /// - Parameter isCumulative: each snapshot holds what those before it do.
    public init(isCumulative: Bool) { self.isCumulative = isCumulative }

    /// The last snapshot's time.
    public var time: Int64? { last?.time }

    /// - Parameter snapshot: of the same tasks as those before.
    public mutating func add(_ snapshot: Snapshot) {
        defer {
            last = snapshot
            count += 1
        }
        guard !isCumulative, let last else { return }
        // One alone is given back as it is.
        if tasks.isEmpty {
            tasks = last.results.map { TaskMerger($0.task) }
            for (index, result) in last.results.enumerated() { tasks[index].add(result) }
        }
        for (index, result) in snapshot.results.enumerated() where index < tasks.count { tasks[index].add(result) }
    }

    /// What was added, if anything; begins anew.
    public mutating func take() -> Snapshot? {
        defer { self = SnapshotMerger(isCumulative: isCumulative) }
        guard var merged = last else { return nil }
        if !tasks.isEmpty {
            merged.results = tasks.map { $0.result() }
            // What sketches estimate does not add up.
            merged.sketches = []
        }
        return merged
    }
}
