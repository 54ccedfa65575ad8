import Events
import Octets

/// The workers of a shard: by the key of their connection, and in the order of their last use.
struct WorkerTable {
    /// By slot; those of free slots are forgotten ones.
    private var workers: [EventWorker] = []
    private var freeSlots: [Int32] = []
    private var index = HashIndex(slots: 64)
    /// The ends of the list through the workers; -1: there are none.
    private(set) var newest: Int32 = -1
    private(set) var oldest: Int32 = -1

    /// Connections that have a worker.
    var count: Int { index.count }

    /// The worker in a slot, to be read or changed in its place.
    subscript(slot: Int32) -> EventWorker {
        _read { yield workers[Int(slot)] }
        _modify { yield &workers[Int(slot)] }
    }

    /// Where the worker of a connection is; `nil` if there is none.
    func slot(of key: ConnectionKey) -> Int32? {
        let slot = index.find(hash: Self.hash(key)) { workers[$0].key == key }
        return slot < 0 ? nil : Int32(slot)
    }

    /// The lower bits: the upper ones have chosen the shard.
    private static func hash(_ key: ConnectionKey) -> UInt32 { UInt32(truncatingIfNeeded: key.mixed) }

    /// Puts a worker into a free slot, to be found, as the newest.
    mutating func insert(_ worker: EventWorker) -> Int32 {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            self[slot] = worker
        } else {
            slot = Int32(workers.count)
            workers.append(worker)
        }
        index.insert(Int(slot), hash: Self.hash(worker.key))
        link(slot)
        return slot
    }

    /// Has the worker in a slot no longer found. The slot is not free before `free` says so.
    mutating func remove(_ slot: Int32) {
        unlink(slot)
        index.remove(Int(slot), hash: Self.hash(self[slot].key))
    }

    /// Gives a removed worker's slot to others.
    mutating func free(_ slot: Int32) { freeSlots.append(slot) }

    /// The slot of a connection's worker, now the newest; `nil` if there is none.
    mutating func touch(_ key: ConnectionKey) -> Int32? {
        // Often one says several things in a row.
        if newest >= 0, self[newest].key == key { return newest }
        guard let slot = slot(of: key) else { return nil }
        unlink(slot)
        link(slot)
        return slot
    }

    /// Puts a worker in front, that is in the list at no other place.
    private mutating func link(_ slot: Int32) {
        self[slot].newer = -1
        self[slot].older = newest
        if newest >= 0 { self[newest].newer = slot }
        newest = slot
        if oldest < 0 { oldest = slot }
    }

    private mutating func unlink(_ slot: Int32) {
        let (newer, older) = (self[slot].newer, self[slot].older)
        if newer >= 0 { self[newer].older = older } else { newest = older }
        if older >= 0 { self[older].newer = newer } else { oldest = newer }
    }
}
