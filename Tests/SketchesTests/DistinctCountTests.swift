import CaptureTestSupport
import Sketches
import Testing

@Suite struct HyperLogLogTests {
    @Test(arguments: [1, 5, 20, 100, 1_000, 30_000]) func boundsHoldOver100Seeds(elements: Int) throws {
        for precision in [6, 10] {
            var tally = BoundTally()
            for seed in 0..<100 as Range<UInt64> {
                var sketch = try HyperLogLog(precision: precision)
                for element in 0..<UInt64(elements) {
                    for _ in 0..<2 { sketch.add(ZipfStream.hash(element, seed)) }
                }
                let estimate = sketch.estimate(confidence: 0.95)
                #expect(estimate.confidence == 0.95)
                tally.check(estimate.holds(UInt64(elements)))
                // A bound that says nothing would always hold.
                let useful = 3 * 1.04 * Double(elements) / Double(1 << precision).squareRoot() + 3
                #expect(Double(estimate.bound) <= useful)
            }
            #expect(tally.keeps(0.95), "\(tally)")
        }
    }

    @Test func emptyIsExactlyNothing() throws {
        let estimate = try HyperLogLog(precision: 4).estimate()
        #expect(estimate == Estimate(value: 0) && estimate.isExact)
    }

    @Test func shardsMergeToTheWhole() throws {
        var whole = try HyperLogLog(precision: 8)
        var shards = [try HyperLogLog(precision: 8), try HyperLogLog(precision: 8)]
        for element in 0..<5_000 as Range<UInt64> {
            whole.add(SketchHash.mixed(element))
            // Some elements are in both.
            shards[Int(element % 2)].add(SketchHash.mixed(element))
            if element % 7 == 0 { shards[Int(1 - element % 2)].add(SketchHash.mixed(element)) }
        }
        try shards[0].merge(shards[1])
        #expect(shards[0] == whole)
        let other = try HyperLogLog(precision: 9)
        #expect(throws: SketchFailure.unlike) { try shards[0].merge(other) }
    }

    @Test func precisionFollowsFromErrorAndConfidence() throws {
        #expect(try HyperLogLog(error: 0.02, confidence: 0.99).precision == 15)
        for error in [0, 1e-9, 1, .nan] {
            #expect(throws: SketchFailure.self) { try HyperLogLog(error: error, confidence: 0.99) }
        }
        for precision in [Int.min, 3, 19, .max] {
            #expect(throws: SketchFailure.outOfRange(.precision, value: precision, SketchLimits.precision)) {
                try HyperLogLog(precision: precision)
            }
        }
    }
}

@Suite struct SuperSpreadTests {
    /// Cells enough for few collisions, and so few that they are the rule; also a base for which ranks are no run of
    /// zeros.
    static let shapes: [(width: Int, depth: Int, m: Int, size: Int, base: Double)] = [
        (4_096, 3, 128, 5, 0.5), (256, 4, 64, 5, 0.5), (1_024, 2, 128, 6, 0.7),
    ]

    private static func sketch(_ shape: (width: Int, depth: Int, m: Int, size: Int, base: Double), seed: UInt64) throws
        -> SuperSpread
    {
        try SuperSpread(
            SuperSpreadParameters(
                width: shape.width, depth: shape.depth, m: shape.m, size: shape.size, base: shape.base), seed: seed)
    }

    @Test(arguments: 0..<3) func boundsHoldOver100Seeds(shape: Int) throws {
        let stream = ZipfStream(packets: 20_000, keys: 1_000, seed: 8)
        var tally = BoundTally()
        var confidence = 1.0
        for seed in 0..<100 as Range<UInt64> {
            var sketch = try Self.sketch(Self.shapes[shape], seed: seed)
            sketch.add(stream.spreads(seed).span)
            let pairs = stream.elements.values.reduce(0) { $0 + $1.count }
            tally.check(sketch.pairCount(confidence: 0.95).holds(UInt64(pairs)))
            for (key, elements) in stream.elements {
                let estimate = sketch.estimate(ZipfStream.hash(key, seed), confidence: 0.95)
                tally.check(estimate.holds(UInt64(elements.count)))
                confidence = min(confidence, estimate.confidence)
            }
        }
        #expect(tally.keeps(confidence), "\(tally)")
    }

