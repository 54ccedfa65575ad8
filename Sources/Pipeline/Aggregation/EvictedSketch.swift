import Flows
import Sketches

/// What the flows that had to leave a table had counted, by key, in a Count-Min that never says too little: so it
/// bounds what a row of the same key lacks, and where it says nothing, nothing is lacking.
struct EvictedSketch: Sendable {
    private var counts: CountMin
    private let seed: UInt64
    /// How many of the table's first flows have been there since before anything was evicted: they lack nothing.
    var wholeFlows: Int

    /// - Parameters:
    ///   - octets: that the sketch may take.
    ///   - flows: how many there are before the first is evicted.
    /// - Returns: `nil` where there is no room for a cell.
    init?(octets: Int, seed: UInt64, flows: Int) {
        let width = min(octets / (Self.depth * MemoryLayout<SketchCount>.stride), SketchLimits.width.upperBound)
        guard let parameters = try? CountMinParameters(width: width, depth: Self.depth, isConservative: true) else {
            return nil
        }
        counts = CountMin(parameters, seed: seed)
        self.seed = seed
        wholeFlows = flows
    }

    /// With conservative updates, more rows gain little.
    private static var depth: Int { 3 }

    mutating func add<Key: TableKey>(_ flow: FlowEntry<Key>) {
        let count = SketchCount(packets: flow.counters.totalPackets, bytes: flow.counters.totalBytes)
        _ = counts.add(CountMinUpdate(hash: hash(flow.key), count: count))
    }

    /// At most what was evicted of the flow that is `index`th in its table.
    func bound<Key: TableKey>(of key: Key, at index: Int) -> SketchCount {
        index < wholeFlows ? SketchCount() : counts.upperCount(hash(key))
    }

    private func hash<Key: TableKey>(_ key: Key) -> UInt64 {
        UInt64(key.hash(seed: seed)) << 32 | UInt64(key.hash(seed: ~seed))
    }
}
