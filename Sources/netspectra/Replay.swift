import ArgumentParser
import Flows
import KernelIO
import Outputs
import Pipeline

/// `netspectra replay`: recorded events in, messages out.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Print what recorded events say, as if they happened now.",
        usage: "netspectra replay [<options>] <file> ...",
        discussion: """
            Reads files that --record wrote, and recordings in JSON Lines, also compressed with gzip or zstd; - is \
            standard input. The format is told by the contents.

            A replay runs on the events' own time, silences included: it takes no waiting, loses nothing, and the \
            same recording always gives the same output.

            Examples:
              netspectra replay session.nsr
              netspectra replay --format ndjson recording.jsonl | jq -r '.target // empty'
              netspectra replay --transactions session.nsr
            """)

    @Argument(help: "The recordings, one after the other; - is standard input.", completion: .file())
    var files: [String]

    @OptionGroup var options: MessageOptions
    @OptionGroup var processes: ProcessFilterOptions

    @Option(
        help: ArgumentHelp(
            """
            Events that come this much too late are put back in order of time, such as 1s; 0 for none. Default: \
            10ms; none of what was recorded of a capture.
            """, valueName: "time"))
    var reorder: String?

    @Option(
        help: ArgumentHelp(
            "Damaged records that are told of, each in a line; further ones are counted.", valueName: "number"))
    var maxErrors = 16

    func validate() throws {
        if !(0...1_000_000 ~= maxErrors) {
            throw ValidationError("--max-errors: \(maxErrors) is not between 0 and 1000000")
        }
        if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input (-) can be read only once") }
        try options.validate(inputs: files)
        _ = try window
    }

    private static let usualWindow: Int64 = 10_000_000

    private var window: Int64 {
        get throws {
            guard let reorder else { return Self.usualWindow }
            if reorder == "0" { return 0 }
            guard let window = DurationText.nanoseconds(reorder) else {
                throw ValidationError("--reorder: '\(reorder)' is no duration; write it like 10ms or 1s")
            }
            return window
        }
    }

    func run() throws {
        var run = MessageRun(options)
        run.processes = processes
        run.reorderWindow = try window
        try run.run { entrance, shouldStop in
            var source = MessageRun.Source()
            for file in files {
                if shouldStop() { break }
                var events = RecordedEvents()
                events.problemsMax = maxErrors
                events.keepsOrder = reorder == nil
                let outcome = events.read(file, into: entrance, shouldStop: shouldStop)
                source.add(outcome)
            }
            return source
        }
    }
}

extension MessageRun.Source {
    fileprivate mutating func add(_ outcome: RecordedEvents.Outcome) {
        var filtered: [LedgerReport.Cause] = []
        var lost: [LedgerReport.Cause] = []
        if outcome.moduleRecords > 0 { filtered.append(.init("no plaintext", outcome.moduleRecords)) }
        if outcome.unknownRecords > 0 { lost.append(.init("type not known", outcome.unknownRecords)) }
        if outcome.lateRecords > 0 { lost.append(.init("behind the close", outcome.lateRecords)) }
        if outcome.badRecords > 0 { lost.append(.init("damaged", outcome.badRecords)) }
        stages.append(
            .init(
                name: outcome.path, unit: "records", seen: outcome.records, delivered: outcome.delivered,
                filtered: filtered, lost: lost))
        // Nothing but damage: it is no recording.
        let isRecording = outcome.delivered + outcome.moduleRecords > 0 || outcome.badRecords == 0
        if isRecording {
            problems += outcome.problems
            let untold = outcome.badRecords - UInt64(outcome.problems.count)
            if untold > 0 { problems.append("\(outcome.path): \(untold) further damaged records") }
        } else if let first = outcome.problems.first {
            problems.append(
                "\(first)\n  Neither a record file nor a recording in JSON Lines. Captures: netspectra messages.")
        }
        if let time = outcome.closedAt { closedAt = max(closedAt ?? time, time) }
        if let failure = outcome.failure {
            problems.append("\(failure)")
            if case .decompression = failure { code = code ?? Exit.damaged } else { code = Exit.cannotOpen }
        } else if outcome.isDamaged {
            code = isRecording ? code ?? Exit.damaged : Exit.noCapture
        }
    }
}
