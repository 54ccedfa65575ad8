import AppProtocols
import ArgumentParser
import Configuration
import Events
import KernelIO
import Octets
import Outputs
import Pipeline
import TLS

/// How messages are printed: the form of records on standard output or in a file.
enum MessageFormatName: String, CaseIterable, ExpressibleByArgument {
    case text, ndjson, protobuf
}

/// Which numbers the fields of protobuf events have.
enum EventSchema: String, CaseIterable, ExpressibleByArgument {
    case standard, ecapture
}

/// The options that every command has which prints messages.
struct MessageOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "text for people, ndjson for one JSON object per line, protobuf for length-delimited LogEntry messages.",
            valueName: "format"))
    var format = MessageFormatName.text

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write there instead of to standard output; it appears when whole.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(help: "Text: hex dumps of the octets as captured instead of what they mean.")
    var hex = false

    @Flag(
        help: """
            Requests with their responses: host, path, status, sizes, latency. Text: a line each instead of messages; \
            ndjson: an object each besides them.
            """)
    var transactions = false

    @Flag(help: "Also every HTTP/2 frame.")
    var frames = false

    @Flag(help: "Show secrets: the values of Authorization, Cookie, Set-Cookie, and what the configuration names.")
    var noRedact = false

    @Option(
        help: ArgumentHelp("The most octets shown of a message in text, and kept of its body.", valueName: "octets"))
    var truncate: Int?

    @Option(
        help: ArgumentHelp(
            "The most octets kept of a body, such as 64KiB; a larger one is shown by length and digest. Default: 1MiB.",
            valueName: "size"))
    var bodyLimit: String?

    @Option(help: ArgumentHelp("Protobuf: which numbers the fields have.", valueName: "schema"))
    var eventSchema = EventSchema.standard

    @Option(
        help: ArgumentHelp("Also write the events themselves there, to be replayed.", valueName: "file"),
        completion: .file())
    var record: String?

    @OptionGroup var capture: CaptureOutputOptions
    @OptionGroup var filters: MessageFilterOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Settings in YAML; its section redact says what is made unreadable.", valueName: "file"),
        completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Connections followed at once; beyond, those silent for longest are ended.", valueName: "number"))
    var maxConnections = 131_072

    @Option(
        help: ArgumentHelp(
            """
            Octets held at most for messages that are not whole yet, such as 1GiB; beyond, those of the longest \
            silence are shown as far as they came. Of captures, as much again for segments that came too early. \
            Default: 256MiB, or 64 times --body-limit.
            """, valueName: "size"))
    var maxBuffered: String?

    @Option(help: ArgumentHelp("Events that wait at most between reading and parsing.", valueName: "number"))
    var queue = 1_024

    @Option(
        help: ArgumentHelp(
            "Threads that parse; output does not depend on it. Default: one per processor.", valueName: "number"))
    var workers: Int?

    @Flag(name: .shortAndLong, help: "No summary and no progress on standard error.")
    var quiet = false

    func validate() throws {
        if let truncate, truncate < 1 { throw ValidationError("--truncate: \(truncate) octets cannot be shown") }
        if let workers, !(1...1_024 ~= workers) {
            throw ValidationError("--workers: \(workers) is not between 1 and 1024")
        }
        if !(1...1_000_000 ~= queue) { throw ValidationError("--queue: \(queue) is not between 1 and 1000000") }
        if maxConnections < EventProcessor.connectionsMin {
            throw ValidationError("--max-connections: at least \(EventProcessor.connectionsMin)")
        }
        if let maxBuffered, ByteCountText.bytes(maxBuffered).map({ $0 < Self.bufferedOctetsMin }) ?? true {
            throw ValidationError("--max-buffered: '\(maxBuffered)' is no size of 1MiB or more; write it like 256MiB")
        }
        if hex, format != .text { throw ValidationError("--hex is a form of --format text") }
        if let output, let record, output == record {
            throw ValidationError("--output and --record name the same file")
        }
        if record == "-" { throw ValidationError("--record: standard output is for messages; name a file") }
        if transactions, frames, format == .text {
            throw ValidationError("--transactions shows no frames in text; leave out --frames, or use --format ndjson")
        }
        if transactions, format == .protobuf {
            throw ValidationError("--transactions: the protobuf schema has no message for them")
        }
        if let bodyLimit, ByteCountText.bytes(bodyLimit) == nil {
            throw ValidationError("--body-limit: '\(bodyLimit)' is no size; write it like 64KiB or 1MiB")
        }
    }

    var hasOutputFile: Bool { output.map { $0 != "-" } ?? false }

    /// Refuses files that are to be read and written at once: they would be gone before they are read.
    func validate(inputs: [String]) throws {
        for (option, path) in [("--output", output), ("--record", record), ("--pcapng", capture.pcapng)] {
            guard let path, let input = inputs.first(where: { FileTree.isSame($0, path) }) else { continue }
            throw ValidationError("\(option): '\(input)' is an input, too")
        }
    }

    /// An option that says how messages are printed, where one was given.
    var namesMessages: String? {
        let given = [
            ("--output", output != nil), ("--record", record != nil), ("--format", format != .text), ("--hex", hex),
            ("--transactions", transactions), ("--frames", frames),
        ]
        return given.first { $0.1 }?.0
    }

    private static let bufferedOctetsMin: UInt64 = 1 << 20

    /// Octets that unfinished messages may hold, and likewise segments that wait for others.
    var bufferedOctetsMax: Int {
        if let maxBuffered, let octets = ByteCountText.bytes(maxBuffered) { return Int(clamping: octets) }
        let bodyLimit = bodyLimit.flatMap(ByteCountText.bytes) ?? 0
        let (product, isTooLarge) = bodyLimit.multipliedReportingOverflow(by: 64)
        return max(256 << 20, isTooLarge ? .max : Int(clamping: product))
    }

    /// What the processor is to do.
    func processorSettings() -> EventProcessor.Settings {
        var settings = EventProcessor.Settings(registry: .standard)
        settings.threads = workers ?? Machine.processorCount
        settings.queueLength = queue
        settings.connectionsMax = maxConnections
        settings.heldOctetsMax = bufferedOctetsMax
        settings.parser.keepsWire = hex
        settings.parser.showsFrames = frames
        settings.parser.digestsBodies = format == .ndjson
        if let filter = try? filters.filter(), !filter.isEmpty { settings.parser.filter = filter }
        if let limit = bodyLimit.flatMap(ByteCountText.bytes) {
            settings.parser.bodyOctetsMax = Int(clamping: limit)
            // What was captured is shown with its head, so that a smaller limit would cut what it does not count.
            settings.parser.wireOctetsMax = max(settings.parser.wireOctetsMax, settings.parser.bodyOctetsMax)
        }
        if let truncate {
            settings.parser.bodyOctetsMax = min(settings.parser.bodyOctetsMax, truncate)
            // One more than is shown, so that it shows that there is more.
            settings.parser.wireOctetsMax = min(settings.parser.wireOctetsMax, max(truncate, truncate &+ 1))
        }
        return settings
    }

    /// What stands before all records.
    var heading: [UInt8] {
        guard format == .text, transactions else { return [] }
        var heading = OctetBuffer()
        TransactionTable(style: style).appendHeading(to: &heading)
        return [UInt8](heading)
    }

    /// Colours and the width of lines are for standard output.
    private var style: Style { output == nil ? SnapshotSink.style : .plain }

    /// Whether output and progress would meet on one terminal.
    var isOnTerminal: Bool { output == nil && Terminal.isTerminal(1) }

    /// Transactions on a terminal that can go back to a line are a table drawn in place.
    var showsLiveTable: Bool {
        format == .text && transactions && isOnTerminal && Terminal.environment("TERM") != "dumb"
            && (Terminal.size(1)?.lines ?? 0) >= Self.liveLinesMin
    }

    private static let liveLinesMin = 5

    /// Gives each shard a renderer of its own.
    /// - Parameter totals: what transactions add up to.
    func makeRenderer(_ totals: Monitor<TransactionTotals>) -> @Sendable () -> any MessageRenderer {
        let style = style
        let width = output == nil ? SnapshotSink.width : nil
        let (hex, truncate, transactions) = (hex, truncate, transactions)
        let schema: MessageProtobufFormat.Schema = eventSchema == .ecapture ? .ecapture : .standard
        let shownTotals = showsLiveTable ? totals : nil
        switch format {
        case .text where transactions:
            return {
                FormatRenderer(
                    TransactionTable(style: style, width: width), showsTransactions: true, totals: shownTotals)
            }
        case .text:
            return {
                FormatRenderer(
                    MessageTextFormat(style: style, showsWire: hex, octetsMax: truncate), showsTransactions: false)
            }
        case .ndjson:
            return { FormatRenderer(MessageJSONFormat(), showsTransactions: transactions) }
        case .protobuf:
            return { FormatRenderer(MessageProtobufFormat(schema: schema), showsTransactions: false) }
        }
    }
}

/// A format of the outputs as the pipeline's renderer.
private final class FormatRenderer<Format: MessageFormat>: MessageRenderer {
    private let format: Format
    private let showsTransactions: Bool
    private let totals: Monitor<TransactionTotals>?

    init(_ format: Format, showsTransactions: Bool, totals: Monitor<TransactionTotals>? = nil) {
        self.format = format
        self.showsTransactions = showsTransactions
        self.totals = totals
    }

    func append(_ message: borrowing Message, of base: BaseInfo, to output: inout OctetBuffer) {
        format.append(message, base, to: &output)
    }

    func append(_ transaction: borrowing Transaction, of base: BaseInfo, to output: inout OctetBuffer) {
        if let totals { totals.withLock { $0.add(transaction) } }
        if showsTransactions { format.append(transaction, base, to: &output) }
    }

    func append(_ summary: TLSSummary, of base: BaseInfo, to output: inout OctetBuffer) {
        format.append(summary, base, to: &output)
    }

    func append(text: Span<UInt8>, of base: BaseInfo, to output: inout OctetBuffer) {
        format.append(text: text, base, to: &output)
    }
}
