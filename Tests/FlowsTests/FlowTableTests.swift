import CaptureTestSupport
import Flows
import Testing

/// A table against a dictionary, also with hashes that collide as badly as they can.
@Suite struct FlowTableTests {
    /// A key whose hash has `bits` bits: 0 makes every key collide with every other.
    struct CollidingKey: TableKey, Hashable {
        var number: UInt32
        var bits: UInt32

        init(_ number: UInt32, bits: UInt32) {
            self.number = number
            self.bits = bits
        }

        init(_ key: FlowKey) { self.init(UInt32(truncatingIfNeeded: key.sourceLow), bits: 32) }
        var flowKey: FlowKey {
            FlowKey(sourceHigh: 0, sourceLow: UInt64(number), destinationHigh: 0, destinationLow: 0, meta: 0)
        }
        func masked(by plan: KeyPlan) -> (key: CollidingKey, direction: UInt8) { (self, 0) }
        var hasEqualEnds: Bool { false }

        /// The bits stand at the top, the bottom, and both, so that places collide although hashes differ and the other
        /// way around.
        func hash(seed: UInt64) -> UInt32 {
            if bits == 32 { return number &* 0x9E37_79B1 }
            let kept = number & (1 << bits - 1)
            return number & 0x100 == 0 ? kept : kept << 24 | kept
        }
    }

    /// The table's memory, as its owner holds it.
    struct Table {
        typealias Flows = FlowTable<CollidingKey>
        var slots: [UInt64]
        var entries: [FlowEntry<CollidingKey>]
        var count = 0

        init(slots: Int) {
            self.slots = Array(repeating: 0, count: slots)
            let nothing = FlowEntry(
                key: CollidingKey(.max, bits: 0),
                counters: FlowCounters(packets: [0, 0], bytes: [0, 0], firstSeen: 0, lastSeen: 0))
            entries = Array(repeating: nothing, count: Flows.capacity(slots: slots))
        }

        mutating func apply(_ updates: [FlowUpdate<CollidingKey>]) {
            while count + updates.count > entries.count { grow() }
            var slots = self.slots, entries = self.entries, count = self.count
            do {
                var slotSpan = slots.mutableSpan, entrySpan = entries.mutableSpan
                Flows.apply(updates.span, slots: &slotSpan, entries: &entrySpan, count: &count)
            }
            (self.slots, self.entries, self.count) = (slots, entries, count)
        }

        /// Merges a batch.
        mutating func merge(_ flows: [FlowEntry<CollidingKey>]) {
            while count + flows.count > entries.count { grow() }
            let hashes = flows.map { $0.key.hash(seed: 0) }
            var slots = self.slots, entries = self.entries, count = self.count
            do {
                var slotSpan = slots.mutableSpan, entrySpan = entries.mutableSpan
                Flows.merge(
                    hashes: hashes.span, slots: &slotSpan, entries: &entrySpan, count: &count, flow: { flows[$0] })
            }
            (self.slots, self.entries, self.count) = (slots, entries, count)
        }

        mutating func grow() {
            var larger = Table(slots: slots.count * 2)
            for index in 0..<count { larger.entries[index] = entries[index] }
            larger.count = count
            do {
                var span = larger.slots.mutableSpan
                Flows.rehash(from: slots.span, into: &span)
            }
            self = larger
        }

        /// Keeps the entries whose numbers hold, and builds the index anew, as eviction does.
        mutating func keep(_ isKept: (UInt32) -> Bool) {
            let kept = entries.prefix(count).filter { isKept($0.key.number) }
            count = kept.count
            for (index, entry) in kept.enumerated() { entries[index] = entry }
            let rows = entries
            slots = Array(repeating: 0, count: slots.count)
            var span = slots.mutableSpan
            Flows.index(rows.span.extracting(0..<kept.count), seed: 0, into: &span)
        }

        var rows: [UInt32: FlowRecord] {
            Dictionary(uniqueKeysWithValues: entries.prefix(count).map { ($0.key.number, $0.record) })
        }
    }

    /// One flow's counts, plainly.
    struct Counts {
        var packets: [UInt64] = [0, 0], bytes: [UInt64] = [0, 0], flags: [UInt8] = [0, 0]
        var first = Int64.max, last = Int64.min
        var firstDirections: Set<Int> = []

