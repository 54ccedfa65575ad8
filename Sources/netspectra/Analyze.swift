import ArgumentParser
import Configuration
import Flows
import Headers
import KernelIO
import Pipeline

/// `netspectra analyze`: captures in, exact flow statistics out.
struct Analyze: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Count who talked to whom, and how much, in captures.",
        usage: "netspectra analyze [<options>] <file> ...",
        discussion: """
            Reads pcap and pcapng, also compressed with gzip or zstd, and counts every packet exactly. Without --key \
            or --config it prints a report: the capture, its protocols, top talkers, top flows, services, and the \
            ledger that says what became of every packet.

            A key is a list of fields: SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN. Addresses take a prefix length: \
            SrcIP/24, or SrcIP/24/48 for IPv4 and IPv6 apart. Each --key is a task with a table of its own.

            A settings file can also have tasks that are counted in sketches, whose memory does not grow: keys with \
            many packets, keys with many different others, how many different ones there are, the largest; each \
            result says how far off it may be. And a limit of memory for a task alone. See --config-example.

            Bytes are octets of whole frames as they were on the wire, also where the capture holds less of them. \
            Times are UTC. Fragments but the first have port 0.

            Results go to standard output, messages to standard error. Exit codes: netspectra --help.

            Examples:
              netspectra analyze capture.pcapng
              netspectra analyze --key SrcIP,DstIP --bidirectional a.pcap.gz b.pcap.zst
              netspectra analyze --key five-tuple --format csv big.pcap > flows.csv
              netspectra analyze --where 'tcp and port 443' --key SrcIP/24 a.pcap
              netspectra analyze --config tasks.yaml --output data capture.pcap
              netspectra analyze --store netspectra.db --snapshot-interval 1m big.pcap
              netspectra analyze --export ipfix://127.0.0.1:9995 --records flows.jsonl a.pcap
              tcpdump -w - | netspectra analyze --format ndjson -
            """)

    @Argument(
        help: ArgumentHelp("The captures, read one after the other; - is standard input.", valueName: "file"),
        completion: .file())
    var files: [String] = []

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

    @Flag(help: "Take the files' packets in order of time instead of file after file.")
    var merge = false

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

    @Flag(help: "Whole numbers in tables instead of 1.23 MB.")
    var exact = false

    @Flag(name: .shortAndLong, help: "No progress on standard error, where that is a terminal.")
    var quiet = false

    func run() throws {
        if configExample {
            print(Settings.example)
            return
        }
        // Not required of the parser, for --config-example needs none.
        guard !files.isEmpty else { throw ValidationError("Missing expected argument '<file> ...'") }
        try AnalysisRun(try AnalysisOptions(self)).run()
    }
}

extension RowOrder: ExpressibleByArgument {}
extension TunnelMode: ExpressibleByArgument {}
extension CaptureSource.SnapshotClock: ExpressibleByArgument {}

/// The forms in which results are printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, ndjson, csv
}
