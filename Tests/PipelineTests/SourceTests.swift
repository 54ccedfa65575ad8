import CaptureFiles
import CompressionTestSupport
import Flows
import Glibc
import Headers
import KernelIO
import PacketTestSupport
import Pipeline
import Testing

/// Files in a row, files merged, and files that are damaged: all that comes before damage counts, and the report says
/// what it was and where.
@Suite struct SourceTests {
    private static let task = FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true)
    private static let other = FlowTask(name: "senders", fields: KeyFields(source: .whole))

    private static func engine(merge: Bool = false, workers: Int = 1) -> Engine {
        var engine = Engine([task, other])
        engine.merge = merge
        engine.workers = workers
        return engine
    }

    @Test func filesInARowAreOneInput() throws {
        try CaptureFolder.with { folder in
            let parts = (0..<4).map { RandomTraffic.frames(300, seed: 40 + $0) }
            let ethernet = RandomTraffic.frames(200, seed: 44).filter { $0.linkType == .ethernet }
            var paths = try parts.enumerated().map { try folder.file("\($0)", $1.pcapng()) }
            paths[2] = try folder.file("2.gz", gzip(parts[2].pcapng()))
            paths.append(try folder.file("4", ethernet.pcap()))
            let all = parts.flatMap(\.self) + ethernet
            for workers in [1, 3] {
                var engine = Self.engine(workers: workers)
                let result = try engine.run(paths: paths)
                #expect(result.last.tasks[0].rows == ReferenceModel(Self.task, all).records)
                #expect(result.reports.map(\.path) == paths)
                #expect(result.reports.allSatisfy { !$0.isDamaged && $0.octetsRead == $0.size })
                engine.interval = 20_000_000_000
                let cuts = SnapshotTests.cuts(all, engine.interval!)
                #expect(try engine.run(paths: paths).periodic.map(\.time) == cuts.map(\.time))
            }
        }
    }

    /// The order of frames of files merged by time: each file in its own order, the earliest waiting frame next, of
    /// equal ones that of the first file.
    private static func merged(_ files: [[TestFrame]]) -> [TestFrame] {
        var positions = files.map { _ in 0 }
        var all: [TestFrame] = []
        while true {
            let waiting = files.indices.filter { positions[$0] < files[$0].count }
            guard let next = waiting.min(by: { files[$0][positions[$0]].time < files[$1][positions[$1]].time }) else {
                return all
            }
            all.append(files[next][positions[next]])
            positions[next] += 1
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>) func mergedFilesComeInOrderOfTime(seed: UInt64) throws {
        try CaptureFolder.with { folder in
            var files = (0..<5).map { RandomTraffic.frames(Int(200 * ($0 + 1)), seed: seed * 10 + $0) }
            files.append([])
            var paths = try files.enumerated().map { try folder.file("\($0)", $1.pcapng()) }
            // One file ends in the middle of its last record.
            paths[1] = try folder.file("cut", Array(files[1].pcapng().dropLast(3)))
            files[1].removeLast()
            paths.insert(folder.path + "/missing", at: 3)
            let all = Self.merged(files)
            var engine = Self.engine(merge: true, workers: Int(seed % 3) + 1)
            engine.interval = 3_000_000_000
            let result = try engine.run(paths: paths)
            let cuts = SnapshotTests.cuts(all, engine.interval!)
            #expect(result.periodic.map(\.time) == cuts.map(\.time))
            var start = 0
            for (snapshot, end) in zip(result.all, cuts.map(\.end) + [all.count]) {
                #expect(snapshot.tasks[0].rows == ReferenceModel(Self.task, all[start..<end]).records, "\(end)")
                start = end
            }
            #expect(result.reports.map(\.path) == paths)
            #expect(result.reports.filter { $0.end != .clean }.map(\.path) == [paths[1], paths[3]])
        }
    }

    /// Also what a capture looks like that is still being written.
    @Test(arguments: ["pcap", "pcapng"]) func capturesCutAnywhereCountToTheLastWholeRecord(format: String) throws {
        let frames = RandomTraffic.frames(60, seed: 50).filter { $0.linkType == .ethernet && $0.time != 0 }
        func octets(_ count: Int) -> [UInt8] {
            format == "pcap" ? Array(frames.prefix(count)).pcap() : Array(frames.prefix(count)).pcapng()
        }
        let whole = octets(frames.count)
        // Where the file could end cleanly, and with how many frames.
        let boundaries = Dictionary(uniqueKeysWithValues: (1...frames.count).map { (octets($0).count, $0) })
        try CaptureFolder.with { folder in
            for count in (whole.count - 250)...whole.count {
                let result = try Self.engine().run(paths: [folder.file("cut", Array(whole.prefix(count)))])
                let start = try #require(boundaries.keys.filter { $0 <= count }.max())
                let held = try #require(boundaries[start])
                #expect(result.counts.seen.packets == UInt64(held))
                #expect(result.last.tasks[0].rows == ReferenceModel(Self.task, frames.prefix(held)).records)
                switch result.reports[0].end {
                case .clean: #expect(count == start)
                case .cutShort(let cut): #expect(cut.fileOffset == start && cut.available == count - start)
                default: Issue.record("\(count): \(result.reports[0].end)")
                }
                #expect(result.reports[0].isDamaged == (count != start))
            }
        }
    }

    @Test(arguments: [1, 4]) func brokenFramingEndsAFileThere(workers: Int) throws {
        let frames = RandomTraffic.frames(80, seed: 51).filter { $0.linkType == .ethernet }
        let before = Array(frames.prefix(30))
        var pcap = frames.pcap()
        let record = before.pcap().count
        for index in 8..<12 { pcap[record + index] = 0xFF }
        var pcapng = frames.pcapng()
        let block = before.pcapng().count
        let length = Int(pcapng[block + 4]) | Int(pcapng[block + 5]) << 8
        pcapng[block + length - 4] ^= 4
        try CaptureFolder.with { folder in
            for merge in [false, true] {
                for (octets, reason, offset) in [
                    (pcap, CaptureFailure.Reason.recordTooLarge, record), (pcapng, .blockLengthsDiffer, block),
                ] {
                    let paths = [
                        try folder.file("broken", octets), try folder.file("good", frames.pcapng()),
                    ]
                    let result = try Self.engine(merge: merge, workers: workers).run(paths: paths)
                    #expect(result.last.tasks[0].rows == ReferenceModel(Self.task, before + frames).records)
                    guard case .broken(let failure) = result.reports[0].end else {
                        Issue.record("\(result.reports[0].end)")
                        continue
                    }
                    #expect(failure.reason == reason && failure.fileOffset == offset)
                    #expect(result.reports[0].isDamaged && !result.reports[0].isUnusable)
                    #expect(result.reports[1].end == .clean)
                }
            }
        }
    }

    /// What broke first is what is told, also where reading on would fail for another reason.
    @Test(arguments: [false, true]) func theFirstCauseIsReported(merge: Bool) throws {
        let frames = RandomTraffic.frames(80, seed: 54).filter { $0.linkType == .ethernet }
        let record = Array(frames.prefix(30)).pcap().count
        var octets = frames.pcap()
        for index in 8..<12 { octets[record + index] = 0xFF }
        try CaptureFolder.with { folder in
            for (name, packed) in [("gzip", gzip(octets)), ("zstd", zstd(octets))] {
                // Without its last octets the compressed file is damaged, too.
                let path = try folder.file(name, Array(packed.dropLast(3)))
                let result = try Self.engine(merge: merge).run(paths: [path])
                guard case .broken(let failure) = result.reports[0].end else {
                    Issue.record("\(name): \(result.reports[0].end)")
                    continue
                }
                #expect(failure.reason == .recordTooLarge && failure.fileOffset == record)
                #expect(result.counts.seen.packets == 30)
            }
        }
    }

    @Test(arguments: [false, true]) func whatIsNoCaptureIsReported(merge: Bool) throws {
        let frames = RandomTraffic.frames(50, seed: 52)
        try CaptureFolder.with { folder in
            let paths = [
                folder.path + "/missing",
                try folder.file("garbage", (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 7) }),
                try folder.file("good", frames.pcapng()), try folder.file("empty", []), folder.path,
                try folder.file("short", [0xA1, 0xB2]), try folder.file("header", [TestFrame]().pcap()),
                try folder.file("empty.gz", gzip([])),
            ]
            let result = try Self.engine(merge: merge, workers: 2).run(paths: paths)
            #expect(result.last.tasks[0].rows == ReferenceModel(Self.task, frames).records)
            #expect(result.reports.map(\.path) == paths)
            func reason(_ index: Int) -> CaptureFailure.Reason? {
                if case .broken(let failure) = result.reports[index].end { failure.reason } else { nil }
            }
            func number(_ index: Int) -> Int32? {
                switch result.reports[index].end {
                case .unreadable(.open(let failure)), .unreadable(.read(let failure)): failure.errno
                default: nil
                }
            }
            #expect(number(0) == ENOENT && number(4) == EISDIR)
            #expect(
                reason(1) == .notACapture && reason(3) == .empty && reason(5) == .tooShort && reason(7) == .empty)
            #expect(result.reports[2].end == .clean && result.reports[6].end == .clean)
            #expect(result.reports.map(\.isUnusable) == [true, true, false, true, true, true, false, true])
        }
    }

    @Test func damagedCompressionKeepsWhatCameOut() throws {
        let frames = try RandomTraffic.synthetic(packets: 4_000, flows: 300, seed: 53)
        let octets = frames.pcap()
        let models = { (count: UInt64) in ReferenceModel(Self.task, frames.prefix(Int(count))).records }
        try CaptureFolder.with { folder in
            for (name, packed) in [("gzip", gzip(octets)), ("zstd", zstd(octets))] {
                for missing in [1, 4, 8, 9, 50, packed.count / 2, packed.count - 20] {
                    let path = try folder.file(name, Array(packed.dropLast(missing)))
                    let result = try Self.engine().run(paths: [path])
                    #expect(
                        result.last.tasks[0].rows == models(result.counts.seen.packets), "\(name) without \(missing)")
                    guard case .unreadable(.decompression(_, let failure)) = result.reports[0].end else {
                        Issue.record("\(name) without \(missing): \(result.reports[0].end)")
                        continue
                    }
                    #expect(failure.reason == .truncated)
                    #expect(missing > 4 || result.counts.seen.packets == 4_000, "only the checksum is missing")
                }
                var corrupt = packed
                corrupt[packed.count - (name == "gzip" ? 6 : 2)] ^= 1
                let whole = try Self.engine().run(paths: [folder.file(name, corrupt)])
                #expect(whole.counts.seen.packets == 4_000, "\(name): the checksum comes after all frames")
                guard case .unreadable(.decompression(_, let failure)) = whole.reports[0].end else {
                    Issue.record("\(name): \(whole.reports[0].end)")
                    continue
                }
                #expect(failure.reason == .corrupt)
                corrupt = packed
                for index in 0..<40 { corrupt[packed.count / 2 + index] = 0xEE }
                let half = try Self.engine(workers: 2).run(paths: [folder.file(name, corrupt)])
                #expect(1..<4_000 ~= half.counts.seen.packets && half.reports[0].isDamaged)
            }
            let trailing = try Self.engine().run(paths: [folder.file("trailing", gzip(octets) + [1, 2, 3])])
            #expect(trailing.counts.seen.packets == 4_000 && trailing.reports[0].end == .clean)
            #expect(trailing.reports[0].hasTrailingGarbage && trailing.reports[0].isDamaged)
        }
    }

    /// No file stays open, whatever became of it.
    @Test func descriptorsAreClosed() throws {
        try CaptureFolder.with { folder in
            let paths = [
                folder.path, folder.path + "/missing", try folder.file("empty", []),
                try folder.file("good", RandomTraffic.frames(5, seed: 1).pcapng()),
                try folder.file("broken.gz", Array(gzip([1, 2, 3]).dropLast(5))),
            ]
            func used() -> Int { (0..<1_024).count { fcntl(Int32($0), F_GETFD) != -1 } }
            let before = used()
            for merge in [false, true] {
                for _ in 0..<40 { _ = try Self.engine(merge: merge).run(paths: paths) }
            }
            // Other tests open files at the same time, but never 100.
            #expect(used() < before + 60)
        }
    }
}
