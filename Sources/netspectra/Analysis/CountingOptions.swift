import ArgumentParser
import Flows
import Headers
import KernelIO
import Pipeline

/// Options of commands that count flows, whatever their packets come from: what is counted, and where it goes.
struct CountingOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Tasks and settings in YAML. What is said on the command line wins.", valueName: "file"),
        completion: .file())
    var config: String?

    @Flag(help: "Print a commented configuration file and exit.")
    var configExample = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Count by these fields, such as SrcIP,DstPort; five-tuple is all but VLAN. Repeatable.",
            valueName: "fields"))
    var key: [String] = []

    @Flag(
        name: .shortAndLong,
        help: """
            Both directions of a conversation in one row, each with its own counts. The row's source is who sent its \
            first packet.
            """)
    var bidirectional = false

    @Option(
        name: .shortAndLong,
        parsing: .unconditional,
        help: ArgumentHelp(
            "Rows per task; 0 for all. Default: 10 in tables and the report, all in the other formats.",
            valueName: "rows"))
    var top: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Order of rows: most bytes or packets, latest, or longest first; ties by key. Default: bytes.",
            valueName: "order"))
    var sort: RowOrder?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "What to print; ndjson is one JSON object per line. Default: table, or the report.",
            valueName: "format"))
    var format: OutputFormat?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Also write snapshots with all rows (.dat files and summary.json) below this directory.",
            valueName: "directory"),
        completion: .directory)
    var output: String?

    @OptionGroup(title: "Storing") var storing: StoreOptions

    @OptionGroup(title: "Flow records") var flowRecords: FlowRecordOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Count only packets that match, such as 'host 10.0.0.1 and dst_port == 443'.", valueName: "filter"))
    var `where`: String?

    @Option(
        help: ArgumentHelp(
            "Which IP header of a tunnelled packet names the flow. Default: outer.", valueName: "header"))
    var tunnels: TunnelMode?

    @Option(
        help: ArgumentHelp(
            "A snapshot each time this much time has passed, such as 30s or 5m. Default: one at the end.",
            valueName: "time"))
    var snapshotInterval: String?

    @Option(
        help: ArgumentHelp(
            "What cuts snapshots: the packets' times (capture) or this machine's (wall). Default: capture.",
            valueName: "clock"))
    var snapshotClock: CaptureSource.SnapshotClock?

    @Flag(help: "Go on counting after a snapshot instead of starting from zero.")
    var cumulative = false

    @Option(
        help: ArgumentHelp(
            """
            The most memory for flow tables, such as 512MiB. Beyond it the smallest flows go into one row, other. \
            Default: no limit.
            """, valueName: "size"))
    var maxMemory: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Threads that count; results do not depend on it. Default: one per processor.", valueName: "number"))
    var workers: Int?

    @Flag(
        help: """
            Also which TLS connections there are: version, host, ALPN, cipher, JA3, JA4, certificate. Packets are then \
            counted by one worker.
            """)
    var tls = false

    @Flag(help: "Whole numbers in tables instead of 1.23 MB.")
    var exact = false

    @Flag(name: .shortAndLong, help: "No progress on standard error, where that is a terminal.")
    var quiet = false
}

extension RowOrder: ExpressibleByArgument {}
extension TunnelMode: ExpressibleByArgument {}
extension CaptureSource.SnapshotClock: ExpressibleByArgument {}

/// The forms in which results are printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, ndjson, csv
}
