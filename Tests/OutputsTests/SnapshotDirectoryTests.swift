import CaptureTestSupport
import Flows
import Glibc
import IPFIX
import KernelIO
import Outputs
import TestSupport
import Testing

@Suite struct SnapshotDirectoryTests {
    @Test func theTreeEqualsItsGoldens() throws {
        try Golden.withTemporaryDirectory { root in
            let writer = SnapshotDirectoryWriter(root: root + "/a/b", shards: ["five_tuple": 2])
            let path = try writer.writeDirectory(Fixtures.snapshot)
            #expect(path == root + "/a/b/2024-02-29_23-59-58")
            for file in [
                "five_tuple/shard_0.dat", "five_tuple/shard_1.dat", "five_tuple/summary.json",
                "net__a___b_/shard_0.dat", "net__a___b_/summary.json", "total/shard_0.dat", "total/summary.json",
            ] {
                let octets = try Golden.read(path + "/" + file)
                let name = file.split(separator: "/").joined(separator: ".")
                #expect(octets == (try Golden.expectation("snapshot/\(name)", current: octets)), "\(file)")
            }
        }
    }

    /// Whose rows are comes back as well, whatever the shards and however many processes there are.
    @Test(arguments: [(0, 1), (3, 2), (900, 3)]) func processesComeBack(count: Int, shards: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        let task = FlowTask(name: "flows", fields: .fiveTuple, bidirectional: true)
        let rows = FlowSamples.rows(2000, of: task, using: &random)
        var processes = ProcessNumbers()
        let pairs = rows.map { _ in
            let number = UInt32.random(in: 0...UInt32(count), using: &random)
            let process = FlowProcess(
                pid: number, uid: number % 7, comm: "p\(number)\u{e9}",
                cgroup: String(repeating: "/slice", count: Int(number % 60)))
            return switch number {
            case 0: processes.pair(Bool.random(using: &random) ? .unknown : RowProcess(.several))
            case let x where x % 3 == 0: processes.pair(RowProcess(.known(process), peer: process))
            default: processes.pair(RowProcess(.known(process)))
            }
        }
        let owned = OwnedRows(rows, pairs, processes)
        var result = FlowSamples.result(task, rows, other: nil, evictedFlows: 0)
        result.rows = owned
        let snapshot = Snapshot(time: 1, results: [result])
        try Golden.withTemporaryDirectory { root in
            let path = try SnapshotDirectoryWriter(root: root, defaultShards: shards).writeDirectory(snapshot)
            let read = try #require(try SnapshotReader.read(path).results[0].rows as? OwnedRows)
            var back: [FlowRecord] = []
            read.read(0..<read.count, into: &back)
            func all(_ rows: [FlowRecord], _ owned: OwnedRows) -> [FlowKey: [RowProcess]] {
                Dictionary(
                    zip(rows.map(\.key), owned.readAllProcesses(0..<rows.count).map { [$0] }), uniquingKeysWith: +)
            }
            #expect(all(back, read) == all(rows, owned) && back.count == rows.count)
            #expect(read.processes == processes)
        }
    }

