import Alerts
import ArgumentParser
import Flows
import Headers
import KernelIO
import Outputs
import Pipeline
import Probes
import Sketches

/// One run of `netspectra analyze` or `capture`: wires source, aggregator and writers, and says how it went.
struct AnalysisRun {
    private let options: AnalysisOptions
    private let tasks: [FlowTask]
    /// No task was asked for, and one snapshot is enough: tell about the capture in general.
    private let isOverview: Bool
    /// People read the overview.
    private let isReport: Bool

    init(_ options: AnalysisOptions) {
        self.options = options
        isOverview = options.tasks.isEmpty && options.sketches.isEmpty && options.snapshotInterval == nil
        isReport = isOverview && options.format == .table && !options.showsProcesses
        let isBidirectional = isReport || options.showsProcesses || options.isBidirectional
        tasks =
            options.tasks.isEmpty && options.sketches.isEmpty
            ? [FlowTask(name: "five_tuple", fields: .fiveTuple, bidirectional: isBidirectional)]
            : options.tasks
    }

    func run() throws {
        let feed = try watchSockets()
        defer { feed?.end() }
        let source = try options.input.open(
            interval: options.snapshotInterval, clock: options.snapshotClock, cutsSilence: options.alerts != nil)
        // Until here there is one thread: later ones have what it has left.
        if options.isConfined { try AnalysisConfinement(options).enter() }
        let stop = StopRequest()
        StopSignals.onFirst { stop.raise(isInterrupt: true) }
        feed?.begin()
        stop.apply(to: source.frames)
        if !options.isQuiet, let text = options.input.greeting { StandardError.write("netspectra: \(text)\n") }
        // While one snapshot is written the next fills its tables.
        let memory = options.memoryLimit.map { options.snapshotInterval == nil ? $0 : $0 / 2 }
        let exact = ExactAggregator(
            tasks: tasks, workers: options.workers, memoryLimit: memory, cumulative: options.isCumulative)
        let sketches: SketchAggregator
        do throws(SketchFailure) {
            sketches = try SketchAggregator(
                tasks: options.sketches, workers: options.workers, cumulative: options.isCumulative)
        } catch {
            throw Exit.fail(Exit.configuration, "\(error)")
        }
        let aggregator = PairedAggregator(exact, sketches)
        let alerts = try options.alerts.map {
            try AlertDispatcher(
                $0, tasks: tasks.map { .exact($0) } + options.sketches.map { .sketch($0) },
                options: options.alertOptions)
        }
        // What else is written is to be whole although nobody reads the rows.
        if options.hasOtherOutputs { StopSignals.ignoreBrokenPipes() }
        let sink: SnapshotSink, records: FlowRecordOutputs?
        do throws(SystemFailure) {
            sink = try SnapshotSink(options, isReport: isReport, owners: feed, alerts: alerts)
            records = try options.flowRecords.map { (settings) throws(SystemFailure) in
                try FlowRecordOutputs(settings, options, owners: feed)
            }
        } catch {
            throw Exit.fail(Exit.cannotCreate, "\(error)")
        }
        let needsAll = options.hasStores || options.alerts != nil
        let builder = SnapshotBuilder(
            order: options.order, limit: needsAll ? nil : options.top, threads: options.workers)
        var analysis = FlowAnalysis(workers: options.workers, tunnels: options.tunnels, filter: options.filter)
        if let records { analysis.observers.append(records.metering) }
        let census = options.showsTLS ? TLSCensus(tunnels: options.tunnels, filter: options.filter) : nil
        if let census { analysis.observers.append(census) }
        if let duration = options.input.duration { stop.raise(after: duration) }
        let progress = ProgressMeter(isQuiet: options.isQuiet) { source.frames.progress }

        let counts: TrafficCounts, last: PairedAggregator<ExactAggregator, SketchAggregator>.Cut
        do throws(SystemFailure) {
            (counts, last) = try analysis.run(source.frames, into: aggregator) { state, cut in
                let snapshot = builder.snapshot(state.first, state.second, time: cut.time)
                progress.hidden { sink.take(snapshot) }
            }
        } catch {
            throw Exit.fail(Exit.system, "\(error)")
        }
        // By the clock that cut those before it.
        let isByWallClock = options.snapshotClock == .wall && options.snapshotInterval != nil
        let final = builder.snapshot(
            last.first, last.second, time: isByWallClock ? Clock.wallNanoseconds : nil)
        progress.end()
        sink.take(final, isLast: true)
        records?.finish()

        let outcome = RunOutcome(
            captures: source.captures, interfaces: source.interfaces, counts: counts,
            counted: sink.counted(
                tasks.map(\.name) + options.sketches.map(\.name), isCumulative: options.isCumulative))
        try finish(outcome, final, last.first, sink, records, census, isInterrupted: stop.isInterrupted)
    }

    /// For --processes: whose sockets are whose, from before the first packet.
    private func watchSockets() throws -> OwnerFeed? {
        guard options.showsProcesses else { return nil }
        do throws(ProbeFailure) {
            return try OwnerFeed()
        } catch {
            throw Exit.fail(error)
        }
    }

