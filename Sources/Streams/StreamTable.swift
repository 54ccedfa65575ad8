/// The connections that are known, found by their key, and in the order in which they fell silent.
///
/// Entries lie densely; a free one is reused before the array grows. The index is a power of two of slots: 0 = free,
/// else hash << 32 | entry + 1, probed linearly. Removal closes the hole by moving back what was displaced over it, so
/// lookups never meet marks of what was there.
struct StreamTable {
    /// How far `placed` lags: the order of silence is exact to a second.
    private static let placementNanoseconds: Int64 = 1_000_000_000

    var entries: [StreamEntry] = []
    private var links: [IndexList.Link] = []
    private var slots: [UInt64]
    private var free: [Int32] = []
    private(set) var count = 0
    /// Those that carry data, the longest silent first.
    private(set) var lasting = IndexList()
    /// Handshakes, and connections that are over.
    private(set) var brief = IndexList()

    init() { slots = [UInt64](repeating: 0, count: 64) }

    /// The entry with a key, or -1.
    @inline(__always)
    func find(_ key: StreamKey, hash: UInt32) -> Int {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while true {
            let slot = slots[place]
            if slot == 0 { return -1 }
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let index = Int(truncatingIfNeeded: slot & 0xFFFF_FFFF) - 1
                if entries[index].key == key { return index }
            }
            place = (place + 1) & mask
        }
    }

    /// - Precondition: no entry has its key.
    mutating func insert(_ entry: StreamEntry) -> Int {
        if (count + 1) * 3 > slots.count * 2 { grow() }
        let index: Int
        if let reused = free.popLast() {
            index = Int(reused)
            entries[index] = entry
        } else {
            index = entries.count
            entries.append(entry)
            links.append(IndexList.Link())
        }
        place(UInt64(entry.hash) << 32 | UInt64(index + 1))
        count += 1
        if entry.flags.contains(.brief) {
            brief.append(Int32(index), &links)
        } else {
            lasting.append(Int32(index), &links)
        }
        return index
    }

    mutating func remove(_ index: Int) {
        unlink(index)
        free.append(Int32(index))
        count -= 1
        let mask = slots.count - 1
        var hole = Int(entries[index].hash) & mask
        while slots[hole] & 0xFFFF_FFFF != UInt64(index + 1) { hole = (hole + 1) & mask }
        var next = (hole + 1) & mask
        while slots[next] != 0 {
            let home = Int(truncatingIfNeeded: slots[next] >> 32) & mask
            // It may move into the hole unless its home lies between the two.
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }

    /// Notes that an entry was heard of.
    @inline(__always)
    mutating func touch(_ index: Int, at time: Int64) {
        entries[index].lastSeen = time
        let silence = time &- entries[index].placed
        if silence > Self.placementNanoseconds || silence < 0 { replace(index, at: time) }
    }

    mutating func replace(_ index: Int, at time: Int64) {
        unlink(index)
        link(index)
        entries[index].placed = time
    }

    /// Moves an entry to the end of the list for those that are kept briefly, or of the other.
    mutating func setBrief(_ index: Int, _ isBrief: Bool) {
        guard entries[index].flags.contains(.brief) != isBrief else { return }
        unlink(index)
        if isBrief { entries[index].flags.insert(.brief) } else { entries[index].flags.remove(.brief) }
        link(index)
    }

    private mutating func unlink(_ index: Int) {
        if entries[index].flags.contains(.brief) {
            brief.remove(Int32(index), &links)
        } else {
            lasting.remove(Int32(index), &links)
        }
    }

    private mutating func link(_ index: Int) {
        if entries[index].flags.contains(.brief) {
            brief.append(Int32(index), &links)
        } else {
            lasting.append(Int32(index), &links)
        }
    }

    private mutating func place(_ slot: UInt64) {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: slot >> 32) & mask
        while slots[place] != 0 { place = (place + 1) & mask }
        slots[place] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = [UInt64](repeating: 0, count: 2 * old.count)
        for slot in old where slot != 0 { place(slot) }
    }
}
