import CaptureTestSupport
import Flows
import Outputs
import TestSupport
import Testing

/// What is written depends on the rows alone, not on the number of threads that write them.
@Suite struct ThreadsTests {
    /// More rows than any writer takes at a time, some with times that need templates of their own.
    static let snapshot: Snapshot = {
        var random = SeededGenerator(seed: 5)
        let results = [(33_501, true), (0, false), (5_000, false)].enumerated().map { index, size in
            let task = FlowSamples.task(named: "task\(index)", using: &random)
            let rows = FlowSamples.rows(size.0, of: task, using: &random)
            let other = size.1 ? FlowSamples.other(of: task, using: &random) : nil
            return FlowSamples.result(task, rows, other: other, evictedFlows: size.1 ? 3 : 0)
        }
        return Snapshot(time: 1_700_000_000_000_000_000, results: results)
    }()

    private static func files(shards: Int, threads: Int) throws -> [String: [UInt8]] {
        try Golden.withTemporaryDirectory { root in
            let writer = SnapshotDirectoryWriter(root: root, defaultShards: shards, syncs: false, threads: threads)
            let path = try writer.writeDirectory(snapshot)
            let names = (0..<3).flatMap { task in
                (0..<shards).map { "task\(task)/shard_\($0).dat" } + ["task\(task)/summary.json"]
            }
            var files: [String: [UInt8]] = [:]
            for name in names { files[name] = try Golden.read(path + "/" + name) }
            return files
        }
    }

    @Test(arguments: [1, 4]) func directoriesAreTheSame(shards: Int) throws {
        let alone = try Self.files(shards: shards, threads: 1)
        #expect(alone.count == 3 * (shards + 1))
        for threads in 2...4 {
            #expect(try Self.files(shards: shards, threads: threads) == alone, "\(threads) threads")
        }
    }

    /// Sequence numbers, row counts and templates are right across the parts that were encoded apart.
    @Test(arguments: [1, 5]) func directoriesOfManyRowsComeBack(shards: Int) throws {
        try Golden.withTemporaryDirectory { root in
            let writer = SnapshotDirectoryWriter(root: root, defaultShards: shards, syncs: false, threads: 3)
            let read = try SnapshotReader.read(writer.writeDirectory(Self.snapshot))
            for (written, found) in zip(Self.snapshot.results, read.results) {
                #expect(found.task == written.task && found.other == written.other)
                let rows = try Fixtures.rows(written)
                let byShard = (0..<shards).flatMap { shard in
                    rows.filter { ShardHash.shard(of: $0.key, among: shards) == shard }
                }
                #expect(try Fixtures.rows(found) == byShard)
            }
        }
    }

    @Test(arguments: 0..<3) func streamsAreTheSame(format index: Int) throws {
        let (_, format) = RowStreamWriterTests.formats[index]
        func written(_ threads: Int) throws -> [UInt8] {
            try RowStreamWriterTests.written(format, threads: threads) {
                try $0.write(Self.snapshot)
                try $0.finish(nil)
            }
        }
        let alone = try written(1)
        for threads in 2...4 { #expect(try written(threads) == alone, "\(threads) threads") }
    }
}
