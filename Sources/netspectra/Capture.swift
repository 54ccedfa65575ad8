import ArgumentParser
import Configuration
import Flows
import KernelIO
import LiveCapture

/// `netspectra capture`: live interfaces in, exact flow statistics out.
struct Capture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Count who talks to whom, and how much, on live interfaces.",
        usage: "netspectra capture [<options>] -i <interface> ...",
        discussion: """
            Counts as analyze does, with the same tasks, outputs and databases, what comes and goes on network \
            interfaces; until it is interrupted, or as long as --duration or --packets say. Without \
            --snapshot-interval results are printed at the end. The ledger says what became of every frame, also of \
            those for which the kernel's buffer had no room.

            Needs to be root, or the capability: setcap cap_net_raw+ep netspectra. Once the interfaces are open all \
            privileges are given up, and nothing can be changed but the files that are to be written.

            Snapshots are cut by the wall clock. Where that is set back, intervals follow each other as before: no \
            snapshot is named by an earlier time than the one before it.

            With --read, packets come from captures instead, at the pace at which they were captured or a multiple of \
            it. As fast as can be (--speed max) that is what analyze does.

            Results go to standard output, messages to standard error. Exit codes: netspectra --help.

            Examples:
              netspectra capture -i eth0 --duration 10s
              netspectra capture -i eth0 -i eth1 --filter 'tcp port 443' --key SrcIP,DstIP --snapshot-interval 10s
              netspectra capture -i eth0 --store netspectra.db --keep 30d --snapshot-interval 1m --quiet
              netspectra capture -i eth0 --export ipfix://collector:4739 --quiet
              netspectra capture -i eth0 --fanout 4 --config tasks.yaml --output data
              netspectra capture -i eth0 --key five-tuple --bidirectional --processes --format ndjson
              netspectra capture --read capture.pcapng --speed 10x --snapshot-interval 1s
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Capture on this interface; any is all of them. Repeatable.", valueName: "interface"))
    var interface: [String] = []

    @Flag(help: "Print the interfaces, with what is known of them, and exit.")
    var listInterfaces = false

    @Option(
        help: ArgumentHelp(
            "Let the kernel hand over only packets that match this, in libpcap's language (man pcap-filter).",
            valueName: "filter"))
    var filter: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Octets of each frame to look at. Default: \(InterfaceSettings.snapLengthDefault).", valueName: "octets"))
    var snapLength: Int?

    @Flag(help: "Only frames from and to this machine.")
    var noPromiscuous = false

    @Option(
        help: ArgumentHelp(
            "Kernel memory for frames that wait, per interface, such as 64MiB. Default: 16MiB.", valueName: "size"))
    var bufferSize: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Let the kernel share each interface's packets among this many workers, by flow, each with a buffer of its \
            own. Default: 1.
            """, valueName: "number"))
    var fanout: Int?

    @Option(help: ArgumentHelp("Stop after so long, such as 10s or 5m.", valueName: "time"))
    var duration: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Stop after so many packets.", valueName: "number"))
    var packets: Int?

    @Flag(
        help: """
            Rows of whole flows also say which process of this machine they are of: pid, name and control group of \
            who has the socket, or that it is not known. Needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN.
            """)
    var processes = false

    @Flag(help: "Do not give up privileges once the interfaces are open.")
    var noSandbox = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Play this capture instead of capturing; - is standard input. Repeatable, one after the other.",
            valueName: "file"),
        completion: .file())
    var read: [String] = []

    @Option(
        help: ArgumentHelp(
            "How fast: max, or a multiple of the pace at which it was captured, such as 10x. Default: 1x.",
            valueName: "speed"))
    var speed: String?

    @OptionGroup var counting: CountingOptions

    func run() throws {
        if counting.configExample {
            try StandardOutput.write(Settings.example + "\n")
            return
        }
        if listInterfaces { return try InterfaceListing.printAll() }
        var options = try AnalysisOptions(counting, input: try input, showsProcesses: processes)
        options.isConfined = options.input.isLive && !noSandbox
        try AnalysisRun(options).run()
    }

    private var input: AnalysisInput {
        get throws {
            if read.isEmpty == interface.isEmpty {
                throw ValidationError(
                    interface.isEmpty
                        ? "on which interface? Add -i, such as -i eth0; --list-interfaces prints all"
                        : "-i and --read exclude each other")
            }
            let time = try duration.map { try StoreOptions.duration($0, option: "--duration") }
            return read.isEmpty
                ? .interfaces(try interfaces, try settings, limit: try limit, duration: time)
                : .files(try files, merge: false, speed: try pace, duration: time)
        }
    }

    // MARK: - Interfaces

    private var interfaces: [String] {
        get throws {
            if speed != nil { throw ValidationError("--speed needs --read") }
            for (index, name) in interface.enumerated() where interface[..<index].contains(name) {
                throw ValidationError("-i \(name) is given twice")
            }
            return interface
        }
    }

    private var settings: InterfaceSettings {
        get throws {
            var settings = InterfaceSettings()
            settings.filter = filter ?? ""
            settings.isPromiscuous = !noPromiscuous
            settings.snapLength = try checked(
                snapLength, "--snap-length", 14...InterfaceSettings.snapLengthMax, settings.snapLength)
            settings.fanout = try checked(fanout, "--fanout", 1...InterfaceSettings.fanoutMax, 1)
            if let bufferSize {
                guard let bytes = ByteCountText.bytes(bufferSize), 1 << 16...1 << 30 ~= bytes else {
                    throw ValidationError(
                        "--buffer-size: '\(bufferSize)' is no size between 64KiB and 1GiB; write it like 64MiB")
                }
                settings.bufferOctets = Int(bytes)
            }
            return settings
        }
    }

    private func checked(
        _ value: Int?, _ option: String, _ range: ClosedRange<Int>, _ standard: Int
    ) throws -> Int {
        guard let value else { return standard }
        guard range ~= value else {
            throw ValidationError("\(option): \(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    private var limit: UInt64? {
        get throws {
            guard let packets else { return nil }
            guard packets > 0 else { throw ValidationError("--packets: \(packets) is not above 0") }
            return UInt64(packets)
        }
    }

    // MARK: - Captures

    private var files: [String] {
        get throws {
            for (name, isGiven) in [
                ("--filter", filter != nil), ("--snap-length", snapLength != nil), ("--no-promiscuous", noPromiscuous),
                ("--buffer-size", bufferSize != nil), ("--fanout", fanout != nil), ("--packets", packets != nil),
                ("--processes", processes), ("--no-sandbox", noSandbox),
            ] where isGiven {
                throw ValidationError("\(name) needs -i" + (name == "--filter" ? "; for --read there is --where" : ""))
            }
            return read
        }
    }

    /// Seconds of the capture per second; `nil` for as fast as can be.
    private var pace: Double? {
        get throws {
            try AnalysisInput.pace(speed ?? "1x")
        }
    }
}
