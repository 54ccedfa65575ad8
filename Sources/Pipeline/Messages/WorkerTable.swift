import Events

/// The workers of a shard: by the key of their connection, and in the order of their last use.
///
/// One value, so that an event takes one access to the shard for them.
struct WorkerTable {
    var workers: [EventWorker?] = []
    var slotOfKey: [ConnectionKey: Int32] = [:]
    /// The ends of the list through the workers; -1: there are none.
    private(set) var newest: Int32 = -1
    private(set) var oldest: Int32 = -1

    /// The worker of a connection, now the newest; `nil` if there is none.
    mutating func touch(_ key: ConnectionKey) -> (Int32, EventWorker)? {
        // Often one says several things in a row.
        if newest >= 0, let worker = workers[Int(newest)], worker.key == key { return (newest, worker) }
        guard let slot = slotOfKey[key], let worker = workers[Int(slot)] else { return nil }
        unlink(slot, worker)
        link(slot, worker)
        return (slot, worker)
    }

    /// Puts a worker in front, that is in the list at no other place.
    mutating func link(_ slot: Int32, _ worker: EventWorker) {
        worker.newer = -1
        worker.older = newest
        if newest >= 0 { workers[Int(newest)]?.newer = slot }
        newest = slot
        if oldest < 0 { oldest = slot }
    }

    mutating func unlink(_ slot: Int32, _ worker: EventWorker) {
        if worker.newer >= 0 { workers[Int(worker.newer)]?.older = worker.older } else { newest = worker.older }
        if worker.older >= 0 { workers[Int(worker.older)]?.newer = worker.newer } else { oldest = worker.newer }
    }
}
