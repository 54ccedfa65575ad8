import Flows
import IPFIX
import KernelIO
import Octets

/// Reads what `SnapshotDirectoryWriter` wrote: a snapshot's directory, a task's directory, or one `.dat` file.
///
/// Rows come shard by shard, in each shard in the order in which they were written. Memory is that of the rows, which
/// is less than three times the files' size, whatever they hold.
public enum SnapshotReader {
    /// The snapshot at `path`; of a task's directory or a single file, with that task alone.
    public static func read(_ path: String) throws(ReadFailure) -> Snapshot { try readAndCompare(path).snapshot }

    /// As `read`, and where tasks have other totals than their summaries say.
    public static func readAndCompare(
        _ path: String
    ) throws(ReadFailure) -> (snapshot: Snapshot, disagreements: [TotalsDisagreement]) {
        guard FileTree.isDirectory(path) else { return (try snapshot([readShards([path])], path), []) }
        let path = withoutSlash(path)
        let names = try list(path)
        let own = TaskTotals(summary: join(path, "summary.json"))
        let shards = try shardPaths(names, in: path, own)
        var disagreements: [TotalsDisagreement] = []
        if !shards.isEmpty {
            let task = try readShards(shards)
            disagreements += TotalsDisagreement(path: path, task.result, own).map { [$0] } ?? []
            return (try snapshot([task], path), disagreements)
        }
        var tasks: [ReadTask] = []
        for name in names where !name.hasPrefix(".") {
            let directory = join(path, name)
            guard FileTree.isDirectory(directory) else { continue }
            let totals = TaskTotals(summary: join(directory, "summary.json"))
            let shards = try shardPaths(list(directory), in: directory, totals)
            if !shards.isEmpty {
                let task = try readShards(shards)
                disagreements += TotalsDisagreement(path: directory, task.result, totals).map { [$0] } ?? []
                tasks.append(task)
            } else if let count = totals.shards, count > 0 {
                throw .missingShard(path: join(directory, "shard_0.dat"))
            }
        }
        return (try snapshot(tasks.sorted { $0.record.domain < $1.record.domain }, path), disagreements)
    }

    /// The directories of snapshots below a storage root, sorted by name, which is by time. What else is there is left
    /// out: directories that are not named by a time and hold no task.
    public static func snapshotDirectories(in root: String) throws(ReadFailure) -> [String] {
        let root = withoutSlash(root)
        return try list(root).filter { name in
            guard !name.hasPrefix("."), FileTree.isDirectory(join(root, name)) else { return false }
            return isNamedByTime(name) || holdsTask(join(root, name))
        }.map { join(root, $0) }
    }

    /// `2024-02-29_23-59-58`, and what may follow.
    private static func isNamedByTime(_ name: String) -> Bool {
        let form = Array("0000-00-00_00-00-00".utf8)
        return name.utf8.count >= form.count
            && zip(name.utf8, form).allSatisfy { octet, mark in
                mark == UInt8(ascii: "0") ? UInt8(ascii: "0")...UInt8(ascii: "9") ~= octet : octet == mark
            }
    }

    private static func holdsTask(_ directory: String) -> Bool {
        let names = (try? list(directory)) ?? []
        return names.contains { name in
            let task = join(directory, name)
            let shards = FileTree.isDirectory(task) ? (try? list(task)) ?? [] : []
            return shards.contains(where: isShard)
        }
    }

