/// The rows of one task at one cut, in a defined order. Reading copies rows in runs, so a million of them stay cheap
/// and need no second table.
public protocol FlowRows: Sendable {
    var count: Int { get }
    /// Replaces `buffer` by the rows of `range` (within `0 ..< count`), in order.
    func read(_ range: Range<Int>, into buffer: inout [FlowRecord])
}

/// What one task counted between two cuts.
public struct TaskResult: Sendable {
    public var task: FlowTask
    /// All rows, or the first of them where only those were asked for.
    public var rows: any FlowRows
    /// How many rows there are in all.
    public var flowCount: Int
    /// Sums of rows that were evicted under the memory limit, in one row whose key is all zero; `nil` if none was.
    public var other: FlowRecord?
    /// How many flows `other` holds. A flow that came back after its eviction counts again.
    public var evictedFlows: UInt64
    /// Over `rows` and `other`.
    public var totalPackets: UInt64
    public var totalBytes: UInt64

    public init(
        task: FlowTask, rows: any FlowRows, flowCount: Int? = nil, other: FlowRecord? = nil, evictedFlows: UInt64 = 0,
        totalPackets: UInt64, totalBytes: UInt64
    ) {
        self.task = task
        self.rows = rows
        self.flowCount = flowCount ?? rows.count
        self.other = other
        self.evictedFlows = evictedFlows
        self.totalPackets = totalPackets
        self.totalBytes = totalBytes
    }
}

/// All tasks' results, cut at the same packet.
public struct Snapshot: Sendable {
    /// The time the snapshot is named by, nanoseconds since 1970 UTC: packet time or wall clock, as configured.
    public var time: Int64
    public var results: [TaskResult]
    /// What was counted in sketches.
    public var sketches: [SketchResult]

    public init(time: Int64, results: [TaskResult], sketches: [SketchResult] = []) {
        self.time = time
        self.results = results
        self.sketches = sketches
    }
}

/// The first rows of others.
public struct FirstRows: FlowRows {
    private let rows: any FlowRows
    public let count: Int

    public init(_ count: Int, of rows: any FlowRows) {
        self.rows = rows
        self.count = Swift.min(count, rows.count)
    }

    public func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) { rows.read(range, into: &buffer) }
}

/// Rows that already lie in memory.
extension [FlowRecord]: FlowRows {
    public func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) {
        buffer.removeAll(keepingCapacity: true)
        buffer.append(contentsOf: self[range])
    }
}
