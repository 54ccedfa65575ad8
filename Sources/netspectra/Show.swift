import ArgumentParser
import Flows
import KernelIO
import Outputs
import Pipeline

/// `netspectra show`: prints again what a run has stored.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print again what analyze --output wrote.",
        usage: "netspectra show [<options>] <path>",
        discussion: """
            The path is a snapshot's directory (2024-02-29_23-59-58), one task's directory in it, a single \
            shard_N.dat, or the directory given to --output, of which all snapshots are printed in order.

            What a task's files hold is compared with its summary.json.

            Examples:
              netspectra show data/2024-02-29_23-59-58
              netspectra show --format csv data/2024-02-29_23-59-58/five_tuple > flows.csv
            """)

    @Argument(help: "What to print.", completion: .file())
    var path: String

    @Option(
        name: .shortAndLong,
        parsing: .unconditional,
        help: ArgumentHelp(
            "Rows per task; 0 for all. Default: 10 in tables, all in the other formats.", valueName: "rows"))
    var top: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Order of rows: most bytes or packets, latest, or longest first; ties by key.", valueName: "order"))
    var sort = RowOrder.bytes

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("What to print; ndjson is one JSON object per line.", valueName: "format"))
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
        var summary = StoredSummary()
        for path in paths {
            let snapshot = try read(path, &summary)
            try print { () throws(SystemFailure) in try writer.write(snapshot) }
        }
        try print { () throws(SystemFailure) in try writer.finish(summary) }
        for problem in summary.problems { StandardError.write("netspectra: \(problem)\n") }
        if !summary.problems.isEmpty { throw Exit.damaged }
    }

    private func print(_ write: () throws(SystemFailure) -> Void) throws {
        do throws(SystemFailure) {
            try write()
        } catch {
            throw Exit.output(error)
        }
    }

    private static let expectation = """
          show prints what 'netspectra analyze --output DIRECTORY' wrote: that directory, a snapshot in it
          (2024-02-29_23-59-58), a task in that, or a shard_N.dat. Captures are read by 'netspectra analyze'.
        """

    private var rowFormat: RowStreamWriter.Format {
        switch format {
        case .table:
            .table(isExact: exact, width: SnapshotSink.width, style: SnapshotSink.style)
        case .json: .json
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

    /// - Parameter summary: told what was read, and what is wrong with it.
    private func read(_ path: String, _ summary: inout StoredSummary) throws -> Snapshot {
        var snapshot: Snapshot
        do throws(ReadFailure) {
            let disagreements: [TotalsDisagreement]
            (snapshot, disagreements) = try SnapshotReader.readAndCompare(path)
            summary.add(snapshot)
            summary.problems += disagreements.map(\.description)
        } catch {
            switch error {
            case .file: throw Exit.fail(Exit.cannotOpen, "\(error)")
            case .noResults, .notResults: throw Exit.fail(Exit.noCapture, "\(error)\n\(Self.expectation)")
            default: throw Exit.fail(Exit.noCapture, "\(error)")
            }
        }
        let rowsMax = top ?? (format == .table ? 10 : 0)
        for index in snapshot.results.indices {
            let rows = sort.sorted(snapshot.results[index].rows)
            snapshot.results[index].rows = rowsMax > 0 ? rows.first(rowsMax) : rows
        }
        return snapshot
    }
}
