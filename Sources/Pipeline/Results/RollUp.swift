import Flows
import KernelIO

/// Tables of coarser tasks out of a finer one's.
enum RollUp {
    /// What counting a task packet by packet would have given, from the tables of a task it can be rolled up from.
    ///
    /// - Parameter number: that of the task; what gave way in the finer tables was counted under it.
    static func tables(of task: FlowTask, number: Int, from finer: [FlowTables]) -> FlowTables {
        let plan = KeyPlan(task)
        if let (shift, count) = plan.numberField { return numberTables(plan, number, shift, count, from: finer) }
        let seed = Machine.randomSeed()
        // A table that hardly has to grow; how many flows there will be is anybody's guess.
        var compact = FlowStore<CompactKey>(seed: seed, room: finer.reduce(0) { $0 + $1.compact.count } / 4)
        var wide = FlowStore<FlowKey>(seed: seed, room: finer.reduce(0) { $0 + $1.wide.count } / 4)
        for tables in finer {
            merge(tables.compact, by: plan, into: &compact)
            if plan.hasAddresses {
                merge(tables.wide, by: plan, into: &wide)
            } else {
                mergeWithoutAddresses(tables.wide, by: plan, into: &compact)
            }
            if let own = tables.coarser[number] {
                merge(own.compact, into: &compact)
                merge(own.wide, into: &wide)
            }
        }
        compact.add(evicted(finer, number))
        return FlowTables(compact: compact, wide: wide)
    }

    /// What gave way for good: in the task's own tables, where it has some for what gave way in the finer ones.
    private static func evicted(_ finer: [FlowTables], _ number: Int) -> EvictedFlows {
        var evicted = EvictedFlows()
        for tables in finer { evicted.add((tables.coarser[number] ?? tables).evicted) }
        return evicted
    }

    /// As `tables`, for a key that is one number: it is its place, so nothing is hashed, looked for or compared.
    private static func numberTables(
        _ plan: KeyPlan, _ number: Int, _ shift: UInt64, _ count: Int, from finer: [FlowTables]
    ) -> FlowTables {
        var entries = MappedArray<FlowEntry<CompactKey>>(count: count)
        for tables in finer.flatMap({ [$0] + [$0.coarser[number]].compactMap(\.self) }) {
            add(tables.compact, plan.compactMeta, shift, to: &entries)
            add(tables.wide, plan.compactMeta, shift, to: &entries)
        }
        let filled = moveFilledToStart(&entries)
        var compact = FlowStore(rows: entries, count: filled)
        compact.add(evicted(finer, number))
        return FlowTables(compact: compact, wide: FlowStore<FlowKey>(rows: MappedArray(count: 0), count: 0))
    }

    private static func add<Key: RoutedKey>(
        _ finer: borrowing FlowStore<Key>, _ mask: UInt64, _ shift: UInt64,
        to entries: inout MappedArray<FlowEntry<CompactKey>>
    ) {
        let rows = finer.rows
        var entries = entries.mutableSpan
        for i in rows.indices {
            let ahead = i &+ prefetchDistance
            if ahead < rows.count {
                entries.span.prefetch(Int(truncatingIfNeeded: (rows[ahead].key.flowKey.meta & mask) >> shift))
            }
            let meta = rows[i].key.flowKey.meta & mask
            let place = Int(truncatingIfNeeded: meta >> shift)
            if entries[place].counters.packets[0] == 0 {
                entries[place] = FlowEntry(key: CompactKey(addresses: 0, meta: meta), counters: rows[i].counters)
            } else {
                entries[place].counters.merge(rows[i].counters)
            }
        }
    }

    /// The places of neighbouring rows have nothing to do with each other.
    private static var prefetchDistance: Int { 16 }

    private static func moveFilledToStart(_ entries: inout MappedArray<FlowEntry<CompactKey>>) -> Int {
        var entries = entries.mutableSpan
        var filled = 0
        for i in entries.indices where entries[i].counters.packets[0] != 0 {
            entries[filled] = entries[i]
            filled += 1
        }
        return filled
    }

    /// Adds rows of the same task.
    private static func merge<Key: RoutedKey>(_ own: borrowing FlowStore<Key>, into store: inout FlowStore<Key>) {
        let rows = own.rows
        store.merge(rows.count) { rows[$0] }
    }

    private static func merge<Key: RoutedKey>(
        _ finer: borrowing FlowStore<Key>, by plan: KeyPlan, into store: inout FlowStore<Key>
    ) {
        let rows = finer.rows
        add(rows, by: plan, to: &store)
    }

    private static func mergeWithoutAddresses(
        _ finer: borrowing FlowStore<FlowKey>, by plan: KeyPlan, into store: inout FlowStore<CompactKey>
    ) {
        let rows = finer.rows
        addWithoutAddresses(rows, by: plan, to: &store)
    }

    /// Adds rows of a finer task to a table of a coarser one.
    static func add<Key: RoutedKey>(
        _ rows: Span<FlowEntry<Key>>, by plan: KeyPlan, to store: inout FlowStore<Key>, _ budget: MemoryBudget? = nil
    ) {
        store.merge(rows.count, budget) { plan.rolledUp(rows[$0]) }
    }

    static func addWithoutAddresses(
        _ rows: Span<FlowEntry<FlowKey>>, by plan: KeyPlan, to store: inout FlowStore<CompactKey>,
        _ budget: MemoryBudget? = nil
    ) {
        store.merge(rows.count, budget) {
            plan.rolledUp(
                FlowEntry(key: CompactKey(addresses: 0, meta: rows[$0].key.meta), counters: rows[$0].counters))
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

    private static func mergeEnds<Key: RoutedKey>(_ finer: borrowing FlowStore<Key>, into store: inout FlowStore<Key>) {
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

    private static func mergeServices<Key: RoutedKey>(
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

extension FlowKey {
    fileprivate var sourceOnly: FlowKey {
        FlowKey(sourceHigh: sourceHigh, sourceLow: sourceLow, destinationHigh: 0, destinationLow: 0, meta: meta & 0xFF)
    }
}
