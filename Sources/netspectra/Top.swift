import ArgumentParser
import Configuration
import KernelIO
import LiveCapture
import Outputs
import Pipeline

/// `netspectra top`: who is using the network now.
struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Show who uses the network now: flows, talkers, processes and protocols, with rates.",
        usage: "netspectra top [<options>] [-i <interface>] ...",
        discussion: """
            A table on the terminal, drawn anew each second: what flows, who talks, which process it is, and how fast \
            in the last interval. Keys choose: f flows, t talkers, p processes, o protocols; s sorts by the next \
            column, r the other way round; / finds; the space bar stops and goes on; h tells all, q ends.

            Every packet is counted, as capture does. Processes are those whose sockets the kernel's own programs \
            (eBPF) see; nothing is guessed: a flow of other machines, or of a socket that several processes have, is \
            said to be of an unknown process or of several. That needs root, or CAP_BPF, CAP_PERFMON and \
            CAP_NET_ADMIN; without, everything else is shown. What reads packets runs in a process of its own, \
            without privileges.

            Where standard output is no terminal, and with --once or --count, it prints a table, or lines of JSON, for \
            each interval.

            Examples:
              sudo netspectra top
              sudo netspectra top -i eth0 --view processes
              sudo netspectra top -i eth0 --filter 'tcp port 443' --find nginx
              sudo netspectra top --once --view processes
              sudo netspectra top --count 60 --format ndjson | jq .process.comm
              netspectra top --read capture.pcapng --speed 10x
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Capture on this interface. Repeatable. Default: any, which is all.", valueName: "interface")
    )
    var interface: [String] = []

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Play this capture instead of capturing. Repeatable.", valueName: "file"),
        completion: .file())
    var read: [String] = []

    @Option(
        help: ArgumentHelp(
            "How fast: max, or a multiple of the pace at which it was captured, such as 10x. Default: 1x.",
            valueName: "speed"))
    var speed: String?

    @Option(
        help: ArgumentHelp(
            "Let the kernel hand over only packets that match this, in libpcap's language (man pcap-filter).",
            valueName: "filter"))
    var filter: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Count only packets that match, such as 'host 10.0.0.1 and dst_port == 443'.", valueName: "filter"))
    var `where`: String?

    @Flag(help: "Only frames from and to this machine.")
    var noPromiscuous = false

    @Option(help: ArgumentHelp("What is shown first.", valueName: "view"))
    var view: TopView = .flows

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("What rows are ordered by at first.", valueName: "order"))
    var sort: TopOrder = .rate

    @Option(help: ArgumentHelp("Show only rows that have this text.", valueName: "text"))
    var find = ""

    @Option(help: ArgumentHelp("Rates are over so long, and come so often.", valueName: "time"))
    var interval = "1s"

    @Flag(help: "Print one interval and end, as --count 1.")
    var once = false

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Print so many intervals and end.", valueName: "number"))
    var count: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Rows of each interval that are printed; 0 for all.", valueName: "rows"))
    var rows = 20

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("What is printed: table or ndjson. Default: table.", valueName: "format"))
    var format: TopFormat?

    @Flag(help: "Do not confine the process that reads packets.")
    var noSandbox = false

    func run() throws {
        try TopGuard(try TopOptions(self)).run()
    }
}

/// The forms in which `top` prints.
enum TopFormat: String, CaseIterable, ExpressibleByArgument {
    case table, ndjson
}

extension TopView: ExpressibleByArgument {}
extension TopOrder: ExpressibleByArgument {}
