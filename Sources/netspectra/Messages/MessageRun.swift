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
    /// The source has no end of its own: time is this machine's, and an interrupt is the way to end.
    var isLive = false
    /// Events that come at most this much too late are put back in order.
    var reorderWindow: Int64 = 0
    /// Whose messages are shown, where the source has more than those.
    var processes: ProcessFilterOptions?
    private let isInterrupted = Monitor(false)

    init(_ options: MessageOptions) { self.options = options }

    /// Opens what the run writes to, and reads its settings: all that needs files.
    /// - Parameter isSplit: another process writes, which may not open files.
    func open(isSplit: Bool = false) throws -> MessageOutputs { try MessageOutputs(options, isSplit: isSplit) }

    /// - Parameters:
    ///   - stop: called once when the user interrupts.
    ///   - run: feeds the entrance until the input ends or `shouldStop` says so.
    func run(
        stop: @escaping @Sendable () -> Void = {},
        _ run: (_ entrance: any EventEntrance, _ shouldStop: () -> Bool) -> Source
    ) throws {
        HeapPages.share()
        let isInterrupted = isInterrupted
        StopSignals.onFirst {
            isInterrupted.update { $0 = true }
            stop()
        }
        try self.run(try open(), run)
    }

    /// As above, with what `open` has opened, and with interrupts left to others. No file is opened, and none is named.
    func run(
        _ outputs: MessageOutputs, _ run: (_ entrance: any EventEntrance, _ shouldStop: () -> Bool) -> Source
    ) throws {
        var settings = options.processorSettings()
        if let processes, !processes.pid.isEmpty || !processes.comm.isEmpty {
            var filter = settings.parser.filter ?? MessageFilter()
            filter.pids = Set(processes.pid)
            filter.comms = processes.comm.map { Glob($0) }
            settings.parser.filter = filter
        }
        settings.redaction = options.noRedact ? nil : outputs.redaction
        settings.reorderWindow = reorderWindow
        settings.isLive = isLive
        // Of a live source, what finds no room here waits in the kernel's ring, and is counted there when that is full.
        settings.policy = .wait
        settings.redactionSalt = Machine.randomOctets(16)
        let output = outputs.messages
        output.begin()
        let processor: EventProcessor
        let plaintext = try outputs.makePlaintextFile(connectionsMax: options.maxConnections)
        do throws(SystemFailure) {
            processor = try EventProcessor(
                settings, makeTools: { ContentTools() }, makeRenderer: options.makeRenderer(outputs.totals),
                observer: plaintext,
                output: { octets throws(SystemFailure) in try output.write(octets) })
        } catch {
            throw Exit.fail(Exit.system, "\(error)")
        }
        var recorder: EventRecorder?
        if let file = outputs.takeRecording() {
            recorder = EventRecorder(
                file, at: Clock.wallNanoseconds, isInOrder: reorderWindow == 0, before: processor)
        }
        var source = run(recorder ?? processor) { isInterrupted.withLock { $0 } || processor.failure != nil }
        var (counts, failure) = processor.close(at: source.closedAt)
        if let plaintext {
            do throws(SystemFailure) { try plaintext.close() } catch { failure = failure ?? error }
            source.stages.append(plaintext.stage)
        }
        try finish(source, counts, failure, outputs, recorder)
    }

    private func finish(
        _ source: Source, _ counts: MessageCounts, _ failure: SystemFailure?, _ outputs: MessageOutputs,
        _ recorder: EventRecorder?
    ) throws {
        let summary = MessageSummary(counts, stages: source.stages, packets: source.packets, tls: source.tls)
        var failure = failure
        // Of an input that could not be read there is nothing to sum up, and nothing to put in a file's place.
        let isUnread = source.code != nil && summary.isEmpty
        do throws(SystemFailure) {
            if failure == nil {
                if options.format == .ndjson { try outputs.messages.write(summary.json.span) }
                if !isUnread || !options.hasOutputFile { try outputs.commitMessages() }
            }
        } catch {
            failure = error
        }
        do throws(SystemFailure) {
            if let recorder, !isUnread {
                try recorder.close()
                outputs.noteRecording()
            }
        } catch {
            if failure == nil { failure = error }
        }
        outputs.messages.end()
        for problem in source.problems { StandardError.write("netspectra: \(problem)\n") }
        if !options.quiet, source.problems.isEmpty || !summary.isEmpty, failure?.isBrokenPipe != true {
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
