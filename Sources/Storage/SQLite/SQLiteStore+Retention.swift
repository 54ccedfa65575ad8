import Flows
import KernelIO

extension SQLiteStore {
    /// Each group of snapshots becomes one in a last transaction that also removes them, so a process that is killed
    /// leaves either. Space that becomes free is used again; the file does not shrink.
    public func maintain(_ retention: Retention) throws(SystemFailure) {
        let work = retention.work(
            try Self.failures(name, "read") { try read { try Self.snapshots($0) } })
        for snapshot in work.expired {
            try write("delete old snapshots in") { database in try Self.remove(database, snapshot: snapshot.id) }
        }
        for (level, snapshots) in work.merged {
            try write("merge snapshots in") { database in try self.merge(snapshots, level, database) }
        }
        guard !work.expired.isEmpty else { return }
        try write("delete old runs in") { database in
            try database.execute(
                "DELETE FROM ledger WHERE run NOT IN (SELECT run FROM snapshots);"
                    + "DELETE FROM runs WHERE id NOT IN (SELECT run FROM snapshots)")
        }
    }

    private func merge(_ snapshots: [StoredSnapshot], _ level: SnapshotLevel, _ database: SQLiteConnection) throws {
        guard let last = snapshots.last else { return }
        // The last cumulative snapshot holds all that those before it do; one alone has nothing to be merged with.
        if last.run.isCumulative || snapshots.count == 1 {
            for snapshot in snapshots.dropLast() { try Self.remove(database, snapshot: snapshot.id) }
            return try database.run("UPDATE snapshots SET level = ? WHERE id = ?", [level.rawValue, last.id])
        }
        try database.run(
            "INSERT INTO snapshots (run, number, time, level, complete) SELECT run, number, time, ?, 0"
                + " FROM snapshots WHERE id = ?", [level.rawValue, last.id])
        let id = database.lastInsertedRowID
        for result in try merged(snapshots, database) { try insert(result, snapshot: id, database) }
        for snapshot in snapshots { try Self.remove(database, snapshot: snapshot.id) }
        try database.run("UPDATE snapshots SET complete = 1 WHERE id = ?", [id])
    }

    private func merged(_ snapshots: [StoredSnapshot], _ database: SQLiteConnection) throws -> [TaskResult] {
        var tasks: [FlowTask] = []
        for task in snapshots.flatMap({ $0.results.map(\.task) }) where !tasks.contains(task) { tasks.append(task) }
        return try tasks.map { task in
            var merger = TaskMerger(task)
            for snapshot in snapshots {
                for result in snapshot.results where result.task == task {
                    merger.add(
                        other: result.other, evictedFlows: result.evictedFlows, totalPackets: result.packets,
                        totalBytes: result.bytes)
                }
                try Self.read(database, snapshot.id, task) { merger.add($0, bound: $1, process: $2) }
            }
            return merger.result()
        }
    }
}
