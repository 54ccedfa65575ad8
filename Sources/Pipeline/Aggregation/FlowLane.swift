import Flows
import KernelIO

/// What one worker holds of one task: the flows whose key hashes to it, and those that it has not shared out yet, IPv4
/// and IPv6 apart.
final class FlowLane: @unchecked Sendable {
    let plan: KeyPlan
    private let coarser: CoarserTables?
    var compact: FamilyLane<CompactKey>
    var wide: FamilyLane<FlowKey>
    /// Only for tasks without addresses: IPv6 packets as the other family counts them.
    private var addressless = MappedArray<FlowPacket<CompactKey>>(count: 0)

    /// - Parameters:
    ///   - unsharedMax: of each family, how many flows are at most counted before others get theirs.
    ///   - sketchOctets: what each family may take for a sketch of the flows it evicts; `nil` for none.
    ///   - coarser: is given the flows that are evicted.
    init(
        plan: KeyPlan, seed: UInt64, worker: Int, workers: Int, unsharedMax: Int, sketchOctets: Int? = nil,
        coarser: CoarserTables? = nil
    ) {
        self.plan = plan
        self.coarser = coarser
        compact = FamilyLane(
            plan: plan, worker: worker, workers: workers, unsharedMax: unsharedMax,
            store: FlowStore(seed: seed, sketchOctets: sketchOctets, coarser: coarser))
        wide = FamilyLane(
            plan: plan, worker: worker, workers: workers, unsharedMax: unsharedMax,
            store: FlowStore(seed: seed, sketchOctets: sketchOctets, coarser: coarser))
        if !plan.hasAddresses { addressless.grow(to: PacketBatch.capacity) }
    }

    var byteCount: Int { compact.byteCount + wide.byteCount }

    func input(_ batch: borrowing PacketBatch, _ sender: RunSender) {
        compact.input(batch.compact, count: batch.compactCount, sender)
        guard batch.wideCount > 0 else { return }
        if plan.hasAddresses {
            wide.input(batch.wide, count: batch.wideCount, sender)
        } else {
            Self.dropAddresses(batch.wide.span.extracting(0..<batch.wideCount), into: &addressless)
            compact.input(addressless, count: batch.wideCount, sender)
        }
    }

    private static func dropAddresses(
        _ packets: Span<FlowPacket<FlowKey>>, into array: inout MappedArray<FlowPacket<CompactKey>>
    ) {
        var output = array.mutableSpan
        for i in packets.indices {
            output[i] = FlowPacket(
                key: CompactKey(addresses: 0, meta: packets[i].key.meta), time: packets[i].time,
                wireLength: packets[i].wireLength, tcpFlags: packets[i].tcpFlags)
        }
    }

    /// Counts what is staged for this worker, and sends what is staged for others.
    func flush(_ sender: RunSender) {
        compact.flush(sender)
        wide.flush(sender)
    }

    /// The flows so far; the lane starts anew, or goes on counting where `cumulative`.
    func cut(cumulative: Bool, budget: MemoryBudget) -> FlowTables {
        FlowTables(
            compact: compact.cut(cumulative, budget), wide: wide.cut(cumulative, budget),
            coarser: coarser?.cut(cumulative: cumulative) ?? [:])
    }
}

/// The flows of one task and one worker at a cut, to be read by anyone.
final class FlowTables: Sendable {
    let compact: FlowStore<CompactKey>
    let wide: FlowStore<FlowKey>
    /// What was evicted, for the tasks that are rolled up from these tables, by their numbers.
    let coarser: [Int: FlowTables]

    init(
        compact: consuming FlowStore<CompactKey>, wide: consuming FlowStore<FlowKey>, coarser: [Int: FlowTables] = [:]
    ) {
        self.compact = compact
        self.wide = wide
        self.coarser = coarser
    }

    var count: Int { compact.count + wide.count }
    var evicted: EvictedFlows {
        var evicted = compact.evicted
        evicted.add(wide.evicted)
        return evicted
    }
}

/// One family of a lane.
///
/// As long as there are few flows, a worker counts all that it sees in its own table, and hands those of others over at
/// the cut: nothing goes from processor to processor then. When there are more, it hands them over at once, and from
/// then on each update is staged for the worker that owns its key. Full stages go into the own table, or to the other
/// worker.
struct FamilyLane<Key: RoutedKey>: ~Copyable, Sendable {
    /// Updates staged per worker: a batch of the table (`FlowTable.batch`).
    private static var stage: Int { 128 }

    private let plan: KeyPlan
    private let worker: Int
    private let workers: Int
    private var store: FlowStore<Key>
    private var staged: MappedArray<FlowUpdate<Key>>
    private var fill: MappedArray<Int>
    /// What is being filled for each other worker.
    private var runs: [UpdateRun<Key>?]
    /// Flows of others may be in the table, and the first stage is for all updates.
    private var isUnshared: Bool
    private let unsharedMax: Int

    init(plan: KeyPlan, worker: Int, workers: Int, unsharedMax: Int, store: consuming FlowStore<Key>) {
        self.plan = plan
        self.worker = worker
        self.workers = workers
        self.unsharedMax = workers == 1 ? .max : unsharedMax
        isUnshared = self.unsharedMax > 0
        self.store = store
        staged = MappedArray(count: workers * Self.stage)
        fill = MappedArray(count: workers)
        runs = Array(repeating: nil, count: workers)
    }

    mutating func input(
        _ packets: borrowing MappedArray<FlowPacket<Key>>, count: Int, _ sender: RunSender
    ) {
        if isUnshared {
            inputUnshared(packets, count: count, sender)
            if store.count > unsharedMax {
                share(sender)
                isUnshared = false
            }
            return
        }
        var next = 0
        while next < count {
            let full = Self.route(
                packets.span.extracting(next..<count), plan, store.seed, workers, &staged, &fill, &next)
            if let full { flush(stageOf: full, sender) }
        }
    }

