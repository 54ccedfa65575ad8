import ArgumentParser
import Flows
import KernelIO
import Outputs
import Pipeline

/// The flow records of a run: the meter, and the file and collectors that its records go to.
final class FlowRecordOutputs: Sendable {
    let metering: FlowMetering
    private let queues: [FlowRecordQueue]

    /// - Parameters:
    ///   - options: of the analysis whose packets are metered.
    ///   - owners: who knows whose flows are.
    /// - Throws: where the file cannot be created.
    init(
        _ settings: FlowRecordSettings, _ options: AnalysisOptions, owners: OwnerFeed? = nil
    ) throws(SystemFailure) {
        // Captures can wait for a file or a collector; live traffic cannot.
        let overflow: FlowRecordQueue.Overflow = options.input.isLive ? .drop : .wait
        var processes: FlowProcesses?
        if let owners { processes = { flows in owners.ends(of: flows) } }
        var queues: [FlowRecordQueue] = []
        if let file = settings.file {
            let sink = FlowRecordFile(try OutputFile(path: file), processes: processes)
            queues.append(try FlowRecordQueue(sink, overflow: overflow))
        }
        for address in settings.collectors {
            let exporter = FlowExporter(address, directions: settings.directions, processes: processes)
            queues.append(try FlowRecordQueue(exporter, overflow: overflow))
        }
        self.queues = queues
        metering = FlowMetering(
            settings.meter, workers: options.workers, tunnels: options.tunnels, filter: options.filter
        ) { [queues] flows in
            for queue in queues { queue.put(flows) }
        }
    }

    /// Ends all flows and waits until their records were written or given up.
    func finish() {
        metering.finish()
        for queue in queues { queue.drain() }
    }

    /// What became of the packets, and of the records made of them.
    ///
    /// - Parameter packets: how many were counted.
    func stages(packets: UInt64) -> [LedgerReport.Stage] {
        let counts = metering.counts
        let metered = LedgerReport.Stage(
            name: "flow records", unit: "packets", seen: packets, delivered: counts.packets,
            noted: [
                LedgerReport.Cause("records", counts.records), LedgerReport.Cause("bytes", counts.bytes),
                LedgerReport.Cause("IP bytes", counts.ipBytes),
            ])
        return [metered] + queues.map(\.stage)
    }

    /// What went wrong: one sentence for each file or collector. That the reader of a pipe is gone is no news.
    var problems: [String] {
        queues.compactMap { queue in
            guard let failure = queue.failure, !failure.isOfPipe else { return nil }
            let lost = queue.stage.lostCount
            return lost == 0 ? "\(failure)" : "\(failure); \(lost) flow record\(lost == 1 ? "" : "s") lost"
        }
    }

    /// Said once `problems` were; `nil` where every record was written.
    var exitCode: ExitCode? {
        guard let failed = queues.first(where: { $0.stage.lostCount > 0 }) else { return nil }
        return failed.failure?.isOfPipe ?? false ? Exit.brokenPipe : Exit.cannotWrite
    }
}

extension SystemFailure {
    /// Whoever read our output has stopped; a collector's connection is another matter.
    fileprivate var isOfPipe: Bool { isBrokenPipe && operation == "write" }
}
