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

/// What becomes of what is traced.
enum TraceMode: String, CaseIterable, ExpressibleByArgument {
    /// Plaintext is parsed, messages are printed.
    case messages
    /// Plaintext is written as a capture of connections without TLS.
    case plaintext
    /// Secrets of connections go to a key log.
    case keylog
    /// Packets of interfaces are written with the secrets of their connections.
    case pcapng

    private var needsSecrets: Bool { self == .keylog || self == .pcapng }

    var subject: ProbeSubject { needsSecrets ? .secrets : .plaintext }

    var modules: [ProbeModule] { needsSecrets ? ProbeRegistry.secrets : ProbeRegistry.tls }
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
            Nothing of the programs is changed, and no certificate and no proxy is needed.

            With --mode keylog it writes the secrets of TLS connections to a key log instead, with which Wireshark, \
            tshark and netspectra messages decrypt captures: of OpenSSL 1.1.1 and 3, GnuTLS, and Go.

            It needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE (before Linux 6.6 CAP_SYS_ADMIN, too; with \
            CAP_DAC_READ_SEARCH also libraries in closed folders, with CAP_CHECKPOINT_RESTORE those that were \
            replaced since programs started). What parses runs in a process of its own without any of these, which \
            can open no file, execute no program and reach no port. netspectra doctor says whether it works here and \
            whose TLS it sees.

            Ctrl-C takes the probes away, prints what was read by then, and says what became of everything. A second \
            Ctrl-C ends at once.

            Examples:
              sudo netspectra trace tls
              sudo netspectra trace --pid 4711 --transactions tls
              sudo netspectra trace --status 5xx --path '/api/*' tls
              sudo netspectra trace --comm curl --format ndjson tls | jq -r .uuid
              sudo netspectra trace --record session.nsr -o /dev/null tls
              sudo netspectra trace --mode keylog --keylog keys.log tls
              sudo netspectra trace --list tls
            """)

    @Argument(help: "What to trace: tls.")
    var module: TraceModule

    @Option(
        help: ArgumentHelp(
            """
            What to do: print messages, write them as a capture of connections without TLS (plaintext), write the \
            secrets of TLS connections to a key log, or write the packets of interfaces with the secrets that open \
            them (pcapng).
            """, valueName: "mode"))
    var mode = TraceMode.messages

    @Option(
        help: ArgumentHelp(
            """
            With --mode keylog: append the secrets there, a line each (NSS key log format); '-' is standard output. A \
            new file can be read by its owner alone.
            """, valueName: "file"),
        completion: .file())
    var keylog: String?

    @OptionGroup var packets: PacketTraceOptions

    @OptionGroup var options: MessageOptions

    @Option(help: ArgumentHelp("Only this process; may be given several times.", valueName: "number"))
    var pid: [UInt32] = []

    @Flag(help: "With --pid: also the children of these processes, and theirs.")
    var follow = false

    @Option(
        help: ArgumentHelp(
            "Only processes in the control group (version 2) of this directory and in those below.",
            valueName: "directory"),
        completion: .directory)
    var cgroup: String?

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

    @Flag(help: "Do not confine the process that parses what was captured.")
    var noSandbox = false

    func validate() throws {
        _ = try ringBytes
        try packets.validate(for: mode, options)
        if mode == .keylog {
            guard let keylog, !keylog.isEmpty else {
                throw ValidationError("--mode keylog: into which file? Add --keylog FILE, or --keylog - for the screen")
            }
            if let unused = options.namesMessages {
                throw ValidationError("\(unused): --mode keylog prints no messages")
            }
        } else if keylog != nil {
            throw ValidationError("--keylog: nothing is written there without --mode keylog")
        }
        if pid.count > 256 { throw ValidationError("--pid: at most 256 processes") }
        if let zero = pid.first(where: { $0 == 0 || $0 > UInt32(Int32.max) }) {
            throw ValidationError("--pid: \(zero) is no process")
        }
        if follow, pid.isEmpty { throw ValidationError("--follow: the children of which process? Add --pid") }
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
        settings.followsChildren = follow
        if let cgroup {
            guard let group = ControlGroup.identifier(of: cgroup) else {
                throw Exit.fail(Exit.unavailable, "\(cgroup) is no directory of a control group of version 2")
            }
            settings.controlGroup = group
        }
        settings.uid = uid
        settings.comm = comm
        settings.ringBytes = try ringBytes
        settings.subject = mode.subject
        return settings
    }

    func run() throws {
        let targets = TraceTargets(
            mode.modules, pids: pid, withChildren: follow, files: library + binary)
        let settings = try settings()
        let listing: String?
        do throws(ProbeFailure) {
            // What is missing is told before anything is asked of the kernel.
            try targets.check()
            listing = list ? try self.listing(targets, settings) : nil
        } catch {
            throw Exit.fail(error)
        }
        if let listing { return try StandardOutput.write(listing) }
        try trace(targets, settings)
    }

    private func listing(_ targets: TraceTargets, _ settings: ProbeSettings) throws(ProbeFailure) -> String {
        var targets = targets
        let session = try ProbeSession(settings)
        try targets.attachFirst(to: session)
        return TraceTargets.listing(session.attachments)
    }

    /// Two processes from here on: see docs/decisions/0007.
    private func trace(_ targets: TraceTargets, _ settings: ProbeSettings) throws {
        let clock = ClockOffset(
            unix: Clock.wallNanoseconds, monotonic: UInt64(truncatingIfNeeded: Clock.monotonicNanoseconds))
        if let keylog {
            let file: KeyLogFile
            do throws(SystemFailure) { file = try KeyLogFile(path: keylog) } catch { throw Exit.output(error) }
            let reader = KeyLogReader(file: file, isConfined: !noSandbox, isQuiet: options.quiet, clock: clock)
            return try supervise(targets, settings, file) { reader($0) }
        }
        if mode == .pcapng {
            let outputs = try PacketOutputs(packets, options.capture)
            let reader = PacketReader(
                outputs: outputs, tracedOnly: packets.tracedOnly, isConfined: !noSandbox, isQuiet: options.quiet,
                clock: clock)
            return try supervise(targets, settings, outputs) { reader($0) }
        }
        var options = options
        // Of the messages nothing is printed, unless it is said where.
        if mode == .plaintext { options.output = options.output ?? "/dev/null" }
        var run = MessageRun(options)
        run.isLive = true
        run.reorderWindow = 10_000_000
        let outputs = try run.open(isSplit: true)
        let reader = TraceReader(run: run, outputs: outputs, isConfined: !noSandbox, clock: clock)
        try supervise(targets, settings, outputs) { reader($0) }
    }

    /// - Parameter read: what the other process does.
    private func supervise(
        _ targets: TraceTargets, _ settings: ProbeSettings, _ outputs: any TraceOutputs,
        _ read: (MessageSocket) -> Int32
    ) throws {
        let (child, link): (ChildProcess, MessageSocket)
        do throws(SystemFailure) {
            (child, link) = try ChildProcess.forkLinked(read)
        } catch {
            throw Exit.fail(Exit.system, "\(error)")
        }
        let supervisor = TraceSupervisor(
            settings: settings, outputs: outputs, isConfined: !noSandbox, isQuiet: options.quiet, child: child,
            link: link)
        try supervisor(targets)
    }
}

extension Exit {
    static func fail(_ failure: ProbeFailure) -> ExitCode {
        fail(failure.kind == .permission ? notPermitted : unavailable, failure.message)
    }
}
