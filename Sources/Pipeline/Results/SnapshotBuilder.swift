import Flows
import KernelIO

/// Makes results of what the aggregator handed over: rolls up coarser tasks, puts rows in order, adds up totals.
public struct SnapshotBuilder: Sendable {
    public var order: RowOrder
    /// Rows per task; `nil` for all. Totals are over all rows anyway.
    public var limit: Int?
    /// Threads that share the work.
    public var threads: Int

    public init(order: RowOrder = .bytes, limit: Int? = nil, threads: Int = 1) {
        self.order = order
        self.limit = limit
        self.threads = threads
    }

    /// - Parameter time: names the snapshot; `nil` for the time of its last packet.
    public func snapshot(_ cut: AggregatorCut, time: Int64?) -> Snapshot {
        let tables = allTables(cut)
        // One task after the other: each is shared among all threads, so that a large one does not come last and alone.
        let memory = SortMemoryPool()
        let results = tables.indices.map { result(cut.plan.tasks[$0], tables[$0], memory) }
        return Snapshot(
            time: time ?? results.compactMap(\.lastSeen).max() ?? 0, results: results.map(\.result))
    }

    /// A snapshot of tables and sketches that were cut at the same packet.
    public func snapshot(_ cut: AggregatorCut, _ sketches: SketchCut, time: Int64?) -> Snapshot {
        var snapshot = snapshot(cut, time: time)
        snapshot.sketches = SketchResults.results(sketches, order: order)
        if time == nil, cut.plan.tasks.isEmpty { snapshot.time = SketchResults.lastSeen(sketches) ?? 0 }
        return snapshot
    }

    /// By task, then by worker; a rolled-up task has one table.
    private func allTables(_ cut: AggregatorCut) -> [[FlowTables]] {
        let plan = cut.plan
        let tables = Monitor([[FlowTables]](repeating: [], count: plan.tasks.count))
        for (position, task) in plan.roots.enumerated() {
            tables.withLock { $0[task] = cut.parts.map { $0[position] } }
        }
        let derived = plan.tasks.indices.filter { plan.parents[$0] != nil }
        concurrently(derived.count, threads: threads) { index in
            let task = derived[index]
            let finer = tables.withLock { $0[plan.parents[task]!] }
            let rolledUp = RollUp.tables(of: plan.tasks[task], number: task, from: finer)
            tables.withLock { $0[task] = [rolledUp] }
        }
        return tables.withLock { $0 }
    }

    /// - Returns: the result, and the time of its last packet.
    private func result(
        _ task: FlowTask, _ tables: [FlowTables], _ memory: SortMemoryPool = SortMemoryPool()
    ) -> (result: TaskResult, lastSeen: Int64?) {
        let sorted = RowSorter(tables: tables, order: order, limit: limit, threads: threads, memory: memory).sorted()
        let (count, totals, lastSeen) = (sorted.count, sorted.sums.totals, sorted.sums.lastSeen)
        var evicted = EvictedFlows()
        for table in tables { evicted.add(table.evicted) }
        let other = evicted.record
        let flowCount = tables.reduce(0) { $0 + $1.count }
        let result = TaskResult(
            task: task, rows: TableRows(tables: tables, order: sorted.takeOrder(), count: count), flowCount: flowCount,
            other: other, evictedFlows: evicted.flows, totalPackets: totals.packets + (other?.totalPackets ?? 0),
            totalBytes: totals.bytes + (other?.totalBytes ?? 0))
        // Evicted flows count too: the snapshot's time is that of its last packet.
        let last = [flowCount == 0 ? nil : lastSeen, evicted.counters?.lastSeen].compactMap(\.self).max()
        return (result, last)
    }

    /// The addresses by what they sent and received, over all packets of a task that tells both ends.
    ///
    /// - Returns: rows whose source is the address, with what it sent and received as both directions; `nil` if no task
    ///   was counted with the whole addresses of both ends.
    public func endpoints(_ cut: AggregatorCut) -> TaskResult? {
        let ends = FlowTask(
            name: "endpoints", fields: KeyFields(source: .whole, destination: .whole), bidirectional: true)
        guard let position = cut.plan.roots.firstIndex(where: { ends.canRollUp(from: cut.plan.tasks[$0]) }) else {
            return nil
        }
        let tables = RollUp.endpoints(from: cut.parts.map { $0[position] })
        return result(
            FlowTask(name: "endpoints", fields: KeyFields(source: .whole), bidirectional: true), [tables]
        ).result
    }

    /// The traffic by protocol and server port: of a flow's two ports, the lower.
    ///
    /// - Returns: rows with the port as destination, both directions summed as forward, and in `reversePackets` the
    ///   number of flows; `nil` if no task was counted with protocol and both ports.
    public func services(_ cut: AggregatorCut) -> TaskResult? {
        let ports = FlowTask(
            name: "services", fields: KeyFields(sourcePort: true, destinationPort: true, protocol: true),
            bidirectional: true)
        guard let position = cut.plan.roots.firstIndex(where: { ports.canRollUp(from: cut.plan.tasks[$0]) }) else {
            return nil
        }
        let tables = RollUp.services(from: cut.parts.map { $0[position] })
        return result(
            FlowTask(name: "services", fields: KeyFields(destinationPort: true, protocol: true)), [tables]
        ).result
    }
}
