import Flows
import GRDB
import Glibc
import KernelIO
import Outputs

/// Snapshots in an SQLite file: needs no server, one file to copy.
///
/// In WAL mode, so questions are answered while a snapshot is being stored. Rows are added in transactions of some
/// hundred thousand; the snapshot counts from the last one on, which marks it complete. What a killed process left
/// without that mark is removed by the next writer.
public final class SQLiteStore: SnapshotStore {
    public enum Access: Sendable { case write, read }

    public let name: String
    let queue: DatabaseQueue
    /// Holds the lock that says that somebody is writing.
    private let lock: WriterLock?
    /// Rows per transaction.
    private let chunkRows: Int

    /// Opens the file; to write, creates it or brings its tables up to date.
    public init(path: String, access: Access, chunkRows: Int = 250_000) throws(SystemFailure) {
        name = path
        self.chunkRows = chunkRows
        if access == .read, InputFile.size(of: path) == nil {
            throw SystemFailure(operation: "open", path: path, errno: FileTree.exists(path) ? EISDIR : ENOENT)
        }
        lock = access == .write ? try WriterLock(path: path) : nil
        if FileTree.exists(path + "-journal") { Self.rollBack(path) }
        // Before anything is changed in it.
        let isEmpty = InputFile.size(of: path) ?? 0 > 0 ? try Self.isEmpty(path) : true
        if isEmpty, access == .read {
            throw SystemFailure(
                operation: "ask", path: path, errno: ENODATA, detail: "nothing has been stored in it yet")
        }
        queue = try Self.failures(path, "open") {
            var configuration = Configuration()
            configuration.readonly = access == .read
            configuration.busyMode = .timeout(10)
            configuration.label = "netspectra"
            if access == .write { configuration.journalMode = .wal }
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536")
                if access == .read { try database.execute(sql: "PRAGMA mmap_size = 1073741824") }
                SQLiteFunctions.add(to: database)
            }
            return try DatabaseQueue(path: path, configuration: configuration)
        }
        guard let lock else { return }
        try Self.failures(path, "open") {
            try SQLiteSchema.migrator.migrate(queue)
            if lock.isAlone {
                try queue.inTransaction { database in
                    try Self.removeIncomplete(database)
                    return .commit
                }
            }
        }
        lock.share()
    }

    /// Closes the file. No other call may follow.
    public func close() { try? queue.close() }

    /// Undoes what a process that was killed has begun. Whoever may only read the file cannot, and is told so; a file
    /// is in WAL mode, which needs none of this, from its first moments on.
    private static func rollBack(_ path: String) {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        _ = try? DatabaseQueue(path: path, configuration: configuration).read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master")
        }
    }

    /// Whether there are no tables in it yet. Refuses files of other programs, and of later versions.
    private static func isEmpty(_ path: String) throws(SystemFailure) -> Bool {
        let (isEmpty, id, isNewer): (Bool, Int, Bool) = try failures(path, "open") {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(10)
            return try DatabaseQueue(path: path, configuration: configuration).read { database in
                (
                    // The migrator's own table comes before ours: a process that is killed between leaves it alone.
                    try Int.fetchOne(
                        database, sql: "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'") == 0,
                    try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                    try SQLiteSchema.migrator.hasBeenSuperseded(database)
                )
            }
        }
        if isEmpty { return true }
        if id != SQLiteSchema.applicationID {
            throw SystemFailure(operation: "use", path: path, errno: EINVAL, detail: "it is no database of netspectra")
        }
        if isNewer {
            throw SystemFailure(
                operation: "use", path: path, errno: EINVAL, detail: "a later version of netspectra has written it")
        }
        return false
    }

    // MARK: Writing

    public func store(_ snapshot: Snapshot, number: Int, of run: StoredRun) throws(SystemFailure) {
        try write("store a snapshot in") { database in
            try Self.remove(database, run: run, number: number)
            try Self.insert(run, database)
            try database.execute(
                sql: "INSERT INTO snapshots (run, number, time, level, complete) VALUES (?, ?, ?, 0, 0)",
                arguments: [Int64(run.id), number, snapshot.time])
            let id = database.lastInsertedRowID
            for result in snapshot.results { try self.insert(result, snapshot: id, database) }
            try Self.insert(snapshot.sketches, snapshot: id, database)
            try database.execute(sql: "UPDATE snapshots SET complete = 1 WHERE id = ?", arguments: [id])
        }
    }

    static func insert(_ run: StoredRun, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR IGNORE INTO runs (id, started, source, cumulative) VALUES (?, ?, ?, ?)",
            arguments: [Int64(run.id), run.started, run.source, run.isCumulative])
    }

    static func taskID(_ task: FlowTask, _ database: Database) throws -> Int64 {
        let arguments: StatementArguments = [task.name, task.fields.description, task.bidirectional]
        try database.execute(
            sql: "INSERT OR IGNORE INTO tasks (name, fields, bidirectional) VALUES (?, ?, ?)", arguments: arguments)
        return try Int64.fetchOne(
            database, sql: "SELECT id FROM tasks WHERE name = ? AND fields = ? AND bidirectional = ?",
            arguments: arguments) ?? 0
    }

    /// Adds a task's rows, beginning a new transaction after each chunk.
    func insert(_ result: TaskResult, snapshot: Int64, _ database: Database) throws {
        let task = try Self.taskID(result.task, database)
        let count = result.rows.count
        let other = result.other
        try database.cachedStatement(
            sql: "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            snapshot, task, count, Int64(bitPattern: result.totalPackets), Int64(bitPattern: result.totalBytes),
            Int64(bitPattern: result.evictedFlows), other.map { Int64(bitPattern: $0.packets) },
            other.map { Int64(bitPattern: $0.bytes) }, other.map { Int64(bitPattern: $0.reversePackets) },
            other.map { Int64(bitPattern: $0.reverseBytes) }, other?.firstSeen, other?.lastSeen, other?.tcpFlags,
            other?.reverseTCPFlags,
        ])
        if let attributed = result.rows as? any AttributedRows {
            try Self.insert(attributed.processes, snapshot: snapshot, task: task, database)
        }
        var start = 0
        while start < count {
            let end = min(start + chunkRows, count)
            let first = (try Int64.fetchOne(database, sql: "SELECT max(id) FROM rows") ?? 0) + 1
            try SQLiteRowInsert(database, task: result.task).insert(result.rows, start..<end, firstID: first)
            try database.execute(
                sql: "INSERT INTO row_ranges VALUES (?, ?, ?, ?)",
                arguments: [snapshot, task, first, first + Int64(end - start) - 1])
            if end < count {
                try database.commit()
                try database.beginTransaction(.immediate)
            }
            start = end
        }
    }

    private static func insert(
        _ processes: ProcessNumbers, snapshot: Int64, task: Int64, _ database: Database
    ) throws {
        let insert = try database.cachedStatement(sql: "INSERT INTO processes VALUES (?, ?, ?, ?, ?, ?, ?)")
        for (index, process) in processes.processes.enumerated() {
            try insert.execute(arguments: [
                snapshot, task, Int64(ProcessNumbers.first) + Int64(index), process.pid, process.uid, process.comm,
                process.cgroup,
            ])
        }
    }

    private static func insert(_ sketches: [SketchResult], snapshot: Int64, _ database: Database) throws {
        for row in sketches.flatMap(SketchTableRow.rows) {
            let numbers: [UInt64?] = [
                row.sourcePort, row.destinationPort, row.protocol, row.vlan, row.packets?.value, row.packets?.bound,
                row.bytes?.value, row.bytes?.bound, row.spread?.value, row.spread?.bound,
            ]
            let front: [(any DatabaseValueConvertible)?] = [
                snapshot, row.task, row.position, row.sketch, row.source, row.destination,
            ]
            let counts: [(any DatabaseValueConvertible)?] = numbers.map { $0.map { Int64(bitPattern: $0) } }
            let end: [(any DatabaseValueConvertible)?] = [row.confidence, Int64(bitPattern: row.keysDropped)]
            try database.execute(
                sql: "INSERT INTO sketch_rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                arguments: StatementArguments(front + counts + end))
        }
    }

    public func store(_ ledger: LedgerReport, of run: StoredRun) throws(SystemFailure) {
        try write("store the ledger in") { database in
            try Self.insert(run, database)
            try database.execute(sql: "DELETE FROM ledger WHERE run = ?", arguments: [Int64(run.id)])
            let insert = try database.cachedStatement(sql: "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)")
            for entry in LedgerEntry.entries(of: ledger) {
                try insert.execute(arguments: [
                    Int64(run.id), entry.stage, entry.name, entry.unit, entry.kind.rawValue, entry.cause,
                    Int64(bitPattern: entry.count),
                ])
            }
        }
    }

    /// Runs `body` in a transaction that it may commit and begin again. A failure leaves what was committed.
    func write(_ operation: String, _ body: (Database) throws -> Void) throws(SystemFailure) {
        try Self.failures(name, operation) {
            try queue.writeWithoutTransaction { database in
                do {
                    try database.beginTransaction(.immediate)
                    try body(database)
                    try database.commit()
                } catch {
                    if database.isInsideTransaction { try? database.rollback() }
                    throw error
                }
            }
        }
    }

    // MARK: Removing

    /// What a try before has left of the same snapshot.
    private static func remove(_ database: Database, run: StoredRun, number: Int) throws {
        let ids = try Int64.fetchAll(
            database, sql: "SELECT id FROM snapshots WHERE run = ? AND number = ? AND level = 0",
            arguments: [Int64(run.id), number])
        for id in ids { try remove(database, snapshot: id) }
    }

    private static func removeIncomplete(_ database: Database) throws {
        for id in try Int64.fetchAll(database, sql: "SELECT id FROM snapshots WHERE NOT complete") {
            try remove(database, snapshot: id)
        }
    }

    static func remove(_ database: Database, snapshot: Int64) throws {
        try database.execute(
            sql: """
                DELETE FROM rows WHERE id IN (
                    SELECT rows.id FROM row_ranges JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last
                    WHERE row_ranges.snapshot = :snapshot)
                """, arguments: ["snapshot": snapshot])
        for table in ["row_ranges", "results", "sketch_rows", "processes"] {
            try database.execute(sql: "DELETE FROM \(table) WHERE snapshot = ?", arguments: [snapshot])
        }
        try database.execute(sql: "DELETE FROM snapshots WHERE id = ?", arguments: [snapshot])
    }

    // MARK: Failures

    /// Runs `body`, and tells its errors as others are told.
    static func failures<Result>(
        _ path: String, _ operation: String, _ body: () throws -> Result
    ) throws(SystemFailure) -> Result {
        do {
            return try body()
        } catch let error as SystemFailure {
            throw error
        } catch let error as DatabaseError {
            throw SystemFailure(
                operation: operation, path: path, errno: errorNumber(error.resultCode),
                detail: error.message ?? "\(error.resultCode)")
        } catch {
            throw SystemFailure(operation: operation, path: path, errno: EIO, detail: "\(error)")
        }
    }

    private static func errorNumber(_ code: ResultCode) -> Int32 {
        switch code {
        case .SQLITE_FULL: ENOSPC
        case .SQLITE_BUSY, .SQLITE_LOCKED: EBUSY
        case .SQLITE_READONLY: EROFS
        case .SQLITE_CANTOPEN: ENOENT
        case .SQLITE_PERM: EACCES
        default: EIO
        }
    }
}
