import Flows
import KernelIO
import Outputs
import Storage
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: ClickHouseServer.isInstalled, "clickhouse-server is not installed"))
struct ClickHouseStoreTests {
    /// Every question has the same answer from both databases, of differences and of cumulative sums.
    @Test(arguments: ClickHouseServer.kinds) func answersAreThoseOfSQLite(kind: ClickHouseServer.Kind) throws {
        try ClickHouseServer.with(kind) { server in
            let snapshots = StoreSamples.snapshots(6, seed: 41)
            let run = StoredRun(id: 5, started: 1, source: "a"),
                sums = StoredRun(
                    id: 6, started: 2, source: "b", isCumulative: true)
            let ledger = LedgerReport(stages: [
                .init(name: "packets", unit: "packets", seen: 7, delivered: 4, filtered: [.init("--where", 3)])
            ])
            // As a library it takes its time for each block.
            let served = try server.store(blockRows: kind == .modern ? 50 : 7)
            try Golden.withTemporaryDirectory { folder in
                let file = try SQLiteStore(path: folder + "/x.db", access: .write)
                for store in [file, served] as [any SnapshotStore] {
                    try StoreSamples.store(snapshots, run, in: store)
                    try store.store(ledger, of: run)
                }
                try expectSameAnswers(file, served, "differences")
                for store in [file, served] as [any SnapshotStore] {
                    try StoreSamples.store(StoreSamples.cumulative(snapshots), sums, in: store)
                }
                try expectSameAnswers(file, served, "both")
                let retention = Retention(
                    keep: 5 * StoreSamples.minute, minutesAfter: StoreSamples.minute,
                    hoursAfter: 2 * StoreSamples.minute)
                for store in [file, served] as [any SnapshotStore] { try store.maintain(retention) }
                try expectSameAnswers(file, served, "merged")
                let (kept, same) = (try file.catalogue(), try served.catalogue())
                #expect(kept.snapshots.map(\.time) == same.snapshots.map(\.time))
                #expect(kept.snapshots.map(\.level) == same.snapshots.map(\.level))
                #expect(kept.ledgers == same.ledgers && kept.ledgers.count == 1)
            }
        }
    }

