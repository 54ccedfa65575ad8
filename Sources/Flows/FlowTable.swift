/// A key as it lies in a flow table: some 64-bit words that hash and compare fast.
public protocol TableKey: BitwiseCopyable, Sendable, Equatable {
    /// 32 bits that spread keys evenly for anyone who does not know `seed`.
    func hash(seed: UInt64) -> UInt32
    init(_ key: FlowKey)
    var flowKey: FlowKey { get }
    /// The task's key of this full key, and its direction: 1 where the two ends were swapped to give both directions of
    /// a conversation one key.
    func masked(by plan: KeyPlan) -> (key: Self, direction: UInt8)
    /// Source and destination are the same address and port.
    var hasEqualEnds: Bool { get }
}

/// The key of an IPv4 flow, or of a flow without addresses: 16 octets.
@frozen public struct CompactKey: TableKey {
    /// Source address in the upper half, destination address in the lower.
    public var addresses: UInt64
    public var meta: UInt64

    @inlinable @inline(__always) public init(addresses: UInt64, meta: UInt64) {
        self.addresses = addresses
        self.meta = meta
    }

    @inlinable @inline(__always) public func masked(by plan: KeyPlan) -> (key: CompactKey, direction: UInt8) {
        plan.compact(self)
    }

    @inlinable @inline(__always) public init(_ key: FlowKey) {
        self.init(addresses: key.sourceLow << 32 | key.destinationLow & 0xFFFF_FFFF, meta: key.meta)
    }

    @inlinable @inline(__always) public func hash(seed: UInt64) -> UInt32 {
        foldedProduct(foldedProduct(addresses ^ seed, meta ^ 0xE703_7ED1_A0B4_28DB), 0x8EBC_6AF0_9C88_C6E3).upperHalf
    }

    @inlinable public var hasEqualEnds: Bool {
        addresses >> 32 == addresses & 0xFFFF_FFFF && meta >> 48 == (meta >> 32) & 0xFFFF
    }

    @inlinable public var flowKey: FlowKey {
        FlowKey(
            sourceHigh: 0, sourceLow: addresses >> 32, destinationHigh: 0, destinationLow: addresses & 0xFFFF_FFFF,
            meta: meta)
    }
}

extension FlowKey: TableKey {
    @inlinable @inline(__always) public func masked(by plan: KeyPlan) -> (key: FlowKey, direction: UInt8) {
        plan.wide(self)
    }

    @inlinable @inline(__always) public init(_ key: FlowKey) { self = key }

    @inlinable @inline(__always) public func hash(seed: UInt64) -> UInt32 {
        let a = foldedProduct(sourceHigh ^ seed, sourceLow ^ 0xE703_7ED1_A0B4_28DB)
        let b = foldedProduct(destinationHigh ^ 0x8EBC_6AF0_9C88_C6E3, destinationLow ^ seed ^ 0x5899_65CC_7537_4CC3)
        return foldedProduct(a ^ b, meta ^ 0x1D8E_4E27_C47D_124F).upperHalf
    }

    @inlinable public var hasEqualEnds: Bool {
        sourceHigh == destinationHigh && sourceLow == destinationLow && meta >> 48 == (meta >> 32) & 0xFFFF
    }

    @inlinable public var flowKey: FlowKey { self }
}

/// The two halves of a 128-bit product, folded: one multiplication mixes all bits (as in wyhash).
@inlinable @inline(__always) func foldedProduct(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
}

extension UInt64 {
    @inlinable @inline(__always) var upperHalf: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}

/// What is counted for a flow: 48 octets, both directions.
@frozen public struct FlowCounters: BitwiseCopyable, Sendable {
    /// Per direction: packets in the low 56 bits, the union of TCP flags in the high 8.
    public var packets: [2 of UInt64]
    /// Per direction: octets on the wire in the low 56 bits. The top bit is set where the direction has a packet at
    /// `firstSeen`: what tells the initiator, and can be merged in any order.
    public var bytes: [2 of UInt64]
    public var firstSeen: Int64
    public var lastSeen: Int64

    @inlinable public init(packets: [2 of UInt64], bytes: [2 of UInt64], firstSeen: Int64, lastSeen: Int64) {
        self.packets = packets
        self.bytes = bytes
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }

    @inlinable @inline(__always) public static var countMask: UInt64 { (1 << 56) - 1 }
    @inlinable @inline(__always) public static var firstBit: UInt64 { 1 << 63 }

