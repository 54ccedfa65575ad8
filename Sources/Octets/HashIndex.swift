/// Finds the entries of a table by the hash of their key.
///
/// A power of two of slots: 0 = free, else hash << 32 | entry + 1, probed linearly. Removal closes the hole by moving
/// back what was displaced over it, so that look-ups never meet marks of what was there. A slot's place follows from
/// the hash it stores, so the index grows without touching an entry.
public struct HashIndex: Sendable {
    @usableFromInline var slots: [UInt64]
    /// Entries that are found.
    public private(set) var count = 0

    /// - Parameter slots: to begin with; a power of two.
    public init(slots: Int) {
        precondition(slots > 0 && slots & (slots - 1) == 0, "places are cut out of hashes by a mask")
        self.slots = [UInt64](repeating: 0, count: slots)
    }

    /// The entry with a hash that `isWanted`, or -1.
    @inlinable @inline(__always)
    public func find(hash: UInt32, _ isWanted: (Int) -> Bool) -> Int {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while true {
            let slot = slots[place]
            if slot == 0 { return -1 }
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let entry = Int(truncatingIfNeeded: slot & 0xFFFF_FFFF) - 1
                if isWanted(entry) { return entry }
            }
            place = (place &+ 1) & mask
        }
    }

    /// - Parameters:
    ///   - entry: 0 ... 2^32 - 2.
    ///   - hash: that of its key, which no other entry has.
    public mutating func insert(_ entry: Int, hash: UInt32) {
        if (count + 1) * 4 > slots.count * 3 { grow() }
        place(UInt64(hash) << 32 | UInt64(entry + 1))
        count += 1
    }

    /// - Precondition: the entry was inserted with this hash.
    public mutating func remove(_ entry: Int, hash: UInt32) {
        let mask = slots.count - 1
        var hole = Int(hash) & mask
        while slots[hole] & 0xFFFF_FFFF != UInt64(entry + 1) { hole = (hole &+ 1) & mask }
        var next = (hole &+ 1) & mask
        while slots[next] != 0 {
            let home = Int(truncatingIfNeeded: slots[next] >> 32) & mask
            // It may move into the hole unless its home lies between the two.
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next &+ 1) & mask
        }
        slots[hole] = 0
        count -= 1
    }

    private mutating func place(_ slot: UInt64) {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: slot >> 32) & mask
        while slots[place] != 0 { place = (place &+ 1) & mask }
        slots[place] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: 2 * old.count)
        for slot in old where slot != 0 { place(slot) }
    }
}