    private static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.last == "/" { path.removeLast() }
        return String(path)
    }

    private static func join(_ directory: String, _ name: String) -> String {
        directory == "/" ? directory + name : directory + "/" + name
    }

    private static func isShard(_ name: String) -> Bool { name.hasPrefix("shard_") && name.hasSuffix(".dat") }

    private static func snapshot(_ tasks: [ReadTask], _ path: String) throws(ReadFailure) -> Snapshot {
        guard let first = tasks.first else { throw .noResults(path: path) }
        guard tasks.allSatisfy({ $0.record.time == first.record.time }) else { throw .mixed(path: path) }
        return Snapshot(time: first.record.time, results: tasks.map(\.result))
    }

    private static func list(_ path: String) throws(ReadFailure) -> [String] {
        do throws(SystemFailure) { return try FileTree.names(in: path) } catch { throw .file(error) }
    }

    /// `shard_0.dat`, `shard_1.dat` … in the order of their numbers: all that there are, and all that there should be.
    private static func shardPaths(
        _ names: [String], in directory: String, _ totals: TaskTotals
    ) throws(ReadFailure) -> [String] {
        let shards = names.filter(isShard)
        if shards.isEmpty { return [] }
        let count = max(shards.count, totals.shards ?? 0)
        let expected = (0..<count).map { "shard_\($0).dat" }
        let present = Set(shards)
        for name in expected where !present.contains(name) { throw .missingShard(path: join(directory, name)) }
        return expected.map { join(directory, $0) }
    }

    private static func readShards(_ paths: [String]) throws(ReadFailure) -> ReadTask {
        var task: ReadTask?
        for path in paths {
            let shard = try readFile(path)
            if task == nil {
                task = shard
            } else if task?.append(shard) != true {
                throw .mixed(path: path)
            }
        }
        guard let task else { throw .noResults(path: "") }
        return task
    }

    private static func readFile(_ path: String) throws(ReadFailure) -> ReadTask {
        let file: InputFile
        do throws(SystemFailure) { file = try InputFile(path: path) } catch { throw .file(error) }
        var decoder = IPFIXDecoder()
        var offset = 0
        var octets: [UInt8] = []
        while try readMessage(file, path, &offset, into: &octets) {
            do throws(IPFIXFailure) {
                try decoder.decode(octets.span, at: offset - octets.count)
            } catch {
                throw .damaged(path: path, error)
            }
        }
        do throws(IPFIXFailure) { try decoder.finish(at: offset) } catch { throw .damaged(path: path, error) }
        guard let record = decoder.taskRecord, let task = decoder.task else { throw .noResults(path: path) }
        return ReadTask(
            record: record, task: task, rows: decoder.takeRows(), pairs: decoder.processPairs,
            processes: decoder.processes, other: decoder.other, evictedFlows: decoder.evictedFlows)
    }

    /// Reads the next message and moves `offset` behind it; `false` at the file's end.
    private static func readMessage(
        _ file: borrowing InputFile, _ path: String, _ offset: inout Int, into octets: inout [UInt8]
    ) throws(ReadFailure) -> Bool {
        octets.removeAll(keepingCapacity: true)
        try read(file, upTo: IPFIXDecoder.headerOctets, into: &octets)
        if octets.isEmpty, offset == 0 { throw .notResults(path: path) }
        if octets.isEmpty { return false }
        let length: Int
        do throws(IPFIXFailure) { length = try IPFIXDecoder.messageOctets(header: octets.span, at: offset) } catch {
            throw offset == 0 ? .notResults(path: path) : .damaged(path: path, error)
        }
        try read(file, upTo: length, into: &octets)
        offset += octets.count
        return true
    }

    /// Reads until `octets` holds `count` octets or the file ends. A message has at most 65,535.
    private static func read(
        _ file: borrowing InputFile, upTo count: Int, into octets: inout [UInt8]
    ) throws(ReadFailure) {
        var end = octets.count
        octets += repeatElement(0, count: max(count - end, 0))
        while end < count {
            var span = octets.mutableSpan
            do throws(SystemFailure) {
                let length = try file.read(into: &span, end..<count)
                if length == 0 { break }
                end += length
            } catch {
                throw .file(error)
            }
        }
        octets.removeLast(octets.count - end)
    }
}

/// A task as its shards say, put together.
private struct ReadTask {
    var record: TaskRecord
    var task: FlowTask
    var rows: [FlowRecord]
    /// Whose they are, where the file says so: each shard names all.
    var pairs: [ProcessPair]
    var processes: ProcessNumbers?
    var other: FlowRecord?
    var evictedFlows: UInt64

    /// Adds another shard of the same task and snapshot; `false` if it is not one.
    mutating func append(_ shard: ReadTask) -> Bool {
        guard shard.record == record, shard.task == task, other == nil || shard.other == nil,
            shard.processes == processes
        else { return false }
        rows += shard.rows
        pairs += shard.pairs
        other = other ?? shard.other
        evictedFlows &+= shard.evictedFlows
        return true
    }

    /// Sums wrap: a hostile file may hold any numbers.
    var result: TaskResult {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        func add(_ row: FlowRecord) {
            packets = packets &+ row.packets &+ row.reversePackets
            bytes = bytes &+ row.bytes &+ row.reverseBytes
        }
        for row in rows { add(row) }
        if let other { add(other) }
        return TaskResult(
            task: task, rows: processes.map { OwnedRows(rows, pairs, $0) } ?? rows, other: other,
            evictedFlows: evictedFlows, totalPackets: packets, totalBytes: bytes)
    }
}
