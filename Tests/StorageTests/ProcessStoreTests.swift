import CaptureTestSupport
import Flows
import Foundation
import Headers
import KernelIO
import Outputs
import Storage
import TestSupport
import Testing

/// Rows that say whose they are: stored, merged, asked for.
@Suite(.serialized) struct ProcessStoreTests {
    private static let tasks = [StoreSamples.oneWay, StoreSamples.bothWays, StoreSamples.hosts]

    static func process(using random: inout SeededGenerator) -> FlowProcess {
        let pid = UInt32.random(in: 1...4, using: &random)
        return FlowProcess(
            pid: pid, uid: pid % 2 * 1000, comm: ["curl", "na\"me,", "", "nginx"][Int(pid) - 1],
            cgroup: pid == 1 ? "" : "/system.slice/\(pid % 2)")
    }

    static func attributed(_ rows: any FlowRows, using random: inout SeededGenerator) -> OwnedRows {
        var processes = ProcessNumbers()
        let pairs = (0..<rows.count).map { _ in
            switch Int.random(in: 0..<6, using: &random) {
            case 0: processes.pair(.unknown)
            case 1: processes.pair(RowProcess(.several))
            case 2: processes.pair(RowProcess(.known(process(using: &random)), peer: process(using: &random)))
            default: processes.pair(RowProcess(.known(process(using: &random))))
            }
        }
        return OwnedRows(rows, pairs, processes)
    }

    /// Of whole flows, rows say whose they are.
    static func snapshots(_ count: Int, seed: UInt64) -> [Snapshot] {
        var random = SeededGenerator(seed: seed)
        return StoreSamples.snapshots(count, tasks: tasks, seed: seed).map { snapshot in
            var snapshot = snapshot
            for index in snapshot.results.indices where snapshot.results[index].task.tellsWholeFlows {
                snapshot.results[index].rows = attributed(snapshot.results[index].rows, using: &random)
            }
            return snapshot
        }
    }

    static func questions() throws -> [(name: String, question: FlowQuestion)] {
        func fields(_ text: String) throws -> KeyFields { try KeyFields(parsing: text) }
        var questions: [(String, FlowQuestion)] = []
        for (name, processes) in [
            ("comm", ProcessFields.comm), ("pid", .pid), ("all", [.pid, .comm, .cgroup, .uid]), ("cgroup", .cgroup),
        ] {
            for task in ["five_tuple", "conversations"] {
                var question = FlowQuestion()
                question.processes = processes
                question.task = task
                question.fields = KeyFields()
                questions.append(("\(task) by \(name)", question))
                question.fields = try fields("DstIP/24,Protocol")
                question.order = .packets
                question.limit = 5
                questions.append(("\(task) by \(name) and network", question))
                question.fields = .fiveTuple
                question.limit = nil
                question.order = .key
                question.isBidirectional = task == "conversations"
                question.filter = try PacketFilter(parsing: "dst_port != 443")
                questions.append(("\(task) by \(name) and flow", question))
                question.isBidirectional = nil
                question.filter = nil
                question.fields = KeyFields()
                question.elements = try fields("DstIP")
                question.order = .elements
                questions.append(("\(task) spread by \(name)", question))
                question.elements = nil
                question.order = .bytes
                question.every = 2 * StoreSamples.minute
                questions.append(("\(task) every two minutes by \(name)", question))
            }
        }
        return questions
    }

