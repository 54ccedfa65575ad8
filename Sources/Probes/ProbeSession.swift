import CProbeRecords
import KernelIO
import Octets

/// The programs in the kernel and what they are attached to. What they write is read by a `RecordReader`, here or in a
/// process without privileges. Used by one thread.
public final class ProbeSession {
    /// A file that is traced, and how.
    public struct Attachment: Sendable {
        public let file: TracedFile
        /// The functions that are probed, and those that the file does not have.
        public var functions: [String] = []
        public var missing: [String] = []
    }

    /// How the socket of a connection is learned.
    public enum SocketSource: Sendable {
        /// Tracepoints where sockets send and receive (Linux 6.3): other system calls cost nothing.
        case socketCalls
        /// The entry of all system calls: on any kernel, and some 0.2 µs for each call of every process.
        case systemCalls
    }

    public private(set) var attachments: [Attachment] = []
    public private(set) var socketSource = SocketSource.socketCalls
    private let settings: ProbeSettings
    private let object: BPFObject
    /// What the programs write into.
    public let buffers: RecordBuffers
    private var tracepoints: BPFLinks = []
    private var probes: BPFLinks = []
    private var known: Set<Known> = []

    private struct Known: Hashable {
        let identity: FileIdentity
        let module: String
        /// 0: every process.
        let pid: UInt32
    }

    /// Loads the programs; nothing is attached to a library yet.
    /// - Parameter socketSource: `nil`: the best one that the kernel has.
    public init(_ settings: ProbeSettings, socketSource: SocketSource? = nil) throws(ProbeFailure) {
        self.settings = settings
        guard FileTree.exists(KernelPath.types) else {
            throw ProbeFailure(
                .unavailable,
                "this kernel does not describe its types: there is no \(KernelPath.types). A kernel with "
                    + "CONFIG_DEBUG_INFO_BTF is needed; those of current distributions have it")
        }
        do throws(BPFFailure) {
            object = try BPFObject(Self.programs(for: settings.subject), name: "netspectra")
            let usesRing = settings.usesRing && BPFObject.hasRings
            var config = Self.config(settings)
            config.has_buffers = usesRing ? 0 : 1
            try object.setConstants(config)
            if settings.linksManyFunctions { object.linkManyFunctions() }
            if usesRing {
                try object.setEntries(of: "events", to: settings.ringBytes)
            } else {
                try object.leaveOut("events")
                try object.setEntries(of: "scratches", to: UInt32(BPFObject.processorCount))
            }
            try object.load()
            if !settings.pids.isEmpty { try object.insert(settings.pids, into: "pids") }
            buffers =
                usesRing
                ? .ring(try object.descriptor(ofMap: "events"))
                : try Self.openBuffers(object, octets: Int(settings.ringBytes))
        } catch {
            throw Self.explained(error)
        }
        do throws(BPFFailure) {
            try attachTracepoints(socketSource)
            // Children to come are followed from now on, so none is missed.
            if settings.followsChildren { try object.insert(ProcessTree.descendants(of: settings.pids), into: "pids") }
        } catch {
            throw Self.explained(error)
        }
    }

    /// A buffer for each processor that there is now, all together not larger than the ring would be.
    private static func openBuffers(_ object: BPFObject, octets: Int) throws(BPFFailure) -> RecordBuffers {
        // The largest record must fit.
        var share = 32 << 10
        while share * 2 * BPFObject.processorCount <= octets { share *= 2 }
        var descriptors: [Int32] = []
        for processor in 0..<BPFObject.processorCount {
            do throws(SystemFailure) {
                guard let descriptor = try ProcessorBuffer.open(processor: processor, octets: share) else { continue }
                descriptors.append(descriptor)
            } catch {
                throw BPFFailure(operation: error.operation, name: error.path, errno: error.errno)
            }
            try object.set(UInt32(processor), of: "buffers", to: UInt32(bitPattern: descriptors.last ?? -1))
        }
        return .perProcessor(descriptors, octets: share)
    }

    deinit {
        if case .perProcessor(let descriptors, _) = buffers { Descriptors.close(descriptors) }
        // Links before what they link.
        probes = []
        tracepoints = []
    }

    enum KernelPath {
        static let types = "/sys/kernel/btf/vmlinux"
    }

    /// The embedded object.
    static func programs(for subject: ProbeSubject) -> [UInt8] {
        let text =
            switch subject {
            case .plaintext: TlsObject.base64
            case .secrets: KeylogObject.base64
            }
        var octets: [UInt8] = []
        _ = Base64.decode(Array("\(text)".utf8).span, into: &octets)
        return octets
    }

