import Flows
import Headers
import Sketches
import Testing

@testable import Pipeline

/// Sketches beside the tables: what they say holds for what the tables have.
@Suite struct SketchAggregatorTests {
    private static func tasks() throws -> [SketchTask] {
        let pairs = KeyFields(source: .whole, destination: .whole)
        return [
            SketchTask(
                name: "heavy", fields: KeyFields(source: .whole),
                kind: .heavyHitters(
                    try CountMinParameters(error: 0.001, confidence: 0.99), .init(packets: 100, bytes: 50_000))),
            SketchTask(
                name: "spread", fields: KeyFields(destinationPort: true), elements: KeyFields(source: .whole),
                kind: .superSpread(try SuperSpreadParameters(width: 4_096), threshold: 4)),
            SketchTask(
                name: "distinct", fields: KeyFields(), elements: pairs, kind: .distinct(precision: 12)),
            SketchTask(name: "top", fields: pairs, kind: .top(counters: 500)),
        ]
    }

    private struct Run {
        var periodic: [Snapshot]
        var last: Snapshot
    }

    private static func run(
        _ frames: [TestFrame], workers: Int, interval: Int64? = nil, cumulative: Bool = false,
        tasks: [SketchTask]? = nil
    ) throws -> Run {
        try CaptureFolder.with { folder in
            let path = try folder.file("capture", frames.pcapng())
            let exact = ExactAggregator(
                tasks: [FlowTask(name: "flows", fields: .fiveTuple)], workers: workers, cumulative: cumulative)
            let sketches = try SketchAggregator(
                tasks: tasks ?? Self.tasks(), workers: workers, cumulative: cumulative)
            let builder = SnapshotBuilder()
            let periodic = SnapshotList()
            let (_, last) = try FlowAnalysis(workers: workers).run(
                CaptureSource(paths: [path], interval: interval), into: PairedAggregator(exact, sketches)
            ) { cut, at in periodic.append(builder.snapshot(cut.first, cut.second, time: at.time)) }
            return Run(periodic: periodic.all, last: builder.snapshot(last.first, last.second, time: nil))
        }
    }

    /// What a flow table says of the same packets.
    private struct Truth {
        var bySource: [FlowKey: SketchCount] = [:]
        var byPair: [FlowKey: UInt64] = [:]
        var sourcesByPort: [UInt16: Set<IPAddress>] = [:]

        init(_ result: TaskResult) {
            var rows: [FlowRecord] = []
            result.rows.read(0..<result.rows.count, into: &rows)
            for row in rows {
                let family = UInt64(row.key.family.rawValue)
                var source = FlowKey(
                    sourceHigh: row.key.sourceHigh, sourceLow: row.key.sourceLow, destinationHigh: 0,
                    destinationLow: 0, meta: family)
                bySource[source, default: SketchCount()].add(SketchCount(packets: row.packets, bytes: row.bytes))
                (source.destinationHigh, source.destinationLow) = (row.key.destinationHigh, row.key.destinationLow)
                byPair[source, default: 0] += row.bytes
                sourcesByPort[row.key.destinationPort, default: []].insert(row.key.source)
            }
        }
    }

