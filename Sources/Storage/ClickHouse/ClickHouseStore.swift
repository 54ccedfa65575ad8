import Flows
import Glibc
import KernelIO
import Outputs
import Synchronization

/// Snapshots on a ClickHouse server, through its HTTP interface.
///
/// Rows go in blocks of at most `blockRows`, each with a token told by chance; then one row in `snapshots` names the
/// tokens that count. A block whose fate is unknown is sent again under another token, so nothing counts twice. While
/// the server is away snapshots go to the spool, if there is one, and from there to the server once it is back.
public final class ClickHouseStore: SnapshotStore {
    public let name: String
    let connection: ClickHouseConnection
    private let spool: Spool?
    private let blockRows: Int
    /// What the server speaks, once it was asked and its tables are up to date.
    let dialect = Mutex<ClickHouseSchema.Dialect?>(nil)
    /// The days after which the server itself drops rows, once it was told.
    let daysToLive = Mutex<Int64?>(nil)
    private let address: ClickHouseAddress
    let access: SQLiteStore.Access

    /// - Parameters:
    ///   - spool: a directory of this database alone; `nil` for none.
    ///   - spoolOctets: what the spool may hold.
    ///   - timeout: milliseconds for one statement.
    /// - Throws: to read, where the server cannot be reached; to write without a spool, too.
    public init(
        _ address: ClickHouseAddress, access: SQLiteStore.Access, spool: String? = nil, spoolOctets: UInt64 = 4 << 30,
        blockRows: Int = 250_000, timeout: Int = 60_000
    ) throws(SystemFailure) {
        name = address.name
        self.address = address
        self.access = access
        self.blockRows = blockRows
        connection = try ClickHouseConnection(address, timeout: timeout)
        self.spool = try spool.map { (path) throws(SystemFailure) in try Spool(path, limit: spoolOctets) }
        do throws(SystemFailure) {
            try prepare()
        } catch {
            // With a spool, a server that is not there yet is no reason to stop.
            if access == .read || self.spool == nil || !error.isForAWhile { throw error }
        }
    }

    /// Creates the database and its tables, or brings them up to date, once the server is there.
    private func prepare() throws(SystemFailure) {
        guard dialect.withLock({ $0 == nil }) else { return }
        let version = String(decoding: try connection.send("SELECT version()", database: false), as: UTF8.self)
        let dialect = ClickHouseSchema.Dialect(version: version)
        if access == .write {
            _ = try connection.send("CREATE DATABASE IF NOT EXISTS \(address.database)", database: false)
            let log = "ENGINE = MergeTree PARTITION BY tuple() ORDER BY version SETTINGS index_granularity = 8192"
            _ = try connection.send("CREATE TABLE IF NOT EXISTS schema_versions (version UInt32, time DateTime) \(log)")
            let migrations = ClickHouseSchema.migrations(dialect)
            let answer = try connection.send("SELECT max(version) FROM schema_versions FORMAT RowBinary")
            var reader = RowBinaryReader(answer)
            let done = Int(reader.number(UInt32.self))
            guard done <= migrations.count else {
                throw SystemFailure(
                    operation: "use", path: name, errno: EINVAL, detail: "a later version of netspectra has written it")
            }
            // Each step may be repeated: what was created stays.
            for (number, statements) in migrations.enumerated().dropFirst(done) {
                for statement in statements { try migrate(statement) }
                _ = try connection.send("INSERT INTO schema_versions VALUES (\(number + 1), now())")
            }
        }
        self.dialect.withLock { $0 = dialect }
    }

    /// A column that is there already is what is wanted: this server's language cannot say that.
    private func migrate(_ statement: String) throws(SystemFailure) {
        do throws(SystemFailure) {
            _ = try connection.send(statement)
        } catch {
            guard statement.hasPrefix("ALTER"), "\(error)".contains("already exists") else { throw error }
        }
    }

    // MARK: Writing

    public func store(_ snapshot: Snapshot, number: Int, of run: StoredRun) throws(SystemFailure) {
        let record = SnapshotRecord(snapshot, number: number, run: run)
        guard let spool else { return try send(record, snapshot) }
        try? drainSpool()
        do throws(SystemFailure) {
            // Behind what waits, not before it.
            if try spool.isEmpty { return try send(record, snapshot) }
        } catch {}
        try spool.add(record, blocks(snapshot), sketches(of: snapshot, record))
    }

