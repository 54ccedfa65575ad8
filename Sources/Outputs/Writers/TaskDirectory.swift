import Flows
import IPFIX
import KernelIO
import Octets

/// The directory of one task in a snapshot: its shards and its summary.
struct TaskDirectory: Sendable {
    var path: String
    var result: TaskResult
    /// The task's position in its snapshot, from 1.
    var domain: UInt32
    var time: Int64
    var shards: Int
    var syncs: Bool
    var threads: Int

    /// The files that `write` makes.
    var files: [String] { (0..<shards).map(shardPath) + [summaryPath] }

    private func shardPath(_ index: Int) -> String { "\(path)/shard_\(index).dat" }
    private var summaryPath: String { "\(path)/summary.json" }

    /// Writes everything; whether it is on the disk is another matter.
    func write() throws(SystemFailure) {
        guard result.task.name.utf8.count <= IPFIXEncoder.nameOctetsMax else {
            throw .nameTooLong(result.task.name, operation: "write task")
        }
        try FileTree.createDirectory(path)
        try writeShards()
        try writeSummary()
    }

    /// Rows that one thread sorts into shards and encodes at a time: a part of the task. Where messages end depends on
    /// it, and on nothing else but the rows.
    private static let partRows = 32_768

    private func writeShards() throws(SystemFailure) {
        var files: [ShardFile] = []
        for index in 0..<shards {
            files.append(ShardFile(try DescriptorWriter(creating: shardPath(index)), syncs: syncs))
        }
        let (shardFiles, partRows, turns, outcome) = (files, Self.partRows, Turns(lanes: shards), FirstFailure())
        // Memory that was filled is used again: the system's pages are dear.
        let spare = Monitor([[IPFIXEncoder]]())
        let first = IPFIXEncoder(
            task: result.task, domain: domain, time: time,
            processes: (result.rows as? any AttributedRows)?.processes)
        // A task without rows has one part too: what begins and ends its files.
        let parts = max(1, (result.rows.count + partRows - 1) / partRows)
        concurrently(parts, threads: threads) { index in
            let end = min((index + 1) * partRows, result.rows.count)
            // The first part begins with what `first` has encoded.
            var encoders = (index == 0 ? nil : spare.withLock { $0.popLast() }) ?? newEncoders(first)
            if index > 0 { for shard in encoders.indices { encoders[shard].beginLaterPart() } }
            encode(index * partRows..<end, &encoders)
            for shard in shardFiles.indices {
                turns.take(index, lane: shard) {
                    outcome.attempt { () throws(SystemFailure) in
                        let file = shardFiles[shard]
                        if index < parts - 1 {
                            try file.append(&encoders[shard])
                        } else {
                            try file.append(last: &encoders[shard], shard == 0 ? result : nil)
                        }
                    }
                }
            }
            spare.withLock { $0.append(encoders) }
        }
        try outcome.check()
    }

    /// One for each shard.
    private func newEncoders(_ first: IPFIXEncoder) -> [IPFIXEncoder] {
        // Room for an even share and a quarter more, at 64 octets a row.
        let capacity = min(Self.partRows, result.rows.count) / shards * 80 + 1024
        return (0..<shards).map { _ in first.withCapacity(capacity) }
    }

    /// Reads rows and encodes each for its shard.
    private func encode(_ range: Range<Int>, _ encoders: inout [IPFIXEncoder]) {
        var run: [FlowRecord] = []
        var pairs: [ProcessPair] = []
        let attributed = result.rows as? any AttributedRows
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + 512, range.upperBound)
            result.rows.read(start..<end, into: &run)
            attributed?.readProcesses(start..<end, into: &pairs)
            for (index, row) in run.enumerated() {
                let shard = ShardHash.shard(of: row.key, among: shards)
                let process = attributed == nil ? ProcessPair() : pairs[index]
                if encoders[shard].append(row, process: process) { continue }
                encoders[shard].closeMessage()
                encoders[shard].openMessage(keepsClosed: true)
                // An empty message has room for any record with its template.
                _ = encoders[shard].append(row, process: process)
            }
            start = end
        }
    }

    private func writeSummary() throws(SystemFailure) {
        let file = try DescriptorWriter(creating: summaryPath)
        let text = Array((TaskSummary(result, time: time, shards: shards).json + "\n").utf8)
        try file.write(text.span)
    }
}

/// One shard's file, and how much of it is written: parts come in order, from one thread at a time.
private final class ShardFile: Sendable {
    let file: DescriptorWriter
    private let written = Monitor((records: UInt32(0), rows: UInt64(0), unsynced: 0))

    private let syncs: Bool

    /// What is worth bringing to the disk before the file is whole: pages that are written to once more go there twice.
    private static let syncedOctetsMin = 256 << 10

    init(_ file: consuming DescriptorWriter, syncs: Bool) {
        self.file = file
        self.syncs = syncs
    }

    func append(_ part: inout IPFIXEncoder) throws(SystemFailure) {
        // A part without rows would be a message without sets.
        guard part.recordCount > 0 else { return }
        place(&part)
        try write(&part)
    }

    /// - Parameter result: whose row of evicted flows goes here, if it has one.
    func append(last part: inout IPFIXEncoder, _ result: TaskResult?) throws(SystemFailure) {
        place(&part)
        if let result, let other = result.other {
            Self.append(to: &part) { $0.append(other: other, evictedFlows: result.evictedFlows) }
        }
        Self.append(to: &part) { $0.appendEnd() }
        try write(&part)
    }

    private func place(_ part: inout IPFIXEncoder) {
        let before = written.withLock { $0 }
        part.place(afterRecords: before.records, rows: before.rows)
    }

    private static func append(to part: inout IPFIXEncoder, _ record: (inout IPFIXEncoder) -> Bool) {
        if record(&part) { return }
        part.closeMessage()
        part.openMessage(keepsClosed: true)
        _ = record(&part)
    }

    private func write(_ part: inout IPFIXEncoder) throws(SystemFailure) {
        part.closeMessage()
        try file.write(part.message)
        let (records, rows, octets) = (part.recordCount, part.rowsSoFar, part.message.count)
        let startsSyncing = written.withLock { written in
            let isMuch = written.unsynced + octets >= Self.syncedOctetsMin
            written = (records, rows, isMuch ? 0 : written.unsynced + octets)
            return isMuch
        }
        if syncs, startsSyncing { file.startSyncing() }
    }
}
