import Octets

/// The connections that are known, found by their key, and in the order in which they fell silent.
///
/// Entries lie densely; a free one is reused before the array grows.
struct StreamTable {
    /// How far `placed` lags: the order of silence is exact to a second.
    private static let placementNanoseconds: Int64 = 1_000_000_000

    var entries: [StreamEntry] = []
    private var links: [IndexList.Link] = []
    private var index = HashIndex(slots: 64)
    private var free: [Int32] = []
    var count: Int { index.count }
    /// Those that carry data, the longest silent first.
    private(set) var lasting = IndexList()
    /// Handshakes, and connections that are over.
    private(set) var brief = IndexList()

    /// The entry with a key, or -1.
    @inline(__always)
    func find(_ key: StreamKey, hash: UInt32) -> Int { index.find(hash: hash) { entries[$0].key == key } }

    /// - Precondition: no entry has its key.
    mutating func insert(_ entry: StreamEntry) -> Int {
        let place: Int
        if let reused = free.popLast() {
            place = Int(reused)
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
            links.append(IndexList.Link())
        }
        index.insert(place, hash: entry.hash)
        if entry.flags.contains(.brief) {
            brief.append(Int32(place), &links)
        } else {
            lasting.append(Int32(place), &links)
        }
        return place
    }

    mutating func remove(_ place: Int) {
        unlink(place)
        free.append(Int32(place))
        index.remove(place, hash: entries[place].hash)
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
}
