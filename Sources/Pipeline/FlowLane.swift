import Flows
import KernelIO

/// What one worker holds of one task: the flows whose key hashes to it, IPv4 and IPv6 apart.
struct FlowLane: ~Copyable, Sendable {
    private(set) var compact: FamilyLane<CompactKey>
    private(set) var wide: FamilyLane<FlowKey>

    init(plan: KeyPlan, seed: UInt64) {
        compact = FamilyLane(plan: plan, seed: seed)
        wide = FamilyLane(plan: plan, seed: seed)
    }

    mutating func input(_ batch: borrowing PacketBatch) {
        compact.input(batch.compact, count: batch.compactCount)
        wide.input(batch.wide, count: batch.wideCount)
    }

    mutating func flush() {
        compact.flush()
        wide.flush()
    }
}

struct FamilyLane<Key: TableKey>: ~Copyable, Sendable {
    private let plan: KeyPlan
    private let seed: UInt64
    private(set) var store = FlowStore<Key>()
    private var updates = MappedArray<FlowUpdate<Key>>(count: 64)
    private var pending = 0

    init(plan: KeyPlan, seed: UInt64) {
        self.plan = plan
        self.seed = seed
    }

    mutating func input(_ packets: borrowing MappedArray<FlowPacket<Key>>, count: Int) {
        var next = 0
        while next < count {
            let taken = min(count - next, 32 - pending)
            Self.key(packets.span.extracting(next..<next + taken), plan, seed, into: &updates, at: pending)
            next += taken
            pending += taken
            if pending == 32 { flush() }
        }
    }

    @inline(__always)
    private static func key(
        _ packets: Span<FlowPacket<Key>>, _ plan: KeyPlan, _ seed: UInt64,
        into updates: inout MappedArray<FlowUpdate<Key>>, at pending: Int
    ) {
        var updates = updates.mutableSpan
        for i in packets.indices {
            let (key, direction) = packets[i].key.masked(by: plan)
            updates[pending + i] = FlowUpdate(
                key: key, time: packets[i].time, hash: key.hash(seed: seed), wireLength: packets[i].wireLength,
                direction: direction, tcpFlags: packets[i].tcpFlags)
        }
    }

    mutating func flush() {
        store.apply(updates, count: pending)
        pending = 0
    }
}
