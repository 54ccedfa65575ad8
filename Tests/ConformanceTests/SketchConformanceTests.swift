import Flows
import Foundation
import Headers
import Pipeline
import Sketches
import Testing

/// Sketches on real captures, over 100 seeds: their bounds hold as often as they say.
@Suite struct SketchConformanceTests {
    /// A flow of a capture with more than a few of them.
    private struct Capture {
        var flows: [FlowRecord]

        init?(_ path: String) throws {
            let aggregator = ExactAggregator(tasks: [FlowTask(name: "flows", fields: .fiveTuple)], workers: 1)
            let (_, last) = try FlowAnalysis(workers: 1).run(CaptureSource(paths: [path]), into: aggregator) { _, _ in }
            let rows = SnapshotBuilder().snapshot(last, time: nil).results[0].rows
            guard rows.count >= 50 else { return nil }
            flows = []
            rows.read(0..<rows.count, into: &flows)
        }
    }

    private struct Tally {
        var checked = 0
        var missed = 0

        mutating func check(_ holds: Bool) {
            checked += 1
            if !holds { missed += 1 }
        }

        /// As often as the confidence says, and three standard deviations of that by chance.
        func keeps(_ confidence: Double) -> Bool {
            let expected = Double(checked) * (1 - confidence)
            return Double(missed) <= expected + 3 * expected.squareRoot()
        }
    }

    private static func captures() throws -> [Capture] {
        let folder = try #require(CaptureOracle.folder)
        return try CaptureOracle.all(in: folder).compactMap { oracle in
            if CaptureReadingConformanceTests.differences[oracle.file] != nil { return nil }
            return try Capture(folder.appendingPathComponent(oracle.file).path)
        }
    }

    @Test(.enabled(if: CaptureReadingConformanceTests.isAvailable)) func boundsHoldOnRealTraffic() throws {
        let captures = try Self.captures()
        let size = try CountMinParameters(error: 0.02, confidence: 0.95)
        let spreadSize = try SuperSpreadParameters(width: 256, depth: 3, m: 64)
        var (counts, spreads) = (Tally(), Tally())
        var spreadConfidence = 1.0
        for capture in captures {
            var destinations: [UInt64: Set<UInt64>] = [:]
            for seed in 0..<100 as Range<UInt64> {
                var sketch = CountMin(size, seed: seed)
                var spread = try SuperSpread(spreadSize, seed: seed)
                var keys: [UInt64: Set<UInt64>] = [:]
                for flow in capture.flows {
                    let count = SketchCount(packets: flow.packets, bytes: flow.bytes)
                    let hash = flow.key.wideHash(seed: seed)
                    sketch.add([CountMinUpdate(hash: hash, count: count)].span)
                    let source = SketchHash.mixed(flow.key.sourceHigh ^ flow.key.sourceLow ^ seed)
                    let element = SketchHash.mixed(flow.key.destinationHigh ^ flow.key.destinationLow)
                    let pair = SketchHash.pair(source, element)
                    spread.add([SpreadUpdate(key: SketchKey(source), keyHash: source, pairHash: pair)].span)
                    keys[source, default: []].insert(pair)
                }
                for flow in capture.flows {
                    let upper = sketch.upperCount(flow.key.wideHash(seed: seed))
                    #expect(upper.packets >= flow.packets && upper.bytes >= flow.bytes)
                    counts.check(upper.bytes - flow.bytes <= sketch.error.bytes)
                }
                for (source, elements) in keys {
                    let estimate = spread.estimate(source, confidence: 0.95)
                    spreads.check(estimate.holds(UInt64(elements.count)))
                    spreadConfidence = min(spreadConfidence, estimate.confidence)
                }
                destinations = keys
            }
            #expect(!destinations.isEmpty)
        }
        print("sketches: \(captures.count) captures, \(counts) of counts, \(spreads) of spreads missed their bound")
        #expect(captures.count > 3)
        #expect(counts.keeps(size.confidence), "\(counts)")
        #expect(spreads.keeps(spreadConfidence), "\(spreads)")
    }
}
