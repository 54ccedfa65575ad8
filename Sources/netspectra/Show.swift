import ArgumentParser
import Flows
import KernelIO
import Outputs
import Pipeline

/// `netspectra show`: prints again what a run has stored.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a stored snapshot, task or .dat file.",
        discussion: """
            PATH is a snapshot directory (2024-02-29_23-59-58), one task's directory in it, a single shard_N.dat, or \
            the storage root, which prints all its snapshots in order. Rows come in the order they were stored in.

            Examples:
              netspectra show data/2024-02-29_23-59-58
              netspectra show --format csv data/2024-02-29_23-59-58/five_tuple > flows.csv
            """)

    @Argument(help: "What to print.", completion: .file())
    var path: String

    @Option(name: .shortAndLong, help: "Rows per task; 0: all. Left out: 10 in tables, all in the other formats.")
    var top: Int?

    @Option(name: .shortAndLong, help: "What to print: \(OutputFormat.names).")
    var format = OutputFormat.table

    @Flag(help: "Whole numbers in tables instead of 1.23 MB.")
    var exact = false

    func validate() throws {
        if let top, top < 0 { throw ValidationError("--top: \(top) rows cannot be; 0 means all") }
    }

    func run() throws {
        let paths: [String]
        do throws(ReadFailure) {
            let snapshots = try SnapshotReader.snapshotDirectories(in: path)
            paths = snapshots.isEmpty ? [path] : snapshots
        } catch {
            // A file, or nothing at all: the reader says which.
            paths = [path]
        }
        let writer = RowStreamWriter(
            descriptor: 1, format: rowFormat, namesSnapshots: paths.count > 1,
            threads: Machine.processorCount)
        for path in paths {
            let snapshot = try read(path)
            try print { () throws(SystemFailure) in try writer.write(snapshot) }
        }
        try print { () throws(SystemFailure) in try writer.finish(nil) }
    }

    private func print(_ write: () throws(SystemFailure) -> Void) throws {
        do throws(SystemFailure) {
            try write()
        } catch {
            throw Exit.fail(Exit.cannotWrite, "\(error)")
        }
    }

    private var rowFormat: RowStreamWriter.Format {
        switch format {
        case .table:
            .table(isExact: exact, width: Terminal.columns(1), style: SnapshotSink.style)
        case .json: .json
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

    private func read(_ path: String) throws -> Snapshot {
        var snapshot: Snapshot
        do throws(ReadFailure) {
            snapshot = try SnapshotReader.read(path)
        } catch {
            if case .file = error { throw Exit.fail(Exit.cannotOpen, "\(error)") }
            throw Exit.fail(Exit.noCapture, "\(error)")
        }
        let rowsMax = top ?? (format == .table ? 10 : 0)
        guard rowsMax > 0 else { return snapshot }
        for index in snapshot.results.indices {
            snapshot.results[index].rows = FirstRows(rowsMax, of: snapshot.results[index].rows)
        }
        return snapshot
    }
}
