import ArgumentParser
import Configuration
import Events
import KernelIO
import Outputs
import Pipeline
import Probes

/// What can be traced.
enum TraceModule: String, CaseIterable, ExpressibleByArgument {
    case tls
}

/// `netspectra trace`: what programs say over TLS, as they say it.
struct Trace: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Print what programs on this machine say over TLS, as they say it.",
        usage: "netspectra trace [<options>] tls",
        discussion: """
            Probes in the kernel read what goes in and out of OpenSSL (SSL_read, SSL_write) and GnuTLS \
            (gnutls_record_recv, gnutls_record_send), in every running program and every one that starts later. \
            Nothing of the programs is changed, and no certificate and no proxy is needed; root is.

            Ctrl-C takes the probes away, prints what was read by then, and says what became of everything. A second \
            Ctrl-C ends at once.

            Examples:
              sudo netspectra trace tls
              sudo netspectra trace --pid 4711 --transactions tls
              sudo netspectra trace --comm curl --format ndjson tls | jq -r .uuid
              sudo netspectra trace --record session.nsr -o /dev/null tls
              sudo netspectra trace --list tls
            """)

    @Argument(help: "What to trace: tls.")
    var module: TraceModule

    @OptionGroup var options: MessageOptions

    @Option(help: ArgumentHelp("Only this process; may be given several times.", valueName: "number"))
    var pid: [UInt32] = []

    @Option(help: ArgumentHelp("Only the processes of this user.", valueName: "number"))
    var uid: UInt32?

    @Option(help: ArgumentHelp("Only threads of this name, such as curl.", valueName: "name"))
    var comm: String?

    @Option(
        help: ArgumentHelp(
            "Probe this library instead of those that are found; may be given several times.", valueName: "file"),
        completion: .file())
    var library: [String] = []

    @Option(
        help: ArgumentHelp("Likewise a program that has the library inside, with its symbols.", valueName: "file"),
        completion: .file())
    var binary: [String] = []

    @Option(
        help: ArgumentHelp(
            "Room for what is on its way from the kernel, such as 64MiB; a power of two.", valueName: "size"))
    var bufferSize = "16MiB"

    @Flag(help: "Attach the probes, print what is attached where, and end.")
    var list = false

    func validate() throws {
        _ = try ringBytes
        if pid.count > 256 { throw ValidationError("--pid: at most 256 processes") }
        if let zero = pid.first(where: { $0 == 0 || $0 > UInt32(Int32.max) }) {
            throw ValidationError("--pid: \(zero) is no process")
        }
        if let comm, !(1...CommandName.octetsMax ~= comm.utf8.count) {
            throw ValidationError("--comm: the kernel keeps names of 1 to \(CommandName.octetsMax) octets")
        }
    }

    private static let ringBytesRange: ClosedRange<UInt64> = 4_096...1 << 30

    private var ringBytes: UInt32 {
        get throws {
            guard let bytes = ByteCountText.bytes(bufferSize), Self.ringBytesRange.contains(bytes),
                bytes.nonzeroBitCount == 1
            else {
                throw ValidationError(
                    "--buffer-size: '\(bufferSize)' is no power of two between 4KiB and 1GiB; write it like 64MiB")
            }
            return UInt32(bytes)
        }
    }

    private func settings() throws -> ProbeSettings {
        var settings = ProbeSettings()
        settings.pids = pid
        settings.uid = uid
        settings.comm = comm
        settings.ringBytes = try ringBytes
        return settings
    }

    func run() throws {
        var targets = TraceTargets(ProbeRegistry.tls, pids: pid, files: library + binary)
        let session: ProbeSession
        let settings = try settings()
        do throws(ProbeFailure) {
            // What is missing is told before anything is asked of the kernel.
            try targets.check()
            session = try ProbeSession(settings)
            try targets.attachFirst(to: session)
        } catch {
            throw Exit.fail(error.kind == .permission ? Exit.notPermitted : Exit.unavailable, error.message)
        }
        if list {
            print(TraceTargets.listing(session.attachments), terminator: "")
            return
        }
        try trace(session, targets)
    }

    private func trace(_ session: ProbeSession, _ targets: TraceTargets) throws {
        var run = MessageRun(options)
        run.isLive = true
        run.reorderWindow = 10_000_000
        let clock = ClockOffset(
            unix: Clock.wallNanoseconds, monotonic: UInt64(truncatingIfNeeded: Clock.monotonicNanoseconds))
        if !options.quiet { StandardError.write("netspectra: \(targets.summary(session)); Ctrl-C ends\n") }
        try run.run { [run] entrance, shouldStop in
            var live = LiveRecords(clock: clock)
            var targets = targets
            while !shouldStop(), !live.isStopped {
                session.read { live.take($0, into: entrance) }
                for note in targets.attachNew(to: session) { run.note(note) }
            }
            let counters = session.end { live.take($0, into: entrance) }
            return MessageRun.Source(counters, live, targets.problems)
        }
    }
}

extension MessageRun.Source {
    fileprivate init(_ counters: ProbeCounters, _ live: LiveRecords, _ problems: [String]) {
        var lost: [LedgerReport.Cause] = [
            .init("ring full", counters.ringFullOctets), .init("memory not readable", counters.unreadableOctets),
        ]
        var filtered: [LedgerReport.Cause] = [.init("beyond 4 MiB of one call", counters.overLimitOctets)]
        lost.removeAll { $0.count == 0 }
        filtered.removeAll { $0.count == 0 }
        stages = [
            .init(
                name: "probes", unit: "octets", seen: counters.octets, delivered: counters.writtenOctets,
                filtered: filtered, lost: lost),
            .init(
                name: "ring", unit: "records", seen: counters.records + counters.sockets + counters.ringFullSockets,
                delivered: live.records - live.damaged, filtered: [],
                lost: [.init("ring full", counters.ringFullSockets), .init("damaged", live.damaged)]
                    .filter { $0.count > 0 }),
        ]
        self.problems = problems
        if counters.unfollowedCalls > 0 {
            self.problems.append(
                "\(counters.unfollowedCalls) calls were not followed (begun before the probes were there, too many "
                    + "threads, or calls within calls): what they carried is not known")
        }
        if counters.unfollowedSockets > 0 {
            self.problems.append("\(counters.unfollowedSockets) times there were too many sockets to tell apart")
        }
    }
}