    /// The initiator is the sender of the earliest packet; where both ends sent one at that time, the lower one.
    @inlinable @inline(__always) public var initiatorIsReverse: Bool { bytes[0] & Self.firstBit == 0 }
}

/// A flow in a table: one cache line with a `CompactKey`, 88 octets with a `FlowKey`.
@frozen public struct FlowEntry<Key: TableKey>: BitwiseCopyable, Sendable {
    public var key: Key
    public var counters: FlowCounters

    @inlinable @inline(__always) public init(key: Key, counters: FlowCounters) {
        self.key = key
        self.counters = counters
    }

    /// The flow as a row, seen from its initiator.
    @inlinable public var record: FlowRecord {
        var key = key.flowKey
        let forward = counters.initiatorIsReverse ? 1 : 0
        if forward == 1 { key.swapEnds() }
        return FlowRecord(
            key: key, packets: counters.packetCount(forward), bytes: counters.byteCount(forward),
            reversePackets: counters.packetCount(1 - forward), reverseBytes: counters.byteCount(1 - forward),
            firstSeen: counters.firstSeen, lastSeen: counters.lastSeen, tcpFlags: counters.tcpFlags(forward),
            reverseTCPFlags: counters.tcpFlags(1 - forward))
    }
}

/// One packet on its way into a table.
@frozen public struct FlowUpdate<Key: TableKey>: BitwiseCopyable, Sendable {
    public var key: Key
    public var time: Int64
    public var hash: UInt32
    public var wireLength: UInt32
    /// 0 forward, 1 reverse, in the canonical orientation of `key`.
    public var direction: UInt8
    public var tcpFlags: UInt8

    @inlinable @inline(__always)
    public init(key: Key, time: Int64, hash: UInt32, wireLength: UInt32, direction: UInt8, tcpFlags: UInt8) {
        self.key = key
        self.time = time
        self.hash = hash
        self.wireLength = wireLength
        self.direction = direction
        self.tcpFlags = tcpFlags
    }
}

/// How flows lie in memory, and the operations on it. The memory itself belongs to the caller, who hands in spans.
///
/// * `entries` holds the flows densely, in order of arrival: `count` of them.
/// * `slots` is the hash index, a power of two long: 0 = free, else hash << 32 | entry index + 1. It is probed
///   linearly. A slot's place follows from the hash it stores, so the index grows without touching a single entry.
///
/// The index is an eighth of the entries' size, so it stays in the cache long after the entries do not; a packet then
/// costs one cache miss, and `apply` overlaps the misses of a whole batch.
public enum FlowTable<Key: TableKey> {
    public typealias Entry = FlowEntry<Key>
    public typealias Update = FlowUpdate<Key>

    /// How many updates `apply` looks ahead.
    @inlinable public static var batch: Int { 128 }

    /// The most entries an index of `slots` slots holds before it must grow: three quarters.
    @inlinable public static func capacity(slots: Int) -> Int { slots / 4 * 3 }

    /// Counts up to `batch` updates.
    ///
    /// - Parameter ask: asks for the memory of an entry, by its index, which may be -1 and mean none. Prefetching is
    ///   not for this half to do; without it the result is the same.
    /// - Precondition: `entries` has room for `count + updates.count`, and so has the index (`capacity`).
    @inlinable
    public static func apply(
        _ updates: Span<Update>, slots: inout MutableSpan<UInt64>, entries: inout MutableSpan<Entry>, count: inout Int,
        ask: (Span<Entry>, Int) -> Void = { _, _ in }
    ) {
        var candidates: [128 of Int32] = .init(repeating: 0)
        precondition(slots.count > 0, "an index has slots")
        // First all index loads, which do not depend on each other, so that the processor waits for them together. Each
        // asks for the entry it leads to, so that the updates find theirs in the cache.
        do {
            let (slots, entries) = (slots.span, entries.span)
            let mask = slots.count - 1
            for i in 0..<batch {
                guard i < updates.count else { break }
                let hash = updates[i].hash
                var place = Int(hash) & mask
                var slot = slots[place]
                while slot != 0, slot.upperHalf != hash {
                    place = (place &+ 1) & mask
                    slot = slots[place]
                }
                // A free slot is 0 and gives -1.
                let index = Int(Int32(truncatingIfNeeded: slot) &- 1)
                ask(entries, index)
                candidates[i] = Int32(truncatingIfNeeded: index)
            }
        }
        for i in 0..<batch {
            guard i < updates.count else { break }
            let index = Int(candidates[i])
            // One test for -1 and for the span.
            if UInt(bitPattern: index) < UInt(bitPattern: entries.count), entries[index].key == updates[i].key {
                entries[index].counters.add(updates[i])
            } else {
                let index = findOrInsert(updates[i], slots: &slots, entries: &entries, count: &count)
                entries[index].counters.add(updates[i])
            }
        }
    }

