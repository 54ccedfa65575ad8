import Events
import Octets

/// The workers of a shard: by the key of their connection, and in the order of their last use.
///
/// One value, so that an event takes one access to the shard for them.
struct WorkerTable {
    var workers: [EventWorker?] = []
    private var index = HashIndex(slots: 64)
    /// The ends of the list through the workers; -1: there are none.
    private(set) var newest: Int32 = -1
    private(set) var oldest: Int32 = -1

    /// Connections that have a worker.
    var count: Int { index.count }

    /// Where the worker of a connection is; `nil` if there is none.
    func slot(of key: ConnectionKey) -> Int32? {
        let slot = index.find(hash: Self.hash(key)) { workers[$0]?.key == key }
        return slot < 0 ? nil : Int32(slot)
    }

    /// The lower bits: the upper ones have chosen the shard.
    private static func hash(_ key: ConnectionKey) -> UInt32 { UInt32(truncatingIfNeeded: key.mixed) }

    /// Has the worker in a slot found, as the newest.
    mutating func insert(_ slot: Int32, _ worker: EventWorker) {
        index.insert(Int(slot), hash: Self.hash(worker.key))
        link(slot, worker)
    }

    /// Has the worker in a slot no longer found.
    mutating func remove(_ slot: Int32, _ worker: EventWorker) {
        unlink(slot, worker)
        index.remove(Int(slot), hash: Self.hash(worker.key))
    }

    /// The worker of a connection, now the newest; `nil` if there is none.
    mutating func touch(_ key: ConnectionKey) -> (Int32, EventWorker)? {
        // Often one says several things in a row.
        if newest >= 0, let worker = workers[Int(newest)], worker.key == key { return (newest, worker) }
        guard let slot = slot(of: key), let worker = workers[Int(slot)] else { return nil }
        unlink(slot, worker)
        link(slot, worker)
        return (slot, worker)
    }

    /// Puts a worker in front, that is in the list at no other place.
    private mutating func link(_ slot: Int32, _ worker: EventWorker) {
        worker.newer = -1
        worker.older = newest
        if newest >= 0 { workers[Int(newest)]?.newer = slot }
        newest = slot
        if oldest < 0 { oldest = slot }
    }

    private mutating func unlink(_ slot: Int32, _ worker: EventWorker) {
        if worker.newer >= 0 { workers[Int(worker.newer)]?.older = worker.older } else { newest = worker.older }
        if worker.older >= 0 { workers[Int(worker.older)]?.newer = worker.newer } else { oldest = worker.newer }
    }
}
