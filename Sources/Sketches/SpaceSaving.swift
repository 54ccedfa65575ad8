/// The keys with the most octets (or packets, or whatever is added), by a fixed number of counters (Metwally, Agrawal
/// and El Abbadi, «Efficient computation of frequent and top-k elements in data streams», 2005).
///
/// A key without a counter takes the smallest one over, with its count as possible error. So with `counters` counters
/// each key that has more than 1 / counters of the total has one, and all bounds hold for certain.
public struct SpaceSaving: Sendable {
    public let counters: Int
    public private(set) var total: UInt64 = 0
    private var entries: [Entry] = []
    /// Positions of the counters as a binary heap, the smallest on top.
    private var heap: [Int32] = []
    /// Probed linearly: 0 for free, else the counter's index + 1.
    private var slots: [Int32]

    private struct Entry: Sendable {
        var key: SketchKey
        var hash: UInt64
        var count: UInt64
        /// What the count may have of others.
        var error: UInt64
        /// Where in the heap it stands.
        var place: Int32
    }

    /// A key and what it has.
    public struct Row: Equatable, Sendable {
        public var key: SketchKey
        public var count: Estimate
    }

    public init(counters: Int) throws(SketchFailure) {
        try SketchLimits.check(counters, .counters, SketchLimits.counters)
        self.counters = counters
        var size = 4
        while size < counters * 2 { size *= 2 }
        slots = Array(repeating: 0, count: size)
        entries.reserveCapacity(counters)
        heap.reserveCapacity(counters)
    }

    /// As many counters as give no key an error above the share `error` of the total: 1 / error.
    public init(error: Double) throws(SketchFailure) {
        try SketchLimits.check(error, .error, above: 0, below: 1)
        let counters = (1 / error).rounded(.up)
        guard counters <= Double(SketchLimits.counters.upperBound) else {
            throw .fraction(.error, value: error, above: 1 / Double(SketchLimits.counters.upperBound), below: 1)
        }
        try self.init(counters: Int(counters))
    }

    /// Adds to a key's count.
    public mutating func add(_ key: SketchKey, hash: UInt64, _ amount: UInt64) {
        total &+= amount
        let place = self.place(of: key, hash)
        if slots[place] != 0 {
            let index = Int(slots[place]) - 1
            entries[index].count &+= amount
            sink(Int(entries[index].place))
        } else if entries.count < counters {
            append(Entry(key: key, hash: hash, count: amount, error: 0, place: 0), at: place)
        } else {
            let index = Int(heap[0])
            let least = entries[index].count
            free(slotOf: index)
            entries[index] = Entry(key: key, hash: hash, count: least &+ amount, error: least, place: 0)
            slots[self.place(of: key, hash)] = Int32(index + 1)
            sink(0)
        }
    }

    /// Adds the octets of the updates, in order.
    public mutating func add(_ updates: Span<KeyedCount>) {
        for i in updates.indices { add(updates[i].key, hash: updates[i].hash, updates[i].count.bytes) }
    }

    /// All keys that have a counter, in no order. The true count is at most the value.
    public var rows: [Row] {
        entries.map { Row(key: $0.key, count: Estimate(value: $0.count, below: $0.error)) }
    }

    /// At most what a key has that has no counter.
    public var unseenMax: UInt64 { entries.count < counters ? 0 : entries[Int(heap[0])].count }

    /// Adds what was counted of other packets (Agarwal et al., «Mergeable summaries», 2012): the bounds stay certain,
    /// and no key's error exceeds 1 / counters of the total of both.
    public mutating func merge(_ other: SpaceSaving) throws(SketchFailure) {
        guard other.counters == counters else { throw .unlike }
        let (oursMax, theirsMax) = (unseenMax, other.unseenMax)
        var merged: [Entry] = []
        for entry in entries {
            var entry = entry
            if let theirs = other.entry(entry.key, entry.hash) {
                entry.count &+= theirs.count
                entry.error &+= theirs.error
            } else {
                entry.count &+= theirsMax
                entry.error &+= theirsMax
            }
            merged.append(entry)
        }
        for entry in other.entries where self.entry(entry.key, entry.hash) == nil {
            var entry = entry
            entry.count &+= oursMax
            entry.error &+= oursMax
            merged.append(entry)
        }
        merged.sort { ($0.count, $1.hash) > ($1.count, $0.hash) }
        total &+= other.total
        entries.removeAll(keepingCapacity: true)
        heap.removeAll(keepingCapacity: true)
        slots = Array(repeating: 0, count: slots.count)
        for entry in merged.prefix(counters) { append(entry, at: place(of: entry.key, entry.hash)) }
    }

    public var byteCount: Int { counters * (MemoryLayout<Entry>.stride + 4) + slots.count * 4 }
}

// The index and the heap.
extension SpaceSaving {
    private func entry(_ key: SketchKey, _ hash: UInt64) -> Entry? {
        let slot = slots[place(of: key, hash)]
        return slot == 0 ? nil : entries[Int(slot) - 1]
    }

    private func place(of key: SketchKey, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0, entries[Int(slots[place]) - 1].key != key { place = (place + 1) & mask }
        return place
    }

    private mutating func append(_ entry: Entry, at place: Int) {
        entries.append(entry)
        slots[place] = Int32(entries.count)
        heap.append(Int32(entries.count - 1))
        entries[entries.count - 1].place = Int32(heap.count - 1)
        rise(heap.count - 1)
    }

    /// Frees an entry's slot, and moves those behind it that would not be found any more.
    private mutating func free(slotOf index: Int) {
        let mask = slots.count - 1
        var hole = place(of: entries[index].key, entries[index].hash)
        var place = (hole + 1) & mask
        while slots[place] != 0 {
            let home = Int(truncatingIfNeeded: entries[Int(slots[place]) - 1].hash) & mask
            // Whether the hole lies between where the entry belongs and where it stands.
            if (place - home) & mask >= (place - hole) & mask {
                slots[hole] = slots[place]
                hole = place
            }
            place = (place + 1) & mask
        }
        slots[hole] = 0
    }

    private func count(_ place: Int) -> UInt64 { entries[Int(heap[place])].count }

    private mutating func swapPlaces(_ a: Int, _ b: Int) {
        heap.swapAt(a, b)
        entries[Int(heap[a])].place = Int32(a)
        entries[Int(heap[b])].place = Int32(b)
    }

    private mutating func rise(_ start: Int) {
        var place = start
        while place > 0, count(place) < count((place - 1) / 2) {
            swapPlaces(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in 2 * place + 1...2 * place + 2 where child < heap.count && count(child) < count(least) {
                least = child
            }
            if least == place { return }
            swapPlaces(place, least)
            place = least
        }
    }
}
