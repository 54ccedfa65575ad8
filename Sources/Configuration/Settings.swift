import AppProtocols
import Flows
import Headers

/// What a settings file says, typed and validated. A value that the file does not give is `nil` or the default named
/// here, so that the command line can tell «not said» from «said».
public struct Settings: Equatable, Sendable {
    /// 1 ... 1024; `nil`: as many as the machine has.
    public var workers: Int?
    /// The original's bound of packets between reading and counting: checked and kept, and without effect, as the
    /// pipeline has no such queue.
    public var packetQueueLength: Int?
    /// `nil`: only the final snapshot.
    public var snapshotIntervalNanoseconds: Int64?
    /// `nil`: packet time for files, the wall clock for live capture.
    public var snapshotClock: SnapshotClock?
    /// Whether counters go on after a snapshot instead of starting from zero.
    public var isCumulative = false
    /// Both directions share a row, in tasks that do not say otherwise.
    public var isBidirectional = false
    /// Where snapshots are written; `nil`: nowhere.
    public var storageRoot: String?
    /// The most bytes of flow tables; `nil`: no limit.
    public var memoryBytesMax: UInt64?
    /// `nil`: the outer header.
    public var tunnels: TunnelMode?
    /// Which packets are counted; `nil`: all.
    public var filter: PacketFilter?
    /// In the order of the file. Empty where the file names none.
    public var tasks: [TaskSettings] = []
    /// What is counted in sketches, in the order of the file.
    public var sketches: [SketchTask] = []
    /// Where else snapshots go, each at its own interval.
    public var writers: [WriterSettings] = []
    public var report = ReportSettings()
    /// What is taken out of messages before anything is written.
    public var redaction = RedactionSettings()
    /// `nil` where there are none, or they are not enabled.
    public var alerts: AlertSettings?

    public init() {}
}

/// Which clock cuts snapshots.
public enum SnapshotClock: String, CaseIterable, Sendable {
    case wall
    case capture
}

/// One task of a settings file.
public struct TaskSettings: Equatable, Sendable {
    public var task: FlowTask
    /// How many `shard_N.dat` files the task's rows are divided among, 1 ... 65,536 as in files of Go2NetSpectra, of
    /// which the writer makes as many as it can; `nil`: the writer's default.
    public var shards: Int?
    /// The most bytes the task may take; beyond it the smallest flows go into a sketch. `nil`: no limit of its own.
    public var memoryBytesMax: UInt64?

    public init(task: FlowTask, shards: Int? = nil, memoryBytesMax: UInt64? = nil) {
        self.task = task
        self.shards = shards
        self.memoryBytesMax = memoryBytesMax
    }
}

/// How results are printed.
public struct ReportSettings: Equatable, Sendable {
    /// `nil`: a table.
    public var format: ReportFormat?
    /// Rows per task, 0 for all; `nil`: the command's default.
    public var top: Int?
    /// `nil`: by bytes.
    public var sort: ReportOrder?

    public init() {}
}

/// The form in which results are printed.
public enum ReportFormat: String, CaseIterable, Sendable {
    case table, json, ndjson, csv
}

/// What rows are ordered by; counts and times from the largest, the key from the lowest.
public enum ReportOrder: String, CaseIterable, Sendable {
    case bytes, packets
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
    case duration, key
}
