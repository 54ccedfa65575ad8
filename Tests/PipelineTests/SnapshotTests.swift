import Flows
import Glibc
import Headers
import PacketTestSupport
import Testing

@testable import Pipeline

/// Periodic snapshots hold the packets between their cuts, no more and no less.
@Suite struct SnapshotTests {
    private static let tasks = [
        FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true),
        FlowTask(name: "ports", fields: KeyFields(destinationPort: true)),
        FlowTask(name: "receivers", fields: KeyFields(destination: .whole)),
        FlowTask(name: "protocols", fields: KeyFields(protocol: true), bidirectional: true),
    ]

    /// Where frames are to be cut, and the time that names each cut: written down from the rule, frame by frame.
    static func cuts(_ frames: [TestFrame], _ interval: Int64) -> [(time: Int64, end: Int)] {
        func end(_ time: Int64) -> Int64 {
            let number = time >= 0 ? time / interval : -((-time + interval - 1) / interval)
            return (number + 1) * interval
        }
        var cuts: [(time: Int64, end: Int)] = []
        var boundary: Int64?
        for (index, frame) in frames.enumerated() {
            if boundary == nil {
                if frame.time != 0 { boundary = end(frame.time) }
            } else if frame.time >= boundary! {
                cuts.append((boundary!, index))
                boundary = end(frame.time)
            }
        }
        return cuts
    }

    private static func expect(
        _ engine: Engine, _ frames: [TestFrame], _ note: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let cuts = cuts(frames, engine.interval!)
        let result = try engine.run(frames, sourceLocation: sourceLocation)
        #expect(result.periodic.map(\.time) == cuts.map(\.time), "\(note)", sourceLocation: sourceLocation)
        #expect(result.cuts.map(\.number) == Array(1..<cuts.count + 1), "\(note)", sourceLocation: sourceLocation)
        guard result.periodic.count == cuts.count else { return }
        var start = 0
        for (snapshot, end) in zip(result.all, cuts.map(\.end) + [frames.count]) {
            let part = frames[(engine.cumulative ? 0 : start)..<end]
            for (index, task) in engine.tasks.enumerated() {
                #expect(
                    snapshot.tasks[index].rows == ReferenceModel(task, part).records, "\(note): \(task.name) to \(end)",
                    sourceLocation: sourceLocation)
            }
            start = end
        }
    }

    @Test(arguments: [1, 2, 4, 8], [false, true]) func cutsFallAtTheRightPacket(workers: Int, cumulative: Bool) throws {
        let frames = RandomTraffic.frames(900, seed: UInt64(workers))
        var engine = Engine(Self.tasks)
        engine.workers = workers
        engine.cumulative = cumulative
        for interval in [1_000_000, 700_000_001, 30_000_000_000, .max / 2] as [Int64] {
            // The shortest makes a cut at nearly every step forward: fewer frames will do.
            engine.interval = interval
            try Self.expect(engine, interval < 2_000_000 ? Array(frames.prefix(150)) : frames, "\(interval)")
        }
    }

    private static let frame = Packets.ethernet(.ipv4, Packets.innerIP)

    @Test func boundariesBelongToTheNextInterval() throws {
        var engine = Engine(Self.tasks)
        for times: [Int64] in [
            [9, 10, 10, 19, 20], [10, 20, 30], [1, 2, 3], [5, 100, 5, 101, 99, 110], [50, 40, 30, 60, 10, 61],
            // Without a time: wherever they stand, they start no interval.
            [0, 0, 1_000, 1_009, 1_010], [0, 0], [25, 0, 31, 0, 29],
        ] {
            for workers in [1, 4] {
                engine.workers = workers
                engine.interval = 10
                try Self.expect(engine, times.map { TestFrame(time: $0, octets: Self.frame) }, "\(times)")
            }
        }
    }

    /// The last times that 64 bits can say have no end of their interval.
    @Test(arguments: [1, 2, 1_000, .max] as [Int64]) func lastTimesEndTheRun(interval: Int64) throws {
        let frames = [.max - 2_000, .max - 1, .max, .max, 5, .max].map { TestFrame(time: $0, octets: Self.frame) }
        for workers in [1, 3] {
            var engine = Engine(Self.tasks)
            engine.workers = workers
            engine.interval = interval
            let result = try engine.run(frames)
            #expect(result.counts.delivered.packets == 6)
            #expect(result.periodic.count <= 2)
        }
    }

    @Test func cutterCountsIntervalsFrom1970() {
        func cuts(_ interval: Int64, _ times: [Int64]) -> [Int64] {
            var cutter = SnapshotCutter(interval: interval, clock: .capture)
            return times.compactMap { time in
                let before = cutter.lastCut
                if time >= cutter.stop ?? .max { cutter.stopped(at: time) }
                return cutter.lastCut == before ? nil : cutter.lastCut?.time
            }
        }
        #expect(cuts(10, [-25, -21, -20, -11, -1, 1, 9, 10]) == [-20, -10, 0, 10])
        #expect(cuts(10, [.min, .min + 1, 0, 3]) == [.min / 10 * 10, 10].dropLast())
        #expect(cuts(1, [-1, 5, 6]) == [0, 6])
        #expect(cuts(7, [6, 7, 13, 14, 700]) == [7, 14, 21])
        var wall = SnapshotCutter(interval: 10, clock: .wall)
        #expect(wall.stop == nil)
        wall.lookAtWallClock(hasFrames: false)
        #expect(wall.lastCut == nil)
        #expect(SnapshotCutter(interval: nil, clock: .capture).stop == nil)
    }

    /// Set back by an hour in the middle: the intervals go on as if nothing had been, each once and none missing.
    @Test func aClockThatIsSetBackNamesNoIntervalTwice() {
        var cutter = SnapshotCutter(interval: 10, clock: .wall)
        var cuts: [Int64] = []
        for passed in stride(from: Int64(0), through: 100, by: 5) {
            let before = cutter.lastCut
            cutter.lookAtWallClock(
                hasFrames: true, wall: 86_400 + passed - (passed > 50 ? 3_600 : 0), monotonic: 7 + passed)
            if cutter.lastCut != before, let cut = cutter.lastCut { cuts.append(cut.time) }
        }
        #expect(cuts == (1...10).map { 86_400 + 10 * $0 })
    }

    /// An interval of which only the end was seen says nothing of silence.
    @Test func silenceIsCutOnceAnIntervalWasSeenWhole() {
        var cutter = SnapshotCutter(interval: 1, clock: .wall, cutsSilence: true)
        for _ in 0..<4 {
            usleep(1)
            cutter.lookAtWallClock(hasFrames: false)
        }
        #expect(cutter.lastCut?.number == 2)
        var plain = SnapshotCutter(interval: 1, clock: .wall)
        for _ in 0..<4 { plain.lookAtWallClock(hasFrames: false) }
        #expect(plain.lastCut == nil)
    }

    /// By the wall clock each look at the source may be a cut: what there is must still come out once, and in order.
    @Test(arguments: [1, 4, 8]) func wallClockCutsLoseNothingAndEnd(workers: Int) throws {
        let frames = Array(repeating: RandomTraffic.frames(150, seed: 4), count: 2).flatMap(\.self)
        let expected = ReferenceModel(Self.tasks[0], frames).records
        try CaptureFolder.with { folder in
            for interval in [1, 1_000, 100_000] as [Int64] {
                var engine = Engine(Self.tasks)
                engine.workers = workers
                engine.interval = interval
                engine.clock = .wall
                let result = try folder.withPipe(frames.pcapng().pieces(of: 50)) { try engine.run(paths: [$0]) }
                #expect(result.cuts.map(\.number) == Array(1..<result.cuts.count + 1))
                #expect(zip(result.cuts, result.cuts.dropFirst()).allSatisfy { $0.time < $1.time })
                #expect(result.cuts.allSatisfy { $0.time % interval == 0 })
                #expect(result.periodic.map(\.time) == result.cuts.map(\.time))
                engine.cumulative = true
                let cumulative = try folder.withPipe(frames.pcapng().pieces(of: 50)) { try engine.run(paths: [$0]) }
                #expect(cumulative.last.tasks[0].rows == expected)
            }
        }
    }

    /// A worker that was told of the end makes its last cut at once; others must not be given one more before.
    @Test(arguments: [false, true]) func noCutComesAfterTheEnd(isStopped: Bool) throws {
        try CaptureFolder.with { folder in
            let octets = [TestFrame(time: 1, octets: Self.frame)].pcap()
            let source = CaptureSource(
                paths: [try folder.file("capture", octets)], interval: 30_000_000, clock: .wall)
            var batch = FrameBatch()
            var cutsMade = 0
            var hasEnded = false
            while !hasEnded {
                switch source.next(&batch, cutsMade: cutsMade, worker: 0) {
                case .frames: if isStopped { source.stop() }
                case .cut: cutsMade += 1
                case .idle: continue
                case .end: hasEnded = true
                }
            }
            usleep(60_000)
            guard case .end = source.next(&batch, cutsMade: cutsMade, worker: 0) else {
                Issue.record("the second worker was not told of the end")
                return
            }
        }
    }

    @Test func wallClockCutsComeWhileAPipeIsRead() throws {
        let frames = (1...6).map { TestFrame(time: Int64($0), octets: Self.frame) }
        let octets = frames.pcap()
        let header = Array(octets.prefix(24))
        let records = Array(octets.dropFirst(24)).pieces(of: (octets.count - 24) / 6)
        try CaptureFolder.with { folder in
            var engine = Engine(Self.tasks)
            engine.interval = 20_000_000
            engine.clock = .wall
            engine.workers = 2
            let result = try folder.withPipe([header] + records, pause: 50_000) { try engine.run(paths: [$0]) }
            #expect(result.periodic.count >= 3 && result.counts.delivered.packets == 6)
        }
    }

    @Test func theLastSnapshotIsNamedByItsLastPacket() throws {
        let frames = RandomTraffic.frames(300, seed: 2)
        let last = ReferenceModel(Self.tasks[0], frames).records.map(\.lastSeen).max()
        #expect(try Engine(Self.tasks).run(frames).last.time == last)
        #expect(try Engine(Self.tasks).run([]).last.time == 0)
    }
}