    /// Whatever is written comes back: rows exactly, shard by shard, in the order in which they were written.
    @Test(arguments: UInt64(0)..<40) func everythingComesBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var results: [TaskResult] = []
        for index in 0..<Int.random(in: 1...4, using: &random) {
            // The same name twice must not collide.
            let task = FlowSamples.task(named: index == 3 ? "task0" : "task\(index)", using: &random)
            let rows = FlowSamples.rows(Int.random(in: 0...400, using: &random), of: task, using: &random)
            let other = Bool.random(using: &random) ? FlowSamples.other(of: task, using: &random) : nil
            results.append(FlowSamples.result(task, rows, other: other, evictedFlows: other == nil ? 0 : seed))
        }
        let snapshot = Snapshot(time: .random(in: -1...2_000_000_000_000_000_000, using: &random), results: results)
        let shards = Int.random(in: 1...5, using: &random)
        try Golden.withTemporaryDirectory { root in
            let writer = SnapshotDirectoryWriter(root: root, defaultShards: shards, syncs: false)
            let read = try SnapshotReader.read(writer.writeDirectory(snapshot))
            #expect(read.time == snapshot.time)
            #expect(read.results.count == results.count)
            for (written, found) in zip(results, read.results) {
                #expect(found.task == written.task)
                #expect(found.other == written.other)
                #expect(found.evictedFlows == written.evictedFlows)
                #expect(found.totalPackets == written.totalPackets)
                #expect(found.totalBytes == written.totalBytes)
                let rows = try Fixtures.rows(written)
                let byShard = (0..<shards).flatMap { shard in
                    rows.filter { ShardHash.shard(of: $0.key, among: shards) == shard }
                }
                #expect(try Fixtures.rows(found) == byShard)
            }
        }
    }

    @Test func tasksAndFilesAreReadAlone() throws {
        try Golden.withTemporaryDirectory { root in
            let path = try SnapshotDirectoryWriter(root: root, shards: ["five_tuple": 2])
                .writeDirectory(Fixtures.snapshot)
            let task = try SnapshotReader.read(path + "/five_tuple")
            #expect(task.results.map(\.task.name) == ["five_tuple"])
            #expect(task.results[0].rows.count == 3)
            let halves = try [0, 1].map { try SnapshotReader.read("\(path)/five_tuple/shard_\($0).dat") }
            #expect(halves.map(\.results[0].rows.count).reduce(0, +) == 3)
            #expect(try SnapshotReader.snapshotDirectories(in: root) == [path])
        }
    }

    @Test func aTakenNameGetsANumber() throws {
        try Golden.withTemporaryDirectory { root in
            let writer = SnapshotDirectoryWriter(root: root)
            let paths = try (0..<3).map { _ in try writer.writeDirectory(Fixtures.snapshot) }
            let name = root + "/2024-02-29_23-59-58"
            #expect(paths == [name, name + "_2", name + "_3"])
            #expect(try SnapshotReader.snapshotDirectories(in: root) == paths)
        }
    }

    /// A name that no file can have: the failure names it, and nothing stays behind.
    @Test func aFailureLeavesNothing() throws {
        try Golden.withTemporaryDirectory { root in
            let task = FlowTask(name: String(repeating: "n", count: 2000), fields: .fiveTuple)
            let snapshot = Snapshot(time: 0, results: [Fixtures.fiveTuple, FlowSamples.result(task, [])])
            let failure = SystemFailure(operation: "write task", path: task.name, errno: ENAMETOOLONG)
            #expect(throws: failure) { try SnapshotDirectoryWriter(root: root).write(snapshot) }
            // Only an empty directory can be removed.
            #expect(unsafe rmdir(root) == 0)
            _ = unsafe mkdir(root, 0o700)
        }
    }

    @Test func aFileInTheWayIsNamed() throws {
        try Golden.withTemporaryDirectory { root in
            try Golden.write([], to: root + "/file")
            let writer = SnapshotDirectoryWriter(root: root + "/file/snapshots")
            #expect(throws: SystemFailure(operation: "create directory", path: root + "/file", errno: ENOTDIR)) {
                try writer.write(Fixtures.snapshot)
            }
        }
    }

    @Test func damageIsNamedWithFileAndOffset() throws {
        try Golden.withTemporaryDirectory { root in
            let path = try SnapshotDirectoryWriter(root: root).writeDirectory(Fixtures.snapshot)
            let file = path + "/total/shard_0.dat"
            let octets = try Golden.read(file)
            try Golden.write(Array(octets.dropLast()), to: file)
            let cut = IPFIXFailure(.messageLength(claimed: octets.count, available: octets.count - 1), at: 0)
            #expect(throws: ReadFailure.damaged(path: file, cut)) { try SnapshotReader.read(path) }
            _ = unsafe unlink(file)
            #expect(throws: ReadFailure.noResults(path: path + "/total")) { try SnapshotReader.read(path + "/total") }
            #expect(throws: ReadFailure.file(SystemFailure(operation: "open", path: file, errno: ENOENT))) {
                try SnapshotReader.read(file)
            }
        }
    }

    @Test func shardsOfDifferentSnapshotsDoNotMix() throws {
        try Golden.withTemporaryDirectory { root in
            let writer = SnapshotDirectoryWriter(root: root, defaultShards: 2)
            let first = try writer.writeDirectory(Snapshot(time: 0, results: [Fixtures.fiveTuple]))
            let second = try writer.writeDirectory(Snapshot(time: 1, results: [Fixtures.fiveTuple]))
            let shard = first + "/five_tuple/shard_1.dat"
            try Golden.write(Golden.read(second + "/five_tuple/shard_1.dat"), to: shard)
            #expect(throws: ReadFailure.mixed(path: shard)) { try SnapshotReader.read(first) }
            _ = unsafe unlink(first + "/five_tuple/shard_0.dat")
            #expect(throws: ReadFailure.missingShard(path: first + "/five_tuple/shard_0.dat")) {
                try SnapshotReader.read(first)
            }
            // The last one, which the summary tells of.
            let last = second + "/five_tuple/shard_1.dat"
            _ = unsafe unlink(last)
            #expect(throws: ReadFailure.missingShard(path: last)) { try SnapshotReader.read(second) }
            // Nor is a task without any left out.
            _ = unsafe unlink(second + "/five_tuple/shard_0.dat")
            #expect(throws: ReadFailure.missingShard(path: second + "/five_tuple/shard_0.dat")) {
                try SnapshotReader.read(second)
            }
            _ = unsafe unlink(second + "/five_tuple/summary.json")
            #expect(throws: ReadFailure.noResults(path: second)) { try SnapshotReader.read(second) }
        }
    }

    @Test func rowsSpreadEvenlyOverShards() {
        var random = SeededGenerator(seed: 9)
        let task = FlowTask(name: "", fields: .fiveTuple)
        var counts = [Int](repeating: 0, count: 8)
        for row in FlowSamples.rows(8000, of: task, using: &random) {
            counts[ShardHash.shard(of: row.key, among: 8)] += 1
        }
        #expect(counts.allSatisfy { 850...1150 ~= $0 })
        // The hash is part of the format: this value must never change.
        #expect(ShardHash.shard(of: Fixtures.key(Fixtures.client, Fixtures.server), among: 1 << 16) == 42_055)
    }
}
