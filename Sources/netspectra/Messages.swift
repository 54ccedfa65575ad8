import ArgumentParser
import Flows
import Headers
import KernelIO
import Outputs
import Pipeline
import Streams
import TLS

/// `netspectra messages`: captures in, what was said on their TCP connections out.
struct Messages: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages",
        abstract: "Print what was said on the TCP connections of captures.",
        usage: "netspectra messages [<options>] <file> ...",
        discussion: """
            Reads the captures that analyze reads, puts every TCP connection's octets in order, and prints the \
            messages in them: HTTP/1, HTTP/2, WebSocket, gRPC; anything else as raw octets. What the capture misses \
            is marked where it is missing.

            TLS is decrypted with the keys of --keylog and those in the captures. Connections without a key are \
            listed with what is public of them.

            Src is who sent the message. Values of Authorization, Cookie and Set-Cookie are made unreadable unless \
            --no-redact is given.

            Examples:
              netspectra messages capture.pcapng
              netspectra messages --where 'port 80' --transactions *.pcap.gz
              netspectra messages --keylog keys.txt capture.pcap
              netspectra messages --format ndjson capture.pcap | jq -r '.target // empty'
              tcpdump -w - 'tcp port 8080' | netspectra messages -
            """)

    @Argument(
        help: ArgumentHelp("The captures, read one after the other; - is standard input.", valueName: "file"),
        completion: .file())
    var files: [String]

    @OptionGroup var options: MessageOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Follow only packets that match, such as 'host 10.0.0.1 and dst_port == 80'.", valueName: "filter"))
    var `where`: String?

    @Option(
        help: ArgumentHelp(
            "Secrets of TLS connections, as SSLKEYLOGFILE has browsers and libraries write them.", valueName: "file"),
        completion: .file())
    var keylog: String?

    @Option(
        help: ArgumentHelp("Which TCP header of a tunnelled packet counts.", valueName: "header"))
    var tunnels: TunnelMode = .outer

    @Flag(help: "Take the files' packets in order of time instead of file after file.")
    var merge = false

    func validate() throws {
        if files.count(where: { $0 == "-" }) > 1 { throw ValidationError("standard input (-) can be read only once") }
        try options.validate(inputs: files)
    }

    func run() throws {
        let filter = try `where`.map(AnalysisOptions.packetFilter)
        var streams = StreamSettings()
        streams.tunnels = tunnels
        streams.allWaitingOctetsMax = options.bufferedOctetsMax
        let keys = try KeyLog(file: keylog)
        if merge { try AnalysisInput.makeRoom(merging: files.count) }
        let source = CaptureSource(paths: files, merge: merge, keepsSecrets: true)
        let progress = ProgressMeter(isQuiet: options.quiet || options.isOnTerminal) { source.progress }
        try MessageRun(options).run(stop: { source.stop() }) { entrance, _ in
            var messages = CaptureMessages(streams: streams, filter: filter, keys: keys)
            messages.tlsConnectionsMax = options.maxConnections
            let outcome = messages.run(source, into: entrance)
            progress.end()
            return MessageRun.Source(source.reports, outcome)
        }
    }
}

extension MessageRun.Source {
    fileprivate init(_ captures: [CaptureReport], _ outcome: CaptureMessages.Outcome) {
        stages = [.records(captures), .frames(captures, outcome), .payload(outcome)]
        if outcome.tls.connections > 0 { stages.append(.tls(outcome.tls)) }
        tls = outcome.tls
        packets = (outcome.frames, outcome.streams.frameSegments + outcome.streams.fragmentFrames)
        problems = captures.flatMap(\.problems) + captures.compactMap(\.note)
        code = captures.exitCode
        if code == Exit.noCapture, let last = problems.popLast() {
            problems.append(last + "\n  Recorded events: netspectra replay.")
        }
    }
}

extension LedgerReport.Stage {
    /// What became of the frames: those that carry TCP go on.
    fileprivate static func frames(_ captures: [CaptureReport], _ outcome: CaptureMessages.Outcome) -> Self {
        let streams = outcome.streams
        let read = captures.reduce(0) { $0 + $1.statistics.frames }
        var filtered: [LedgerReport.Cause] = []
        if outcome.filteredFrames > 0 { filtered.append(.init("--where", outcome.filteredFrames)) }
        if streams.otherFrames > 0 { filtered.append(.init("no TCP", streams.otherFrames)) }
        var lost: [LedgerReport.Cause] = []
        if streams.damagedFrames > 0 { lost.append(.init("damaged or cut", streams.damagedFrames)) }
        // Frames handed out after an interrupt are in flight: read, but not looked at.
        return .init(
            name: "frames", unit: "packets", seen: read, delivered: streams.frameSegments + streams.fragmentFrames,
            filtered: filtered, lost: lost, inFlight: read - outcome.frames)
    }

    /// What became of the octets of TCP segments.
    fileprivate static func payload(_ outcome: CaptureMessages.Outcome) -> Self {
        let streams = outcome.streams
        let filtered: [LedgerReport.Cause] = [
            .init("retransmitted", streams.retransmitted), .init("overlapping", streams.overlapping),
            .init("before the stream's start", streams.beforeStart),
        ]
        let lost: [LedgerReport.Cause] = [
            .init("out of window", streams.outOfWindow), .init("no memory", streams.dropped),
        ]
        return .init(
            name: "streams", unit: "octets", seen: streams.seen, delivered: streams.delivered,
            filtered: filtered.filter { $0.count > 0 }, lost: lost.filter { $0.count > 0 },
            inFlight: streams.inFlight,
            noted: StreamGap.Cause.allCases.compactMap { cause in
                let octets = streams.gapOctets[cause]
                return octets == 0 ? nil : .init("missing, \(cause.phrase)", octets)
            })
    }

    /// What became of the octets of TLS connections.
    fileprivate static func tls(_ tls: TLSLedger) -> Self {
        func causes(_ isLoss: Bool) -> [LedgerReport.Cause] {
            TLSLedger.Cause.allCases.filter { $0.isLoss == isLoss && tls[$0] > 0 }.map { .init("\($0)", tls[$0]) }
        }
        return .init(
            name: "tls", unit: "octets", seen: tls.seen, delivered: tls.clear + tls.decrypted, filtered: causes(false),
            lost: causes(true),
            noted: tls.rejectedEarlyData > 0 ? [.init("rejected early data", tls.rejectedEarlyData)] : [])
    }
}

extension StreamGap.Cause {
    /// Why octets that a stream needs were waited for no longer.
    fileprivate var phrase: String {
        switch self {
        case .snapLength: "cut by the snap length"
        case .waitingOctets: "too much waited behind"
        case .waitingPackets: "too many packets behind"
        case .waitingTime: "waited too long"
        case .memory: "no memory to wait"
        case .end: "the connection ended"
        case .jump: "sequence numbers jumped"
        }
    }
}
