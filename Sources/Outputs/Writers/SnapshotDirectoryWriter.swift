import Flows
import IPFIX
import KernelIO
import Octets

/// Writes each snapshot into a directory of its own, whole or not at all.
///
///     ROOT/2024-02-29_23-59-58/          the snapshot's time in UTC; `_2`, `_3` … behind it if the name is taken
///         five_tuple/                    one per task
///             shard_0.dat … shard_3.dat  IPFIX files, see docs/formats.md
///             summary.json
///         scanners/                      one per sketch
///             rows.ndjson
///             summary.json
///
/// Everything is written below a hidden temporary name, synced, and renamed at the end; a failure removes it.
public struct SnapshotDirectoryWriter: Writer {
    /// The most shards of a task: each costs a descriptor while it is written. Tasks that should have more have these.
    public static let shardsMax = 512

    public let root: String
    /// How many shards the tasks of these names have; others have `defaultShards`.
    public let shards: [String: Int]
    public let defaultShards: Int
    /// Whether to wait until everything is on the disk before a snapshot gets its name.
    public let syncs: Bool
    /// Threads that share the work; what is written does not depend on it.
    public let threads: Int

    /// - Precondition: all numbers of shards are at least 1.
    public init(
        root: String, shards: [String: Int] = [:], defaultShards: Int = 1, syncs: Bool = true, threads: Int = 1
    ) {
        precondition(([defaultShards] + shards.values).allSatisfy { $0 >= 1 }, "a task has at least one shard")
        self.root = root.isEmpty ? "." : root
        self.shards = shards
        self.defaultShards = defaultShards
        self.syncs = syncs
        self.threads = threads
    }

    public func write(_ snapshot: Snapshot) throws(SystemFailure) { _ = try writeDirectory(snapshot) }

    public func finish(_ report: AnalysisReport?) throws(SystemFailure) {}

    /// Writes a snapshot and returns its directory.
    public func writeDirectory(_ snapshot: Snapshot) throws(SystemFailure) -> String {
        try FileTree.createDirectories(root)
        let name = CivilTime(nanoseconds: snapshot.time).directoryName
        let temporary = "\(root)/.\(name).\(Machine.processID).tmp"
        // Left behind by a process of the same number that was killed.
        if FileTree.exists(temporary) { FileTree.remove(temporary) }
        do throws(SystemFailure) {
            try FileTree.createDirectory(temporary)
            try writeTasks(snapshot, in: temporary)
            let final = try rename(temporary, to: "\(root)/\(name)")
            if syncs { try FileTree.syncDirectory(root) }
            return final
        } catch {
            FileTree.remove(temporary)
            throw error
        }
    }

    private func rename(_ temporary: String, to path: String) throws(SystemFailure) -> String {
        var final = path
        var number = 2
        while try !FileTree.rename(temporary, to: final) {
            final = "\(path)_\(number)"
            number += 1
        }
        return final
    }

    private func writeTasks(_ snapshot: Snapshot, in directory: String) throws(SystemFailure) {
        var names: Set<String> = []
        var files: [String] = []
        var directories: [String] = []
        for (index, result) in snapshot.results.enumerated() {
            let name = FileName.unique(FileName.safe(result.task.name), among: &names)
            let task = TaskDirectory(
                path: "\(directory)/\(name)", result: result, domain: UInt32(index + 1), time: snapshot.time,
                shards: min(shards[result.task.name] ?? defaultShards, Self.shardsMax), syncs: syncs,
                threads: threads)
            try task.write()
            files += task.files
            directories.append(task.path)
        }
        for result in snapshot.sketches {
            let name = FileName.unique(FileName.safe(result.task.name), among: &names)
            let sketch = SketchDirectory(path: "\(directory)/\(name)", result: result, time: snapshot.time)
            try sketch.write()
            files += sketch.files
            directories.append(sketch.path)
        }
        if syncs { try sync(files, directories + [directory]) }
    }

    /// At the end for all, as most is on the disk by then, and what the file system has to note besides it notes once.
    private func sync(_ files: [String], _ directories: [String]) throws(SystemFailure) {
        let outcome = FirstFailure()
        concurrently(files.count, threads: threads) { index in
            outcome.attempt { () throws(SystemFailure) in try FileTree.syncFile(files[index]) }
        }
        try outcome.check()
        for directory in directories { try FileTree.syncDirectory(directory) }
    }
}

/// File names made of task names.
enum FileName {
    /// Leaves room below the 255 octets of most file systems for a suffix.
    static let octetsMax = 200

    /// The name with every octet but ASCII letters, digits, `-`, `_` and inner dots replaced by `_`.
    static func safe(_ name: String) -> String {
        var octets: [UInt8] = []
        for octet in name.utf8.prefix(octetsMax) {
            let isLetterOrDigit = 0x30...0x39 ~= octet || 0x41...0x5A ~= octet || 0x61...0x7A ~= octet
            let isAllowed = isLetterOrDigit || "-_".utf8.contains(octet) || (octet == 0x2E && !octets.isEmpty)
            octets.append(isAllowed ? octet : 0x5F)
        }
        return octets.isEmpty ? "_" : String(decoding: octets, as: UTF8.self)
    }

    static func unique(_ name: String, among taken: inout Set<String>) -> String {
        var candidate = name
        var number = 2
        while !taken.insert(candidate).inserted {
            candidate = "\(name)_\(number)"
            number += 1
        }
        return candidate
    }
}
