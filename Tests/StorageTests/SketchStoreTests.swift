import Flows
import Headers
import KernelIO
import Outputs
import Sketches
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct SketchStoreTests {
    private static let count = SketchTask(
        name: "spreaders", fields: KeyFields(source: .whole, destinationPort: true, vlan: true),
        elements: KeyFields(destination: .whole), kind: .distinct(precision: 10))

    /// Snapshots of one flow task, with a sketch of `rows` rows each.
    private static func snapshots(_ count: Int, rows: Int = 3) -> [Snapshot] {
        var snapshots = StoreSamples.snapshots(count, tasks: [StoreSamples.hosts], seed: 51)
        for index in snapshots.indices {
            let keys = (0..<rows).map { row in
                SketchRow(
                    key: FlowKey(
                        sourceHigh: 0, sourceLow: 0x0A00_0001 + UInt64(row), destinationHigh: 0, destinationLow: 0,
                        meta: FlowKey.meta(
                            sourcePort: 0, destinationPort: UInt16(row), vlan: 7, protocol: 0, family: 4)),
                    packets: Estimate(value: UInt64(100 * index + row), below: 3, above: 5, confidence: 0.9),
                    bytes: row == 0 ? nil : Estimate(value: .max >> 1),
                    spread: Estimate(value: UInt64(row), below: 1, above: 0, confidence: 0.75))
            }
            snapshots[index].sketches = [
                SketchResult(
                    task: Self.count, rows: keys, totalPackets: 1000 + UInt64(index), totalBytes: 9,
                    distinct: Estimate(value: 77, below: 2, above: 2, confidence: 0.5), keysDropped: 4)
            ]
        }
        return snapshots
    }

    /// Numbers are signed in one database and not in the other.
    private static func text(_ table: AnswerTable) -> [String] {
        table.rows.map { row in
            row.map { value in
                switch value {
                case .integer(let number): "\(number)"
                case .unsigned(let number): "\(number)"
                case .real(let number): "\(number)"
                case .text(let text): text
                default: "-"
                }
            }.joined(separator: " ")
        }
    }

    private static func sketches(_ store: any SnapshotStore, task: String? = nil) throws -> [String] {
        try text(store.sketches(store.catalogue().snapshots, task: task))
    }

    @Test func whatSketchesSaidComesBack() throws {
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write)
            let run = StoredRun(source: "a"), snapshots = Self.snapshots(2, rows: 2)
            // Twice, as after a failure that was none.
            for _ in 0..<2 { try StoreSamples.store(snapshots, run, in: store) }
            let times = snapshots.map(\.time)
            #expect(
                try Self.sketches(store) == [
                    "\(times[0]) spreaders distinct 0 - - - - - - 1000 0 9 0 77 2 0.5 4",
                    "\(times[0]) spreaders distinct 1 10.0.0.1 - - 0 - 7 0 5 - - 0 1 0.75 0",
                    "\(times[0]) spreaders distinct 2 10.0.0.2 - - 1 - 7 1 5 9223372036854775807 0 1 1 0.75 0",
                    "\(times[1]) spreaders distinct 0 - - - - - - 1001 0 9 0 77 2 0.5 4",
                    "\(times[1]) spreaders distinct 1 10.0.0.1 - - 0 - 7 100 5 - - 0 1 0.75 0",
                    "\(times[1]) spreaders distinct 2 10.0.0.2 - - 1 - 7 101 5 9223372036854775807 0 1 1 0.75 0",
                ])
            #expect(try Self.sketches(store, task: "others").isEmpty)
            try store.maintain(Retention(keep: StoreSamples.minute / 2))
            #expect(try Self.sketches(store).count == 3)
            #expect(try store.answer(sql: "SELECT count(*) FROM sketch_rows").rows == [[.integer(3)]])
        }
    }

    @Test(
        .enabled(if: !ClickHouseServer.kinds.isEmpty, "clickhouse-server is not installed"),
        arguments: ClickHouseServer.kinds)
    func bothDatabasesSayTheSame(kind: ClickHouseServer.Kind) throws {
        try ClickHouseServer.withBoth(kind) { file, served in
            let runs = [StoredRun(source: "a"), StoredRun(source: "b", isCumulative: true)]
            for store in [file, served] as [any SnapshotStore] {
                try StoreSamples.store(Self.snapshots(4), runs[0], in: store)
                try StoreSamples.store(Self.snapshots(4), runs[1], in: store)
                // As after an answer that never came.
                try store.store(Self.snapshots(1)[0], number: 1, of: runs[0])
            }
            let before = try Self.sketches(file)
            #expect(try before.count == 2 * 4 * 4 && Self.sketches(served) == before)
            // What is merged loses its sketches, as they do not add up; a cumulative run keeps the last.
            let retention = Retention(minutesAfter: StoreSamples.minute, hoursAfter: 2 * StoreSamples.minute)
            for store in [file, served] as [any SnapshotStore] { try store.maintain(retention) }
            let after = try Self.sketches(file)
            #expect(try !after.isEmpty && after.count < before.count && Self.sketches(served) == after)
        }
    }

    @Test(.enabled(if: ClickHouseServer.isInstalled, "clickhouse-server is not installed"))
    func theSpoolKeepsThem() throws {
        try ClickHouseServer.with { server in
            try Golden.withTemporaryDirectory { spool in
                let store = try server.store(spool: spool)
                server.stop()
                try StoreSamples.store(Self.snapshots(2), StoredRun(source: "a"), in: store)
                try server.start()
                try store.store(LedgerReport(), of: StoredRun(source: "later"))
                #expect(try Self.sketches(server.store(.read)).count == 8)
            }
        }
    }
}