    @inlinable @inline(never)
    static func findOrInsert(
        _ update: Update, slots: inout MutableSpan<UInt64>, entries: inout MutableSpan<Entry>, count: inout Int
    ) -> Int {
        let place = self.place(of: update.key, hash: update.hash, slots: slots, entries: entries)
        if slots[place] != 0 { return Int(slots[place] & 0xFFFF_FFFF) - 1 }
        let counters = FlowCounters(
            packets: [0, 0], bytes: [0, 0], firstSeen: update.time, lastSeen: update.time)
        return insert(
            Entry(key: update.key, counters: counters), hash: update.hash, at: place, slots: &slots, entries: &entries,
            count: &count)
    }

    /// The slot that holds `key`, or the free one where it belongs.
    @inlinable @inline(__always)
    static func place(
        of key: Key, hash: UInt32, slots: borrowing MutableSpan<UInt64>, entries: borrowing MutableSpan<Entry>
    ) -> Int {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while slots[place] != 0 {
            let slot = slots[place]
            if slot.upperHalf == hash, entries[Int(slot & 0xFFFF_FFFF) - 1].key == key { break }
            place = (place &+ 1) & mask
        }
        return place
    }

    @inlinable @inline(__always)
    static func insert(
        _ entry: Entry, hash: UInt32, at place: Int, slots: inout MutableSpan<UInt64>,
        entries: inout MutableSpan<Entry>, count: inout Int
    ) -> Int {
        let index = count
        slots[place] = UInt64(hash) << 32 | UInt64(index + 1)
        entries[index] = entry
        count += 1
        return index
    }

    /// Adds the counters of up to `batch` flows to those their keys already have, the cache misses overlapped as in
    /// `apply`.
    ///
    /// - Parameters:
    ///   - hashes: those of the keys.
    ///   - flow: gives each of the flows.
    ///   - ask: as in `apply`.
    /// - Precondition: `entries` has room for `count + hashes.count`, and so has the index (`capacity`).
    @inlinable @inline(__always)
    public static func merge(
        hashes: Span<UInt32>, slots: inout MutableSpan<UInt64>, entries: inout MutableSpan<Entry>, count: inout Int,
        flow: (Int) -> Entry, ask: (Span<Entry>, Int) -> Void = { _, _ in }
    ) {
        var candidates: [128 of Int32] = .init(repeating: 0)
        let mask = slots.count - 1
        let n = min(hashes.count, 128)
        for i in 0..<n {
            let hash = hashes[i]
            var place = Int(hash) & mask
            var slot = slots[place]
            while slot != 0, slot.upperHalf != hash {
                place = (place &+ 1) & mask
                slot = slots[place]
            }
            let index = Int(Int32(truncatingIfNeeded: slot) &- 1)
            ask(entries.span, index)
            candidates[i] = Int32(truncatingIfNeeded: index)
        }
        for i in 0..<n {
            let index = Int(candidates[i])
            let entry = flow(i)
            if index >= 0, entries[index].key == entry.key {
                entries[index].counters.merge(entry.counters)
            } else {
                mergeOne(entry, hash: hashes[i], slots: &slots, entries: &entries, count: &count)
            }
        }
    }

    @inlinable @inline(never)
    static func mergeOne(
        _ entry: Entry, hash: UInt32, slots: inout MutableSpan<UInt64>, entries: inout MutableSpan<Entry>,
        count: inout Int
    ) {
        let place = self.place(of: entry.key, hash: hash, slots: slots, entries: entries)
        if slots[place] != 0 {
            entries[Int(slots[place] & 0xFFFF_FFFF) - 1].counters.merge(entry.counters)
        } else {
            _ = insert(entry, hash: hash, at: place, slots: &slots, entries: &entries, count: &count)
        }
    }

    /// Fills an empty index with the entries there are, whose keys are all different.
    @inlinable
    public static func index(_ entries: Span<Entry>, seed: UInt64, into slots: inout MutableSpan<UInt64>) {
        let mask = slots.count - 1
        for i in entries.indices {
            let hash = entries[i].key.hash(seed: seed)
            var place = Int(hash) & mask
            while slots[place] != 0 { place = (place &+ 1) & mask }
            slots[place] = UInt64(hash) << 32 | UInt64(i + 1)
        }
    }

