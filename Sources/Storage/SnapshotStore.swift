import Flows
import KernelIO
import Outputs

/// A database of snapshots: takes them from a writer, and answers questions about them.
///
/// Calls come from one thread at a time.
public protocol SnapshotStore: Sendable {
    /// What messages call it; never with a password.
    var name: String { get }

    /// Adds a snapshot, whole or not at all. After a failure the same call may be repeated.
    ///
    /// - Parameter number: of the snapshot in its run, from 1.
    func store(_ snapshot: Snapshot, number: Int, of run: StoredRun) throws(SystemFailure)
    /// Adds the ledger of a run that is over.
    func store(_ ledger: LedgerReport, of run: StoredRun) throws(SystemFailure)
    /// Forgets what is too old, and merges what is old.
    func maintain(_ retention: Retention) throws(SystemFailure)

    /// Everything but the rows, in order of time.
    func catalogue() throws(SystemFailure) -> StoreCatalogue
    func answer(_ plan: QuestionPlan) throws(SystemFailure) -> FlowAnswer
    /// What a statement names the rows of sketches by.
    var sketchTable: String { get }
    /// The answer to a question in the database's own language. Nothing can be changed by it.
    func answer(sql: String) throws(SystemFailure) -> AnswerTable
}

/// One run of the program that stores snapshots.
public struct StoredRun: Hashable, Sendable {
    /// Told by chance, the same in all databases.
    public var id: UInt64
    /// When it began, nanoseconds since 1970 UTC.
    public var started: Int64
    /// The files or interfaces.
    public var source: String
    /// Each snapshot holds everything since the beginning, not since the one before.
    public var isCumulative: Bool

    public init(id: UInt64, started: Int64, source: String, isCumulative: Bool = false) {
        self.id = id
        self.started = started
        self.source = source
        self.isCumulative = isCumulative
    }

    /// A run that begins now.
    public init(source: String, isCumulative: Bool = false) {
        // Databases know 63 bits.
        self.init(
            id: UInt64.random(in: 1...UInt64(Int64.max)), started: Clock.wallNanoseconds, source: source,
            isCumulative: isCumulative)
    }
}

/// What a database holds besides rows.
public struct StoreCatalogue: Equatable, Sendable {
    /// In order of time.
    public var snapshots: [StoredSnapshot]
    public var ledgers: [StoredLedger]

    public init(snapshots: [StoredSnapshot] = [], ledgers: [StoredLedger] = []) {
        self.snapshots = snapshots
        self.ledgers = ledgers
    }
}

/// The ledger of a run.
public struct StoredLedger: Equatable, Sendable {
    public var run: StoredRun
    public var ledger: LedgerReport

    public init(run: StoredRun, ledger: LedgerReport) {
        self.run = run
        self.ledger = ledger
    }
}

/// A snapshot that is complete.
public struct StoredSnapshot: Equatable, Sendable {
    /// In its database.
    public var id: Int64
    public var run: StoredRun
    /// Nanoseconds since 1970 UTC: the end of what it counts. It belongs to a range of time as a whole, by this.
    public var time: Int64
    public var level: SnapshotLevel
    public var results: [StoredResult]

    public init(id: Int64, run: StoredRun, time: Int64, level: SnapshotLevel, results: [StoredResult]) {
        self.id = id
        self.run = run
        self.time = time
        self.level = level
        self.results = results
    }
}

/// What one task counted in a snapshot, without the rows.
public struct StoredResult: Equatable, Sendable {
    public var task: FlowTask
    /// Rows without `other`.
    public var rowCount: UInt64
    public var packets: UInt64
    public var bytes: UInt64
    public var other: FlowRecord?
    public var evictedFlows: UInt64

    public init(
        task: FlowTask, rowCount: UInt64, packets: UInt64, bytes: UInt64, other: FlowRecord? = nil,
        evictedFlows: UInt64 = 0
    ) {
        self.task = task
        self.rowCount = rowCount
        self.packets = packets
        self.bytes = bytes
        self.other = other
        self.evictedFlows = evictedFlows
    }
}

/// How much time a stored snapshot stands for.
public enum SnapshotLevel: UInt8, Sendable, CaseIterable, Comparable {
    /// As it was taken.
    case raw = 0
    case minute = 1
    case hour = 2
    case day = 3

    /// Of merged snapshots, the span of time they were merged by.
    public var nanoseconds: Int64 {
        switch self {
        case .raw: 0
        case .minute: 60_000_000_000
        case .hour: 3_600_000_000_000
        case .day: 86_400_000_000_000
        }
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
