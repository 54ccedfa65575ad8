import CaptureTestSupport
import Sketches
import Testing

@Suite struct CountMinTests {
    @Test(arguments: [false, true]) func boundsHoldOver100Seeds(conservative: Bool) throws {
        let parameters = try CountMinParameters(error: 0.01, confidence: 0.95, isConservative: conservative)
        let stream = ZipfStream(packets: 20_000, keys: 3_000, seed: 1)
        var tally = BoundTally()
        var excess = 0
        for seed in 0..<100 as Range<UInt64> {
            var sketch = CountMin(parameters, seed: seed)
            sketch.add(stream.updates(seed).span)
            #expect(sketch.total == stream.total)
            for (key, truth) in stream.counts {
                let upper = sketch.upperCount(ZipfStream.hash(key, seed))
                #expect(upper.packets >= truth.packets && upper.bytes >= truth.bytes)
                tally.check(upper.packets - truth.packets <= sketch.error.packets)
                tally.check(upper.bytes - truth.bytes <= sketch.error.bytes)
                if upper != truth { excess += 1 }
            }
        }
        #expect(tally.keeps(parameters.confidence), "\(tally)")
        #expect(excess > 0, "a sketch without a collision tests nothing")
    }

    /// A width a tenth of what the bound needs breaks it: the test above can fail.
    @Test func aNarrowerSketchBreaksTheBound() throws {
        let parameters = try CountMinParameters(error: 0.01, confidence: 0.95)
        let stream = ZipfStream(packets: 20_000, keys: 3_000, seed: 2)
        var tally = BoundTally()
        for seed in 0..<10 as Range<UInt64> {
            var sketch = CountMin(try CountMinParameters(width: parameters.width / 10, depth: 1), seed: seed)
            sketch.add(stream.updates(seed).span)
            for (key, truth) in stream.counts {
                let upper = sketch.upperCount(ZipfStream.hash(key, seed))
                tally.check(upper.packets - truth.packets <= parameters.error(total: stream.total.packets))
            }
        }
        #expect(!tally.keeps(parameters.confidence))
    }

    @Test func parametersFollowFromErrorAndConfidence() throws {
        let parameters = try CountMinParameters(error: 0.001, confidence: 0.99)
        #expect(parameters.width == 2_719 && parameters.depth == 5)
        #expect(parameters.confidence >= 0.99)
        #expect(parameters.error(total: 1_000_000) <= 1_000)
    }

    @Test func shardsMergeToTheWhole() throws {
        let stream = ZipfStream(packets: 10_000, keys: 1_000, seed: 3)
        let parameters = try CountMinParameters(width: 300, depth: 4)
        let updates = stream.updates(7)
        var whole = CountMin(parameters, seed: 7)
        whole.add(updates.span)
        var shards = (0..<3).map { _ in CountMin(parameters, seed: 7) }
        for (index, update) in updates.enumerated() { _ = shards[index % 3].add(update) }
        var merged = shards[0]
        try merged.merge(shards[1])
        try merged.merge(shards[2])
        #expect(merged.total == whole.total)
        for key in stream.counts.keys {
            let hash = ZipfStream.hash(key, 7)
            #expect(merged.upperCount(hash) == whole.upperCount(hash))
        }
    }

    @Test func conservativeUpdatesAreCloser() throws {
        let stream = ZipfStream(packets: 20_000, keys: 3_000, seed: 4)
        func excess(_ conservative: Bool) throws -> UInt64 {
            var sketch = CountMin(
                try CountMinParameters(width: 300, depth: 3, isConservative: conservative), seed: 1)
            sketch.add(stream.updates(1).span)
            return stream.counts.reduce(0) {
                $0 + sketch.upperCount(ZipfStream.hash($1.key, 1)).packets - $1.value.packets
            }
        }
        #expect(try excess(true) < excess(false))
    }