    /// Fills an empty, larger index from a smaller one.
    @inlinable
    public static func rehash(from old: Span<UInt64>, into slots: inout MutableSpan<UInt64>) {
        let mask = slots.count - 1
        for i in old.indices where old[i] != 0 {
            var place = Int(old[i] >> 32) & mask
            while slots[place] != 0 { place = (place &+ 1) & mask }
            slots[place] = old[i]
        }
    }
}

extension FlowCounters {
    @inlinable @inline(__always)
    public mutating func add<Key>(_ update: FlowUpdate<Key>) {
        let direction = Int(update.direction & 1)
        // 56 bits of packets and octets last for 2^56 octets of one flow: 23 years at 800 Gbit/s.
        packets[direction] = (packets[direction] &+ 1) | UInt64(update.tcpFlags) << 56
        bytes[direction] &+= UInt64(update.wireLength)
        if update.time > lastSeen { lastSeen = update.time }
        if update.time <= firstSeen { noteFirst(update.time, direction: direction) }
    }

    /// Adds the counters of another part of the same flow, in the same orientation.
    @inlinable @inline(__always)
    public mutating func merge(_ other: FlowCounters) {
        if packets[1] | bytes[1] | other.packets[1] | other.bytes[1] == 0 {
            // One-way: the first packet is always the forward direction's.
            let flags = (packets[0] | other.packets[0]) & ~Self.countMask
            packets[0] = (packets[0] &+ other.packets[0]) & Self.countMask | flags
            let first = (bytes[0] | other.bytes[0]) & Self.firstBit
            bytes[0] = (bytes[0] &+ other.bytes[0]) & Self.countMask | first
            firstSeen = min(firstSeen, other.firstSeen)
            lastSeen = max(lastSeen, other.lastSeen)
            return
        }
        let ours = firstSeen <= other.firstSeen, theirs = other.firstSeen <= firstSeen
        for direction in 0..<2 {
            let flags = (packets[direction] | other.packets[direction]) & ~Self.countMask
            packets[direction] = (packets[direction] &+ other.packets[direction]) & Self.countMask | flags
            let first = (ours ? bytes[direction] : 0) | (theirs ? other.bytes[direction] : 0)
            bytes[direction] = (bytes[direction] &+ other.bytes[direction]) & Self.countMask | first & Self.firstBit
        }
        firstSeen = min(firstSeen, other.firstSeen)
        lastSeen = max(lastSeen, other.lastSeen)
    }

    /// The same counters seen from the other end.
    @inlinable
    public var swapped: FlowCounters {
        FlowCounters(
            packets: [packets[1], packets[0]], bytes: [bytes[1], bytes[0]], firstSeen: firstSeen, lastSeen: lastSeen)
    }

    /// The same counters with forward as the initiator's direction, whoever sent first.
    @inlinable
    public var anchored: FlowCounters {
        var counters = self
        counters.bytes[0] |= Self.firstBit
        return counters
    }

    /// Both directions counted as forward: what is left of a conversation once its ends are the same.
    @inlinable
    public var folded: FlowCounters {
        let flags = (packets[0] | packets[1]) & ~Self.countMask
        return FlowCounters(
            packets: [(packets[0] &+ packets[1]) & Self.countMask | flags, 0],
            bytes: [(bytes[0] &+ bytes[1]) & Self.countMask | Self.firstBit, 0], firstSeen: firstSeen,
            lastSeen: lastSeen)
    }

    @inlinable public func packetCount(_ direction: Int) -> UInt64 { packets[direction] & Self.countMask }
    @inlinable public func byteCount(_ direction: Int) -> UInt64 { bytes[direction] & Self.countMask }
    @inlinable public func tcpFlags(_ direction: Int) -> UInt8 { UInt8(truncatingIfNeeded: packets[direction] >> 56) }
    @inlinable public var totalBytes: UInt64 { byteCount(0) &+ byteCount(1) }
    @inlinable public var totalPackets: UInt64 { packetCount(0) &+ packetCount(1) }

    /// Kept apart: after a flow's first packet it is hardly ever needed.
    @inlinable @inline(never)
    mutating func noteFirst(_ time: Int64, direction: Int) {
        if time < firstSeen {
            firstSeen = time
            bytes[0] &= Self.countMask
            bytes[1] &= Self.countMask
        }
        bytes[direction] |= Self.firstBit
    }
}
