import ArgumentParser
import Configuration

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
            result says how far off it may be. And a limit of memory for a task alone. And rules: when \
            somebody is to be told of what was counted, and how. See --config-example.

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

    @Flag(help: "Take the files' packets in order of time instead of file after file.")
    var merge = false

    @OptionGroup var counting: CountingOptions

    func run() throws {
        if counting.configExample {
            try StandardOutput.write(Settings.example + "\n")
            return
        }
        // Not required of the parser, for --config-example needs none.
        guard !files.isEmpty else { throw ValidationError("Missing expected argument '<file> ...'") }
        try AnalysisRun(try AnalysisOptions(counting, input: .files(files, merge: merge, speed: nil))).run()
    }
}