        mutating func add(_ update: FlowUpdate<CollidingKey>) {
            let direction = Int(update.direction)
            packets[direction] += 1
            bytes[direction] += UInt64(update.wireLength)
            flags[direction] |= update.tcpFlags
            if update.time < first { firstDirections = [] }
            first = min(first, update.time)
            last = max(last, update.time)
            if update.time == first { firstDirections.insert(direction) }
        }

        func record(_ key: CollidingKey) -> FlowRecord {
            let forward = firstDirections.contains(0) ? 0 : 1
            var flowKey = key.flowKey
            if forward == 1 { flowKey.swapEnds() }
            return FlowRecord(
                key: flowKey, packets: packets[forward], bytes: bytes[forward], reversePackets: packets[1 - forward],
                reverseBytes: bytes[1 - forward], firstSeen: first, lastSeen: last, tcpFlags: flags[forward],
                reverseTCPFlags: flags[1 - forward])
        }
    }

    private static func update(_ number: UInt32, bits: UInt32, _ random: inout SeededGenerator) -> FlowUpdate<
        CollidingKey
    > {
        let key = CollidingKey(number, bits: bits)
        return FlowUpdate(
            key: key, time: .random(in: -3...3, using: &random), hash: key.hash(seed: 0),
            wireLength: [0, 60, 1_500, .max].randomElement(using: &random)!,
            direction: .random(in: 0...1, using: &random),
            tcpFlags: .random(in: 0...255, using: &random))
    }

