import Flows
import Glibc
import KernelIO
import Octets

/// Snapshots that wait for a server, one file each, in the order in which they came. A file appears whole or not at
/// all, and goes once the server has its snapshot; so it survives the end of the process, however that comes.
///
/// A file: the record's length (8 octets) and octets, then per block the task (4 octets), the length (8) and the rows.
/// The block of the sketches has no task, but all bits set. Behind rows that say whose they are, whose task has one bit
/// more, the processes they name are a block.
final class Spool: Sendable {
    let path: String
    private let limit: UInt64

    /// - Parameter path: a directory; created where it is missing.
    init(_ path: String, limit: UInt64) throws(SystemFailure) {
        try FileTree.createDirectories(path)
        self.path = path
        self.limit = limit
    }

    private func names() throws(SystemFailure) -> [String] {
        try FileTree.names(in: path).filter { $0.hasSuffix(".spool") }
    }

    var isEmpty: Bool { get throws(SystemFailure) { try names().isEmpty } }
    var count: Int { get throws(SystemFailure) { try names().count } }

    /// - Throws: also where the spool is full (ENOSPC).
    func add(
        _ record: SnapshotRecord, _ blocks: SnapshotBlocks, _ sketches: ClickHouseSketches
    ) throws(SystemFailure) {
        let names = try names()
        var size = names.reduce(UInt64(0)) { $0 + UInt64(max(0, InputFile.size(of: "\(path)/\($1)") ?? 0)) }
        let next = (names.last.flatMap { Int($0.prefix { $0 != "." }) } ?? 0) + 1
        let digits = "\(next)"
        let name = String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits + ".spool"
        let file = try OutputFile(path: "\(path)/\(name)")
        var header = RowBinaryWriter()
        let octets = record.octets
        header.append(UInt64(octets.count))
        try file.write(header.octets.span)
        try file.write(octets.span)
        var blocks = blocks
        while let (task, rows) = blocks.next() {
            size += UInt64(rows.octets.count)
            guard let processes = rows.processes else {
                try write(UInt32(task), rows.octets, to: file, size)
                continue
            }
            try write(UInt32(task) | SpoolEntry.attributedBit, rows.octets, to: file, size)
            let octets = ClickHouseProcesses.spooled(processes)
            size += UInt64(octets.count)
            try write(SpoolEntry.processTask, octets, to: file, size)
        }
        size += UInt64(sketches.octets.count)
        if !sketches.octets.isEmpty { try write(SpoolEntry.sketchTask, sketches.octets, to: file, size) }
        try file.commit()
    }

    /// - Parameter size: of the whole spool with this.
    private func write(
        _ task: UInt32, _ octets: [UInt8], to file: borrowing OutputFile, _ size: UInt64
    ) throws(SystemFailure) {
        guard size <= limit else {
            throw SystemFailure(operation: "write", path: path, errno: ENOSPC, detail: "the spool is full")
        }
        var header = RowBinaryWriter()
        header.append(task)
        header.append(UInt64(octets.count))
        try file.write(header.octets.span)
        try file.write(octets.span)
    }

    /// The oldest; `nil` where nothing waits. What is no snapshot is put aside.
    func first() throws(SystemFailure) -> SpoolEntry? {
        while let name = try names().first {
            if let entry = try SpoolEntry("\(path)/\(name)") { return entry }
            _ = try FileTree.rename("\(path)/\(name)", to: "\(path)/\(name).damaged")
        }
        return nil
    }

    func remove(_ entry: SpoolEntry) throws(SystemFailure) {
        // SAFETY: unlink(2) reads the NUL-terminated path during the call.
        guard unsafe unlink(entry.path.systemName) == 0 else {
            throw SystemFailure(operation: "remove", path: entry.path, errno: errno)
        }
    }
}

/// A snapshot in the spool, read block by block.
final class SpoolEntry {
    let path: String
    let record: SnapshotRecord
    private let file: InputFile

    /// `nil` where it is damaged.
    init?(_ path: String) throws(SystemFailure) {
        self.path = path
        let file = try InputFile(path: path)
        var header = RowBinaryReader(try Self.read(file, 8))
        let length: UInt64 = header.number()
        guard !header.isDamaged, length < 1 << 24 else { return nil }
        var reader = RowBinaryReader(try Self.read(file, Int(length)))
        guard let record = SnapshotRecord(&reader) else { return nil }
        self.record = record
        self.file = file
    }

    enum Block {
        case rows(task: Int, ClickHouseRows)
        case sketches(ClickHouseSketches)
    }

    /// Stands for the task where a block has the rows of sketches.
    static let sketchTask = UInt32.max
    /// Stands there where it has processes.
    static let processTask = UInt32.max - 1
    /// Rows say whose they are.
    static let attributedBit: UInt32 = 1 << 30

    func next() throws(SystemFailure) -> Block? {
        guard let (task, octets) = try nextPart() else { return nil }
        if task == Self.sketchTask { return .sketches(ClickHouseSketches(octets: octets)) }
        let isAttributed = task & Self.attributedBit != 0
        guard octets.count % ClickHouseRows.rowOctets(isAttributed: isAttributed) == 0 else { throw damage }
        var processes: ProcessNumbers?
        if isAttributed {
            guard let (kind, octets) = try nextPart(), kind == Self.processTask,
                let named = ClickHouseProcesses.processes(spooled: octets)
            else { throw damage }
            processes = named
        }
        return .rows(
            task: Int(task & ~Self.attributedBit), ClickHouseRows(octets: octets, processes: processes))
    }

    private var damage: SystemFailure { SystemFailure(operation: "read", path: path, errno: EINVAL) }

    private func nextPart() throws(SystemFailure) -> (task: UInt32, octets: [UInt8])? {
        let octets = try Self.read(file, 12)
        if octets.isEmpty { return nil }
        var header = RowBinaryReader(octets)
        let (task, length) = (header.number(UInt32.self), header.number(UInt64.self))
        guard !header.isDamaged, length <= UInt64(file.size ?? 0) else { throw damage }
        let part = try Self.read(file, Int(length))
        guard part.count == Int(length) else { throw damage }
        return (task, part)
    }

    /// So many octets, or those up to the file's end.
    private static func read(_ file: borrowing InputFile, _ count: Int) throws(SystemFailure) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        var end = 0
        while end < count {
            var span = octets.mutableSpan
            let length = try file.read(into: &span, end..<count)
            if length == 0 { break }
            end += length
        }
        octets.removeLast(count - end)
        return octets
    }
}
