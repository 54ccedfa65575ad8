import Flows
import Headers
import KernelIO
import TestSupport
import Testing

@testable import Pipeline

/// Under a memory limit flows lose their names, never their packets.
@Suite struct MemoryLimitTests {
    private static let tasks = [
        FlowTask(name: "flows", fields: .fiveTuple),
        FlowTask(name: "senders", fields: KeyFields(source: .whole)),
        FlowTask(name: "protocols", fields: KeyFields(protocol: true), bidirectional: true),
    ]

    @Test(arguments: zip([1, 2, 4], [2_800_000, 4_500_000, 2_800_000])) func totalsAddUp(workers: Int, limit: Int)
        throws
    {
        let frames = try RandomTraffic.synthetic(packets: 80_000, flows: 45_000, seed: 31)
        var engine = Engine(Self.tasks)
        engine.workers = workers
        engine.memoryLimit = limit
        let last = try engine.run(frames).last
        let expected = Self.tasks.map { ReferenceModel($0, frames) }
        for (found, model) in zip(last.tasks, expected) {
            try Self.expectSums(found, model)
        }
        #expect(last.tasks[0].evictedFlows > 0)
        // What gives way among the flows is counted by sender and by protocol all the same. Of these there are few.
        #expect(last.tasks[2].evictedFlows == 0 && last.tasks[2].rows == expected[2].records)
        #expect(last.tasks[1].evictedFlows < last.tasks[0].evictedFlows)
        #expect(last.tasks[0].rows.count > 4_000, "the limit leaves room for thousands")
        #expect(UInt64(last.tasks[0].rows.count) + last.tasks[0].evictedFlows >= UInt64(expected[0].rows.count))
    }