    private func expectSameAnswers(_ a: any SnapshotStore, _ b: any SnapshotStore, _ what: String) throws {
        for (name, question) in try StoreSamples.questions() {
            let (first, second) = (try StoreSamples.ask(question, a), try StoreSamples.ask(question, b))
            #expect(first == second, "\(what): \(name)")
            if name != "nothing", name != "range" { #expect(!first.rows.isEmpty, "\(what): \(name)") }
        }
    }

    /// A server of today is told to drop old rows itself, but only where they are as old as they say.
    @Test(.enabled(if: ClickHouseServer.kinds.contains(.modern), "NETSPECTRA_CHDB_PYTHON names no Python with chdb"))
    func aServerOfTodayDropsOldRowsItself() throws {
        try ClickHouseServer.with(.modern) { server in
            let store = try server.store()
            let day: Int64 = 86_400_000_000_000
            func definition(_ table: String) throws -> String {
                let rows = try store.answer(sql: "SELECT create_table_query FROM system.tables WHERE name = '\(table)'")
                guard case .text(let text) = rows.rows.first?.first else { return "" }
                return text
            }
            try StoreSamples.store(StoreSamples.snapshots(2, seed: 45), StoredRun(source: "old"), in: store)
            try store.maintain(Retention(keep: 30 * day))
            #expect(try !definition("flow_rows").contains("TTL"))
            var snapshots = StoreSamples.snapshots(2, seed: 46)
            for index in snapshots.indices { snapshots[index].time = Clock.wallNanoseconds }
            try StoreSamples.store(snapshots, StoredRun(source: "live"), in: store)
            for (keep, days) in [(30 * day, 32), (7 * day, 9), (day / 2, 3)] {
                try store.maintain(Retention(keep: keep))
                for table in ["flow_rows", "snapshots"] {
                    #expect(try definition(table).contains("TTL day + toIntervalDay(\(days))"), "\(table)")
                }
            }
            #expect(try StoreSamples.ask(FlowQuestion(), store).totalPackets > 0)
        }
    }

    @Test(arguments: ClickHouseServer.kinds) func aRepeatedSnapshotCountsOnce(kind: ClickHouseServer.Kind) throws {
        try ClickHouseServer.with(kind) { server in
            let store = try server.store()
            let snapshots = StoreSamples.snapshots(3, seed: 42)
            let run = StoredRun(source: "")
            try StoreSamples.store(snapshots, run, in: store)
            let answer = try StoreSamples.ask(FlowQuestion(), store)
            // As after an answer that never came.
            try StoreSamples.store(snapshots, run, in: store)
            #expect(try StoreSamples.ask(FlowQuestion(), store) == answer)
        }
    }

    /// The server is killed and started while a writer stores: what it could not take waits in the spool, survives a
    /// new process, and arrives once.
    @Test func aServerThatGoesAndComesLosesNothing() throws {
        try ClickHouseServer.with { server in
            let snapshots = StoreSamples.snapshots(60, tasks: [StoreSamples.oneWay], seed: 43)
            let run = StoredRun(source: "")
            try Golden.withTemporaryDirectory { spool in
                let queue = try QueuedWriter(
                    StoreWriter(try server.store(spool: spool), run: run), name: "server", pause: 1_000_000)
                for (index, snapshot) in snapshots.enumerated() {
                    if index == 15 || index == 45 { server.stop() }
                    if index == 30 { try server.start() }
                    queue.put(snapshot)
                }
                queue.drain()
                #expect(queue.stage.delivered == 60 && queue.stage.lostCount == 0)
                #expect(try !FileTree.names(in: spool).isEmpty)
                queue.finish(nil)
                try server.start()
                // A later run sends what waits before anything of its own.
                let later = try server.store(spool: spool)
                try later.store(LedgerReport(), of: StoredRun(source: "later"))
                #expect(try FileTree.names(in: spool).isEmpty)
                let total = try StoreSamples.ask(FlowQuestion(), server.store(.read))
                #expect(total.totalPackets == snapshots.reduce(0) { $0 + $1.results[0].totalPackets })
                #expect(total.snapshotCount == 60)
            }
        }
    }

    @Test func statementsCannotChangeAnything() throws {
        try ClickHouseServer.with { server in
            let store = try server.store()
            try StoreSamples.store(StoreSamples.snapshots(2, seed: 44), StoredRun(source: ""), in: store)
            #expect(throws: SystemFailure.self) { try store.answer(sql: "DROP TABLE flow_rows") }
            #expect(throws: SystemFailure.self) {
                try store.answer(sql: "INSERT INTO schema_versions VALUES (9, now())")
            }
            let table = try store.answer(
                sql: "SELECT src_ip, toUInt64(1) AS a, 'x\ty' AS b FROM flow_rows ORDER BY src_ip LIMIT 1")
            #expect(table.columns == ["src_ip", "a", "b"])
            #expect(table.rows.first?[1] == .unsigned(1) && table.rows.first?[2] == .text("x\ty"))
            #expect(
                try store.answer(
                    sql: "SELECT src_ip FROM flow_rows WHERE src_ip = '2001:db8::1' OR src_ip LIKE '10.0.%'"
                ).rows.isEmpty == false)
            var later = false
            do throws(SystemFailure) { _ = try store.answer(sql: "SELECT no_such_column") } catch {
                later = error.description.contains("no_such_column")
                #expect(!error.description.contains("word"))
            }
            #expect(later)
        }
    }
}

@Suite struct StoreLocationTests {
    @Test(arguments: [
        ("clickhouse://h", "clickhouse://h:8123/netspectra"), ("clickhouses://u:p@h/db", "clickhouses://h:8443/db"),
        ("clickhouse://a%40b:c%3A@[::1]:81/x_1", "clickhouse://[::1]:81/x_1"),
    ]) func addresses(text: String, name: String) {
        guard case .clickHouse(let address) = StoreLocation(text) else {
            Issue.record("no address: \(text)")
            return
        }
        #expect(address.name == name)
        if text.contains("%40") { #expect(address.user == "a@b" && address.password == "c:") }
    }

    @Test(arguments: [
        "", "clickhouse://", "clickhouse://h/a-b", "clickhouse://h:99999/x", "mysql://h/x", "clickhouse://u%0d%0aX:p@h",
        "clickhouse://h ost/x", "clickhouse://u%@h",
    ]) func noAddresses(text: String) { #expect(StoreLocation(text) == nil) }

    @Test func paths() {
        #expect(StoreLocation("a/b.db") == .sqlite(path: "a/b.db"))
        #expect(StoreLocation("sqlite:///a.db") == .sqlite(path: "/a.db"))
    }
}