    @Test func hostileParametersAreErrors() {
        #expect(throws: SketchFailure.outOfRange(.width, value: 0, SketchLimits.width)) {
            try CountMinParameters(width: 0, depth: 1)
        }
        #expect(throws: SketchFailure.outOfRange(.depth, value: .max, SketchLimits.depth)) {
            try CountMinParameters(width: 1, depth: .max)
        }
        #expect(throws: SketchFailure.tooLarge(octets: (1 << 28) * 16 * 16)) {
            try CountMinParameters(width: 1 << 28, depth: 16)
        }
        for error in [0, -1, 1, 1e-300, .nan, .infinity] {
            #expect(throws: SketchFailure.self) { try CountMinParameters(error: error, confidence: 0.9) }
        }
        for confidence in [0, 1, 1 - 1e-12, .nan, -.infinity] {
            #expect(throws: SketchFailure.self) { try CountMinParameters(error: 0.01, confidence: confidence) }
        }
    }

    @Test func unlikeSketchesDoNotMerge() throws {
        var sketch = CountMin(try CountMinParameters(width: 10, depth: 2), seed: 1)
        for other in [(10, 3, 1), (11, 2, 1), (10, 2, 2)] as [(Int, Int, UInt64)] {
            let other = CountMin(try CountMinParameters(width: other.0, depth: other.1), seed: other.2)
            #expect(throws: SketchFailure.unlike) { try sketch.merge(other) }
        }
    }
}

@Suite struct HeavyHittersTests {
    private static let thresholds = HeavyHitters.Thresholds(packets: 200, bytes: 150_000)

    private static func isHeavy(_ count: SketchCount) -> Bool {
        count.packets >= thresholds.packets || count.bytes >= thresholds.bytes
    }

    /// Every heavy key is there, with bounds that hold, also when shards are merged.
    @Test(arguments: [1, 3]) func everyHeavyKeyIsFound(shards: Int) throws {
        let stream = ZipfStream(packets: 20_000, keys: 3_000, seed: 5)
        var tally = BoundTally()
        let parameters = try CountMinParameters(error: 0.01, confidence: 0.95)
        let local = HeavyHitters.Thresholds(packets: 200 / UInt64(shards), bytes: 150_000 / UInt64(shards))
        for seed in 0..<100 as Range<UInt64> {
            var sketches = (0..<shards).map { _ in HeavyHitters(parameters, seed: seed, thresholds: local) }
            for (index, update) in stream.counts(seed).enumerated() {
                sketches[index % shards].add([update].span)
            }
            var merged = sketches[0]
            for sketch in sketches.dropFirst() { try merged.merge(sketch) }
            let rows = merged.rows(Self.thresholds)
            let found = Set(rows.map(\.key.first))
            #expect(found.count == rows.count)
            for (key, truth) in stream.counts where Self.isHeavy(truth) { #expect(found.contains(key)) }
            for row in rows {
                let truth = try #require(stream.counts[row.key.first])
                #expect(row.packets.value >= truth.packets && row.bytes.value >= truth.bytes)
                for (estimate, truth) in [(row.packets, truth.packets), (row.bytes, truth.bytes)] {
                    if estimate.confidence == 1 { #expect(estimate.holds(truth)) }
                    tally.check(estimate.holds(truth))
                }
            }
            #expect(merged.keysDropped == 0)
        }
        #expect(tally.keeps(parameters.confidence), "\(tally)")
    }

    /// With a threshold of one packet and room for all, every count is exact, and says so.
    @Test func countsFromTheFirstPacketAreExact() throws {
        let stream = ZipfStream(packets: 5_000, keys: 500, seed: 6)
        var sketch = HeavyHitters(
            try CountMinParameters(width: 1 << 16, depth: 4), seed: 1, thresholds: .init(packets: 1, bytes: .max))
        sketch.add(stream.counts(1).span)
        let rows = sketch.rows()
        #expect(rows.count == stream.counts.count)
        #expect(rows.allSatisfy { $0.packets.isExact && $0.packets.value == stream.counts[$0.key.first]?.packets })
    }

    @Test func aFullTableSaysSo() throws {
        let stream = ZipfStream(packets: 5_000, keys: 500, seed: 7)
        var sketch = HeavyHitters(
            try CountMinParameters(width: 1 << 12, depth: 4), seed: 1, thresholds: .init(packets: 1, bytes: .max),
            capacity: 64)
        sketch.add(stream.counts(1).span)
        #expect(sketch.keysDropped > 0)
        #expect(sketch.rows().count <= 64)
        #expect(sketch.rows().contains { $0.key.first == 0 }, "the largest key stays")
    }
}