    private func finish(
        _ outcome: RunOutcome, _ final: Snapshot, _ last: AggregatorCut, _ sink: SnapshotSink,
        _ records: FlowRecordOutputs?, _ census: TLSCensus?, isInterrupted: Bool
    ) throws {
        var report = AnalysisReport(outcome)
        report.ledger.stages += sink.drainQueues()
        if let records {
            report.ledger.stages += records.stages(packets: outcome.counts.delivered.packets)
            report.problems += records.problems
        }
        let messages = report.problems + (isReport ? [] : report.notes)
        for message in messages { StandardError.write("netspectra: \(message)\n") }
        // Who interrupts knows; who reads the report later does not. Live, it is the usual end.
        if isInterrupted, !options.input.isLive {
            report.notes.append("interrupted: what was read until then is counted")
        }
        if isOverview, options.format != .csv { add(final, last, to: &report) }
        report.tls = census.map { TLSShares($0, rowsMax: options.top) }
        sink.finish(report)
        let code = exitCode(outcome, report, sink, records, isInterrupted: isInterrupted)
        if let code { throw code }
    }

    /// The overview's tables, in rows as many as the user wants; if he did not say, then in few.
    private func add(_ final: Snapshot, _ last: AggregatorCut, to report: inout AnalysisReport) {
        let rowsMax = options.isTopGiven ? options.top : AnalysisOptions.topDefault
        let tables = SnapshotBuilder(order: .bytes, limit: rowsMax, threads: options.workers)
        func rows(_ result: TaskResult) -> [FlowRecord] {
            var rows: [FlowRecord] = []
            result.rows.read(0..<min(rowsMax ?? .max, result.rows.count), into: &rows)
            return rows
        }
        if let endpoints = tables.endpoints(last) {
            report.talkers = rows(endpoints).map(Talker.init)
            report.talkerCount = UInt64(endpoints.flowCount)
        }
        if let services = tables.services(last) {
            report.services = rows(services).map(ServiceShare.init)
            report.serviceCount = UInt64(services.flowCount)
        }
        if let flows = final.results.first {
            report.topFlows = TopFlows(
                task: flows.task, rows: rows(flows), flowCount: UInt64(flows.flowCount) + flows.evictedFlows,
                totalBytes: flows.totalBytes, sortedBy: options.order.rawValue)
        }
    }

    /// The gravest thing that happened; `nil` if nothing did.
    private func exitCode(
        _ outcome: RunOutcome, _ report: AnalysisReport, _ sink: SnapshotSink, _ records: FlowRecordOutputs?,
        isInterrupted: Bool
    ) -> ExitCode? {
        guard report.ledger.isBalanced else {
            return Exit.fail(Exit.defect, "the counts do not add up: a defect of netspectra, please report it")
        }
        // Each is told of; the first one says how the program ends.
        if let code = sink.failures.map({ Exit.output($0) }).first { return code }
        if let code = records?.exitCode { return code }
        // Live, an interrupt is the usual end.
        if isInterrupted, !options.input.isLive { return Exit.interrupted }
        if outcome.interfaces.contains(where: { $0.failure != nil }) { return Exit.damaged }
        return outcome.captures.exitCode
    }
}

extension [CaptureReport] {
    /// The gravest thing that is wrong with the files; `nil` if nothing is.
    var exitCode: ExitCode? {
        if contains(where: \.isUnreadable) { return Exit.cannotOpen }
        if contains(where: \.isUnusable) { return Exit.noCapture }
        return contains(where: \.isDamaged) ? Exit.damaged : nil
    }
}

extension CaptureReport {
    /// The file could not be opened, or not be read for a reason outside of it.
    fileprivate var isUnreadable: Bool {
        guard case .unreadable(let failure) = end else { return false }
        if case .decompression = failure { return false }
        return true
    }
}

extension TLSShares {
    fileprivate init(_ census: TLSCensus, rowsMax: Int?) {
        let (groups, others) = census.groups
        let shares = groups.prefix(rowsMax ?? .max).map { group, connections in
            var share = TLSShare(
                version: group.version == .none ? "" : group.version.description, connections: connections)
            share.serverName = group.serverName
            share.applicationProtocol = group.applicationProtocol
            share.cipher = group.cipherSuite?.description
            share.ja3 = group.ja3
            share.ja4 = group.ja4
            share.certificateSubject = group.certificateSubject
            return share
        }
        self.init(
            shares: shares, shareCount: UInt64(groups.count),
            connections: groups.reduce(others) { $0 + $1.connections })
    }
}

extension Talker {
    fileprivate init(_ row: FlowRecord) {
        self.init(
            address: row.key.source, sentPackets: row.packets, sentBytes: row.bytes,
            receivedPackets: row.reversePackets, receivedBytes: row.reverseBytes)
    }
}

extension ServiceShare {
    /// - Parameter row: of `SnapshotBuilder.services`.
    fileprivate init(_ row: FlowRecord) {
        let hasPorts = IPProtocol(rawValue: row.key.protocol).hasPorts
        self.init(
            protocol: row.key.protocol, port: hasPorts ? row.key.destinationPort : nil, flows: row.reversePackets,
            packets: row.packets, bytes: row.bytes)
    }
}
