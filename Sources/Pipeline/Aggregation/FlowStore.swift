import Flows
import KernelIO

/// A flow table with the memory it lies in. Owned by one thread at a time.
struct FlowStore<Key: RoutedKey>: ~Copyable, Sendable {
    typealias Table = FlowTable<Key>

    private var slots: MappedArray<UInt64>
    private var entries: MappedArray<FlowEntry<Key>>
    private(set) var count = 0
    private(set) var evicted = EvictedFlows()
    /// What spreads the hashes: the same for all stores whose keys are routed together.
    let seed: UInt64
    /// What a sketch of the flows that are evicted may take; `nil` for none.
    let sketchOctets: Int?
    /// What was evicted, once something was and if it is to be known by key.
    private var sketch: EvictedSketch?
    /// Is given what is evicted, for the tasks that are rolled up from this one.
    private let coarser: CoarserTables?

    static var initialSlots: Int { 1 << 12 }

    /// - Parameters:
    ///   - atFirst: slots of the index at first; a power of two, at least 256.
    ///   - room: about as many flows do not make the table grow.
    init(
        seed: UInt64, sketchOctets: Int? = nil, slots atFirst: Int = initialSlots, room: Int = 0,
        coarser: CoarserTables? = nil
    ) {
        self.seed = seed
        self.sketchOctets = sketchOctets
        self.coarser = coarser
        var initialSlots = atFirst
        while Table.capacity(slots: initialSlots) < room { initialSlots *= 2 }
        slots = MappedArray(touched: initialSlots)
        entries = MappedArray(count: Table.capacity(slots: initialSlots))
    }

    /// Rows to be read, the first `count`: without an index, nothing can be counted or merged into them.
    init(rows: consuming MappedArray<FlowEntry<Key>>, count: Int) {
        seed = 0
        sketchOctets = nil
        coarser = nil
        slots = MappedArray(count: 0)
        entries = rows
        self.count = count
    }

    /// Octets of address space the table takes.
    var byteCount: Int { slots.byteCount + entries.byteCount }

    /// Whether rows may lack what was evicted of their flows.
    var hasBounds: Bool { sketch != nil }

    /// A row with what it may lack.
    func boundedRecord(at index: Int) -> FlowRecord {
        let entry = entries.span[index]
        var record = entry.record
        if let bound = sketch?.bound(of: entry.key, at: index) {
            (record.packetsBound, record.bytesBound) = (bound.packets, bound.bytes)
        }
        return record
    }

    var rows: Span<FlowEntry<Key>> {
        @_lifetime(borrow self) borrowing get { entries.span.extracting(0..<count) }
    }

    @inline(__always) func record(at index: Int) -> FlowRecord { entries.span[index].record }

    /// Counts the updates of a range, at most `Table.batch` of them.
    @inline(__always)
    mutating func apply(
        _ updates: borrowing MappedArray<FlowUpdate<Key>>, _ range: Range<Int>, _ budget: MemoryBudget
    ) {
        if count + range.count > entries.count { makeRoom(budget) }
        Self.apply(updates.span.extracting(range), &slots, &entries, &count)
    }

    /// Two spans of one struct's fields can only be had of separate parameters.
    @inline(__always)
    private static func apply(
        _ updates: Span<FlowUpdate<Key>>, _ slots: inout MappedArray<UInt64>,
        _ entries: inout MappedArray<FlowEntry<Key>>, _ count: inout Int
    ) {
        var slots = slots.mutableSpan
        var entries = entries.mutableSpan
        // What comes behind a slot waits for it, and all that follows where a branch on it was guessed wrong.
        if slots.count >= largeIndex {
            let mask = slots.count - 1
            for i in updates.indices { slots.span.prefetch(Int(updates[i].hash) & mask) }
        }
        Table.apply(updates, slots: &slots, entries: &entries, count: &count) { entries, index in
            entries.prefetch(index)
        }
    }

    /// An index of so many slots does not fit the second-level cache.
    private static var largeIndex: Int { 1 << 16 }

    /// An empty one for the flows that come next.
    func fresh() -> FlowStore { FlowStore(seed: seed, sketchOctets: sketchOctets, coarser: coarser) }

    /// Adds flows counted elsewhere to those of the same keys: `flow` gives each of `flowCount`, in order and twice.
    ///
    /// - Parameter budget: what the table may take; `nil`: whatever it needs.
    @inline(__always)
    mutating func merge(_ flowCount: Int, _ budget: MemoryBudget? = nil, _ flow: (Int) -> FlowEntry<Key>) {
        var start = 0
        while start < flowCount {
            var n = min(flowCount - start, Table.batch)
            if count + n > entries.count {
                if let budget {
                    // They may all be here already: what is here gives way only when there is no place left.
                    if !grow(within: budget) { n = min(n, entries.count - count) }
                    if n == 0 { evictSmallest() }
                } else {
                    grow()
                }
            }
            Self.merge(start..<start + n, flow, seed, &slots, &entries, &count)
            start += n
        }
    }

    @inline(__always)
    private static func merge(
        _ range: Range<Int>, _ flow: (Int) -> FlowEntry<Key>, _ seed: UInt64, _ slots: inout MappedArray<UInt64>,
        _ entries: inout MappedArray<FlowEntry<Key>>, _ count: inout Int
    ) {
        var hashes: [128 of UInt32] = .init(repeating: 0)
        var slots = slots.mutableSpan
        let mask = slots.count - 1
        for i in 0..<range.count {
            hashes[i] = flow(range.lowerBound &+ i).key.hash(seed: seed)
            slots.span.prefetch(Int(hashes[i]) & mask)
        }
        var entries = entries.mutableSpan
        Table.merge(
            hashes: hashes.span.extracting(0..<range.count), slots: &slots, entries: &entries, count: &count,
            flow: { flow(range.lowerBound &+ $0) }, ask: { entries, index in entries.prefetch(index) })
    }