    /// Against sums made of single rows.
    @Test func sumsAreThoseOfTheRows() throws {
        let snapshots = Self.snapshots(4, seed: 71)
        var expected: [String: UInt64] = [:]
        for snapshot in snapshots {
            var rows: [FlowRecord] = []
            let all = try #require(snapshot.results[1].rows as? OwnedRows)
            all.read(0..<all.count, into: &rows)
            for (row, process) in zip(rows, all.readAllProcesses(0..<all.count)) {
                let name = process.local.process?.comm ?? process.local.name
                expected[name, default: 0] += row.totalBytes
            }
        }
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write, chunkRows: 7)
            try StoreSamples.store(snapshots, StoredRun(source: "x"), in: store)
            var question = FlowQuestion()
            question.processes = .comm
            question.task = "conversations"
            question.fields = KeyFields()
            let answer = try StoreSamples.ask(question, store)
            let found = answer.rows.map {
                ($0.process.local.process?.comm ?? $0.process.local.name, $0.record.totalBytes)
            }
            #expect(Dictionary(uniqueKeysWithValues: found) == expected && expected.count == 6)
            // The same in the view, where what is not known has no name.
            let sums = try store.answer(
                sql: """
                    SELECT comm, sum(bytes + reverse_bytes) FROM flows WHERE task = 'conversations' AND pid IS NOT NULL
                    GROUP BY comm ORDER BY comm
                    """)
            #expect(
                sums.rows
                    == expected.filter { $0.key != "unknown" && $0.key != "several" }.sorted { $0.key < $1.key }
                    .map { [.text($0.key), .integer(Int64($0.value))] })
        }
    }

    /// Minutes become hours, and every sum by process stays.
    @Test func sumsSurviveMerging() throws {
        let snapshots = Self.snapshots(8, seed: 72)
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write, chunkRows: 5)
            try StoreSamples.store(snapshots, StoredRun(source: "x"), in: store)
            let questions = try Self.questions().filter {
                $0.question.every == nil && $0.question.filter == nil && $0.question.task == "five_tuple"
            }
            let before = try questions.map { try StoreSamples.ask($0.question, store) }
            let retention = Retention(minutesAfter: StoreSamples.minute, hoursAfter: 3 * StoreSamples.minute)
            try store.maintain(retention)
            #expect(try store.catalogue().snapshots.count < 8)
            for (question, before) in zip(questions, before) {
                var after = try StoreSamples.ask(question.question, store)
                (after.snapshotCount, after.from) = (before.snapshotCount, before.from)
                #expect(after == before, "\(question.name)")
            }
            // What was merged has left nothing behind.
            let orphans = "SELECT count(*) FROM processes WHERE snapshot NOT IN (SELECT id FROM snapshots)"
            #expect(try store.answer(sql: orphans).rows == [[.integer(0)]])
        }
    }

    @Test func partsOfCumulativeRunsAreNotAskedByProcess() throws {
        let snapshots = Self.snapshots(3, seed: 73)
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write)
            try StoreSamples.store(snapshots, StoredRun(source: "x", isCumulative: true), in: store)
            var question = FlowQuestion()
            (question.processes, question.fields) = (.comm, KeyFields())
            #expect(try !StoreSamples.ask(question, store).rows.isEmpty)
            question.last = StoreSamples.minute
            #expect(throws: QuestionFailure.self) { try StoreSamples.ask(question, store) }
        }
    }

    /// A file of the version before: it is read as it is, and brought up to date by who writes to it.
    @Test func filesOfTheVersionBeforeStillOpen() throws {
        let snapshots = StoreSamples.snapshots(3, tasks: Self.tasks, seed: 74)
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/x.db"
            let first = try SQLiteStore(path: path, access: .write)
            try StoreSamples.store(snapshots, StoredRun(source: "old"), in: first)
            first.close()
            try ForeignDatabase(path: path).execute(
                """
                DROP VIEW flows; DROP TABLE processes;
                ALTER TABLE rows DROP COLUMN process; ALTER TABLE rows DROP COLUMN peer_process;
                CREATE VIEW flows AS
                    SELECT snapshots.time AS snapshot, snapshots.level, tasks.name AS task, rows.*
                    FROM snapshots JOIN row_ranges ON row_ranges.snapshot = snapshots.id
                    JOIN tasks ON tasks.id = row_ranges.task
                    JOIN rows ON rows.id BETWEEN row_ranges.first AND row_ranges.last WHERE snapshots.complete;
                DELETE FROM grdb_migrations WHERE identifier = '3 processes';
                """)
            let questions = try Self.questions() + StoreSamples.questions().filter { $0.question.task != "ports" }
            let able = questions.filter { !$0.name.contains("VLAN") && !$0.name.contains("by port") }
            let reader = try SQLiteStore(path: path, access: .read)
            let before = able.map { try? StoreSamples.ask($0.question, reader) }
            reader.close()
            #expect(before.count { $0?.rows.isEmpty == false } > 30)
            // Nothing is known of what was stored then.
            #expect(before.compactMap(\.self).allSatisfy { $0.rows.allSatisfy { $0.process == .unknown } })
            let writer = try SQLiteStore(path: path, access: .write)
            let after = able.map { try? StoreSamples.ask($0.question, writer) }
            #expect(after == before)
            let new = Self.snapshots(2, seed: 75)
            try StoreSamples.store(new, StoredRun(source: "new"), in: writer)
            var question = FlowQuestion()
            (question.processes, question.fields) = (.pid, KeyFields())
            #expect(try StoreSamples.ask(question, writer).rows.contains { $0.process.local.process?.pid == 4 })
            let count = try writer.answer(sql: "SELECT count(*) > 0 FROM flows WHERE pid = 4")
            #expect(count.rows == [[.integer(1)]])
        }
    }

    // MARK: - ClickHouse

    @Test(
        .enabled(if: !ClickHouseServer.kinds.isEmpty, "clickhouse-server is not installed"),
        arguments: ClickHouseServer.kinds)
    func bothDatabasesSayTheSame(kind: ClickHouseServer.Kind) throws {
        try ClickHouseServer.withBoth(kind, blockRows: kind == .modern ? 50 : 7) { file, served in
            let runs = [StoredRun(id: 1, started: 1, source: "a"), StoredRun(id: 2, started: 2, source: "b")]
            for store in [file, served] as [any SnapshotStore] {
                try StoreSamples.store(Self.snapshots(5, seed: 76), runs[0], in: store)
                // Of another run nothing is known.
                try StoreSamples.store(
                    StoreSamples.snapshots(3, tasks: Self.tasks, seed: 77), runs[1], in: store)
            }
            func expectSame(_ what: String) throws {
                for (name, question) in try Self.questions() {
                    let (a, b) = (try StoreSamples.ask(question, file), try StoreSamples.ask(question, served))
                    #expect(a == b, "\(what): \(name)")
                    #expect(!a.rows.isEmpty && a.rows.contains { $0.process != .unknown }, "\(what): \(name)")
                }
            }
            try expectSame("stored")
            let retention = Retention(minutesAfter: StoreSamples.minute, hoursAfter: 3 * StoreSamples.minute)
            for store in [file, served] as [any SnapshotStore] { try store.maintain(retention) }
            try expectSame("merged")
        }
    }

    /// What waits in the spool keeps its processes.
    @Test(.enabled(if: ClickHouseServer.isInstalled, "clickhouse-server is not installed"))
    func theSpoolKeepsThem() throws {
        try ClickHouseServer.with { server in
            let snapshots = Self.snapshots(3, seed: 78)
            try Golden.withTemporaryDirectory { folder in
                let file = try SQLiteStore(path: folder + "/x.db", access: .write)
                try StoreSamples.store(snapshots, StoredRun(source: "x"), in: file)
                let store = try server.store(spool: folder + "/spool")
                server.stop()
                try StoreSamples.store(snapshots, StoredRun(source: "x"), in: store)
                #expect(try FileTree.names(in: folder + "/spool").count == 3)
                try server.start()
                try store.store(LedgerReport(), of: StoredRun(source: "x"))
                for (name, question) in try Self.questions() {
                    #expect(try StoreSamples.ask(question, store) == StoreSamples.ask(question, file), "\(name)")
                }
            }
        }
    }

    /// Tables of the version before are read as they are, and brought up to date by who writes to them.
    @Test(
        .enabled(if: !ClickHouseServer.kinds.isEmpty, "clickhouse-server is not installed"),
        arguments: ClickHouseServer.kinds)
    func tablesOfTheVersionBeforeStillOpen(kind: ClickHouseServer.Kind) throws {
        try ClickHouseServer.with(kind) { server in
            let snapshots = StoreSamples.snapshots(3, tasks: Self.tasks, seed: 79)
            try StoreSamples.store(snapshots, StoredRun(source: "old"), in: server.store())
            for statement in [
                "DROP TABLE processes", "ALTER TABLE flow_rows DROP COLUMN process",
                "ALTER TABLE flow_rows DROP COLUMN peer_process", "DROP TABLE schema_versions",
                "CREATE TABLE schema_versions (version UInt32, time DateTime) ENGINE = MergeTree "
                    + "PARTITION BY tuple() ORDER BY version SETTINGS index_granularity = 8192",
                "INSERT INTO schema_versions VALUES (1, now()), (2, now())",
            ] { try server.execute(statement) }
            var question = FlowQuestion()
            (question.processes, question.fields) = ([.pid, .comm], .fiveTuple)
            let reader = try server.store(.read)
            let before = try StoreSamples.ask(question, reader), plain = try StoreSamples.ask(FlowQuestion(), reader)
            #expect(!before.rows.isEmpty && before.rows.allSatisfy { $0.process == .unknown })
            // As after a process that was killed in the middle of it.
            try server.execute("ALTER TABLE flow_rows ADD COLUMN process UInt32")
            let writer = try server.store()
            #expect(try StoreSamples.ask(question, writer) == before)
            #expect(try StoreSamples.ask(FlowQuestion(), writer) == plain)
            try StoreSamples.store(Self.snapshots(1, seed: 80), StoredRun(source: "new"), in: writer)
            #expect(try StoreSamples.ask(question, writer).rows.contains { $0.process != .unknown })
        }
    }
}
