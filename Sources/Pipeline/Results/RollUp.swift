import Flows
import KernelIO

/// Tables of coarser tasks out of a finer one's.
enum RollUp {
    /// What counting each of `tasks` packet by packet would have given, from the tables of a task that all of them can
    /// be rolled up from.
    static func tables(of tasks: [FlowTask], from finer: [FlowTables]) -> [FlowTables] {
        let coarser = tasks.map(CoarserTables.init)
        for tables in finer {
            // All tasks take some rows before the next are looked at: so these come from memory once.
            for range in runs(tables.compact.count) {
                for table in coarser { table.merge(tables.compact, range) }
            }
            for range in runs(tables.wide.count) {
                for table in coarser { table.merge(tables.wide, range) }
            }
            for table in coarser { table.add(evicted: tables) }
        }
        return coarser.map { $0.take() }
    }

    /// Ranges of some thousand rows, which fit into the second-level cache.
    private static func runs(_ count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: 4096).map { $0..<min($0 + 4096, count) }
    }

    /// What each address sent (forward) and received (reverse).
    static func endpoints(from finer: [FlowTables]) -> FlowTables {
        let seed = Machine.randomSeed()
        var compact = FlowStore<CompactKey>(seed: seed)
        var wide = FlowStore<FlowKey>(seed: seed)
        for tables in finer {
            mergeEnds(tables.compact, into: &compact)
            mergeEnds(tables.wide, into: &wide)
        }
        return FlowTables(compact: compact, wide: wide)
    }

    private static func mergeEnds<Key: TableKey>(_ finer: borrowing FlowStore<Key>, into store: inout FlowStore<Key>) {
        let rows = finer.rows
        store.merge(2 * rows.count) {
            var key = rows[$0 >> 1].key.flowKey
            let counters = rows[$0 >> 1].counters
            if $0 & 1 == 0 { return FlowEntry(key: Key(key.sourceOnly), counters: counters.anchored) }
            key.swapEnds()
            return FlowEntry(key: Key(key.sourceOnly), counters: counters.swapped.anchored)
        }
    }

    /// All traffic by protocol and the lower of the two ports; the reverse packets count the flows.
    static func services(from finer: [FlowTables]) -> FlowTables {
        let seed = Machine.randomSeed()
        var store = FlowStore<CompactKey>(seed: seed)
        for tables in finer {
            mergeServices(tables.compact, into: &store)
            mergeServices(tables.wide, into: &store)
        }
        return FlowTables(compact: store, wide: FlowStore(seed: seed))
    }

    private static func mergeServices<Key: TableKey>(
        _ finer: borrowing FlowStore<Key>, into store: inout FlowStore<CompactKey>
    ) {
        let rows = finer.rows
        store.merge(rows.count) {
            let key = rows[$0].key.flowKey
            let meta = FlowKey.meta(
                sourcePort: 0, destinationPort: min(key.sourcePort, key.destinationPort), vlan: 0,
                protocol: key.protocol, family: 0)
            var counters = rows[$0].counters.folded
            counters.packets[1] = 1
            return FlowEntry(key: CompactKey(addresses: 0, meta: meta), counters: counters)
        }
    }
}

/// The tables of one coarser task while they are filled, by one thread.
private final class CoarserTables {
    private let plan: KeyPlan
    private var compact: FlowStore<CompactKey>
    private var wide: FlowStore<FlowKey>

    init(_ task: FlowTask) {
        plan = KeyPlan(task)
        let seed = Machine.randomSeed()
        compact = FlowStore(seed: seed)
        wide = FlowStore(seed: seed)
    }

    func merge(_ finer: borrowing FlowStore<CompactKey>, _ range: Range<Int>) {
        let (plan, rows) = (plan, finer.rows.extracting(range))
        compact.merge(rows.count) { plan.rolledUp(rows[$0]) }
    }

    func merge(_ finer: borrowing FlowStore<FlowKey>, _ range: Range<Int>) {
        let (plan, rows) = (plan, finer.rows.extracting(range))
        if plan.hasAddresses {
            wide.merge(rows.count) { plan.rolledUp(rows[$0]) }
        } else {
            compact.merge(rows.count) {
                plan.rolledUp(
                    FlowEntry(key: CompactKey(addresses: 0, meta: rows[$0].key.meta), counters: rows[$0].counters))
            }
        }
    }

    func add(evicted finer: FlowTables) {
        compact.add(finer.compact.evicted)
        wide.add(finer.wide.evicted)
    }

    /// Call it once: the tables are gone afterwards.
    func take() -> FlowTables {
        var compact = FlowStore<CompactKey>(seed: self.compact.seed)
        var wide = FlowStore<FlowKey>(seed: self.wide.seed)
        swap(&compact, &self.compact)
        swap(&wide, &self.wide)
        return FlowTables(compact: compact, wide: wide)
    }
}

extension FlowKey {
    fileprivate var sourceOnly: FlowKey {
        FlowKey(sourceHigh: sourceHigh, sourceLow: sourceLow, destinationHigh: 0, destinationLow: 0, meta: meta & 0xFF)
    }
}
