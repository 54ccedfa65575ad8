import Flows
import KernelIO

/// Tables of coarser tasks out of a finer one's.
enum RollUp {
    /// What counting `task` packet by packet would have given, from the tables of a task it can be rolled up from.
    static func tables(of task: FlowTask, from finer: [FlowTables]) -> FlowTables {
        let plan = KeyPlan(task)
        let seed = Machine.randomSeed()
        var compact = FlowStore<CompactKey>(seed: seed)
        var wide = FlowStore<FlowKey>(seed: seed)
        for tables in finer {
            merge(tables.compact, by: plan, into: &compact)
            if plan.hasAddresses {
                merge(tables.wide, by: plan, into: &wide)
            } else {
                mergeWithoutAddresses(tables.wide, by: plan, into: &compact)
            }
            compact.add(tables.compact.evicted)
            wide.add(tables.wide.evicted)
        }
        return FlowTables(compact: compact, wide: wide)
    }

    private static func merge<Key: TableKey>(
        _ finer: borrowing FlowStore<Key>, by plan: KeyPlan, into store: inout FlowStore<Key>
    ) {
        let rows = finer.rows
        for i in rows.indices { store.merge(plan.rolledUp(rows[i])) }
    }

    private static func mergeWithoutAddresses(
        _ finer: borrowing FlowStore<FlowKey>, by plan: KeyPlan, into store: inout FlowStore<CompactKey>
    ) {
        let rows = finer.rows
        for i in rows.indices {
            let entry = FlowEntry(
                key: CompactKey(addresses: 0, meta: rows[i].key.meta), counters: rows[i].counters)
            store.merge(plan.rolledUp(entry))
        }
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
        for i in rows.indices {
            var key = rows[i].key.flowKey
            let counters = rows[i].counters
            store.merge(FlowEntry(key: Key(key.sourceOnly), counters: counters.anchored))
            key.swapEnds()
            store.merge(FlowEntry(key: Key(key.sourceOnly), counters: counters.swapped.anchored))
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
        for i in rows.indices {
            let key = rows[i].key.flowKey
            let meta = FlowKey.meta(
                sourcePort: 0, destinationPort: min(key.sourcePort, key.destinationPort), vlan: 0,
                protocol: key.protocol, family: 0)
            var counters = rows[i].counters.folded
            counters.packets[1] = 1
            store.merge(FlowEntry(key: CompactKey(addresses: 0, meta: meta), counters: counters))
        }
    }
}

extension FlowKey {
    fileprivate var sourceOnly: FlowKey {
        FlowKey(sourceHigh: sourceHigh, sourceLow: sourceLow, destinationHigh: 0, destinationLow: 0, meta: meta & 0xFF)
    }
}
