import Flows
import Glibc
import IPFIX
import KernelIO
import Octets

/// The directory of one task in a snapshot: its shards and its summary.
struct TaskDirectory {
    var path: String
    var result: TaskResult
    /// The task's position in its snapshot, from 1.
    var domain: UInt32
    var time: Int64
    var shards: Int
    var syncs: Bool

    func write() throws(SystemFailure) {
        guard result.task.name.utf8.count <= IPFIXEncoder.nameOctetsMax else {
            throw SystemFailure(operation: "write task", path: result.task.name, errno: ENAMETOOLONG)
        }
        try FileTree.createDirectory(path)
        try writeShards()
        try writeSummary()
        if syncs { try FileTree.syncDirectory(path) }
    }

    private func writeShards() throws(SystemFailure) {
        var writers: [ShardWriter] = []
        for index in 0..<shards {
            let encoder = IPFIXEncoder(task: result.task, domain: domain, time: time)
            writers.append(ShardWriter(try OutputHandle("\(path)/shard_\(index).dat"), encoder))
        }
        var run: [FlowRecord] = []
        var start = 0
        while start < result.rows.count {
            let end = min(start + 512, result.rows.count)
            result.rows.read(start..<end, into: &run)
            for row in run {
                try writers[ShardHash.shard(of: row.key, among: shards)].append(row)
            }
            start = end
        }
        if let other = result.other { try writers[0].append(other: other, evictedFlows: result.evictedFlows) }
        for index in writers.indices { try writers[index].finish(syncs: syncs) }
    }

    private func writeSummary() throws(SystemFailure) {
        let file = try DescriptorWriter(creating: "\(path)/summary.json")
        let text = Array((TaskSummary(result, time: time, shards: shards).json + "\n").utf8)
        try file.write(text.span)
        if syncs { try file.sync() }
    }
}

/// A file that several values of an array can hold on to.
private final class OutputHandle {
    let file: DescriptorWriter

    init(_ path: String) throws(SystemFailure) { file = try DescriptorWriter(creating: path) }
}

/// One shard's file and the message under construction.
private struct ShardWriter {
    private let handle: OutputHandle
    private var encoder: IPFIXEncoder

    init(_ handle: OutputHandle, _ encoder: IPFIXEncoder) {
        self.handle = handle
        self.encoder = encoder
    }

    @inline(__always)
    mutating func append(_ row: FlowRecord) throws(SystemFailure) {
        if encoder.append(row) { return }
        try flush()
        // An empty message has room for any record with its template.
        _ = encoder.append(row)
    }

    mutating func append(other row: FlowRecord, evictedFlows: UInt64) throws(SystemFailure) {
        if encoder.append(other: row, evictedFlows: evictedFlows) { return }
        try flush()
        _ = encoder.append(other: row, evictedFlows: evictedFlows)
    }

    mutating func finish(syncs: Bool) throws(SystemFailure) {
        if !encoder.appendEnd() {
            try flush()
            _ = encoder.appendEnd()
        }
        encoder.closeMessage()
        try handle.file.write(encoder.message)
        if syncs { try handle.file.sync() }
    }

    private mutating func flush() throws(SystemFailure) {
        encoder.closeMessage()
        try handle.file.write(encoder.message)
        encoder.openMessage()
    }
}