    /// Every key far above the threshold is known by name, and none far below it is listed.
    @Test(arguments: 0..<3) func spreadersAreFound(shape: Int) throws {
        let stream = ZipfStream(packets: 20_000, keys: 1_000, seed: 9)
        var tally = BoundTally()
        for seed in 0..<100 as Range<UInt64> {
            var sketch = try Self.sketch(Self.shapes[shape], seed: seed)
            sketch.add(stream.spreads(seed).span)
            let rows = sketch.rows(threshold: 200) { ZipfStream.hash($0, seed) }
            let found = Set(rows.map(\.key.first))
            for (key, elements) in stream.elements where elements.count >= 300 {
                tally.check(found.contains(key))
            }
            for row in rows { #expect(row.spread.value >= 200) }
        }
        #expect(tally.checked > 100)
        #expect(tally.keeps(0.99), "\(tally)")
    }

    @Test(arguments: 0..<3) func shardsMergeToTheWhole(shape: Int) throws {
        let stream = ZipfStream(packets: 20_000, keys: 1_000, seed: 10)
        var whole = try Self.sketch(Self.shapes[shape], seed: 5)
        whole.add(stream.spreads(5).span)
        var shards = try (0..<3).map { _ in try Self.sketch(Self.shapes[shape], seed: 5) }
        for (index, update) in stream.spreads(5).enumerated() { shards[index % 3].add([update].span) }
        var merged = shards[0]
        try merged.merge(shards[1])
        try merged.merge(shards[2])
        #expect(merged.pairCount() == whole.pairCount())
        for key in stream.elements.keys {
            let hash = ZipfStream.hash(key, 5)
            #expect(merged.estimate(hash) == whole.estimate(hash))
        }
        // Names may differ near the threshold, not far above it.
        func names(_ sketch: SuperSpread) -> [SketchKey: Estimate] {
            let rows = sketch.rows(threshold: 300) { ZipfStream.hash($0, 5) }
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.spread) })
        }
        let large = names(whole)
        #expect(!large.isEmpty)
        for (key, spread) in names(merged) { #expect(large[key] == nil || large[key] == spread) }
        #expect(Set(large.keys).isSubset(of: Set(names(merged).keys)))
    }

    /// The one key of a cell is counted as HyperLogLog counts; two sketches of equal input are equal in every answer.
    @Test func equalInputGivesEqualOutput() throws {
        let stream = ZipfStream(packets: 5_000, keys: 400, seed: 11)
        func rows() throws -> [SuperSpread.Row] {
            var sketch = try Self.sketch(Self.shapes[1], seed: 3)
            sketch.add(stream.spreads(3).span)
            return sketch.rows(threshold: 1) { ZipfStream.hash($0, 3) }.sorted { $0.key.first < $1.key.first }
        }
        #expect(try rows() == rows())
    }

    @Test func hostileParametersAreErrors() {
        for (width, depth, m, size) in [
            (0, 3, 128, 5), (.max, 3, 128, 5), (64, 0, 128, 5), (64, 17, 128, 5), (64, 3, 0, 5), (64, 3, 1 << 20, 5),
            (64, 3, 128, 0), (64, 3, 128, 64), (1 << 28, 16, 65_536, 5), (-5, 3, 128, 5),
        ] {
            #expect(throws: SketchFailure.self, "\(width) \(depth) \(m) \(size)") {
                try SuperSpreadParameters(width: width, depth: depth, m: m, size: size)
            }
        }
        for base in [0, 1, -0.5, .nan] {
            #expect(throws: SketchFailure.self) { try SuperSpreadParameters(width: 64, base: base) }
        }
        for b in [1, 0.5, .nan, -.infinity] {
            #expect(throws: SketchFailure.self) { try SuperSpreadParameters(width: 64, b: b) }
        }
    }

    @Test func parametersFollowFromErrorAndConfidence() throws {
        let parameters = try SuperSpreadParameters(error: 0.1, confidence: 0.99)
        #expect(parameters.depth == 5 && parameters.width == 2_719)
        #expect(1.04 * 2.576 / Double(parameters.m).squareRoot() <= 0.1)
        #expect(throws: SketchFailure.self) { try SuperSpreadParameters(error: 1e-6, confidence: 0.99) }
    }

    /// One register of one bit in one cell: everything is too much, and nothing breaks.
    @Test func theSmallestSketchSurvives() throws {
        let stream = ZipfStream(packets: 2_000, keys: 100, seed: 12)
        var sketch = try SuperSpread(SuperSpreadParameters(width: 1, depth: 1, m: 1, size: 1), seed: 1)
        sketch.add(stream.spreads(1).span)
        let estimate = sketch.estimate(ZipfStream.hash(0 as UInt64, 1))
        #expect(estimate.confidence == 0)
        #expect(sketch.rows(threshold: 1) { ZipfStream.hash($0, 1) }.count == 1)
    }
}
