/// A key that has reached a threshold.
struct Candidate: Sendable {
    var key: SketchKey
    var hash: UInt64
    /// At most what the key had before it was entered.
    var before: SketchCount
    /// Exactly what it had since then.
    var since: SketchCount

    var upper: SketchCount {
        var upper = before
        upper.add(since)
        return upper
    }
}

/// The keys that have reached a threshold, as many as there is room for.
struct CandidateTable: Sendable {
    private(set) var entries: [Candidate] = []
    private(set) var dropped: UInt64 = 0
    /// Probed linearly: 0 for free, else the entry's index + 1.
    private var slots: [UInt32]
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = max(4, capacity)
        slots = Array(repeating: 0, count: 64)
    }

    var byteCount: Int { slots.count * 4 + entries.capacity * MemoryLayout<Candidate>.stride }

    /// - Parameter upper: the key's estimate, `count` included.
    mutating func add(_ key: SketchKey, _ hash: UInt64, _ count: SketchCount, _ upper: SketchCount) {
        var place = self.place(of: key, hash)
        if slots[place] != 0 {
            entries[Int(slots[place]) - 1].since.add(count)
            return
        }
        if entries.count == capacity {
            makeRoom()
            place = self.place(of: key, hash)
        }
        let before = SketchCount(packets: upper.packets &- count.packets, bytes: upper.bytes &- count.bytes)
        insert(Candidate(key: key, hash: hash, before: before, since: count), at: place)
    }

    private func place(of key: SketchKey, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while slots[place] != 0, entries[Int(slots[place]) - 1].key != key { place = (place + 1) & mask }
        return place
    }

    private mutating func insert(_ candidate: Candidate, at place: Int) {
        entries.append(candidate)
        slots[place] = UInt32(entries.count)
        if entries.count * 4 > slots.count * 3 { index(slots: slots.count * 2) }
    }

    private mutating func index(slots count: Int) {
        slots = Array(repeating: 0, count: count)
        for (index, entry) in entries.enumerated() { slots[place(of: entry.key, entry.hash)] = UInt32(index + 1) }
    }

    /// Half of the keys go: those with the fewest octets.
    private mutating func makeRoom() {
        entries.sort { $0.upper.bytes > $1.upper.bytes }
        let kept = capacity / 2
        dropped &+= UInt64(entries.count - kept)
        entries.removeLast(entries.count - kept)
        index(slots: slots.count)
    }

    /// Takes in the keys of another table. A key that only one of them has had at most what the other's sketch says.
    mutating func merge(
        _ other: CandidateTable, absentHere: (UInt64) -> SketchCount, absentThere: (UInt64) -> SketchCount
    ) {
        var isShared = [Bool](repeating: false, count: entries.count)
        var added: [Candidate] = []
        for candidate in other.entries {
            let slot = slots[place(of: candidate.key, candidate.hash)]
            if slot != 0 {
                let index = Int(slot) - 1
                isShared[index] = true
                entries[index].before.add(candidate.before)
                entries[index].since.add(candidate.since)
            } else {
                var candidate = candidate
                candidate.before.add(absentHere(candidate.hash))
                added.append(candidate)
            }
        }
        for index in isShared.indices where !isShared[index] {
            entries[index].before.add(absentThere(entries[index].hash))
        }
        for candidate in added { insert(candidate, at: place(of: candidate.key, candidate.hash)) }
        dropped &+= other.dropped
    }
}