    /// Needs no routing: keys a batch at a time straight into the table.
    @inline(__always)
    private mutating func inputUnshared(
        _ packets: borrowing MappedArray<FlowPacket<Key>>, count: Int, _ sender: RunSender
    ) {
        var next = 0
        var pending = fill.span[0]
        while next < count {
            let taken = min(count - next, FlowTable<Key>.batch - pending)
            Self.key(packets.span.extracting(next..<next + taken), plan, store.seed, into: &staged, at: pending)
            next += taken
            pending += taken
            if pending == FlowTable<Key>.batch {
                store.apply(staged, 0..<pending, sender.budget)
                pending = 0
            }
        }
        var fill = fill.mutableSpan
        fill[0] = pending
    }

    @inline(__always)
    private static func key(
        _ packets: Span<FlowPacket<Key>>, _ plan: KeyPlan, _ seed: UInt64,
        into updates: inout MappedArray<FlowUpdate<Key>>, at pending: Int
    ) {
        var updates = updates.mutableSpan
        // Said once, not for each.
        precondition(pending >= 0 && packets.count <= updates.count &- pending, "updates have room")
        for i in packets.indices { updates[pending &+ i] = FlowUpdate(packets[i], plan, seed) }
    }

    /// Stages packets until a stage is full, which it returns, or none is left.
    @inline(__always)
    private static func route(
        _ packets: Span<FlowPacket<Key>>, _ plan: KeyPlan, _ seed: UInt64, _ workers: Int,
        _ staged: inout MappedArray<FlowUpdate<Key>>, _ fill: inout MappedArray<Int>, _ next: inout Int
    ) -> Int? {
        var updates = staged.mutableSpan
        var fill = fill.mutableSpan
        for i in packets.indices {
            let update = FlowUpdate(packets[i], plan, seed)
            let owner = update.hash.owner(of: workers)
            updates[owner * stage + fill[owner]] = update
            fill[owner] += 1
            if fill[owner] == stage {
                next += i + 1
                return owner
            }
        }
        next += packets.count
        return nil
    }

    /// Hands over what others own, and counts what is staged for this worker.
    mutating func flush(_ sender: RunSender) {
        if isUnshared { return share(sender) }
        for owner in 0..<workers {
            flush(stageOf: owner, sender)
            if let run = runs[owner], run.count > 0 {
                sender.send(run, to: owner)
                runs[owner] = nil
            }
        }
    }

    /// Counts what is staged, and hands over the flows that others own.
    private mutating func share(_ sender: RunSender) {
        Self.apply(staged, 0..<fill.span[0], to: &store, sender.budget)
        var fill = fill.mutableSpan
        fill[0] = 0
        guard workers > 1 else { return }
        let shares = store.takeOthers(than: worker, of: workers)
        for owner in shares.indices where !shares[owner].isEmpty { sender.send(shares[owner], to: owner) }
    }

    private mutating func flush(stageOf owner: Int, _ sender: RunSender) {
        let count = fill.span[owner]
        let start = owner * Self.stage
        if owner == worker {
            Self.apply(staged, start..<start + count, to: &store, sender.budget)
        } else if count > 0 {
            let run = runs[owner] ?? sender.run()
            run.updates.replace(at: run.count, with: staged.span.extracting(start..<start + count))
            run.count += count
            runs[owner] = run
            if run.count + Self.stage > UpdateRun<Key>.capacity {
                sender.send(run, to: owner)
                runs[owner] = nil
            }
        }
        var fill = fill.mutableSpan
        fill[owner] = 0
    }

    /// Counts updates of keys this worker owns.
    mutating func apply(_ updates: borrowing MappedArray<FlowUpdate<Key>>, _ range: Range<Int>, _ budget: MemoryBudget)
    {
        Self.apply(updates, range, to: &store, budget)
    }

    /// Adds flows of this worker that another one has counted.
    mutating func merge(_ flows: [FlowEntry<Key>], _ budget: MemoryBudget) {
        let before = store.byteCount
        store.merge(flows.count) { flows[$0] }
        budget.take(store.byteCount - before)
    }

    private static func apply(
        _ updates: borrowing MappedArray<FlowUpdate<Key>>, _ range: Range<Int>, to store: inout FlowStore<Key>,
        _ budget: MemoryBudget
    ) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + FlowTable<Key>.batch, range.upperBound)
            store.apply(updates, start..<end, budget)
            start = end
        }
    }

    var byteCount: Int { store.byteCount }

    mutating func cut(_ cumulative: Bool, _ budget: MemoryBudget) -> FlowStore<Key> {
        if cumulative { return store.copy() }
        isUnshared = unsharedMax > 0
        budget.giveBack(store.byteCount)
        var fresh = store.fresh()
        budget.take(fresh.byteCount)
        swap(&store, &fresh)
        fresh.dropIndex()
        return fresh
    }
}

extension FlowUpdate where Key: RoutedKey {
    /// What a packet says to a task: its key masked to the task's, and hashed.
    @inline(__always)
    fileprivate init(_ packet: FlowPacket<Key>, _ plan: KeyPlan, _ seed: UInt64) {
        let (key, direction) = packet.key.masked(by: plan)
        self.init(
            key: key, time: packet.time, hash: key.hash(seed: seed), wireLength: packet.wireLength,
            direction: direction, tcpFlags: packet.tcpFlags)
    }
}

extension UInt32 {
    /// Which of the workers owns a key with this hash: the upper bits say.
    @inline(__always) func owner(of workers: Int) -> Int { Int((UInt64(self) &* UInt64(workers)) >> 32) }
}