    /// Rows and the row of evicted flows together have every packet, and no row has more than its flow.
    private static func expectSums(_ found: TaskRows, _ model: ReferenceModel) throws {
        let records = model.records
        let all = found.rows + (found.other.map { [$0] } ?? [])
        #expect(all.reduce(0) { $0 + $1.totalPackets } == records.reduce(0) { $0 + $1.totalPackets })
        #expect(all.reduce(0) { $0 + $1.totalBytes } == records.reduce(0) { $0 + $1.totalBytes })
        #expect(all.map(\.firstSeen).min() == records.map(\.firstSeen).min())
        #expect(all.map(\.lastSeen).max() == records.map(\.lastSeen).max())
        let none = FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0)
        #expect(found.other.map { $0.key == none } ?? (found.evictedFlows == 0))
        let truth = Dictionary(uniqueKeysWithValues: records.map { ($0.key, $0) })
        for row in found.rows where !model.task.bidirectional {
            let flow = try #require(truth[row.key])
            #expect(row.packets <= flow.packets && row.bytes <= flow.bytes)
            #expect(row.firstSeen >= flow.firstSeen && row.lastSeen <= flow.lastSeen)
        }
    }

    @Test(arguments: [1, 2, 4]) func tablesStayUnderTheLimit(workers: Int) throws {
        let frames = try RandomTraffic.synthetic(packets: 60_000, flows: 30_000, seed: 32)
        let octets = frames.pcapng()
        try CaptureFolder.with { folder in
            let path = try folder.file("capture", octets)
            for limit in [3_000_000, 6_000_000] {
                let aggregator = ExactAggregator(tasks: Self.tasks, workers: workers, memoryLimit: limit)
                let (_, last) = try FlowAnalysis(workers: workers)
                    .run(CaptureSource(paths: [path]), into: aggregator) { _, _ in }
                let octets = last.parts.reduce(0) { sum, roots in
                    let tables = roots.flatMap { [$0] + $0.coarser.values }
                    return sum + tables.reduce(0) { $0 + $1.compact.byteCount + $1.wide.byteCount }
                }
                #expect(octets <= limit)
                // A limit that is never used would keep nothing.
                #expect(octets > limit / 3)
            }
        }
    }

    /// Coarser tasks are exact as long as their own flows have room, whatever gives way in the finer one.
    @Test(arguments: [1, 2, 4], [false, true]) func coarserTasksLackNothing(workers: Int, cumulative: Bool) throws {
        let frames = try RandomTraffic.synthetic(packets: 80_000, flows: 60_000, seed: 37)
        let coarse = [
            FlowTask(name: "protocols", fields: KeyFields(protocol: true)),
            FlowTask(name: "prefixes", fields: KeyFields(source: AddressPrefix(v4: 4, v6: 4)), bidirectional: true),
            FlowTask(name: "vlans", fields: KeyFields(protocol: true, vlan: true), bidirectional: true),
        ]
        let all = KeyFields(
            source: .whole, destination: .whole, sourcePort: true, destinationPort: true, protocol: true, vlan: true)
        var engine = Engine([FlowTask(name: "flows", fields: all)] + coarse)
        engine.workers = workers
        engine.memoryLimit = 2_200_000 + 600_000 * workers
        engine.cumulative = cumulative
        engine.interval = 50_000_000_000
        let result = try engine.run(frames)
        let ends = SnapshotTests.cuts(frames, engine.interval!).map(\.end) + [frames.count]
        #expect(result.all.contains { $0.tasks[0].evictedFlows > 0 })
        for (index, snapshot) in result.all.enumerated() {
            let start = cumulative || index == 0 ? 0 : ends[index - 1]
            for (found, task) in zip(snapshot.tasks.dropFirst(), coarse) {
                #expect(found.rows == ReferenceModel(task, Array(frames[start..<ends[index]])).records, "\(task.name)")
                #expect(found.other == nil && found.evictedFlows == 0)
            }
        }
    }

    /// With one worker the choice is that of the packets' order, not of the hash's random seed.
    @Test func oneWorkerEvictsTheSameInEveryRun() throws {
        let frames = try RandomTraffic.synthetic(packets: 60_000, flows: 30_000, seed: 36)
        var engine = Engine(Self.tasks)
        engine.memoryLimit = 2_000_000
        let first = try engine.run(frames).last
        #expect(first.tasks[0].evictedFlows > 0)
        for _ in 0..<3 { #expect(try engine.run(frames).last == first) }
    }

    /// The largest flows are those that stay.
    @Test func theSmallestFlowsGo() throws {
        let frames = try RandomTraffic.synthetic(packets: 60_000, flows: 25_000, seed: 33)
        var engine = Engine(FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true))
        engine.memoryLimit = 2_000_000
        engine.order = .bytes
        let found = try engine.run(frames).last.tasks[0]
        let largest = ReferenceModel(engine.tasks[0], frames).records.sorted { $0.totalBytes > $1.totalBytes }.prefix(
            20)
        #expect(found.evictedFlows > 0)
        #expect(Set(largest.map(\.key)).isSubset(of: Set(found.rows.prefix(200).map(\.key))))
    }

    /// Each cut gives its memory back; cumulative tables keep what was evicted.
    @Test(arguments: [false, true]) func limitsHoldOverManyCuts(cumulative: Bool) throws {
        let frames = try RandomTraffic.synthetic(packets: 40_000, flows: 20_000, seed: 34)
        var engine = Engine(Self.tasks)
        engine.memoryLimit = 2_800_000
        engine.interval = 10_000_000_000
        engine.workers = 2
        engine.cumulative = cumulative
        let result = try engine.run(frames)
        #expect(result.periodic.count >= 5)
        let ends = SnapshotTests.cuts(frames, engine.interval!).map(\.end) + [frames.count]
        for (index, snapshot) in result.all.enumerated() {
            let start = cumulative || index == 0 ? 0 : ends[index - 1]
            // Every synthetic frame belongs to a flow.
            let expected = frames[start..<ends[index]]
            for task in snapshot.tasks {
                let all = task.rows + (task.other.map { [$0] } ?? [])
                #expect(all.reduce(0) { $0 + $1.totalPackets } == UInt64(expected.count))
                #expect(all.reduce(0) { $0 + $1.totalBytes } == expected.reduce(0) { $0 + UInt64($1.wireLength) })
            }
        }
    }

    @Test func withoutALimitNothingIsEvicted() throws {
        let frames = try RandomTraffic.synthetic(packets: 20_000, flows: 9_000, seed: 35)
        let found = try Engine(Self.tasks).run(frames).last.tasks
        #expect(found.allSatisfy { $0.evictedFlows == 0 && $0.other == nil })
    }
}
