import CSQLite
import Flows
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
    private let connection: Monitor<SQLiteConnection>
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
        let lock = access == .write ? try WriterLock(path: path) : nil
        self.lock = lock
        if FileTree.exists(path + "-journal") { Self.rollBack(path) }
        // Before anything is changed in it.
        let isEmpty = InputFile.size(of: path) ?? 0 > 0 ? try Self.isEmpty(path) : true
        if isEmpty, access == .read {
            throw SystemFailure(
                operation: "ask", path: path, errno: ENODATA, detail: "nothing has been stored in it yet")
        }
        let database = try Self.failures(path, "open") {
            let database = try SQLiteConnection(path: path, access: access)
            try database.execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -65536")
            switch access {
            case .read: try database.execute("PRAGMA mmap_size = 1073741824")
            case .write: try database.useWriteAheadLog()
            }
            SQLiteFunctions.add(to: database)
            if let lock {
                try SQLiteSchema.update(database)
                if lock.isAlone { try database.write { try Self.removeIncomplete(database) } }
            }
            return database
        }
        connection = Monitor(database)
        lock?.share()
    }

    /// Closes the file. No other call may follow.
    public func close() { connection.withLock { $0.close() } }

    /// Undoes what a process that was killed has begun. Whoever may only read the file cannot, and is told so; a file
    /// is in WAL mode, which needs none of this, from its first moments on.
    private static func rollBack(_ path: String) {
        _ = try? SQLiteConnection(path: path, access: .write).numbers("SELECT count(*) FROM sqlite_master")
    }

    /// Whether there are no tables in it yet. Refuses files of other programs, and of later versions.
    private static func isEmpty(_ path: String) throws(SystemFailure) -> Bool {
        let (isEmpty, id, isNewer): (Bool, [Int64], Bool) = try failures(path, "open") {
            let database = try SQLiteConnection(path: path, access: .read)
            return try database.read {
                // The table of versions comes before our own: a process that is killed between leaves it alone.
                let others = try database.numbers(
                    "SELECT count(*) FROM sqlite_master WHERE tbl_name <> 'grdb_migrations'")
                let id = try database.numbers("PRAGMA application_id")
                return (others == [0], id, try SQLiteSchema.isNewer(database))
            }
        }
        if isEmpty { return true }
        if id != [SQLiteSchema.applicationID] {
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
            try database.run(
                "INSERT INTO snapshots (run, number, time, level, complete) VALUES (?, ?, ?, 0, 0)",
                [run.id, number, snapshot.time])
            let id = database.lastInsertedRowID
            for result in snapshot.results { try self.insert(result, snapshot: id, database) }
            try Self.insert(snapshot.sketches, snapshot: id, database)
            try database.run("UPDATE snapshots SET complete = 1 WHERE id = ?", [id])
        }
    }

    static func insert(_ run: StoredRun, _ database: SQLiteConnection) throws {
        try database.run(
            "INSERT OR IGNORE INTO runs (id, started, source, cumulative) VALUES (?, ?, ?, ?)",
            [run.id, run.started, run.source, run.isCumulative])
    }

    static func taskID(_ task: FlowTask, _ database: SQLiteConnection) throws -> Int64 {
        let arguments: [any SQLiteArgument] = [task.name, task.fields.description, task.bidirectional]
        try database.run("INSERT OR IGNORE INTO tasks (name, fields, bidirectional) VALUES (?, ?, ?)", arguments)
        return try database.numbers(
            "SELECT id FROM tasks WHERE name = ? AND fields = ? AND bidirectional = ?", arguments)[0]
    }

    /// Adds a task's rows, beginning a new transaction after each chunk.
    func insert(_ result: TaskResult, snapshot: Int64, _ database: SQLiteConnection) throws {
        let task = try Self.taskID(result.task, database)
        let count = result.rows.count
        let other = result.other
        try database.run(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                snapshot, task, count, result.totalPackets, result.totalBytes, result.evictedFlows, other?.packets,
                other?.bytes, other?.reversePackets, other?.reverseBytes, other?.firstSeen, other?.lastSeen,
                other?.tcpFlags, other?.reverseTCPFlags,
            ])
        if let attributed = result.rows as? any AttributedRows {
            try Self.insert(attributed.processes, snapshot: snapshot, task: task, database)
        }
        var start = 0
        while start < count {
            let end = min(start + chunkRows, count)
            // 0 where there is none.
            let first = try database.numbers("SELECT max(id) FROM rows")[0] + 1
            try SQLiteRowInsert(database, task: result.task).insert(result.rows, start..<end, firstID: first)
            try database.run(
                "INSERT INTO row_ranges VALUES (?, ?, ?, ?)", [snapshot, task, first, first + Int64(end - start) - 1])
            if end < count {
                try database.commit()
                try database.begin()
            }
            start = end
        }
    }

    private static func insert(
        _ processes: ProcessNumbers, snapshot: Int64, task: Int64, _ database: SQLiteConnection
    ) throws {
        for (index, process) in processes.processes.enumerated() {
            try database.run(
                "INSERT INTO processes VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    snapshot, task, Int(ProcessNumbers.first) + index, process.pid, process.uid, process.comm,
                    process.cgroup,
                ])
        }
    }

    private static func insert(_ sketches: [SketchResult], snapshot: Int64, _ database: SQLiteConnection) throws {
        for row in sketches.flatMap(SketchTableRow.rows) {
            try database.run(
                "INSERT INTO sketch_rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    snapshot, row.task, row.position, row.sketch, row.source, row.destination, row.sourcePort,
                    row.destinationPort, row.protocol, row.vlan, row.packets?.value, row.packets?.bound,
                    row.bytes?.value, row.bytes?.bound, row.spread?.value, row.spread?.bound, row.confidence,
                    row.keysDropped,
                ])
        }
    }

    public func store(_ ledger: LedgerReport, of run: StoredRun) throws(SystemFailure) {
        try write("store the ledger in") { database in
            try Self.insert(run, database)
            try database.run("DELETE FROM ledger WHERE run = ?", [run.id])
            for entry in LedgerEntry.entries(of: ledger) {
                try database.run(
                    "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [run.id, entry.stage, entry.name, entry.unit, entry.kind.rawValue, entry.cause, entry.count])
            }
        }
    }

    func read<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
        try connection.withLock { database in try database.read { try body(database) } }
    }

    /// Runs `body` in a transaction that it may commit and begin again. A failure leaves what was committed.
    func write(_ operation: String, _ body: (SQLiteConnection) throws -> Void) throws(SystemFailure) {
        try Self.failures(name, operation) {
            try connection.withLock { database in try database.write { try body(database) } }
        }
    }

    // MARK: Removing

    /// What a try before has left of the same snapshot.
    private static func remove(_ database: SQLiteConnection, run: StoredRun, number: Int) throws {
        let ids = try database.numbers(
            "SELECT id FROM snapshots WHERE run = ? AND number = ? AND level = 0", [run.id, number])
        for id in ids { try remove(database, snapshot: id) }
    }

    private static func removeIncomplete(_ database: SQLiteConnection) throws {
        for id in try database.numbers("SELECT id FROM snapshots WHERE NOT complete") {
            try remove(database, snapshot: id)
        }
    }

    static func remove(_ database: SQLiteConnection, snapshot: Int64) throws {
        try database.run(
            """
            DELETE FROM rows WHERE id IN (
                SELECT rows.id FROM row_ranges JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last
                WHERE row_ranges.snapshot = ?)
            """, [snapshot])
        for table in ["row_ranges", "results", "sketch_rows", "processes"] {
            try database.run("DELETE FROM \(table) WHERE snapshot = ?", [snapshot])
        }
        try database.run("DELETE FROM snapshots WHERE id = ?", [snapshot])
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
        } catch let error as SQLiteFailure {
            throw SystemFailure(operation: operation, path: path, errno: errorNumber(error.code), detail: error.message)
        } catch {
            throw SystemFailure(operation: operation, path: path, errno: EIO, detail: "\(error)")
        }
    }

    private static func errorNumber(_ code: Int32) -> Int32 {
        switch code {
        case SQLITE_FULL: ENOSPC
        case SQLITE_BUSY, SQLITE_LOCKED: EBUSY
        case SQLITE_READONLY: EROFS
        case SQLITE_CANTOPEN: ENOENT
        case SQLITE_PERM: EACCES
        default: EIO
        }
    }
}