    static func config(_ settings: ProbeSettings) -> ns_config {
        var config = ns_config()
        config.payload_max = min(settings.payloadMax, ProbeSettings.payloadLimit)
        config.own_pid = UInt32(truncatingIfNeeded: Machine.processID)
        config.has_pids = settings.pids.isEmpty ? 0 : 1
        config.has_uid = settings.uid == nil ? 0 : 1
        config.uid = settings.uid ?? 0
        config.has_comm = settings.comm == nil ? 0 : 1
        withCommandName(settings.comm ?? "") { config.comm = $0 }
        config.follows = settings.followsChildren ? 1 : 0
        config.cgroup = settings.controlGroup ?? 0
        return config
    }

    static func explained(_ failure: BPFFailure) -> ProbeFailure {
        if failure.isPermission {
            return ProbeFailure(
                .permission,
                "\(failure.message)\nTracing needs root (sudo), or the capabilities CAP_BPF, CAP_PERFMON and "
                    + "CAP_SYS_PTRACE (before Linux 6.6 CAP_SYS_ADMIN, too), and a kernel that is not locked down")
        }
        return ProbeFailure(
            .unavailable, "\(failure.message)\nLinux 5.8 or later with BPF and uprobes is needed")
    }

    private func attachTracepoints(_ source: SocketSource?) throws(BPFFailure) {
        var links: [BPFLink] = []
        let always = [("thread_ends", "sched_process_exit"), ("program_starts", "sched_process_exec")]
        let isPlaintext = settings.subject == .plaintext
        let ends = isPlaintext ? [("socket_destroyed", "tcp_destroy_sock")] : []
        let following = settings.followsChildren ? [("process_forks", "sched_process_fork")] : []
        for (program, tracepoint) in always + ends + following {
            links.append(try object.attach(program, toTracepoint: tracepoint))
        }
        if source != .systemCalls {
            do throws(BPFFailure) {
                let sends = try object.attach("socket_sends", toTracepoint: "sock_send_length")
                let receives = try object.attach("socket_receives", toTracepoint: "sock_recv_length")
                tracepoints = BPFLinks(links + [sends, receives])
                return
            } catch {
                guard error.isMissing, source == nil else { throw error }
            }
        }
        socketSource = .systemCalls
        tracepoints = BPFLinks(
            links + [try object.attach("system_call", toTracepoint: isPlaintext ? "sys_enter" : "sys_exit")])
    }

    // MARK: - Attaching

    /// Probes a file's functions, if it is not probed yet.
    /// - Returns: `nil` where there was nothing to do.
    /// - Throws: where a function that is needed is missing, or the system refuses.
    public func attach(_ file: TracedFile) throws(ProbeFailure) -> Attachment? {
        // With chosen processes the probes are theirs alone: others that use the library do not pay for it. Children
        // are there before anybody could attach to them.
        let pids =
            settings.pids.isEmpty || settings.followsChildren ? [0] : file.pids.isEmpty ? settings.pids : file.pids
        let fresh = pids.filter {
            known.insert(Known(identity: file.identity, module: file.module.name, pid: $0)).inserted
        }
        guard !fresh.isEmpty else { return nil }
        let sites = try ProbeSites(of: file)
        var links: [BPFLink] = []
        for pid in fresh {
            do throws(BPFFailure) {
                // The entries first: a return whose entry was not seen says nothing.
                for (program, offsets) in sites.entries {
                    links += try object.attach(program, to: offsets, of: file, atReturn: false, pid: pid)
                }
                for (program, offsets) in sites.returns {
                    links += try object.attach(program, to: offsets, of: file, atReturn: true, pid: pid)
                }
            } catch {
                if error.isPermission { throw Self.explained(error) }
                // ESRCH: the process has ended.
                guard error.errno == 3 else { throw ProbeFailure(.unavailable, error.message) }
            }
        }
        probes.append(links)
        let attachment = Attachment(file: file, functions: sites.functions, missing: sites.missing)
        attachments.append(attachment)
        return attachment
    }

    /// Takes the probes away. What they have written is in the ring until somebody reads it.
    /// - Returns: what the programs have counted.
    public func detach() -> ProbeCounters {
        probes = []
        tracepoints = []
        // A program that runs on another processor just now ends within microseconds.
        _ = Monitor(()).wait(nanoseconds: 2_000_000) { _ in Bool?.none }
        return counters
    }

    public var counters: ProbeCounters {
        (try? object.sums(of: "counters", count: Int(NS_COUNTERS.rawValue))).map { ProbeCounters($0) }
            ?? ProbeCounters()
    }

    /// A thread's name as the kernel keeps it: 15 octets and a 0.
    private typealias CommandOctets = (
        UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8
    )

    private static func withCommandName(_ name: String, _ body: (CommandOctets) -> Void) {
        let octets = Array(name.utf8.prefix(15)) + [UInt8](repeating: 0, count: 16)
        body(
            (
                octets[0], octets[1], octets[2], octets[3], octets[4], octets[5], octets[6], octets[7], octets[8],
                octets[9], octets[10], octets[11], octets[12], octets[13], octets[14], 0
            ))
    }
}
