/// Keys with many packets or octets: a Count-Min that says how many, and a table of the keys whose estimate has
/// reached a threshold (Cormode and Muthukrishnan, 2005, § 4.2).
///
/// As the Count-Min never says too little, each key that reaches a threshold is in the table, unless the table was
/// full (`keysDropped`). From then on the key's packets are counted exactly as well: so a row has a certain lower bound
/// (what was counted since) and a certain upper one.
public struct HeavyHitters: Sendable {
    /// A key counts as heavy that has as many packets, or as many octets.
    public struct Thresholds: Equatable, Sendable {
        public var packets: UInt64
        public var bytes: UInt64

        public init(packets: UInt64, bytes: UInt64) {
            self.packets = packets
            self.bytes = bytes
        }
    }

    /// A key and what it has.
    public struct Row: Equatable, Sendable {
        public var key: SketchKey
        public var packets: Estimate
        public var bytes: Estimate
    }

    public private(set) var counts: CountMin
    public let thresholds: Thresholds
    private var candidates: CandidateTable

    /// - Parameter capacity: keys that the table holds at most.
    public init(_ parameters: CountMinParameters, seed: UInt64, thresholds: Thresholds, capacity: Int = 1 << 16) {
        counts = CountMin(parameters, seed: seed)
        self.thresholds = thresholds
        candidates = CandidateTable(capacity: capacity)
    }

    /// Counts the updates, in order.
    public mutating func add(_ updates: Span<KeyedCount>) {
        var reached = ReachedThreshold()
        var first = 0
        while first < updates.count {
            let end = min(first &+ ReachedThreshold.capacity, updates.count)
            let part = updates.extracting(first..<end)
            // Noted without a branch, as nothing tells the processor which packet is of a heavy key.
            reached.note(part, &counts, thresholds)
            for i in 0..<reached.count {
                let (update, least) = (part[Int(reached.indices[i])], reached.estimates[i])
                candidates.add(update.key, update.hash, update.count, least)
            }
            first = end
        }
    }

    /// Keys that had reached a threshold and found no room, or had to make some.
    public var keysDropped: UInt64 { candidates.dropped }

    /// The keys that may have reached a threshold of `thresholds`, in no order: all that have, and some that are near.
    ///
    /// - Parameter thresholds: no lower than the sketch's own.
    public func rows(_ thresholds: Thresholds? = nil) -> [Row] {
        let thresholds = thresholds ?? self.thresholds
        let error = counts.error
        var rows: [Row] = []
        for candidate in candidates.entries {
            let upper = upperCount(candidate)
            guard upper.packets >= thresholds.packets || upper.bytes >= thresholds.bytes else { continue }
            rows.append(
                Row(
                    key: candidate.key,
                    packets: estimate(upper.packets, candidate.since.packets, error.packets),
                    bytes: estimate(upper.bytes, candidate.since.bytes, error.bytes)))
        }
        return rows
    }

    /// What came later to a key's cells is not in what they had when the key was entered, and the other way around.
    private func upperCount(_ candidate: Candidate) -> SketchCount {
        var entered = candidate.before
        entered.add(candidate.since)
        return counts.upperCount(candidate.hash).least(entered)
    }

    private func estimate(_ upper: UInt64, _ certain: UInt64, _ error: UInt64) -> Estimate {
        let gap = upper - min(certain, upper)
        if gap <= error { return Estimate(value: upper, below: gap) }
        return Estimate(value: upper, below: error, confidence: counts.parameters.confidence)
    }

    /// Adds what was counted of other packets.
    public mutating func merge(_ other: HeavyHitters) throws(SketchFailure) {
        guard other.counts.parameters == counts.parameters, other.counts.seed == counts.seed,
            other.thresholds == thresholds
        else { throw .unlike }
        candidates.merge(
            other.candidates, absentHere: { self.counts.upperCount($0) },
            absentThere: { other.counts.upperCount($0) })
        try counts.merge(other.counts)
    }

    public var byteCount: Int { counts.byteCount + candidates.byteCount }
}

/// Which updates of a batch are of keys that have reached a threshold, and the keys' estimates.
private struct ReachedThreshold {
    static let capacity = 256
    var indices: [257 of UInt16] = .init(repeating: 0)
    var estimates: [257 of SketchCount] = .init(repeating: SketchCount())
    var count = 0

    @inline(__always)
    mutating func note(
        _ updates: Span<KeyedCount>, _ counts: inout CountMin, _ thresholds: HeavyHitters.Thresholds
    ) {
        count = 0
        counts.add(updates) { index, least in
            indices[count] = UInt16(truncatingIfNeeded: index)
            estimates[count] = least
            let isHeavy = least.packets >= thresholds.packets || least.bytes >= thresholds.bytes
            count &+= isHeavy ? 1 : 0
        }
    }
}

/// One key's packet, or some of them.
@frozen public struct KeyedCount: BitwiseCopyable, Sendable {
    public var key: SketchKey
    /// Of the key; see `RowHashes`.
    public var hash: UInt64
    public var count: SketchCount

    @inlinable @inline(__always) public init(key: SketchKey, hash: UInt64, count: SketchCount) {
        self.key = key
        self.hash = hash
        self.count = count
    }
}
