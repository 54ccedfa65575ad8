/// The flows of a meter, found by their key.
///
/// Entries lie densely; a free one is reused before the array grows. The index is a power of two of slots: 0 = free,
/// else hash << 32 | entry + 1, probed linearly. Removal closes the hole by moving back what was displaced over it.
struct MeterTable: Sendable {
    var entries: [MeterEntry] = []
    private var slots = [UInt64](repeating: 0, count: 1024)
    private var free: [Int32] = []
    private(set) var count = 0

    /// The first entry that may have a hash's key, by the index alone; -1 where there is none. Looking at it is what
    /// misses the cache, so a batch of packets asks first and looks later.
    @inline(__always)
    func candidate(hash: UInt32) -> Int {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while true {
            let slot = slots[place]
            if slot == 0 { return -1 }
            if slot.upperHalf == hash { return Int(truncatingIfNeeded: slot & 0xFFFF_FFFF) - 1 }
            place = (place &+ 1) & mask
        }
    }

    /// The entry with a key, or -1.
    func find(_ key: FlowKey, hash: UInt32) -> Int {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while true {
            let slot = slots[place]
            if slot == 0 { return -1 }
            if slot.upperHalf == hash {
                let index = Int(truncatingIfNeeded: slot & 0xFFFF_FFFF) - 1
                if entries[index].key == key { return index }
            }
            place = (place &+ 1) & mask
        }
    }

    /// - Precondition: no entry has its key.
    mutating func insert(_ entry: MeterEntry) -> Int {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        let index: Int
        if let reused = free.popLast() {
            index = Int(reused)
            entries[index] = entry
        } else {
            index = entries.count
            entries.append(entry)
        }
        place(UInt64(entry.hash) << 32 | UInt64(index + 1))
        count += 1
        return index
    }

    mutating func remove(_ index: Int) {
        let mask = slots.count - 1
        var hole = Int(entries[index].hash) & mask
        while slots[hole] & 0xFFFF_FFFF != UInt64(index + 1) { hole = (hole &+ 1) & mask }
        var next = (hole &+ 1) & mask
        while slots[next] != 0 {
            let home = Int(slots[next].upperHalf) & mask
            // It may move into the hole unless its home lies between the two.
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next &+ 1) & mask
        }
        slots[hole] = 0
        // No packet has a key without a family, so nobody takes the entry for one in use.
        entries[index].key.meta = 0
        free.append(Int32(index))
        count -= 1
    }

    private mutating func place(_ slot: UInt64) {
        let mask = slots.count - 1
        var place = Int(slot.upperHalf) & mask
        while slots[place] != 0 { place = (place &+ 1) & mask }
        slots[place] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: 2 * old.count)
        for slot in old where slot != 0 { place(slot) }
    }
}
