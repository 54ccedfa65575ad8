import CaptureFiles
import CompressionTestSupport
import Flows
import Headers
import PacketTestSupport
import Pipeline
import Testing

/// Same input, same output: whatever the number of workers, the pieces in which the input comes, and its compression.
@Suite struct RepeatabilityTests {
    private static let tasks = [
        FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true),
        FlowTask(name: "senders", fields: KeyFields(source: .whole)),
        FlowTask(
            name: "networks",
            fields: KeyFields(source: AddressPrefix(v4: 24, v6: 48), destination: AddressPrefix(v4: 24, v6: 48))),
        FlowTask(name: "tags", fields: KeyFields(vlan: true)),
    ]

    @Test(arguments: RowOrder.allCases) func everyNumberOfWorkersGivesTheSame(order: RowOrder) throws {
        let frames =
            try RandomTraffic.frames(3_000, seed: 11)
            + RandomTraffic.synthetic(packets: 9_000, flows: 2_000, seed: 12)
        var engine = Engine(Self.tasks)
        engine.order = order
        engine.interval = 20_000_000_000
        let alone = try engine.run(frames)
        #expect(alone.periodic.count > 2)
        for workers in 2...8 {
            engine.workers = workers
            let result = try engine.run(frames)
            #expect(result.all == alone.all, "\(workers) workers")
            #expect(result.cuts == alone.cuts)
            #expect(result.endpoints == alone.endpoints)
            #expect(result.counts.paths == alone.counts.paths && result.counts.marks == alone.counts.marks)
        }
    }

    @Test func everyWayToReadACaptureGivesTheSame() throws {
        let frames = RandomTraffic.frames(600, seed: 21)
        let octets = frames.pcapng()
        var engine = Engine(Self.tasks)
        engine.interval = 10_000_000_000
        let expected = try engine.run(frames).all
        try CaptureFolder.with { folder in
            let files = [
                try folder.file("plain", octets), try folder.file("gzip", gzip(octets)),
                try folder.file("zstd", zstd(octets)),
                try folder.file("members", gzip(Array(octets.prefix(1_000))) + gzip(Array(octets.dropFirst(1_000)))),
                try folder.file("frames", zstd(Array(octets.prefix(999))) + zstd(Array(octets.dropFirst(999)))),
            ]
            for merge in [false, true] {
                engine.merge = merge
                for workers in [1, 3] {
                    engine.workers = workers
                    for path in files {
                        let result = try engine.run(paths: [path])
                        #expect(result.all == expected, "\(path) \(merge) \(workers)")
                        #expect(result.reports.map(\.end) == [.clean])
                    }
                    for (file, piece) in [
                        (octets, 1), (octets, 7), (octets, 4_096), (gzip(octets), 1), (zstd(octets), 13),
                    ] {
                        let result = try folder.withPipe(file.pieces(of: piece)) { try engine.run(paths: [$0]) }
                        #expect(result.all == expected, "pieces of \(piece), \(merge) \(workers)")
                        #expect(result.reports.map(\.end) == [.clean] && result.reports[0].size == nil)
                    }
                }
            }
        }
    }

    /// Workers read pieces of files on their own; they are used in turn, across cuts, short pieces and ends of files.
    @Test(arguments: [2, 3, 8]) func piecesReadAheadComeInTurn(workers: Int) throws {
        let parts = try (0..<5).map { try RandomTraffic.synthetic(packets: 9_000, flows: 500, seed: 70 + UInt64($0)) }
        try CaptureFolder.with { folder in
            var paths = try parts.enumerated().map { try folder.file("\($0)", $1.pcap()) }
            paths[1] = try folder.file("cut", Array(parts[1].pcap().dropLast(200_001)))
            paths[3] = try folder.file("gzip", gzip(parts[3].pcap()))
            paths.insert(try folder.file("tiny", Array(parts[0].prefix(3)).pcap()), at: 2)
            var engine = Engine(Self.tasks)
            for interval in [nil, 3_000_000_000] as [Int64?] {
                engine.interval = interval
                engine.workers = 1
                let alone = try engine.run(paths: paths)
                #expect(alone.counts.seen.packets > 40_000)
                engine.workers = workers
                let result = try engine.run(paths: paths)
                #expect(result.all == alone.all)
                #expect(result.reports.map(\.end) == alone.reports.map(\.end))
                #expect(result.reports.map(\.octetsRead) == alone.reports.map(\.octetsRead))
            }
        }
    }

    /// Frames larger than the pieces that are read, and blocks that are skipped without being buffered.
    @Test func recordsOfAnySizePassTheWindow() throws {
        var frames: [TestFrame] = []
        let small = Packets.ethernet(.ipv4, Packets.innerIP)
        for index in 0..<40 {
            let large = small + [UInt8](repeating: 0, count: index % 3 == 0 ? 262_144 - small.count : index * 5_000)
            frames.append(TestFrame(time: Int64(index) * 500, octets: large))
            frames.append(TestFrame(time: Int64(index) * 500 + 1, octets: small))
        }
        let task = FlowTask(name: "flows", fields: .fiveTuple)
        let expected = ReferenceModel(task, frames).records
        var engine = Engine(task)
        for (merge, workers) in [(false, 1), (false, 4), (true, 2)] {
            engine.merge = merge
            engine.workers = workers
            #expect(try engine.run(frames).last.tasks[0].rows == expected)
            engine.interval = 3_000
            let sums = try engine.run(frames).all.map { $0.tasks[0].totalPackets }
            #expect(sums.count == 7 && sums.reduce(0, +) == 80)
            engine.interval = nil
        }
        try CaptureFolder.with { folder in
            var octets: [UInt8] = []
            var writer = PcapngWriter()
            writer.appendSectionHeader(to: &octets)
            writer.appendInterface(CaptureInterface(linkType: 1), to: &octets)
            let nothing = [UInt8](repeating: 0, count: 3 << 20)
            for _ in 0..<3 {
                writer.appendPacket(time: 1_000_000, frame: small.span, to: &octets)
                writer.appendCustom(enterprise: 1, nothing.span, to: &octets)
            }
            let result = try engine.run(paths: [folder.file("skipped", octets)])
            #expect(result.counts.delivered.packets == 3 && result.reports[0].statistics.customBlocks == 3)
            #expect(result.reports[0].end == .clean)
            // The file ends within a block that is being skipped.
            let cut = try engine.run(paths: [folder.file("cut", Array(octets.dropLast(100_000)))])
            #expect(cut.counts.delivered.packets == 3)
            guard case .cutShort = cut.reports[0].end else {
                Issue.record("\(cut.reports[0].end)")
                return
            }
        }
    }
}
