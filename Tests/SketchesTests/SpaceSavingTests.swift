import CaptureTestSupport
import Sketches
import Testing

@Suite struct SpaceSavingTests {
    private static func expectBounds(_ sketch: SpaceSaving, _ stream: ZipfStream, counters: Int) throws {
        #expect(sketch.total == stream.total.bytes)
        let rows = sketch.rows
        #expect(rows.count <= counters && Set(rows.map(\.key)).count == rows.count)
        for row in rows {
            let truth = try #require(stream.counts[row.key.first]).bytes
            #expect(row.count.confidence == 1 && row.count.holds(truth) && row.count.above == 0)
            #expect(row.count.below <= stream.total.bytes / UInt64(counters))
        }
        let found = Set(rows.map(\.key.first))
        for (key, truth) in stream.counts where !found.contains(key) {
            #expect(truth.bytes <= sketch.unseenMax)
            #expect(truth.bytes <= stream.total.bytes / UInt64(counters))
        }
    }

    @Test(arguments: [1, 7, 100, 5_000]) func boundsAreCertain(counters: Int) throws {
        for seed in 0..<100 as Range<UInt64> {
            let stream = ZipfStream(packets: 1_000, keys: 400, seed: seed)
            var sketch = try SpaceSaving(counters: counters)
            for update in stream.counts(seed) { sketch.add(update.key, hash: update.hash, update.count.bytes) }
            try Self.expectBounds(sketch, stream, counters: counters)
        }
    }

    /// Hashes that all collide cost time and nothing else.
    @Test func equalHashesAreToldApart() throws {
        let stream = ZipfStream(packets: 2_000, keys: 300, seed: 1)
        var sketch = try SpaceSaving(counters: 50)
        for update in stream.counts(1) { sketch.add(update.key, hash: update.hash & 3, update.count.bytes) }
        try Self.expectBounds(sketch, stream, counters: 50)
    }

    @Test func mergedShardsKeepTheBounds() throws {
        for seed in 0..<20 as Range<UInt64> {
            let stream = ZipfStream(packets: 3_000, keys: 500, seed: seed)
            var shards = try (0..<3).map { _ in try SpaceSaving(counters: 60) }
            for (index, update) in stream.counts(seed).enumerated() {
                shards[index % 3].add(update.key, hash: update.hash, update.count.bytes)
            }
            try shards[0].merge(shards[1])
            try shards[0].merge(shards[2])
            try Self.expectBounds(shards[0], stream, counters: 60)
        }
    }

    @Test func withRoomForAllItIsExact() throws {
        let stream = ZipfStream(packets: 2_000, keys: 200, seed: 2)
        var sketch = try SpaceSaving(counters: 200)
        for update in stream.counts(2) { sketch.add(update.key, hash: update.hash, update.count.bytes) }
        #expect(sketch.rows.allSatisfy { $0.count.isExact && $0.count.value == stream.counts[$0.key.first]?.bytes })
        #expect(sketch.unseenMax == 0 || sketch.rows.count == 200)
    }

    @Test func hostileParametersAreErrors() throws {
        for counters in [0, -1, .max] {
            #expect(throws: SketchFailure.outOfRange(.counters, value: counters, SketchLimits.counters)) {
                try SpaceSaving(counters: counters)
            }
        }
        for error in [0, 1, 1e-9, .nan] { #expect(throws: SketchFailure.self) { try SpaceSaving(error: error) } }
        var sketch = try SpaceSaving(counters: 5)
        let other = try SpaceSaving(counters: 6)
        #expect(throws: SketchFailure.unlike) { try sketch.merge(other) }
    }
}