    mutating func add(_ more: EvictedFlows) { evicted.add(more) }

    /// Nothing more will be counted: rows are read without the index, and its memory serves what comes next.
    mutating func dropIndex() { slots = MappedArray(count: 0) }

    /// Takes the flows out that other workers own.
    /// - Returns: them, by owner.
    mutating func takeOthers(than worker: Int, of workers: Int) -> [[FlowEntry<Key>]] {
        var shares = [[FlowEntry<Key>]](repeating: [], count: workers)
        Self.takeOthers(than: worker, seed, from: &entries, &count, into: &shares)
        slots = MappedArray(touched: slots.count)
        Self.reindex(entries, count, seed, &slots)
        return shares
    }

    private static func takeOthers(
        than worker: Int, _ seed: UInt64, from array: inout MappedArray<FlowEntry<Key>>, _ count: inout Int,
        into shares: inout [[FlowEntry<Key>]]
    ) {
        var entries = array.mutableSpan
        var kept = 0
        for i in 0..<count {
            let entry = entries[i]
            let owner = entry.key.hash(seed: seed).owner(of: shares.count)
            if owner == worker {
                entries[kept] = entry
                kept += 1
            } else {
                shares[owner].append(entry)
            }
        }
        count = kept
    }

    /// A second table with the same contents.
    func copy() -> FlowStore {
        var copy = FlowStore(seed: seed, sketchOctets: sketchOctets)
        copy.slots = MappedArray(count: slots.count)
        copy.slots.replace(at: 0, with: slots.span)
        copy.entries = MappedArray(count: entries.count)
        copy.entries.replace(at: 0, with: entries.span.extracting(0..<count))
        copy.count = count
        copy.evicted = evicted
        copy.sketch = sketch
        return copy
    }
}

// Growing and shrinking.
extension FlowStore {
    @inline(never)
    private mutating func makeRoom(_ budget: MemoryBudget) {
        if !grow(within: budget) { evictSmallest() }
    }

    /// - Returns: whether the budget allowed it.
    @inline(never)
    private mutating func grow(within budget: MemoryBudget) -> Bool {
        // While the index is rebuilt, the old one is still there.
        guard budget.allows(byteCount + slots.byteCount * 2) else { return false }
        let before = byteCount
        grow()
        budget.take(byteCount - before)
        return true
    }

    @inline(never)
    private mutating func grow() {
        let larger = slots.count * 2
        var rehashed = MappedArray<UInt64>(touched: larger)
        Self.rehash(slots, into: &rehashed)
        slots = rehashed
        entries.grow(to: Table.capacity(slots: larger))
    }

    private static func rehash(_ old: borrowing MappedArray<UInt64>, into new: inout MappedArray<UInt64>) {
        var span = new.mutableSpan
        Table.rehash(from: old.span, into: &span)
    }

    /// Sums up the quarter of the flows with the fewest octets in `evicted`, and forgets their keys.
    private mutating func evictSmallest() {
        if sketch == nil, let sketchOctets { sketch = EvictedSketch(octets: sketchOctets, seed: seed, flows: count) }
        let before = count
        Self.evictSmallest(&entries, &count, &evicted, &sketch)
        if let coarser { Key.give(entries.span.extracting(count..<before), to: coarser) }
        slots = MappedArray(touched: slots.count)
        Self.reindex(entries, count, seed, &slots)
    }

    private static func reindex(
        _ entries: borrowing MappedArray<FlowEntry<Key>>, _ count: Int, _ seed: UInt64,
        _ slots: inout MappedArray<UInt64>
    ) {
        var span = slots.mutableSpan
        Table.index(entries.span.extracting(0..<count), seed: seed, into: &span)
    }

    private static func evictSmallest(
        _ array: inout MappedArray<FlowEntry<Key>>, _ count: inout Int, _ evicted: inout EvictedFlows,
        _ sketch: inout EvictedSketch?
    ) {
        var entries = array.mutableSpan
        // Flows by size class, an eighth of a power of two each: finding the quarter takes one pass and no sorting.
        var classes = [Int](repeating: 0, count: sizeClasses)
        for i in 0..<count { classes[sizeClass(entries[i].counters.totalBytes)] += 1 }
        var remaining = max(count / 4, Table.batch)
        var limit = 0
        while limit < sizeClasses, classes[limit] < remaining {
            remaining -= classes[limit]
            limit += 1
        }
        var kept = 0
        // Flows lie in order of arrival, and stay so.
        let whole = sketch?.wholeFlows ?? 0
        var wholeKept = 0
        for i in 0..<count {
            let entry = entries[i]
            let size = sizeClass(entry.counters.totalBytes)
            if size < limit || size == limit && remaining > 0 {
                if size == limit { remaining -= 1 }
                evicted.add(entry.counters)
                sketch?.add(entry)
            } else {
                if i < whole { wholeKept += 1 }
                // What is evicted goes behind what is kept.
                entries.swapAt(kept, i)
                kept += 1
            }
        }
        count = kept
        sketch?.wholeFlows = wholeKept
    }

    private static var sizeClasses: Int { 64 * 8 }

    /// The position of the highest bit and the three bits below it.
    private static func sizeClass(_ bytes: UInt64) -> Int {
        guard bytes >= 8 else { return Int(bytes) }
        let highest = 63 - bytes.leadingZeroBitCount
        return highest * 8 + Int(bytes >> UInt64(highest - 3) & 7)
    }
}
