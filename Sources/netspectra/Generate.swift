import ArgumentParser
import CaptureFiles
import Headers
import KernelIO
import Synthesis

/// `netspectra generate`: synthetic captures for tests and benchmarks.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write a synthetic capture with known contents.",
        usage: "netspectra generate [<options>] <output>",
        discussion: """
            Ethernet frames with TCP (85 % of flows), UDP (14 %) and ICMP (1 %) over IPv4 and IPv6, both directions, \
            connections that open and close, IP lengths of 40 to 100 and 1000 to 1500 octets, all within 60 seconds. \
            Checksums are right for whole packets, also where the snap length cuts them.

            Equal options give equal octets, on every machine.

            Examples:
              netspectra generate sample.pcap
              netspectra generate --packets 10000000 --flows 1000000 big.pcap
              netspectra generate --tunnel-share 0.1 --truth truth.csv tunnels.pcapng
              netspectra generate --snap-length 96 - | netspectra analyze -
            """)

    /// The form of the capture.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case pcap, pcapng
    }

    @Argument(
        help: "The capture to write; - is standard output. A file appears once it is complete.", completion: .file())
    var output: String

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("Packets in all, at least one per flow.", valueName: "number"))
    var packets = TrafficOptions().packets

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("Flows; both directions are one.", valueName: "number"))
    var flows = TrafficOptions().flows

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Skew of the flows' sizes: rank r draws packets with probability r^-x. 0: evenly.", valueName: "x"))
    var zipf = TrafficOptions().zipfExponent

    @Option(
        name: .shortAndLong,
        parsing: .unconditional,
        help: ArgumentHelp("The most octets of a frame that are captured; 0 for whole frames.", valueName: "octets"))
    var snapLength = TrafficOptions().snapLength

    @Option(parsing: .unconditional, help: ArgumentHelp("What random numbers start from.", valueName: "number"))
    var seed = TrafficOptions().seed

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The share of flows in an 802.1Q VLAN, 0 to 1.", valueName: "share")
    )
    var vlanShare = TrafficOptions().vlanShare

    @Option(
        name: .customLong("ipv6-share"),
        parsing: .unconditional, help: ArgumentHelp("The share of flows over IPv6, 0 to 1.", valueName: "share"))
    var ipv6Share = TrafficOptions().ipv6Share

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The share of flows inside VXLAN, GRE or IP-in-IP, 0 to 1.", valueName: "share"))
    var tunnelShare = TrafficOptions().tunnelShare

    @Option(help: "The form of the capture. Default: pcapng where the name ends so, else pcap.")
    var format: Format?

    @Flag(help: "Times in nanoseconds instead of microseconds.")
    var nanoseconds = false

    @Option(
        help: ArgumentHelp("Also write what each flow sent, as CSV; - is standard output.", valueName: "file"),
        completion: .file())
    var truth: String?

    func validate() throws {
        do throws(TrafficOptionsFailure) {
            try options.validate()
        } catch {
            throw ValidationError("\(error)")
        }
        if output == "-", truth == "-" { throw ValidationError("only one of capture and truth can be standard output") }
        if output == "-", Terminal.isTerminal(1) {
            throw ValidationError("a capture is not text: name a file, or send standard output to one")
        }
    }

    func run() throws {
        do throws(SystemFailure) {
            try generate()
        } catch {
            StandardError.write("netspectra: \(error)\n")
            // As in sysexits.h: EX_CANTCREAT and EX_IOERR.
            throw ExitCode(error.operation == "create" ? 73 : 74)
        }
    }

    private var options: TrafficOptions {
        var options = TrafficOptions()
        options.packets = packets
        options.flows = flows
        options.zipfExponent = zipf
        options.snapLength = snapLength
        options.seed = seed
        options.vlanShare = vlanShare
        options.ipv6Share = ipv6Share
        options.tunnelShare = tunnelShare
        return options
    }

    private func generate() throws(SystemFailure) {
        let file = try OutputFile(path: output)
        let truthFile: OutputFile? = if let truth { try OutputFile(path: truth) } else { nil }
        var progress = GenerateProgress(packets: packets)
        // `validate` has checked the options.
        guard var generator = try? TrafficGenerator(options) else { return }
        var writer = CaptureWriter(isPcapng, snapLength: snapLength, nanoseconds: nanoseconds)
        var octets: [UInt8] = []
        octets.reserveCapacity(Self.bufferOctets + 1 << 16)
        writer.appendHeader(to: &octets)
        var frame: [UInt8] = []
        while let packet = generator.next(into: &frame) {
            writer.append(packet, frame.span, to: &octets)
            frame.removeAll(keepingCapacity: true)
            if octets.count >= Self.bufferOctets {
                try file.write(octets.span)
                octets.removeAll(keepingCapacity: true)
                progress.show(written: packets - generator.remaining)
            }
        }
        try file.write(octets.span)
        try file.commit()
        progress.end()
        if let truthFile { try write(generator.truth, to: truthFile) }
    }

    /// Frames are gathered to this many octets before they are written.
    private static let bufferOctets = 1 << 20

    private var isPcapng: Bool { format.map { $0 == .pcapng } ?? output.hasSuffix(".pcapng") }

    private func write(_ truth: [FlowTruth], to file: consuming OutputFile) throws(SystemFailure) {
        var text = Array(FlowTruth.csvHeader.utf8)
        for flow in truth {
            flow.appendCSV(to: &text)
            if text.count >= Self.bufferOctets {
                try file.write(text.span)
                text.removeAll(keepingCapacity: true)
            }
        }
        try file.write(text.span)
        try file.commit()
    }
}

