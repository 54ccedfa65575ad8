import Flows
import GRDB
import GRDBSQLite
import Headers
import KernelIO
import Outputs

extension SQLiteStore {
    public func catalogue() throws(SystemFailure) -> StoreCatalogue {
        try Self.failures(name, "read") {
            try queue.read { database in
                let runs = try Self.runs(database)
                return StoreCatalogue(
                    snapshots: try Self.snapshots(database, runs), ledgers: try Self.ledgers(database, runs))
            }
        }
    }

    private static func runs(_ database: Database) throws -> [Int64: StoredRun] {
        var runs: [Int64: StoredRun] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT id, started, source, cumulative FROM runs") {
            let id: Int64 = row[0]
            runs[id] = StoredRun(id: UInt64(bitPattern: id), started: row[1], source: row[2], isCumulative: row[3])
        }
        return runs
    }

    private static func tasks(_ database: Database) throws -> [Int64: FlowTask] {
        var tasks: [Int64: FlowTask] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT id, name, fields, bidirectional FROM tasks") {
            let text: String = row[2]
            guard let fields = try? KeyFields(stored: text) else { continue }
            tasks[row[0]] = FlowTask(name: row[1], fields: fields, bidirectional: row[3])
        }
        return tasks
    }

    static func snapshots(_ database: Database) throws -> [StoredSnapshot] {
        try snapshots(database, try runs(database))
    }

    private static func snapshots(_ database: Database, _ runs: [Int64: StoredRun]) throws -> [StoredSnapshot] {
        let tasks = try tasks(database)
        var snapshots: [StoredSnapshot] = []
        var places: [Int64: Int] = [:]
        let found = try Row.fetchCursor(
            database, sql: "SELECT id, run, time, level FROM snapshots WHERE complete ORDER BY time, id")
        while let row = try found.next() {
            guard let run = runs[row[1]], let level = SnapshotLevel(rawValue: row[3]) else { continue }
            let id: Int64 = row[0]
            places[id] = snapshots.count
            snapshots.append(StoredSnapshot(id: id, run: run, time: row[2], level: level, results: []))
        }
        let results = try Row.fetchCursor(database, sql: "SELECT * FROM results ORDER BY snapshot, task")
        while let row = try results.next() {
            guard let place = places[row[0]], let task = tasks[row[1]] else { continue }
            snapshots[place].results.append(result(row, task))
        }
        return snapshots
    }

    private static func result(_ row: Row, _ task: FlowTask) -> StoredResult {
        func unsigned(_ index: Int) -> UInt64 { UInt64(bitPattern: row[index] as Int64? ?? 0) }
        let hasOther = (row[6] as Int64?) != nil
        let other = FlowRecord(
            key: FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0),
            packets: unsigned(6), bytes: unsigned(7), reversePackets: unsigned(8), reverseBytes: unsigned(9),
            firstSeen: row[10] as Int64? ?? 0, lastSeen: row[11] as Int64? ?? 0,
            tcpFlags: UInt8(truncatingIfNeeded: unsigned(12)), reverseTCPFlags: UInt8(truncatingIfNeeded: unsigned(13)))
        return StoredResult(
            task: task, rowCount: unsigned(2), packets: unsigned(3), bytes: unsigned(4),
            other: hasOther ? other : nil, evictedFlows: unsigned(5))
    }

    private static func ledgers(_ database: Database, _ runs: [Int64: StoredRun]) throws -> [StoredLedger] {
        var entries: [Int64: [LedgerEntry]] = [:]
        let found = try Row.fetchCursor(database, sql: "SELECT * FROM ledger ORDER BY run, stage, rowid")
        while let row = try found.next() {
            guard let kind = LedgerEntry.Kind(rawValue: row[4]) else { continue }
            entries[row[0], default: []].append(
                LedgerEntry(
                    stage: row[1], name: row[2], unit: row[3], kind: kind, cause: row[5],
                    count: UInt64(bitPattern: row[6] as Int64)))
        }
        return entries.compactMap { id, entries in
            runs[id].map { StoredLedger(run: $0, ledger: LedgerEntry.ledger(of: entries)) }
        }.sorted { ($0.run.started, $0.run.id) < ($1.run.started, $1.run.id) }
    }

    public func answer(_ plan: QuestionPlan) throws(SystemFailure) -> FlowAnswer {
        try Self.failures(name, "read") {
            try queue.read { database in
                var answer = FlowAnswer(plan)
                for span in plan.spans {
                    var collector = RowCollector(plan, span)
                    for part in span.parts {
                        try Self.read(database, part.snapshot, part.task) { row, bound, process in
                            collector.add(row, bound, process, part)
                        }
                    }
                    answer.add(collector.rows(), plan)
                }
                return answer
            }
        }
    }

    /// Hands out the rows of one task in a snapshot, in the order in which they were stored.
    static func read(
        _ database: Database, _ snapshot: Int64, _ task: FlowTask, _ body: (FlowRecord, RowBound, RowProcess) -> Void
    ) throws {
        let processes = try processes(database, snapshot, task)
        // Before the third version, tables have none.
        let hasProcesses = try database.columns(in: "rows").count > 18
        let statement = try database.cachedStatement(
            sql: """
                SELECT rows.* FROM row_ranges JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last
                WHERE row_ranges.snapshot = ? AND row_ranges.task = (
                    SELECT id FROM tasks WHERE name = ? AND fields = ? AND bidirectional = ?)
                """)
        try statement.setArguments([snapshot, task.name, task.fields.description, task.bidirectional])
        // SAFETY: the statement is this thread's; its values are read before the next step.
        let pointer = unsafe statement.sqliteStatement
        defer { unsafe sqlite3_reset(pointer) }
        while true {
            // SAFETY: as above; the text of an error is a constant.
            let code = unsafe sqlite3_step(pointer)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: code), message: unsafe String(cString: sqlite3_errstr(code)))
            }
            let (row, bound) = unsafe self.row(pointer)
            body(row, bound, hasProcesses ? processes.process(unsafe self.processes(pointer)) : .unknown)
        }
    }

    private static func processes(
        _ database: Database, _ snapshot: Int64, _ task: FlowTask
    ) throws -> ProcessNumbers {
        guard try database.tableExists("processes") else { return ProcessNumbers() }
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT pid, uid, comm, cgroup FROM processes WHERE snapshot = ? AND task = (
                    SELECT id FROM tasks WHERE name = ? AND fields = ? AND bidirectional = ?) ORDER BY id
                """,
            arguments: [snapshot, task.name, task.fields.description, task.bidirectional])
        return ProcessNumbers(rows.map { FlowProcess(pid: $0[0], uid: $0[1], comm: $0[2], cgroup: $0[3]) })
    }

    private static func processes(_ statement: SQLiteStatement) -> ProcessPair {
        // SAFETY: as in `row`, of twenty columns; NULL reads as 0, which is unknown.
        func value(_ index: Int32) -> UInt32 {
            UInt32(truncatingIfNeeded: unsafe sqlite3_column_int64(statement, index))
        }
        return ProcessPair(local: value(18), peer: value(19))
    }

    private static func row(_ statement: SQLiteStatement) -> (FlowRecord, RowBound) {
        // SAFETY: the statement stands on a row of eighteen columns, until the next step.
        func value(_ index: Int32) -> UInt64 { UInt64(bitPattern: unsafe sqlite3_column_int64(statement, index)) }
        let source = unsafe address(statement, 1), destination = unsafe address(statement, 2)
        let family = source.family == .none ? destination.family : source.family
        let key = FlowKey(
            sourceHigh: source.high, sourceLow: source.low, destinationHigh: destination.high,
            destinationLow: destination.low,
            meta: FlowKey.meta(
                sourcePort: UInt16(truncatingIfNeeded: value(3)), destinationPort: UInt16(truncatingIfNeeded: value(4)),
                vlan: UInt16(truncatingIfNeeded: value(6)), protocol: UInt8(truncatingIfNeeded: value(5)),
                family: family.rawValue))
        let row = FlowRecord(
            key: key, packets: value(7), bytes: value(8), reversePackets: value(9), reverseBytes: value(10),
            firstSeen: Int64(bitPattern: value(11)), lastSeen: Int64(bitPattern: value(12)),
            tcpFlags: UInt8(truncatingIfNeeded: value(13)), reverseTCPFlags: UInt8(truncatingIfNeeded: value(14)))
        let exactness = Exactness(rawValue: UInt8(truncatingIfNeeded: value(15))) ?? .estimate
        return (row, exactness == .exact ? .none : RowBound(exactness, packets: value(16), bytes: value(17)))
    }

    private static func address(_ statement: SQLiteStatement, _ index: Int32) -> IPAddress {
        let count = Int(unsafe sqlite3_column_bytes(statement, index))
        // SAFETY: SQLite says how many octets there are; they stay until the next step.
        guard let pointer = unsafe sqlite3_column_blob(statement, index) else { return .none }
        switch count {
        case 4:
            return IPAddress(v4: UInt32(bigEndian: unsafe pointer.loadUnaligned(as: UInt32.self)))
        case 16:
            return IPAddress(
                v6: UInt64(bigEndian: unsafe pointer.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: unsafe pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        default: return .none
        }
    }

    public var sketchTable: String { "sketch_rows" }

    public func answer(sql: String) throws(SystemFailure) -> AnswerTable {
        try Self.failures(name, "ask") {
            try queue.read { database in
                // The library lets nothing be written within `read`, whatever the statement is.
                let cursor = try Row.fetchCursor(database, sql: sql)
                var table = AnswerTable(columns: cursor._statement.columnNames)
                while let row = try cursor.next() {
                    table.rows.append(row.databaseValues.map(AnswerTable.Value.init))
                }
                return table
            }
        }
    }
}

extension AnswerTable.Value {
    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(number)
        case .double(let number): self = .real(number)
        case .string(let text): self = .text(text)
        case .blob(let data): self = .octets([UInt8](data))
        }
    }
}

extension KeyFields {
    /// As `description` writes it; of no field, the empty text.
    init(stored text: String) throws(KeyFieldsFailure) {
        if text.isEmpty { self.init() } else { try self.init(parsing: text) }
    }
}