    @Test(arguments: [0, 1, 2, 8, 32] as [UInt32], [1, 3, 40, 700] as [UInt32])
    func countsAsADictionaryDoes(bits: UInt32, flows: UInt32) {
        var random = SeededGenerator(seed: UInt64(bits * 1_000 + flows))
        var table = Table(slots: 64)
        var model: [UInt32: Counts] = [:]
        for round in 0..<60 {
            let updates = (0..<Int.random(in: 0...128, using: &random)).map { _ in
                Self.update(.random(in: 0..<flows, using: &random), bits: bits, &random)
            }
            table.apply(updates)
            for update in updates { model[update.key.number, default: Counts()].add(update) }
            if round % 20 == 19 {
                let remainder = UInt32.random(in: 0..<3, using: &random)
                table.keep { $0 % 3 == remainder }
                model = model.filter { $0.key % 3 == remainder }
            }
            if round % 7 == 0 { table.grow() }
        }
        #expect(table.count == model.count)
        #expect(
            table.rows == model.reduce(into: [:]) { $0[$1.key] = $1.value.record(CollidingKey($1.key, bits: bits)) })
    }

    /// A batch of one key only, and one of keys that are all new and collide.
    @Test func aBatchMayMeetItsOwnFlows() {
        var random = SeededGenerator(seed: 1)
        for bits in [0, 2, 32] as [UInt32] {
            var table = Table(slots: 64)
            table.apply((0..<32).map { _ in Self.update(7, bits: bits, &random) })
            #expect(table.count == 1 && table.rows[7].map { $0.packets + $0.reversePackets } == 32)
            var fresh = Table(slots: 64)
            fresh.apply((0..<32).map { Self.update($0 / 2, bits: bits, &random) })
            #expect(fresh.count == 16 && fresh.rows.values.allSatisfy { $0.packets + $0.reversePackets == 2 })
            fresh.apply([])
            #expect(fresh.count == 16)
        }
    }

    /// Up to the last entry that fits, with every probe over the end of the index and around to its start.
    @Test func aTableFillsToItsCapacity() {
        var random = SeededGenerator(seed: 2)
        var table = Table(slots: 64)
        #expect(table.entries.count == 48)
        for number in 0..<48 as Range<UInt32> {
            var update = Self.update(number, bits: 32, &random)
            update.hash = .max - number % 2
            table.apply([update])
        }
        #expect(table.count == 48 && table.slots.count == 64 && table.slots.count { $0 == 0 } == 16)
        for number in 0..<48 as Range<UInt32> {
            var update = Self.update(number, bits: 32, &random)
            update.hash = .max - number % 2
            // A full table still finds what it has. No room is needed for what is there.
            var entries = table.entries, slots = table.slots, count = table.count
            do {
                let updates = [update]
                var slotSpan = slots.mutableSpan, entrySpan = entries.mutableSpan
                FlowTable.apply(updates.span, slots: &slotSpan, entries: &entrySpan, count: &count)
            }
            #expect(count == 48 && entries[Int(number)].record.totalPackets == 2)
            #expect(slots == table.slots)
        }
    }

    /// Parts of a flow merged in any order are the flow.
    @Test(arguments: 0..<10 as Range<UInt64>) func mergingPartsIsCountingTheWhole(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var updates = (0..<400).map { _ in Self.update(.random(in: 0..<30, using: &random), bits: 2, &random) }
        // One-way flows are merged a shorter way.
        if seed % 2 == 0 { for index in updates.indices { updates[index].direction = 0 } }
        var whole = Table(slots: 64)
        var parts = (0..<5).map { _ in Table(slots: 64) }
        for update in updates {
            whole.apply([update])
            parts[Int.random(in: 0..<5, using: &random)].apply([update])
        }
        var merged = Table(slots: 4)
        for part in parts.shuffled(using: &random) {
            var rest = part.entries.prefix(part.count).shuffled(using: &random)[...]
            while !rest.isEmpty {
                let batch = rest.prefix(Int.random(in: 1...128, using: &random))
                merged.merge(Array(batch))
                rest = rest.dropFirst(batch.count)
            }
        }
        #expect(merged.rows == whole.rows)
    }

    /// A batch may hold a key many times, new to the table or not.
    @Test(arguments: [0, 2, 32] as [UInt32]) func mergesTheSameKeyWithinABatch(bits: UInt32) {
        var random = SeededGenerator(seed: 3)
        var whole = Table(slots: 1024)
        var flows: [FlowEntry<CollidingKey>] = []
        for number in 0..<256 as Range<UInt32> {
            var one = Table(slots: 4)
            let update = Self.update(number / 8 % 9, bits: bits, &random)
            one.apply([update])
            whole.apply([update])
            flows.append(one.entries[0])
        }
        var merged = Table(slots: 4)
        merged.merge(Array(flows[..<128]))
        merged.merge(Array(flows[128...]))
        #expect(merged.count == 9 && merged.rows == whole.rows)
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func countersSeenFromElsewhere(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = Table(slots: 64)
        table.apply((0..<20).map { _ in Self.update(1, bits: 0, &random) })
        let counters = table.entries[0].counters
        let swapped = counters.swapped
        #expect(swapped.packetCount(0) == counters.packetCount(1) && swapped.byteCount(1) == counters.byteCount(0))
        #expect(swapped.tcpFlags(0) == counters.tcpFlags(1) && swapped.firstSeen == counters.firstSeen)
        let folded = counters.folded
        #expect(folded.packetCount(0) == 20 && folded.packetCount(1) == 0)
        #expect(folded.totalBytes == counters.totalBytes && !folded.initiatorIsReverse)
        #expect(folded.tcpFlags(0) == counters.tcpFlags(0) | counters.tcpFlags(1) && folded.tcpFlags(1) == 0)
        #expect(!swapped.anchored.initiatorIsReverse && swapped.anchored.totalPackets == 20)
    }

    /// The hash of every key must depend on each of its bits, and on the seed.
    @Test func hashesDependOnEveryBit() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20 {
            let words = (0..<5).map { _ in random.next() }, seed = random.next()
            let wide = FlowKey(
                sourceHigh: words[0], sourceLow: words[1], destinationHigh: words[2], destinationLow: words[3],
                meta: words[4])
            let compact = CompactKey(addresses: words[0], meta: words[4])
            for bit in 0..<64 as Range<UInt64> {
                for path in [\FlowKey.sourceHigh, \.sourceLow, \.destinationHigh, \.destinationLow, \.meta] {
                    var other = wide
                    other[keyPath: path] ^= 1 << bit
                    #expect(other.hash(seed: seed) != wide.hash(seed: seed))
                }
                for path in [\CompactKey.addresses, \.meta] {
                    var other = compact
                    other[keyPath: path] ^= 1 << bit
                    #expect(other.hash(seed: seed) != compact.hash(seed: seed))
                }
                #expect(wide.hash(seed: seed ^ 1 << bit) != wide.hash(seed: seed))
                #expect(compact.hash(seed: seed ^ 1 << bit) != compact.hash(seed: seed))
            }
        }
    }

    /// Both layouts of an IPv4 key say the same.
    @Test func compactKeysAreFlowKeys() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            let key = CompactKey(addresses: random.next(), meta: random.next())
            #expect(CompactKey(key.flowKey) == key && key.hasEqualEnds == key.flowKey.hasEqualEnds)
            #expect(MemoryLayout<FlowEntry<CompactKey>>.stride <= 96 && MemoryLayout<FlowEntry<FlowKey>>.stride <= 96)
        }
    }
}
