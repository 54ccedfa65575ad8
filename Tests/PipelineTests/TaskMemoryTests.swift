import Flows
import Headers
import TestSupport
import Testing

@testable import Pipeline

/// A task with a limit of its own: exact until then, and bounded beyond it.
@Suite struct TaskMemoryTests {
    private static func task(limit: Int, bidirectional: Bool = false) -> FlowTask {
        FlowTask(name: "flows", fields: .fiveTuple, bidirectional: bidirectional, memoryLimit: limit)
    }

    /// No row says more than its flow had, none lacks more than its bound, and with the row of evicted flows they add
    /// up to everything.
    @Test(arguments: [1, 3], [false, true]) func boundsHoldAndTotalsAddUp(workers: Int, bidirectional: Bool) throws {
        let frames = try RandomTraffic.synthetic(packets: 80_000, flows: 45_000, seed: 51)
        var engine = Engine([
            Self.task(limit: 2_500_000, bidirectional: bidirectional),
            FlowTask(name: "all", fields: .fiveTuple, bidirectional: bidirectional),
        ])
        engine.workers = workers
        let last = try engine.run(frames).last
        let (bounded, exact) = (last.tasks[0], last.tasks[1])
        #expect(bounded.evictedFlows > 0 && exact.evictedFlows == 0)
        #expect(bounded.totalPackets == exact.totalPackets && bounded.totalBytes == exact.totalBytes)
        let other = try #require(bounded.other)
        #expect(bounded.rows.reduce(other.totalBytes) { $0 + $1.totalBytes } == exact.totalBytes)
        // A conversation whose first packets were evicted may be shown from its other end.
        func name(_ key: FlowKey) -> FlowKey {
            let swapped = FlowKey(
                sourceHigh: key.destinationHigh, sourceLow: key.destinationLow, destinationHigh: key.sourceHigh,
                destinationLow: key.sourceLow,
                meta: FlowKey.meta(
                    sourcePort: key.destinationPort, destinationPort: key.sourcePort, vlan: key.vlan,
                    protocol: key.protocol, family: key.family.rawValue))
            return bidirectional ? min(key, swapped) : key
        }
        let truth = Dictionary(uniqueKeysWithValues: exact.rows.map { (name($0.key), $0) })
        var exactRows = 0
        var lacking = 0
        for row in bounded.rows {
            let flow = try #require(truth[name(row.key)])
            #expect(row.totalPackets <= flow.totalPackets && row.totalBytes <= flow.totalBytes)
            #expect(flow.totalPackets - row.totalPackets <= row.packetsBound)
            #expect(flow.totalBytes - row.totalBytes <= row.bytesBound)
            if row.isExact { exactRows += 1 }
            if row.totalBytes < flow.totalBytes { lacking += 1 }
        }
        #expect(exactRows > 0 && lacking > 0, "without either this tests nothing")
    }

    @Test func belowTheLimitEveryRowIsExact() throws {
        let frames = try RandomTraffic.synthetic(packets: 5_000, flows: 1_000, seed: 52)
        let last = try Engine(Self.task(limit: 64 << 20)).run(frames).last.tasks[0]
        #expect(last.other == nil && last.rows.allSatisfy { $0.isExact })
    }

    @Test(arguments: [1, 2]) func tablesAndSketchStayUnderTheLimit(workers: Int) throws {
        let frames = try RandomTraffic.synthetic(packets: 60_000, flows: 30_000, seed: 53)
        try CaptureFolder.with { folder in
            let path = try folder.file("capture", frames.pcapng())
            let limit = 2_500_000
            let aggregator = ExactAggregator(tasks: [Self.task(limit: limit)], workers: workers)
            let (_, last) = try FlowAnalysis(workers: workers)
                .run(CaptureSource(paths: [path]), into: aggregator) { _, _ in }
            let octets = last.parts.reduce(0) { sum, roots in
                sum + roots.reduce(0) { $0 + $1.compact.byteCount + $1.wide.byteCount }
            }
            #expect(octets <= limit - limit / 8)
        }
    }

    /// Each snapshot starts anew: what the one before evicted does not count against the next.
    @Test(arguments: [false, true]) func boundsAreOfTheSnapshot(cumulative: Bool) throws {
        let frames = try RandomTraffic.synthetic(packets: 40_000, flows: 20_000, seed: 54)
        var engine = Engine(Self.task(limit: 1_200_000))
        engine.interval = 20_000_000_000
        engine.cumulative = cumulative
        let result = try engine.run(frames)
        #expect(result.all.count >= 3)
        for snapshot in result.all {
            let task = snapshot.tasks[0]
            let sum = task.rows.reduce(task.other?.totalBytes ?? 0) { $0 + $1.totalBytes }
            #expect(sum == task.totalBytes)
            if task.other == nil { #expect(!task.rows.contains { !$0.isExact }) }
        }
    }

    /// The limit is the task's own: others keep everything, and are not rolled up from it.
    @Test func otherTasksAreUntouched() throws {
        let frames = try RandomTraffic.synthetic(packets: 60_000, flows: 30_000, seed: 55)
        let last = try Engine([
            Self.task(limit: 1_500_000), FlowTask(name: "sources", fields: KeyFields(source: .whole)),
        ]).run(frames).last
        #expect(last.tasks[0].evictedFlows > 0)
        #expect(last.tasks[1].evictedFlows == 0)
        let model = ReferenceModel(last.tasks[1].task, frames)
        #expect(last.tasks[1].rows.count == model.records.count)
    }
}
