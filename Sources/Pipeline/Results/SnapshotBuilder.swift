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
        let results = Monitor([TaskResult?](repeating: nil, count: tables.count))
        concurrently(tables.count, threads: threads) { index in
            let result = self.result(cut.plan.tasks[index], tables[index])
            results.withLock { $0[index] = result }
        }
        return Snapshot(
            time: time ?? tables.compactMap { Self.lastSeen($0) }.max() ?? 0,
            results: results.withLock { $0.compactMap(\.self) })
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
            let rolledUp = RollUp.tables(of: plan.tasks[task], from: finer)
            tables.withLock { $0[task] = [rolledUp] }
        }
        return tables.withLock { $0 }
    }

    private func result(_ task: FlowTask, _ tables: [FlowTables]) -> TaskResult {
        let order = RowSorter(tables: tables, order: order, limit: limit).sorted()
        var evicted = EvictedFlows()
        var totals = PacketCount()
        for table in tables {
            evicted.add(table.evicted)
            totals.add(Self.totals(table.compact))
            totals.add(Self.totals(table.wide))
        }
        let other = evicted.record
        return TaskResult(
            task: task, rows: TableRows(tables: tables, order: order),
            flowCount: tables.reduce(0) { $0 + $1.count }, other: other, evictedFlows: evicted.flows, totalPackets: totals.packets + (other?.totalPackets ?? 0),
            totalBytes: totals.bytes + (other?.totalBytes ?? 0))
    }

    private static func totals<Key>(_ store: borrowing FlowStore<Key>) -> PacketCount {
        let rows = store.rows
        var totals = PacketCount()
        for i in rows.indices {
            totals.packets += rows[i].counters.totalPackets
            totals.bytes += rows[i].counters.totalBytes
        }
        return totals
    }

    private static func lastSeen(_ tables: [FlowTables]) -> Int64? {
        tables.compactMap { tables in
            [lastSeen(tables.compact), lastSeen(tables.wide), tables.evicted.counters?.lastSeen].compactMap(\.self).max()
        }.max()
    }

    private static func lastSeen<Key>(_ store: borrowing FlowStore<Key>) -> Int64? {
        let rows = store.rows
        guard rows.count > 0 else { return nil }
        var last = Int64.min
        for i in rows.indices { last = max(last, rows[i].counters.lastSeen) }
        return last
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
            FlowTask(name: "endpoints", fields: KeyFields(source: .whole), bidirectional: true), [tables])
    }

    /// The traffic by protocol and server port: of a flow's two ports, the lower.
    ///
    /// - Returns: rows with the port as destination, both directions summed as forward, and in `reversePackets` the
    ///   number of flows; `nil` if no task was counted with
    ///   protocol and both ports.
    public func services(_ cut: AggregatorCut) -> TaskResult? {
        let ports = FlowTask(
            name: "services", fields: KeyFields(sourcePort: true, destinationPort: true, protocol: true),
            bidirectional: true)
        guard let position = cut.plan.roots.firstIndex(where: { ports.canRollUp(from: cut.plan.tasks[$0]) }) else {
            return nil
        }
        let tables = RollUp.services(from: cut.parts.map { $0[position] })
        return result(
            FlowTask(name: "services", fields: KeyFields(destinationPort: true, protocol: true)), [tables])
    }
}
