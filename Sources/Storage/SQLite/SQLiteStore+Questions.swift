import Flows
import Headers
import KernelIO
import Outputs

extension SQLiteStore {
    public func catalogue() throws(SystemFailure) -> StoreCatalogue {
        try Self.failures(name, "read") {
            try read { database in
                let runs = try Self.runs(database)
                return StoreCatalogue(
                    snapshots: try Self.snapshots(database, runs), ledgers: try Self.ledgers(database, runs))
            }
        }
    }

    private static func runs(_ database: SQLiteConnection) throws -> [Int64: StoredRun] {
        var runs: [Int64: StoredRun] = [:]
        try database.forEach("SELECT id, started, source, cumulative FROM runs") { row in
            let id = row.integer(0)
            runs[id] = StoredRun(
                id: UInt64(bitPattern: id), started: row.integer(1), source: row.text(2),
                isCumulative: row.integer(3) != 0)
        }
        return runs
    }

    private static func tasks(_ database: SQLiteConnection) throws -> [Int64: FlowTask] {
        var tasks: [Int64: FlowTask] = [:]
        try database.forEach("SELECT id, name, fields, bidirectional FROM tasks") { row in
            guard let fields = try? KeyFields(stored: row.text(2)) else { return }
            tasks[row.integer(0)] = FlowTask(name: row.text(1), fields: fields, bidirectional: row.integer(3) != 0)
        }
        return tasks
    }

    static func snapshots(_ database: SQLiteConnection) throws -> [StoredSnapshot] {
        try snapshots(database, try runs(database))
    }

    private static func snapshots(_ database: SQLiteConnection, _ runs: [Int64: StoredRun]) throws -> [StoredSnapshot] {
        let tasks = try tasks(database)
        var snapshots: [StoredSnapshot] = []
        var places: [Int64: Int] = [:]
        try database.forEach("SELECT id, run, time, level FROM snapshots WHERE complete ORDER BY time, id") { row in
            guard let run = runs[row.integer(1)],
                let level = UInt8(exactly: row.integer(3)).flatMap(SnapshotLevel.init)
            else { return }
            let id = row.integer(0)
            places[id] = snapshots.count
            snapshots.append(StoredSnapshot(id: id, run: run, time: row.integer(2), level: level, results: []))
        }
        try database.forEach("SELECT * FROM results ORDER BY snapshot, task") { row in
            guard let place = places[row.integer(0)], let task = tasks[row.integer(1)] else { return }
            snapshots[place].results.append(result(row, task))
        }
        return snapshots
    }

    private static func result(_ row: SQLiteStatement, _ task: FlowTask) -> StoredResult {
        func unsigned(_ column: Int32) -> UInt64 { UInt64(bitPattern: row.integer(column)) }
        let other = FlowRecord(
            key: FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0),
            packets: unsigned(6), bytes: unsigned(7), reversePackets: unsigned(8), reverseBytes: unsigned(9),
            firstSeen: row.integer(10), lastSeen: row.integer(11),
            tcpFlags: UInt8(truncatingIfNeeded: unsigned(12)), reverseTCPFlags: UInt8(truncatingIfNeeded: unsigned(13)))
        return StoredResult(
            task: task, rowCount: unsigned(2), packets: unsigned(3), bytes: unsigned(4),
            other: row.isNull(6) ? nil : other, evictedFlows: unsigned(5))
    }

    private static func ledgers(_ database: SQLiteConnection, _ runs: [Int64: StoredRun]) throws -> [StoredLedger] {
        var entries: [Int64: [LedgerEntry]] = [:]
        try database.forEach("SELECT * FROM ledger ORDER BY run, stage, rowid") { row in
            guard let kind = LedgerEntry.Kind(rawValue: row.text(4)) else { return }
            entries[row.integer(0), default: []].append(
                LedgerEntry(
                    stage: Int(row.integer(1)), name: row.text(2), unit: row.text(3), kind: kind, cause: row.text(5),
                    count: UInt64(bitPattern: row.integer(6))))
        }
        return entries.compactMap { id, entries in
            runs[id].map { StoredLedger(run: $0, ledger: LedgerEntry.ledger(of: entries)) }
        }.sorted { ($0.run.started, $0.run.id) < ($1.run.started, $1.run.id) }
    }

    public func answer(_ plan: QuestionPlan) throws(SystemFailure) -> FlowAnswer {
        try Self.failures(name, "read") {
            try read { database in
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
        _ database: SQLiteConnection, _ snapshot: Int64, _ task: FlowTask,
        _ body: (FlowRecord, RowBound, RowProcess) -> Void
    ) throws {
        let processes = try processes(database, snapshot, task)
        // Before the third version, tables have none.
        let hasProcesses = try database.numbers("SELECT count(*) > 18 FROM pragma_table_info('rows')") == [1]
        try database.forEach(
            """
            SELECT rows.* FROM row_ranges JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last
            WHERE row_ranges.snapshot = ? AND row_ranges.task = (
                SELECT id FROM tasks WHERE name = ? AND fields = ? AND bidirectional = ?)
            """, [snapshot, task.name, task.fields.description, task.bidirectional]
        ) { statement in
            let (row, bound) = self.row(statement)
            body(row, bound, hasProcesses ? processes.process(self.processes(statement)) : .unknown)
        }
    }

    private static func processes(
        _ database: SQLiteConnection, _ snapshot: Int64, _ task: FlowTask
    ) throws -> ProcessNumbers {
        guard try database.hasTable("processes") else { return ProcessNumbers() }
        var processes: [FlowProcess] = []
        try database.forEach(
            """
            SELECT pid, uid, comm, cgroup FROM processes WHERE snapshot = ? AND task = (
                SELECT id FROM tasks WHERE name = ? AND fields = ? AND bidirectional = ?) ORDER BY id
            """, [snapshot, task.name, task.fields.description, task.bidirectional]
        ) { row in
            processes.append(
                FlowProcess(
                    pid: UInt32(truncatingIfNeeded: row.integer(0)), uid: UInt32(truncatingIfNeeded: row.integer(1)),
                    comm: row.text(2), cgroup: row.text(3)))
        }
        return ProcessNumbers(processes)
    }

    /// NULL reads as 0, which is unknown.
    private static func processes(_ statement: SQLiteStatement) -> ProcessPair {
        func value(_ column: Int32) -> UInt32 { UInt32(truncatingIfNeeded: statement.integer(column)) }
        return ProcessPair(local: value(18), peer: value(19))
    }

    private static func row(_ statement: SQLiteStatement) -> (FlowRecord, RowBound) {
        func value(_ column: Int32) -> UInt64 { UInt64(bitPattern: statement.integer(column)) }
        func address(_ column: Int32) -> IPAddress {
            statement.withOctets(column) { IPAddress(octets: $0) } ?? .none
        }
        let source = address(1), destination = address(2)
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

    public var sketchTable: String { "sketch_rows" }

    public func answer(sql: String) throws(SystemFailure) -> AnswerTable {
        try Self.failures(name, "ask") {
            try read { database in
                let statement = try database.unprepared(sql)
                var table = AnswerTable(columns: statement.columns)
                while try statement.step() { table.rows.append(statement.values) }
                return table
            }
        }
    }
}

extension KeyFields {
    /// As `description` writes it; of no field, the empty text.
    init(stored text: String) throws(KeyFieldsFailure) {
        if text.isEmpty { self.init() } else { try self.init(parsing: text) }
    }
}
