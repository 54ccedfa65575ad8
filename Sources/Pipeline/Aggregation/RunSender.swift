import Flows

/// One worker's way to the others: the runs it may fill, and the exchange that carries them.
///
/// Runs are had before a batch is counted, so that counting never has to wait in the middle.
final class RunSender {
    let exchange: UpdateExchange
    let worker: Int
    /// By task that is counted directly.
    let budgets: [MemoryBudget]
    var root = 0
    /// Of the task at hand.
    var budget: MemoryBudget { budgets[root] }
    /// How many cuts this worker has made.
    var epoch = 0
    fileprivate var spareCompact: [UpdateRun<CompactKey>] = []
    fileprivate var spareWide: [UpdateRun<FlowKey>] = []
    /// A batch is smaller than a run, so per task, family and receiver it needs at most one new run.
    private let spares: Int

    init(exchange: UpdateExchange, worker: Int, workers: Int, roots: Int, budgets: [MemoryBudget]) {
        self.exchange = exchange
        self.worker = worker
        self.budgets = budgets
        spares = (workers - 1) * roots
    }

    /// Sees to it that a batch can be sent; meanwhile `takeIn` counts what others have sent.
    func prepare(takeIn: ([UpdateMessage]) -> Void) {
        while spareCompact.count < spares {
            switch exchange.compactRun(for: worker, epoch: epoch) {
            case .run(let run): spareCompact.append(run)
            case .inbox(let messages): takeIn(messages)
            }
        }
        while spareWide.count < spares {
            switch exchange.wideRun(for: worker, epoch: epoch) {
            case .run(let run): spareWide.append(run)
            case .inbox(let messages): takeIn(messages)
            }
        }
    }

    func run<Key: RoutedKey>() -> UpdateRun<Key> {
        let run = Key.spareRun(of: self)
        run.root = root
        run.count = 0
        return run
    }

    func send<Key: RoutedKey>(_ run: UpdateRun<Key>, to worker: Int) {
        exchange.send(Key.message(run), to: worker, epoch: epoch)
    }

    /// Sends flows of the task at hand.
    func send<Key: RoutedKey>(_ flows: [FlowEntry<Key>], to worker: Int) {
        exchange.send(Key.message(flows, root: root), to: worker, epoch: epoch)
    }
}

/// A key that workers send each other.
protocol RoutedKey: TableKey {
    static func spareRun(of sender: RunSender) -> UpdateRun<Self>
    static func message(_ run: UpdateRun<Self>) -> UpdateMessage
    static func message(_ flows: [FlowEntry<Self>], root: Int) -> UpdateMessage
    static func give(_ evicted: Span<FlowEntry<Self>>, to coarser: CoarserTables)
}

extension CompactKey: RoutedKey {
    static func spareRun(of sender: RunSender) -> UpdateRun<CompactKey> { sender.spareCompact.removeLast() }
    static func message(_ run: UpdateRun<CompactKey>) -> UpdateMessage { .compact(run) }
    static func message(_ flows: [FlowEntry<CompactKey>], root: Int) -> UpdateMessage {
        .compactFlows(flows, root: root)
    }
    static func give(_ evicted: Span<FlowEntry<CompactKey>>, to coarser: CoarserTables) { coarser.add(evicted) }
}

extension FlowKey: RoutedKey {
    static func spareRun(of sender: RunSender) -> UpdateRun<FlowKey> { sender.spareWide.removeLast() }
    static func message(_ run: UpdateRun<FlowKey>) -> UpdateMessage { .wide(run) }
    static func message(_ flows: [FlowEntry<FlowKey>], root: Int) -> UpdateMessage {
        .wideFlows(flows, root: root)
    }
    static func give(_ evicted: Span<FlowEntry<FlowKey>>, to coarser: CoarserTables) { coarser.add(evicted) }
}
