import Glibc
import Sketches

/// How many updates a second one core gives to each sketch, as a Markdown table: the best of five rounds over the same
/// random updates.
@main struct SketchSpeed {
    private static let updates = 1 << 18
    private static let rounds = 5

    static func main() throws(SketchFailure) {
        print("| sketch | size | memory MB | M updates/s |\n|---|---|---:|---:|")
        for (width, depth) in [(2_719, 5), (27_183, 5), (32_768, 2), (1 << 20, 3)] {
            try countMin(width, depth)
            try heavyHitters(width, depth)
        }
        for (width, depth, registers) in [(4_096, 3, 128), (32_768, 2, 128), (2_719, 5, 720)] {
            try superSpread(width, depth, registers)
        }
        try hyperLogLog()
        try spaceSaving()
    }

    private static func countMin(_ width: Int, _ depth: Int) throws(SketchFailure) {
        var sketch = CountMin(try CountMinParameters(width: width, depth: depth), seed: 1)
        let batch = keyed().map { CountMinUpdate(hash: $0.hash, count: $0.count) }
        report("Count-Min", "width \(width), depth \(depth)", sketch.byteCount) { sketch.add(batch.span) }
    }

    private static func heavyHitters(_ width: Int, _ depth: Int) throws(SketchFailure) {
        let parameters = try CountMinParameters(width: width, depth: depth)
        var sketch = HeavyHitters(parameters, seed: 1, thresholds: .init(packets: 4_096, bytes: 4_096_000))
        let batch = keyed()
        report("heavy hitters", "width \(width), depth \(depth)", sketch.byteCount) { sketch.add(batch.span) }
    }

    /// 50,000 keys with up to 1,000 elements each; the first round fills the registers.
    private static func superSpread(_ width: Int, _ depth: Int, _ m: Int) throws(SketchFailure) {
        var sketch = try SuperSpread(SuperSpreadParameters(width: width, depth: depth, m: m), seed: 1)
        let batch = (0..<UInt64(updates)).map { index in
            let hash = SketchHash.mixed(SketchHash.mixed(index) % 50_000)
            let element = SketchHash.mixed(~index) % 1_000
            return SpreadUpdate(key: SketchKey(hash), keyHash: hash, pairHash: SketchHash.pair(hash, element))
        }
        report("SuperSpread", "width \(width), depth \(depth), m \(m)", sketch.byteCount) { sketch.add(batch.span) }
    }

    private static func hyperLogLog() throws(SketchFailure) {
        var sketch = try HyperLogLog(precision: 14)
        let batch = keyed()
        report("HyperLogLog", "precision 14", sketch.byteCount) { for update in batch { sketch.add(update.hash) } }
    }

    private static func spaceSaving() throws(SketchFailure) {
        var sketch = try SpaceSaving(counters: 4_096)
        let batch = keyed()
        report("Space-Saving", "4,096 counters", sketch.byteCount) { sketch.add(batch.span) }
    }

    /// Packets of 100,000 keys, a third of them of the one largest.
    private static func keyed() -> [KeyedCount] {
        (0..<UInt64(updates)).map { index in
            let random = SketchHash.mixed(index)
            let key = random % 3 == 0 ? 0 : SketchHash.mixed(random) % 100_000
            return KeyedCount(
                key: SketchKey(key), hash: SketchHash.mixed(key), count: SketchCount(packets: 1, bytes: 700))
        }
    }

    private static func report(_ name: String, _ size: String, _ octets: Int, _ body: () -> Void) {
        var best = Double.infinity
        for _ in 0...rounds {
            let start = ContinuousClock.now
            body()
            let duration = (ContinuousClock.now - start).components
            best = min(best, Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
        }
        let megabytes = Double(octets / 100_000) / 10
        print("| \(name) | \(size) | \(megabytes) | \(Int(Double(updates) / best / 1e6)) |")
    }
}
