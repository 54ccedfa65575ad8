import Flows
import KernelIO
import Sketches

/// What one worker holds of one task at a cut: of the sketches one.
struct SketchPart: Sendable {
    var heavy: HeavyHitters?
    var spread: SuperSpread?
    var distinct: HyperLogLog?
    var top: SpaceSaving?
    var total = SketchCount()
    /// `Int64.min` without packets.
    var lastSeen = Int64.min

    init(_ task: SketchTask, workers: Int) throws(SketchFailure) {
        switch task.kind {
        case .heavyHitters(let parameters, let thresholds):
            heavy = HeavyHitters(parameters, seed: task.seed, thresholds: thresholds.shared(among: workers))
        case .superSpread(let parameters, _): spread = try SuperSpread(parameters, seed: task.seed)
        case .distinct(let precision): distinct = try HyperLogLog(precision: precision)
        case .top(let counters): top = try SpaceSaving(counters: counters)
        }
    }

    mutating func add(_ updates: borrowing MappedArray<KeyedCount>, _ count: Int) {
        let updates = updates.span.extracting(0..<count)
        heavy?.add(updates)
        top?.add(updates)
    }

    mutating func add(_ updates: borrowing MappedArray<SpreadUpdate>, _ count: Int) {
        let updates = updates.span.extracting(0..<count)
        spread?.add(updates)
        distinct?.add(updates)
    }
}

extension HeavyHitters.Thresholds {
    /// Who reaches a threshold in all reaches this at one of the workers.
    fileprivate func shared(among workers: Int) -> Self {
        let parts = UInt64(max(1, workers))
        return Self(packets: max(1, packets / parts), bytes: max(1, bytes / parts))
    }
}

/// One worker's share of one task: packets become updates of its sketch, a batch at a time.
final class SketchLane: @unchecked Sendable {
    private let keys: SketchKeys
    private let fresh: SketchPart
    private var part: SketchPart
    private var counts = MappedArray<KeyedCount>(count: PacketBatch.capacity)
    private var spreads = MappedArray<SpreadUpdate>(count: PacketBatch.capacity)

    init(_ task: SketchTask, workers: Int) throws(SketchFailure) {
        keys = SketchKeys(task)
        fresh = try SketchPart(task, workers: workers)
        part = fresh
    }

    func input(_ batch: borrowing PacketBatch) {
        input(batch.compact.span.extracting(0..<batch.compactCount))
        input(batch.wide.span.extracting(0..<batch.wideCount))
    }

    private func input<Key: HashedKey>(_ packets: Span<FlowPacket<Key>>) {
        if packets.isEmpty { return }
        for i in packets.indices {
            part.total.add(SketchCount(packets: 1, bytes: UInt64(packets[i].wireLength)))
            part.lastSeen = max(part.lastSeen, packets[i].time)
        }
        if part.heavy != nil || part.top != nil {
            Self.stage(packets, keys, into: &counts)
            part.add(counts, packets.count)
        } else {
            Self.stage(packets, keys, into: &spreads)
            part.add(spreads, packets.count)
        }
    }

    @inline(__always)
    private static func stage<Key: HashedKey>(
        _ packets: Span<FlowPacket<Key>>, _ keys: SketchKeys, into array: inout MappedArray<KeyedCount>
    ) {
        var updates = array.mutableSpan
        for i in packets.indices {
            let (key, hash) = packets[i].key.keyed(by: keys.key, seed: keys.seed)
            updates[i] = KeyedCount(
                key: key, hash: hash, count: SketchCount(packets: 1, bytes: UInt64(packets[i].wireLength)))
        }
    }

    @inline(__always)
    private static func stage<Key: HashedKey>(
        _ packets: Span<FlowPacket<Key>>, _ keys: SketchKeys, into array: inout MappedArray<SpreadUpdate>
    ) {
        var updates = array.mutableSpan
        for i in packets.indices {
            let (key, hash) = packets[i].key.keyed(by: keys.key, seed: keys.seed)
            let element = packets[i].key.keyed(by: keys.element, seed: ~keys.seed).hash
            updates[i] = SpreadUpdate(key: key, keyHash: hash, pairHash: SketchHash.pair(hash, element))
        }
    }

    func cut(isCumulative: Bool) -> SketchPart {
        let part = part
        if !isCumulative { self.part = fresh }
        return part
    }
}

/// How a task's key and element are cut out of a packet's key, and hashed.
struct SketchKeys: Sendable {
    let key: KeyPlan
    let element: KeyPlan
    let seed: UInt64

    init(_ task: SketchTask) {
        key = KeyPlan(task.flowTask)
        element = KeyPlan(FlowTask(name: task.name, fields: task.elements ?? KeyFields()))
        seed = task.seed
    }

    /// The hash of a key, as in the updates.
    func hash(_ key: SketchKey) -> UInt64 {
        let flowKey = FlowKey(key)
        return self.key.isCompact(flowKey)
            ? CompactKey(flowKey).wideHash(seed: seed) : flowKey.wideHash(seed: seed)
    }
}

/// A packet's key that sketches can count by.
protocol HashedKey: TableKey {
    func keyed(by plan: KeyPlan, seed: UInt64) -> (key: SketchKey, hash: UInt64)
}

extension CompactKey: HashedKey {
    @inline(__always)
    func keyed(by plan: KeyPlan, seed: UInt64) -> (key: SketchKey, hash: UInt64) {
        let key = plan.compact(self).key
        return (SketchKey(key.flowKey), key.wideHash(seed: seed))
    }
}

extension FlowKey: HashedKey {
    @inline(__always)
    func keyed(by plan: KeyPlan, seed: UInt64) -> (key: SketchKey, hash: UInt64) {
        // Without an address both families share their rows.
        guard plan.hasAddresses else { return CompactKey(addresses: 0, meta: meta).keyed(by: plan, seed: seed) }
        let key = plan.wide(self).key
        return (SketchKey(key), key.wideHash(seed: seed))
    }
}
