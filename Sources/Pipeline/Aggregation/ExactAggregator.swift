import Flows
import KernelIO

/// Counts every packet of every task, exactly.
///
/// `input`, `cut` and `finish` are called by each worker on its own thread, all other methods by whoever set it up.
public final class ExactAggregator: Aggregator {
    let plan: TaskPlan
    private let workers: [AggregatorWorker]
    private let collector: CutCollector<[FlowTables]>

    /// - Parameters:
    ///   - memoryLimit: octets that all tables together may take; `nil` for no limit.
    ///   - cumulative: cuts do not start the counts anew.
    ///   - unsharedFlows: of a task and an address family, how many flows a worker counts at most before it hands over
    ///     at once, instead of at the next cut, what others own. So many fit a processor's second-level cache, and are
    ///     handed over within a millisecond.
    public init(
        tasks: [FlowTask], workers: Int, memoryLimit: Int? = nil, cumulative: Bool = false,
        unsharedFlows: Int = 1 << 14
    ) {
        let plan = TaskPlan(tasks)
        self.plan = plan
        let seed = Machine.randomSeed()
        let exchange = UpdateExchange(workers: workers, roots: plan.roots.count)
        self.workers = (0..<workers).map { index in
            AggregatorWorker(
                plan: plan, seed: seed, index: index, workers: workers, exchange: exchange,
                memoryLimit: memoryLimit.map { $0 / workers }, cumulative: cumulative, unsharedFlows: unsharedFlows)
        }
        collector = CutCollector(workers: workers)
    }

    public func input(_ batch: borrowing PacketBatch, worker: Int) { workers[worker].input(batch) }

    /// Called by every worker once it has counted all packets before the cut: hands over its flows.
    ///
    /// - Returns: to the last worker that arrives, the tables of all.
    public func cut(worker: Int) -> AggregatorCut? {
        collector.collect(workers[worker].cut(), of: worker).map { AggregatorCut(plan: plan, parts: $0) }
    }
}

/// Takes decoded packets in batches.
public protocol Aggregator: Sendable {
    associatedtype Cut: Sendable
    func input(_ batch: borrowing PacketBatch, worker: Int)
    func cut(worker: Int) -> Cut?
}

/// All workers' tables at one cut: what results are made of.
public struct AggregatorCut: Sendable {
    let plan: TaskPlan
    /// By worker, then by root.
    let parts: [[FlowTables]]
}

/// One worker's share of all tasks.
private final class AggregatorWorker: @unchecked Sendable {
    private let lanes: [FlowLane]
    private let sender: RunSender
    private let index: Int
    private let workers: Int
    private let cumulative: Bool

    init(
        plan: TaskPlan, seed: UInt64, index: Int, workers: Int, exchange: UpdateExchange, memoryLimit: Int?,
        cumulative: Bool, unsharedFlows: Int
    ) {
        // An eighth is for what gives way, by the keys of coarser tasks.
        let reserve = plan.roots.count < plan.tasks.count ? memoryLimit.map { $0 / 8 } : nil
        let shared = MemoryBudget(limit: memoryLimit.map { $0 - (reserve ?? 0) })
        let reserved = MemoryBudget(limit: reserve)
        let budgets = plan.roots.map { root in
            plan.tasks[root].memoryLimit.map { MemoryBudget(limit: $0 / workers, keepsSketch: true) } ?? shared
        }
        lanes = zip(plan.roots, budgets).map { root, budget in
            let children = plan.tasks.indices.filter { reserve != nil && plan.parents[$0] == root }
            let coarser = children.map { (task: $0, plan: KeyPlan(plan.tasks[$0])) }
            return FlowLane(
                plan: KeyPlan(plan.tasks[root]), seed: seed, worker: index, workers: workers,
                // What is evicted for want of memory must be the worker's own.
                unsharedMax: budget.limit == nil ? unsharedFlows : 0, sketchOctets: budget.sketchOctets,
                coarser: coarser.isEmpty ? nil : CoarserTables(coarser, seed: seed, budget: reserved))
        }
        for (lane, budget) in zip(lanes, budgets) { budget.take(lane.byteCount) }
        sender = RunSender(
            exchange: exchange, worker: index, workers: workers, roots: lanes.count, budgets: budgets)
        self.index = index
        self.workers = workers
        self.cumulative = cumulative
    }

    func input(_ batch: borrowing PacketBatch) {
        if workers > 1 {
            sender.prepare(takeIn: takeIn)
            if let messages = sender.exchange.inbox(of: index, epoch: sender.epoch) { takeIn(messages) }
        }
        for root in lanes.indices {
            sender.root = root
            lanes[root].input(batch, sender)
        }
    }

    /// Counts what others have sent.
    private func takeIn(_ messages: [UpdateMessage]) {
        for message in messages {
            switch message {
            case .compact(let run):
                lanes[run.root].compact.apply(run.updates, 0..<run.count, sender.budgets[run.root])
            case .wide(let run):
                lanes[run.root].wide.apply(run.updates, 0..<run.count, sender.budgets[run.root])
            case .compactFlows(let flows, let root): lanes[root].compact.merge(flows, sender.budgets[root])
            case .wideFlows(let flows, let root): lanes[root].wide.merge(flows, sender.budgets[root])
            }
        }
        sender.exchange.giveBack(messages)
    }

    func cut() -> [FlowTables] {
        if workers > 1 { sender.prepare(takeIn: takeIn) }
        for root in lanes.indices {
            sender.root = root
            lanes[root].flush(sender)
        }
        if workers > 1 {
            sender.exchange.settle()
            while let messages = sender.exchange.inboxUntilSettled(of: index, epoch: sender.epoch) { takeIn(messages) }
        }
        sender.epoch += 1
        return zip(lanes, sender.budgets).map { $0.cut(cumulative: cumulative, budget: $1) }
    }
}