/// Either form of capture, with one Ethernet interface.
private enum CaptureWriter {
    case pcap(PcapWriter)
    case pcapng(PcapngWriter, CaptureInterface)

    init(_ isPcapng: Bool, snapLength: Int, nanoseconds: Bool) {
        let snapLength = snapLength == 0 ? 262_144 : UInt32(clamping: snapLength)
        let link = LinkType.ethernet.rawValue
        if isPcapng {
            var interface = CaptureInterface(linkType: link)
            interface.snapLength = snapLength
            interface.resolution = nanoseconds ? .nanoseconds : .microseconds
            interface.name = "synthetic"
            self = .pcapng(PcapngWriter(), interface)
        } else {
            self = .pcap(
                PcapWriter(
                    linkType: link, snapLength: snapLength, fraction: nanoseconds ? .nanoseconds : .microseconds))
        }
    }

    mutating func appendHeader(to octets: inout [UInt8]) {
        switch self {
        case .pcap(let writer): writer.appendHeader(to: &octets)
        case .pcapng(var writer, let interface):
            writer.appendSectionHeader(application: "netspectra generate", to: &octets)
            writer.appendInterface(interface, to: &octets)
            self = .pcapng(writer, interface)
        }
    }

    func append(_ packet: GeneratedPacket, _ frame: Span<UInt8>, to octets: inout [UInt8]) {
        switch self {
        case .pcap(let writer):
            writer.appendRecord(time: packet.time, wireLength: packet.wireLength, frame: frame, to: &octets)
        case .pcapng(let writer, _):
            writer.appendPacket(time: packet.time, wireLength: packet.wireLength, frame: frame, to: &octets)
        }
    }
}

/// A line on standard error that says how far it is, where that is a terminal.
private struct GenerateProgress {
    private let packets: Int
    private let isShown = Terminal.isTerminal(2)
    private let start = Clock.monotonicNanoseconds
    private var lastShown: Int64 = 0

    init(packets: Int) {
        self.packets = packets
        if isShown { StandardError.write("planning \(packets) packets\r") }
    }

    /// At most ten times a second.
    mutating func show(written: Int) {
        guard isShown, Clock.monotonicNanoseconds - lastShown > 100_000_000 else { return }
        lastShown = Clock.monotonicNanoseconds
        let perSecond = Int64(written) * 1_000 / max((lastShown - start) / 1_000_000, 1)
        StandardError.write(
            "\(written) of \(packets) packets, \(Int64(written) * 100 / Int64(packets)) %, "
                + "\(perSecond) packets/s\u{1B}[K\r"
        )
    }

    func end() { if isShown { StandardError.write("\u{1B}[K") } }
}
