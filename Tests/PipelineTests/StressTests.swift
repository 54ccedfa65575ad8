import Flows
import Headers
import PacketTestSupport
import Testing

@testable import Pipeline

/// Many threads with little to do, where they wait for each other most.
@Suite struct StressTests {
    private static let tasks = [
        FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true),
        FlowTask(name: "senders", fields: KeyFields(source: .whole)),
        FlowTask(name: "tags", fields: KeyFields(vlan: true)),
    ]

    @Test(arguments: [0, 1, 2, 5, 64, 257, 700]) func manyWorkersShareLittleTraffic(count: Int) throws {
        let frames = RandomTraffic.frames(count, seed: UInt64(count))
        let expected = Self.tasks.map { ReferenceModel($0, frames).records }
        var engine = Engine(Self.tasks)
        for workers in [2, 5, 8] {
            engine.workers = workers
            for _ in 0..<4 { #expect(try engine.run(frames).last.tasks.map(\.rows) == expected) }
        }
    }

    /// Snapshots that follow each other as fast as they can: each must hold its own packets and no other's, although
    /// workers are through a cut at different times.
    @Test(arguments: [2, 4, 8]) func cutsInARowStayApart(workers: Int) throws {
        var frames: [TestFrame] = []
        var sources: [UInt32] = []
        for index in 0..<1_500 {
            // A host of its own for every packet: the owner of its key is any worker.
            let source = 0x0A00_0000 + UInt32(index)
            sources.append(source)
            frames.append(
                TestFrame(
                    time: 1_000_000 + Int64(index / 3) * 1_000,
                    octets: Packets.ethernet(
                        .ipv4, Packets.ipv4(.tcp, Packets.tcp(1, 2), from: IPAddress(v4: source)))))
        }
        var engine = Engine(FlowTask(name: "senders", fields: KeyFields(source: .whole)))
        engine.workers = workers
        engine.interval = 1_000
        for _ in 0..<3 {
            let result = try engine.run(frames)
            #expect(result.all.count == 500)
            for (index, snapshot) in result.all.enumerated() {
                let found = snapshot.tasks[0].rows.map { UInt32($0.key.source.low) }
                #expect(found == Array(sources[index * 3..<index * 3 + 3]), "snapshot \(index)")
            }
        }
    }

    @Test func everyPacketOfOneFlowGoesToOneWorker() throws {
        let frames = try RandomTraffic.synthetic(packets: 20_000, flows: 1, seed: 3)
        let task = FlowTask(name: "flow", fields: .fiveTuple, bidirectional: true)
        var engine = Engine([task, FlowTask(name: "tags", fields: KeyFields(vlan: true))])
        for workers in [1, 3, 8] {
            engine.workers = workers
            #expect(try engine.run(frames).last.tasks[0].rows == ReferenceModel(task, frames).records)
        }
    }

    @Test(arguments: [2, 3, 8], [0, .max])
    func everyWorkerOwnsAShareOfTheFlows(workers: Int, unsharedFlows: Int) throws {
        let frames = try RandomTraffic.synthetic(packets: 20_000, flows: 4_000, seed: 3)
        try CaptureFolder.with { folder in
            let source = CaptureSource(paths: [try folder.file("capture", frames.pcapng())])
            let task = FlowTask(name: "flow", fields: .fiveTuple)
            let aggregator = ExactAggregator(tasks: [task], workers: workers, unsharedFlows: unsharedFlows)
            let (_, last) = try FlowAnalysis(workers: workers).run(source, into: aggregator) { _, _ in }
            let shares = last.parts.map { $0[0].count }
            let even = shares.reduce(0, +) / workers
            #expect(shares.count == workers && even > 100)
            #expect(shares.allSatisfy { $0 > even / 2 && $0 < even * 2 }, "\(shares)")
        }
    }

    /// Ends the input while it is being read, from another thread.
    @Test(arguments: [1, 4]) func stoppingKeepsWhatWasRead(workers: Int) throws {
        let frames = RandomTraffic.frames(400, seed: 8)
        try CaptureFolder.with { folder in
            let path = try folder.file("capture", frames.pcapng())
            let paths = Array(repeating: path, count: 300)
            let source = CaptureSource(paths: paths)
            let aggregator = ExactAggregator(tasks: Self.tasks, workers: workers)
            source.stop()
            let (counts, last) = try FlowAnalysis(workers: workers).run(source, into: aggregator) { _, _ in }
            #expect(counts.seen.packets == 0)
            #expect(SnapshotBuilder().snapshot(last, time: nil).results.allSatisfy { $0.totalPackets == 0 })
        }
    }
}