    public func store(_ ledger: LedgerReport, of run: StoredRun) throws(SystemFailure) {
        try drainSpool()
        try prepare()
        var writer = RowBinaryWriter()
        for (position, entry) in LedgerEntry.entries(of: ledger).enumerated() {
            writer.append(ClickHouseRows.day(run.started))
            writer.append(run.id)
            writer.append(run.started)
            writer.append(text: run.source)
            writer.append(UInt8(run.isCumulative ? 1 : 0))
            writer.append(UInt32(entry.stage))
            writer.append(text: entry.name)
            writer.append(text: entry.unit)
            writer.append(text: entry.kind.rawValue)
            writer.append(text: entry.cause)
            writer.append(entry.count)
            writer.append(UInt64(position))
        }
        // Twice the same ledger is one: its lines have positions.
        _ = try connection.send("INSERT INTO ledger FORMAT RowBinary", writer.octets)
    }

    /// Sends what waits in the spool.
    ///
    /// - Throws: where the server is still away; what waits is then kept.
    func drainSpool() throws(SystemFailure) {
        guard let spool else { return }
        while let entry = try spool.first() {
            do throws(SystemFailure) {
                try prepare()
                var record = entry.record
                while let block = try entry.next() {
                    switch block {
                    case .rows(let task, let rows): try send(rows, of: task, &record)
                    case .sketches(let sketches): try send(sketches)
                    }
                }
                try commit(record)
            } catch {
                throw SystemFailure(
                    operation: "empty the spool into", path: name, errno: error.errno,
                    detail: "\(error); \(try spool.count) snapshots wait in \(spool.path)")
            }
            try spool.remove(entry)
        }
    }

    func send(_ record: SnapshotRecord, _ snapshot: Snapshot) throws(SystemFailure) {
        try prepare()
        var record = record
        var blocks = blocks(snapshot)
        while let (task, rows) = blocks.next() { try send(rows, of: task, &record) }
        try send(sketches(of: snapshot, record))
        try commit(record)
    }

    private func sketches(of snapshot: Snapshot, _ record: SnapshotRecord) -> ClickHouseSketches {
        ClickHouseSketches(snapshot.sketches, time: snapshot.time, snapshot: record.id)
    }

    private func send(_ sketches: ClickHouseSketches) throws(SystemFailure) {
        if !sketches.octets.isEmpty {
            _ = try connection.send("INSERT INTO sketch_rows FORMAT RowBinary", sketches.octets)
        }
    }

    private func blocks(_ snapshot: Snapshot) -> SnapshotBlocks { SnapshotBlocks(snapshot, blockRows: blockRows) }

    private func send(_ rows: ClickHouseRows, of task: Int, _ record: inout SnapshotRecord) throws(SystemFailure) {
        let token = UInt64.random(in: 1...UInt64(Int64.max))
        var rows = rows
        rows.setToken(token)
        if let processes = rows.processes, !processes.processes.isEmpty {
            let day = ClickHouseRows.day(record.time)
            _ = try connection.send(
                "INSERT INTO processes FORMAT RowBinary",
                ClickHouseProcesses.octets(processes, token: token, day: day))
        }
        let columns = ClickHouseRows.columns(isAttributed: rows.processes != nil)
        _ = try connection.send("INSERT INTO flow_rows (\(columns)) FORMAT RowBinary", rows.octets)
        record.tokenTasks.append(UInt32(task))
        record.tokens.append(token)
    }

    func commit(_ record: SnapshotRecord) throws(SystemFailure) {
        _ = try connection.send("INSERT INTO snapshots FORMAT RowBinary", record.octets)
    }
}

/// A snapshot's rows, block by block.
struct SnapshotBlocks {
    private let snapshot: Snapshot
    private let blockRows: Int
    private var task = 0
    private var start = 0

    init(_ snapshot: Snapshot, blockRows: Int) {
        self.snapshot = snapshot
        self.blockRows = blockRows
    }

    mutating func next() -> (task: Int, rows: ClickHouseRows)? {
        while task < snapshot.results.count, start >= snapshot.results[task].rows.count {
            task += 1
            start = 0
        }
        guard task < snapshot.results.count else { return nil }
        let rows = snapshot.results[task].rows
        let end = min(start + blockRows, rows.count)
        defer { start = end }
        return (task, ClickHouseRows(rows, start..<end, time: snapshot.time))
    }
}

extension SystemFailure {
    /// A server may be there again later.
    var isForAWhile: Bool { errno == ECONNREFUSED || errno == EIO }
}
