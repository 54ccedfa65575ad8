import Flows
import KernelIO

/// What gives way to the memory limit in a finer task's tables, under the keys of the tasks that are rolled up from it:
/// these lack nothing of it as long as they have room themselves. Owned by one worker's thread.
final class CoarserTables: @unchecked Sendable {
    /// Of the tasks, with their numbers. In one order: which table finds room depends on who asks first, and has to be
    /// the same in every run.
    private let plans: [(task: Int, plan: KeyPlan)]
    private let seed: UInt64
    private let budget: MemoryBudget
    private var compact: [Int: Table<CompactKey>] = [:]
    private var wide: [Int: Table<FlowKey>] = [:]

    /// An object, as a dictionary holds none of what cannot be copied.
    private final class Table<Key: RoutedKey> {
        var store: FlowStore<Key>
        init(_ store: consuming FlowStore<Key>) { self.store = store }
    }

    /// - Parameter budget: for all tables here.
    init(_ plans: [(task: Int, plan: KeyPlan)], seed: UInt64, budget: MemoryBudget) {
        self.plans = plans
        self.seed = seed
        self.budget = budget
    }

    /// Few flows fit at first: with many tasks and a small limit, none of them has much.
    private static let initialSlots = 256

    func add(_ rows: Span<FlowEntry<CompactKey>>) {
        for (task, plan) in plans {
            RollUp.add(rows, by: plan, to: &table(of: task, in: &compact).store, budget)
        }
    }

    func add(_ rows: Span<FlowEntry<FlowKey>>) {
        for (task, plan) in plans {
            if plan.hasAddresses {
                RollUp.add(rows, by: plan, to: &table(of: task, in: &wide).store, budget)
            } else {
                RollUp.addWithoutAddresses(rows, by: plan, to: &table(of: task, in: &compact).store, budget)
            }
        }
    }

    private func table<Key>(of task: Int, in tables: inout [Int: Table<Key>]) -> Table<Key> {
        if let table = tables[task] { return table }
        let table = Table(FlowStore<Key>(seed: seed, slots: Self.initialSlots))
        budget.take(table.store.byteCount)
        tables[task] = table
        return table
    }

    /// All that there is, by task; what comes next starts anew, unless `cumulative`.
    func cut(cumulative: Bool) -> [Int: FlowTables] {
        defer {
            if !cumulative {
                compact = [:]
                wide = [:]
            }
        }
        return Dictionary(
            uniqueKeysWithValues: plans.map { task, _ in
                let tables = FlowTables(
                    compact: rows(compact[task], cumulative), wide: rows(wide[task], cumulative))
                return (task, tables)
            })
    }

    private func rows<Key>(_ table: Table<Key>?, _ cumulative: Bool) -> FlowStore<Key> {
        var store = FlowStore<Key>(rows: MappedArray(count: 0), count: 0)
        guard let table else { return store }
        if cumulative { return table.store.copy() }
        budget.giveBack(table.store.byteCount)
        swap(&store, &table.store)
        store.dropIndex()
        return store
    }
}
