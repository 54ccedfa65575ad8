import AppProtocols
import ArgumentParser
import Configuration
import KernelIO
import Octets
import Outputs
import Pipeline
import TLS

/// One run of a command that prints messages: processor and output are made, a source is run, and what became of
/// everything is told.
struct MessageRun {
    /// What a source says of itself when it has ended.
    struct Source {
        /// Stages of the ledger before the processor.
        var stages: [LedgerReport.Stage] = []
        /// How many packets were read and whether any was of use, where the input is captures.
        var packets: (read: UInt64, followed: UInt64)?
        /// What became of TLS connections, where the input is captures.
        var tls = TLSLedger()
        /// What is wrong with the input: a sentence each.
        var problems: [String] = []
        /// How far time had come, where the source knows.
        var closedAt: Int64?
        /// The gravest thing that happened; `nil` if nothing did.
        var code: ExitCode?
    }

    let options: MessageOptions
    /// The source cannot wait and has no end of its own: what finds no room is dropped and counted, time is this
    /// machine's, and an interrupt is the way to end.
    var isLive = false
    /// Events that come at most this much too late are put back in order.
    var reorderWindow: Int64 = 0
    private let isInterrupted = Monitor(false)
    private let output = Monitor<MessageOutput?>(nil)

    init(_ options: MessageOptions) { self.options = options }

    /// Tells something on standard error while the run goes on.
    func note(_ text: String) {
        guard !options.quiet else { return }
        let line = "netspectra: \(text)\n"
        guard let output = output.withLock({ $0 }) else { return StandardError.write(line) }
        output.note(line)
    }

    /// - Parameters:
    ///   - stop: called once when the user interrupts.
    ///   - run: feeds the entrance until the input ends or `shouldStop` says so.
    func run(
        stop: @escaping @Sendable () -> Void = {},
        _ run: (_ entrance: any EventEntrance, _ shouldStop: () -> Bool) -> Source
    ) throws {
        let isInterrupted = isInterrupted
        StopSignals.onFirst {
            isInterrupted.update { $0 = true }
            stop()
        }
        let redaction = try redactionSettings()
        var settings = options.processorSettings()
        settings.redaction = options.noRedact ? nil : redaction
        settings.reorderWindow = reorderWindow
        settings.isLive = isLive
        settings.policy = isLive ? .drop : .wait
        settings.redactionSalt = Machine.randomOctets(16)
        let totals = Monitor(TransactionTotals())
        let output = try MessageOutput(
            options.output, heading: options.heading, totals: options.showsLiveTable ? totals : nil)
        self.output.update { $0 = output }
        let processor: EventProcessor
        do throws(SystemFailure) {
            processor = try EventProcessor(
                settings, makeTools: { ContentTools() }, makeRenderer: options.makeRenderer(totals),
                output: { octets throws(SystemFailure) in try output.write(octets) })
        } catch {
            throw Exit.fail(Exit.system, "\(error)")
        }
        let recorder = try makeRecorder(before: processor)
        let source = run(recorder ?? processor) { isInterrupted.withLock { $0 } || processor.failure != nil }
        let (counts, failure) = processor.close(at: source.closedAt)
        try finish(source, counts, failure, output, recorder)
    }

    private func redactionSettings() throws -> RedactionSettings {
        guard let config = options.config else { return RedactionSettings() }
        return try AnalysisOptions.settings(config).redaction
    }

    private func makeRecorder(before processor: EventProcessor) throws -> EventRecorder? {
        guard let path = options.record else { return nil }
        do throws(SystemFailure) {
            return try EventRecorder(
                path: path, at: Clock.wallNanoseconds, isInOrder: reorderWindow == 0, before: processor)
        } catch {
            _ = processor.close()
            throw Exit.output(error)
        }
    }

    private func finish(
        _ source: Source, _ counts: MessageCounts, _ failure: SystemFailure?, _ output: MessageOutput,
        _ recorder: EventRecorder?
    ) throws {
        let summary = MessageSummary(counts, stages: source.stages, packets: source.packets, tls: source.tls)
        var failure = failure
        do throws(SystemFailure) {
            if failure == nil {
                if options.format == .ndjson { try output.write(summary.json.span) }
                try output.commit()
            }
        } catch {
            failure = error
        }
        do throws(SystemFailure) {
            if let recorder { try recorder.close() }
        } catch {
            if failure == nil { failure = error }
        }
        output.end()
        for problem in source.problems { StandardError.write("netspectra: \(problem)\n") }
        // Of an input that could not be read there is nothing to sum up.
        let isUnread = !source.problems.isEmpty && summary.isEmpty
        if !options.quiet, !isUnread, failure?.isBrokenPipe != true {
            StandardError.write("netspectra: \(summary.text)\n")
        }
        guard summary.ledger.isBalanced else {
            throw Exit.fail(Exit.defect, "the counts do not add up: a defect of netspectra, please report it")
        }
        if let failure { throw Exit.output(failure) }
        if !isLive, isInterrupted.withLock({ $0 }) { throw Exit.interrupted }
        if let code = source.code { throw code }
    }
}
