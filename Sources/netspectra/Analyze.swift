import ArgumentParser
import Configuration
import Flows
import Headers
import KernelIO
import Pipeline

/// `netspectra analyze`: captures in, exact flow statistics out.
struct Analyze: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Count who talked to whom, and how much, in captures.",
        discussion: """
            Reads pcap and pcapng, also compressed with gzip or zstd, and counts every packet exactly. Without --key or \
            --config it prints a report: the capture, its protocols, top talkers, top flows, services, and the ledger \
            that says what became of every packet.

            A key is a list of fields: SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN. Addresses take a prefix length: \
            SrcIP/24, or SrcIP/24/48 for IPv4 and IPv6 apart. Each --key is a task with a table of its own.

            Bytes are octets of whole frames as they were on the wire, also where the capture holds less of them.

            Examples:
              netspectra analyze capture.pcapng
              netspectra analyze --key SrcIP,DstIP --bidirectional --top 20 a.pcap.gz b.pcap.zst
              netspectra analyze --key five-tuple --format csv big.pcap > flows.csv
              netspectra analyze --where 'tcp and port 443' --key SrcIP/24 capture.pcap
              netspectra analyze --config tasks.yaml --output data capture.pcap
              tcpdump -w - | netspectra analyze --format ndjson -
            """)

    @Argument(help: "The captures, read one after the other; - is standard input.", completion: .file())
    var files: [String] = []

    @Option(name: .shortAndLong, help: "Tasks and settings in YAML. Options given here come before it.", completion: .file())
    var config: String?

    @Flag(help: "Print a commented configuration file and exit.")
    var configExample = false

    @Option(name: .shortAndLong, help: "Count by these fields, such as SrcIP,DstPort; five-tuple is all five. Repeatable.")
    var key: [String] = []

    @Flag(name: .shortAndLong, help: "Both directions of a conversation in one row, each with its own counts.")
    var bidirectional = false

    @Option(
        name: .shortAndLong,
        help: "Rows per task; 0: all. Left out: 10 in tables and the report, all in the other formats.")
    var top: Int?

    @Option(name: .shortAndLong, help: "Order of rows: \(RowOrder.allCases.map(\.rawValue).joined(separator: ", ")).")
    var sort: RowOrder?

    @Option(name: .shortAndLong, help: "What to print: \(OutputFormat.names).")
    var format: OutputFormat?

    @Option(name: .shortAndLong, help: "Also write snapshots (.dat and summary.json) below this directory.")
    var output: String?

    @Option(name: .shortAndLong, help: "Count only packets that match, such as 'host 10.0.0.1 and dst_port == 443'.")
    var `where`: String?

    @Option(help: "The IP header that names the flow of a tunnelled packet: outer or inner.")
    var tunnels: TunnelMode?

    @Flag(help: "Take the files' packets in order of time instead of file after file.")
    var merge = false

    @Option(help: "A snapshot each time this much time has passed, such as 30s or 5m. Left out: one at the end.")
    var snapshotInterval: String?

    @Option(help: "The time that cuts snapshots: capture (the packets') or wall.")
    var snapshotClock: CaptureSource.SnapshotClock?

    @Flag(help: "Go on counting after a snapshot instead of starting from zero.")
    var cumulative = false

    @Option(help: "The most memory for flow tables, such as 512MiB. Beyond it the smallest flows go into one row, other.")
    var maxMemory: String?

    @Option(help: "Threads that count. Left out: one per processor.")
    var workers: Int?

    @Flag(help: "Whole numbers in tables instead of 1.23 MB.")
    var exact = false

    @Flag(name: .shortAndLong, help: "No progress on standard error.")
    var quiet = false

    func run() throws {
        if configExample {
            print(Settings.example)
            return
        }
        guard !files.isEmpty else { throw ValidationError("Missing expected argument '<files> ...'") }
        try AnalysisRun(try AnalysisOptions(self)).run()
    }
}

extension RowOrder: ExpressibleByArgument {}
extension TunnelMode: ExpressibleByArgument {}
extension CaptureSource.SnapshotClock: ExpressibleByArgument {}

/// The forms in which results are printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, ndjson, csv

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
