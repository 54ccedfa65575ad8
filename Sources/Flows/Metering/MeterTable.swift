import Octets

/// The flows of a meter, found by their key.
///
/// Entries lie densely; a free one is reused before the array grows.
struct MeterTable: Sendable {
    var entries: [MeterEntry] = []
    private var index = HashIndex(slots: 1024)
    private var free: [Int32] = []
    var count: Int { index.count }

    /// The first entry that may have a hash's key, by the index alone; -1 where there is none. Looking at it is what
    /// misses the cache, so a batch of packets asks first and looks later.
    @inline(__always)
    func candidate(hash: UInt32) -> Int { index.find(hash: hash) { _ in true } }

    /// The entry with a key, or -1.
    func find(_ key: FlowKey, hash: UInt32) -> Int { index.find(hash: hash) { entries[$0].key == key } }

    /// - Precondition: no entry has its key.
    mutating func insert(_ entry: MeterEntry) -> Int {
        let place: Int
        if let reused = free.popLast() {
            place = Int(reused)
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        index.insert(place, hash: entry.hash)
        return place
    }

    mutating func remove(_ place: Int) {
        index.remove(place, hash: entries[place].hash)
        // No packet has a key without a family, so nobody takes the entry for one in use.
        entries[place].key.meta = 0
        free.append(Int32(place))
    }
}
