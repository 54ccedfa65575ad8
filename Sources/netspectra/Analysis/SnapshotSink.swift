import Flows
import KernelIO
import Outputs

/// Where a run's snapshots go: the snapshot directories and standard output, as asked for. Remembers what it was given.
final class SnapshotSink: Sendable {
    private struct State: Sendable {
        /// Packets per task; of cumulative snapshots, the last one's.
        var sums: [UInt64] = []
        var lasts: [UInt64] = []
        var failure: SystemFailure?
    }

    private let directory: SnapshotDirectoryWriter?
    private let stream: RowStreamWriter?
    private let top: Int?
    private let state = Monitor(State())

    init(_ options: AnalysisOptions, isReport: Bool) {
        directory = options.output.map {
            SnapshotDirectoryWriter(
                root: $0, shards: options.shards, defaultShards: Self.defaultShards,
                threads: options.workers)
        }
        stream =
            isReport
            ? nil
            : RowStreamWriter(
                descriptor: 1, format: Self.format(options), namesSnapshots: options.snapshotInterval != nil,
                threads: options.workers)
        top = options.top
    }

    /// Files per task where the configuration does not say: enough for several threads to write.
    static let defaultShards = 4

    static var style: Style { Style.detect(descriptor: 1, environment: Terminal.environment) }

    private static func format(_ options: AnalysisOptions) -> RowStreamWriter.Format {
        switch options.format {
        case .table: .table(isExact: options.isExact, width: Terminal.columns(1), style: style)
        case .json: .json
        case .ndjson: .ndjson
        case .csv: .csv
        }
    }

    /// Writes a snapshot. A writer that fails is told once and not used any more; the other one goes on.
    func take(_ snapshot: Snapshot) {
        let packets = snapshot.results.map(\.totalPackets)
        state.update { state in
            if state.sums.isEmpty { state.sums = packets.map { _ in 0 } }
            for index in packets.indices { state.sums[index] += packets[index] }
            state.lasts = packets
        }
        attempt { () throws(SystemFailure) in try directory?.write(snapshot) }
        guard let stream else { return }
        var printed = snapshot
        if let top {
            for index in printed.results.indices {
                printed.results[index].rows = FirstRows(top, of: printed.results[index].rows)
            }
        }
        attempt { () throws(SystemFailure) in try stream.write(printed) }
    }

    /// Ends the output with the report, as far as its format has a place for it.
    func finish(_ report: AnalysisReport) {
        attempt { () throws(SystemFailure) in try stream?.finish(report) }
    }

    private func attempt(_ write: () throws(SystemFailure) -> Void) {
        guard failure == nil else { return }
        do throws(SystemFailure) {
            try write()
        } catch {
            state.update { $0.failure = error }
        }
    }

    /// The first failure, after which nothing more was written.
    var failure: SystemFailure? { state.withLock { $0.failure } }

    /// Packets by task that went into snapshots.
    func counted(_ tasks: [FlowTask], isCumulative: Bool) -> [(task: String, packets: UInt64)] {
        state.withLock { state in
            zip(tasks, isCumulative ? state.lasts : state.sums).map { ("task \($0.name)", $1) }
        }
    }
}
