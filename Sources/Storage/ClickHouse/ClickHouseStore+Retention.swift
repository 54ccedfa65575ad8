import Flows
import KernelIO

extension ClickHouseStore {
    /// Merged rows are put together here and sent as a new snapshot, whose one row in `snapshots` also says which it
    /// replaces; the rows of those are deleted behind that. A process that is killed leaves either.
    public func maintain(_ retention: Retention) throws(SystemFailure) {
        let records = try records()
        let known = Dictionary(records.map { (Int64($0.id), $0) }, uniquingKeysWith: { first, _ in first })
        let work = retention.work(records.map(\.stored))
        for (level, snapshots) in work.merged { try merge(snapshots.compactMap { known[$0.id] }, level) }
        if let keep = retention.keep, let newest = records.map(\.time).max() { try setTimeToLive(keep, newest) }
        let expired = work.expired.compactMap { known[$0.id] }
        guard let last = expired.last else { return }
        var tombstone = SnapshotRecord(
            id: .random(in: 1...UInt64(Int64.max)), run: last.run, number: last.number, time: last.time, level: .raw,
            results: [], replaced: expired.map(\.id))
        tombstone.isTombstone = true
        try commit(tombstone)
        try delete(expired)
    }

    /// Has a server of today drop what is too old by itself, so that a database that nobody writes to any more empties
    /// all the same. Only where the newest snapshot is of now: the server counts from its clock, and would drop old
    /// captures. Two days are added: days are whole ones, and of a cumulative run the snapshot before the range stays.
    private func setTimeToLive(_ keep: Int64, _ newest: Int64) throws(SystemFailure) {
        let day: Int64 = 86_400_000_000_000
        guard dialect.withLock({ $0?.isModern == true }), abs(Clock.wallNanoseconds &- newest) < min(keep, day) else {
            return
        }
        let days = (keep - 1) / day + 3
        guard daysToLive.withLock({ $0 != days }) else { return }
        for table in ["flow_rows", "snapshots", "sketch_rows", "processes"] {
            _ = try connection.send("ALTER TABLE \(table) MODIFY TTL day + toIntervalDay(\(days))")
        }
        daysToLive.withLock { $0 = days }
    }

    private func merge(_ records: [SnapshotRecord], _ level: SnapshotLevel) throws(SystemFailure) {
        guard let last = records.last else { return }
        var merged = last
        merged.id = .random(in: 1...UInt64(Int64.max))
        merged.level = level
        merged.replaced = records.map(\.id)
        // The last cumulative snapshot holds all that those before it do: its rows stay.
        guard !last.run.isCumulative, records.count > 1 else {
            let columns = ClickHouseSketches.columns
            _ = try connection.send(
                "INSERT INTO sketch_rows (snapshot, \(columns)) SELECT \(merged.id), \(columns) FROM sketch_rows FINAL "
                    + "WHERE snapshot = \(last.id)")
            try commit(merged)
            return try delete(Array(records.dropLast()))
        }
        var tasks: [FlowTask] = []
        for task in records.flatMap({ $0.results.map(\.task) }) where !tasks.contains(task) { tasks.append(task) }
        var results: [TaskResult] = []
        for task in tasks {
            var merger = TaskMerger(task)
            for record in records {
                for result in record.results where result.task == task {
                    merger.add(
                        other: result.other, evictedFlows: result.evictedFlows, totalPackets: result.packets,
                        totalBytes: result.bytes)
                }
                try read(record, task) { merger.add($0, bound: $1, process: $2) }
            }
            results.append(merger.result())
        }
        let snapshot = Snapshot(time: last.time, results: results)
        merged.results = SnapshotRecord(snapshot, number: 0, run: last.run).results
        merged.tokens = []
        merged.tokenTasks = []
        try send(merged, snapshot)
        try delete(records)
    }

    /// Removes rows that no answer counts any more. The server does it when it finds time.
    private func delete(_ records: [SnapshotRecord]) throws(SystemFailure) {
        let tokens = records.flatMap(\.tokens).map(String.init).joined(separator: ",")
        for table in ["flow_rows", "processes"] where !tokens.isEmpty {
            _ = try connection.send("ALTER TABLE \(table) DELETE WHERE token IN (\(tokens))")
        }
        let ids = records.map { "\($0.id)" }.joined(separator: ",")
        if !ids.isEmpty { _ = try connection.send("ALTER TABLE sketch_rows DELETE WHERE snapshot IN (\(ids))") }
    }
}