    @Test(arguments: [1, 3]) func whatIsSaidHolds(workers: Int) throws {
        let snapshot = try Self.run(RandomTraffic.frames(20_000, seed: 41), workers: workers).last
        let truth = Truth(snapshot.results[0])
        let (heavy, spread, distinct, top) = (
            snapshot.sketches[0], snapshot.sketches[1], snapshot.sketches[2], snapshot.sketches[3]
        )
        for sketch in snapshot.sketches {
            #expect(sketch.totalPackets == snapshot.results[0].totalPackets)
            #expect(sketch.totalBytes == snapshot.results[0].totalBytes)
        }
        let found = Set(heavy.rows.map(\.key))
        for (key, count) in truth.bySource where count.packets >= 100 || count.bytes >= 50_000 {
            #expect(found.contains(key))
        }
        #expect(!heavy.rows.isEmpty)
        for row in heavy.rows {
            let count = try #require(truth.bySource[row.key])
            let (packets, bytes) = (try #require(row.packets), try #require(row.bytes))
            #expect(packets.holds(count.packets) && bytes.holds(count.bytes))
        }
        #expect(!spread.rows.isEmpty)
        for row in spread.rows {
            let sources = try #require(truth.sourcesByPort[row.key.destinationPort])
            let spread = try #require(row.spread)
            #expect(spread.holds(UInt64(sources.count)))
        }
        let pairs = try #require(distinct.rows[0].spread)
        #expect(pairs.holds(UInt64(truth.byPair.count)))
        for row in top.rows {
            let (bytes, sent) = (try #require(row.bytes), try #require(truth.byPair[row.key]))
            #expect(bytes.holds(sent))
        }
        #expect(heavy.rows.map { $0.bytes?.value ?? 0 } == heavy.rows.map { $0.bytes?.value ?? 0 }.sorted(by: >))
    }

    /// Merged registers are those of one worker, so spreads and numbers of different things are the same to the last.
    @Test func spreadsDoNotDependOnWorkers() throws {
        let frames = RandomTraffic.frames(10_000, seed: 42)
        let alone = try Self.run(frames, workers: 1).last
        let again = try Self.run(frames, workers: 1).last
        #expect(alone.sketches == again.sketches)
        for workers in [2, 4] {
            let shared = try Self.run(frames, workers: workers).last
            for sketch in [1, 2] {
                let expected = Dictionary(
                    uniqueKeysWithValues: alone.sketches[sketch].rows.map { ($0.key, $0.spread) })
                #expect(alone.sketches[sketch].distinct == shared.sketches[sketch].distinct)
                for row in shared.sketches[sketch].rows where expected[row.key] != nil {
                    #expect(row.spread == expected[row.key])
                }
            }
        }
    }

    /// Sketches are cut where tables are, whoever comes last.
    @Test(arguments: [1, 2, 5], [false, true]) func cutsLieAtTheSamePacket(workers: Int, cumulative: Bool) throws {
        let frames = try RandomTraffic.synthetic(packets: 20_000, flows: 3_000, seed: 43)
        let run = try Self.run(frames, workers: workers, interval: 5_000_000_000, cumulative: cumulative)
        #expect(run.periodic.count >= 8)
        for snapshot in run.periodic + [run.last] {
            for sketch in snapshot.sketches {
                #expect(sketch.totalPackets == snapshot.results[0].totalPackets)
                #expect(sketch.totalBytes == snapshot.results[0].totalBytes)
            }
        }
        let counted = (cumulative ? [] : run.periodic) + [run.last]
        #expect(counted.reduce(0) { $0 + $1.sketches[0].totalPackets } == UInt64(frames.count))
    }

    @Test func withoutTablesTheTimeIsThatOfTheLastPacket() throws {
        let frames = try RandomTraffic.synthetic(packets: 1_000, flows: 100, seed: 44)
        let snapshot = try CaptureFolder.with { folder in
            let path = try folder.file("capture", frames.pcapng())
            let pair = PairedAggregator(
                ExactAggregator(tasks: [], workers: 1), try SketchAggregator(tasks: Self.tasks(), workers: 1))
            let (_, last) = try FlowAnalysis(workers: 1).run(CaptureSource(paths: [path]), into: pair) { _, _ in }
            return SnapshotBuilder().snapshot(last.first, last.second, time: nil)
        }
        #expect(snapshot.time == frames.map(\.time).max())
        #expect(snapshot.results.isEmpty && snapshot.sketches.count == 4)
    }
}

/// Snapshots as they come, on whichever thread.
private final class SnapshotList: @unchecked Sendable {
    // Only the thread of snapshots appends, and it has ended before anybody reads.
    private(set) var all: [Snapshot] = []
    func append(_ snapshot: Snapshot) { all.append(snapshot) }
}
