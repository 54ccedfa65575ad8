import CaptureTestSupport
import Flows
import Headers
import KernelIO
import Outputs
import Storage
import TestSupport
import Testing

@Suite struct SQLiteStoreTests {
    private let run = StoredRun(id: 7, started: 1, source: "a.pcap b.pcap")

    private func withStore<Result>(
        chunkRows: Int = 250_000, _ body: (SQLiteStore, String) throws -> Result
    ) throws -> Result {
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write, chunkRows: chunkRows)
            return try body(store, folder + "/x.db")
        }
    }

    /// Rows come back as they were, whatever their task, and however they are cut into transactions.
    @Test(arguments: 0..<20 as Range<UInt64>) func rowsComeBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let task = FlowSamples.task(named: "t", using: &random)
        var rows: [FlowKey: FlowRecord] = [:]
        for var row in FlowSamples.rows(200, of: task, using: &random) {
            row.packets |= 1
            // Sums are kept in the orientation of their keys, so equal ends have one.
            var back = row.key
            back.swapEnds()
            if !task.bidirectional || rows[back] == nil && back != row.key { rows[row.key] = row }
        }
        let sorted = rows.values.sorted { $0.key < $1.key }
        let snapshot = Snapshot(time: 5, results: [FlowSamples.result(task, sorted)])
        try withStore(chunkRows: 7) { store, path in
            try store.store(snapshot, number: 1, of: run)
            let answer = try StoreSamples.ask(FlowQuestion(order: .key), SQLiteStore(path: path, access: .read))
            #expect(answer.task == task)
            #expect(answer.rows.map(\.record) == sorted)
            #expect(answer.rows.allSatisfy { $0.bound == .none })
        }
    }

    @Test func theCatalogueSaysWhatWasStored() throws {
        let snapshots = StoreSamples.snapshots(3, seed: 1)
        let ledger = LedgerReport(stages: [
            .init(name: "records", unit: "records", seen: 10, delivered: 7, lost: [.init("cut", 3)]),
            .init(
                name: "packets", unit: "packets", seen: 7, delivered: 4, filtered: [.init("--where", 2)], inFlight: 1,
                noted: [.init("later fragment", 1)]),
        ])
        try withStore { store, _ in
            try StoreSamples.store(snapshots, run, in: store)
            try store.store(ledger, of: run)
            let catalogue = try store.catalogue()
            #expect(catalogue.snapshots.map(\.time) == snapshots.map(\.time))
            #expect(catalogue.snapshots.allSatisfy { $0.run == run && $0.level == .raw })
            for (stored, snapshot) in zip(catalogue.snapshots, snapshots) {
                #expect(Set(stored.results.map(\.task)) == Set(snapshot.results.map(\.task)))
                for result in snapshot.results {
                    let found = try #require(stored.results.first { $0.task == result.task })
                    #expect(found.rowCount == UInt64(result.rows.count) && found.packets == result.totalPackets)
                    #expect(found.bytes == result.totalBytes)
                }
            }
            #expect(catalogue.ledgers == [StoredLedger(run: run, ledger: ledger)])
        }
    }

    /// The same snapshot stored again, as after a failure, counts once.
    @Test func aRepeatedSnapshotCountsOnce() throws {
        let snapshots = StoreSamples.snapshots(2, seed: 2)
        try withStore(chunkRows: 5) { store, _ in
            try StoreSamples.store(snapshots, run, in: store)
            let answer = try StoreSamples.ask(FlowQuestion(), store)
            try StoreSamples.store(snapshots, run, in: store)
            #expect(try StoreSamples.ask(FlowQuestion(), store) == answer)
            #expect(try store.answer(sql: "SELECT count(*) FROM snapshots").rows == [[.integer(2)]])
        }
    }

    /// A snapshot that its writer never marked complete is no part of any answer, and the next writer removes it.
    @Test func whatIsIncompleteIsRemoved() throws {
        let snapshots = StoreSamples.snapshots(2, seed: 3)
        try withStore { store, path in
            try store.store(snapshots[0], number: 1, of: run)
            let answer = try StoreSamples.ask(FlowQuestion(), store)
            try store.store(snapshots[1], number: 2, of: run)
            try Self.execute(path, "UPDATE snapshots SET complete = 0 WHERE number = 2")
            #expect(try StoreSamples.ask(FlowQuestion(), store) == answer)
            store.close()
        }
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/y.db"
            do {
                let store = try SQLiteStore(path: path, access: .write)
                try StoreSamples.store(snapshots, run, in: store)
                try Self.execute(path, "UPDATE snapshots SET complete = 0 WHERE number = 2")
                // Another writer does not touch what this one may be writing.
                _ = try SQLiteStore(path: path, access: .write)
                #expect(try store.answer(sql: "SELECT count(*) FROM snapshots").rows == [[.integer(2)]])
                store.close()
            }
            let store = try SQLiteStore(path: path, access: .write)
            #expect(try store.answer(sql: "SELECT count(*) FROM snapshots").rows == [[.integer(1)]])
            let stored = try store.answer(sql: "SELECT sum(rows), (SELECT count(*) FROM rows) FROM results").rows[0]
            #expect(stored[0] == stored[1])
        }
    }

    @Test func filesOfOthersStayAsTheyAre() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/other.db"
            try Self.execute(path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            let before = try InputFile.contents(of: path, atMost: 1 << 20)
            #expect(throws: SystemFailure.self) { try SQLiteStore(path: path, access: .write) }
            #expect(try InputFile.contents(of: path, atMost: 1 << 20) == before)
            let text = folder + "/text"
            let file = try OutputFile(path: text)
            try file.write(Array("this is no database at all, but long enough to look like one".utf8).span)
            try file.commit()
            #expect(throws: SystemFailure.self) { try SQLiteStore(path: text, access: .write) }
            #expect(throws: SystemFailure.self) { try SQLiteStore(path: folder + "/none.db", access: .read) }
            #expect(!FileTree.exists(folder + "/none.db"))
        }
    }

    /// A process that is killed while it makes the file leaves one of these; the next one goes on with it.
    @Test(arguments: ["", "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)"])
    func whatAKilledWriterBeganIsGoneOnWith(statements: String) throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/x.db"
            try Self.execute(path, statements)
            let failure = #expect(throws: SystemFailure.self) { try SQLiteStore(path: path, access: .read) }
            #expect(failure?.description.contains("nothing has been stored in it yet") == true)
            let store = try SQLiteStore(path: path, access: .write)
            try StoreSamples.store(StoreSamples.snapshots(1, seed: 4), run, in: store)
            #expect(try store.answer(sql: "SELECT count(*) > 0 FROM flows").rows == [[.integer(1)]])
            store.close()
        }
    }

    /// Killed in its first moments, before WAL mode, a process leaves a journal that the next one has to roll back.
    @Test func aJournalIsRolledBack() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/x.db"
            let other = try ForeignDatabase(path: folder + "/other.db")
            try other.begin(
                """
                PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN; CREATE TABLE t (a);
                INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 500)
                    SELECT randomblob(1000) FROM n
                """)
            for end in ["", "-journal"] {
                let octets = try InputFile.contents(of: folder + "/other.db\(end)", atMost: 1 << 24)
                let isLarge = octets.count > (end == "" ? 100_000 : 500)
                #expect(isLarge)
                let file = try OutputFile(path: path + end)
                try file.write(octets.span)
                try file.commit()
            }
            let failure = #expect(throws: SystemFailure.self) { try SQLiteStore(path: path, access: .read) }
            #expect(failure?.description.contains("nothing has been stored in it yet") == true)
            let store = try SQLiteStore(path: path, access: .write)
            try StoreSamples.store(StoreSamples.snapshots(1, seed: 4), run, in: store)
            #expect(try store.answer(sql: "SELECT count(*) > 0 FROM flows").rows == [[.integer(1)]])
            store.close()
        }
    }

    @Test func databasesOfLaterVersionsAreRefused() throws {
        try Golden.withTemporaryDirectory { folder in
            let path = folder + "/x.db"
            try SQLiteStore(path: path, access: .write).close()
            try Self.execute(path, "INSERT INTO grdb_migrations VALUES ('99 from the future')")
            let failure = #expect(throws: SystemFailure.self) { try SQLiteStore(path: path, access: .write) }
            #expect(failure?.description.contains("a later version") == true)
        }
    }

    /// A database of today is opened while somebody stores: there is nothing to bring up to date, so no wait for the
    /// lock, which would end with a failure after ten seconds.
    @Test func anotherWriterIsNotWaitedFor() throws {
        try withStore { store, path in
            let other = try ForeignDatabase(path: path)
            try other.begin("BEGIN IMMEDIATE")
            let second = try SQLiteStore(path: path, access: .write)
            #expect(try second.catalogue().snapshots.isEmpty)
            try other.execute("ROLLBACK")
            second.close()
            store.close()
        }
    }

    @Test func statementsCannotChangeAnything() throws {
        try withStore { store, path in
            try StoreSamples.store(StoreSamples.snapshots(1, seed: 4), run, in: store)
            for access in [SQLiteStore.Access.read, .write] {
                let store = try SQLiteStore(path: path, access: access)
                #expect(throws: SystemFailure.self) { try store.answer(sql: "DELETE FROM rows") }
                #expect(throws: SystemFailure.self) { try store.answer(sql: "PRAGMA query_only = 0; DELETE FROM rows") }
                #expect(throws: SystemFailure.self) { try store.answer(sql: "no statement") }
            }
            #expect(try store.answer(sql: "SELECT count(*) > 0 FROM flows").rows == [[.integer(1)]])
            #expect(
                try store.answer(sql: "SELECT ip(addr('2001:db8::1')), ip(NULL)").rows == [
                    [.text("2001:db8::1"), .null]
                ])
        }
    }

    /// Past the store, which knows nothing of it.
    private static func execute(_ path: String, _ sql: String) throws {
        let store = try ForeignDatabase(path: path)
        try store.execute(sql)
    }
}
