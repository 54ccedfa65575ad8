import CaptureFiles
import Flows
import KernelIO
import PacketTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// A capture played at its own pace gives the same as one that is read, and nothing before its time.
@Suite struct PacedFramesTests {
    private static let tasks = [
        FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true),
        FlowTask(name: "ports", fields: KeyFields(destinationPort: true)),
    ]

    @Test(arguments: [1, 3], [nil, 700_000_001, 30_000_000_000] as [Int64?])
    func rowsAreThoseOfTheFile(workers: Int, interval: Int64?) throws {
        let frames = RandomTraffic.frames(400, seed: 3)
        var engine = Engine(Self.tasks)
        engine.workers = workers
        engine.interval = interval
        let read = try engine.run(frames)
        engine.speed = 1e15
        let played = try engine.run(frames)
        #expect(played.all == read.all && played.cuts == read.cuts)
    }

    /// Times of all kinds: none, before 1970, back, and the last there is.
    @Test func oddTimesEndToo() throws {
        let frame = Packets.ethernet(.ipv4, Packets.innerIP)
        for times: [Int64] in [
            [0, 0, 0], [-5, -1, 0, 1, 2], [.max, .max], [1, .max - 1, .max, 5], [.min, 0, .max], [7, 3, 9, 1, 9],
        ] {
            let frames = times.map { TestFrame(time: $0, octets: frame) }
            for interval in [nil, 10, 1 << 60] as [Int64?] {
                var engine = Engine(Self.tasks)
                engine.interval = interval
                let read = try engine.run(frames)
                engine.speed = 1e15
                let played = try engine.run(frames)
                #expect(played.all == read.all, "\(times)")
            }
        }
    }

    @Test func framesComeNoSoonerThanTheyDid() throws {
        let frame = Packets.ethernet(.ipv4, Packets.innerIP)
        let frames = [1_000, 100_001_000, 300_001_000].map { TestFrame(time: $0, octets: frame) }
        var engine = Engine(Self.tasks)
        engine.speed = 3
        let start = Clock.monotonicNanoseconds
        let played = try engine.run(frames)
        #expect(Clock.monotonicNanoseconds - start >= 99_000_000)
        #expect(played.counts.delivered.packets == 3)
    }

    /// Stopping ends the wait for a frame that is due in an hour.
    @Test func stoppingDoesNotWait() throws {
        let frame = Packets.ethernet(.ipv4, Packets.innerIP)
        let frames = [1_000, 3_600_000_000_000].map { TestFrame(time: $0, octets: frame) }
        try Golden.withTemporaryDirectory { folder in
            try Golden.write(frames.pcapng(), to: folder + "/capture")
            let source = CaptureSource(paths: [folder + "/capture"], speed: 1)
            var batch = FrameBatch()
            guard case .frames = source.next(&batch, cutsMade: 0, worker: 0) else {
                Issue.record("the first frame did not come")
                return
            }
            let count = batch.frames.count
            #expect(count == 1)
            source.stop()
            guard case .end = source.next(&batch, cutsMade: 0, worker: 0) else {
                Issue.record("the source did not end")
                return
            }
        }
    }
}
