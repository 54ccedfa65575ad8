import KernelIO

/// What of this machine decides whether, and how well, a trace works: as it was found. A value, so that machines which
/// are not at hand can be judged too.
public struct SystemFacts: Sendable {
    /// Such as `6.1.0-18-amd64`.
    public var release = ""
    public var describesTypes = false
    public var hasUprobes = false
    public var hasTracefs = false
    public var capabilities: Set<Capability> = []
    /// kernel.unprivileged_bpf_disabled; `nil`: the kernel has no such setting.
    public var unprivilegedBPFDisabled: Int?
    /// `none`, `integrity` or `confidentiality`; `nil`: the kernel knows no lockdown, or does not tell.
    public var lockdown: String?
    public var hasSeccomp = false
    public var landlockVersion = 0
    /// What this process can do and a confined one cannot: by either layer alone, and by all of them; `nil`: it could
    /// not be tried.
    public var seccompRefuses: [Sandbox.Attempt]?
    public var landlockRefuses: [Sandbox.Attempt]?
    public var sandboxRefuses: [Sandbox.Attempt]?
    /// Why the programs do not load; `nil`: they do.
    public var loading: ProbeFailure?
    /// Why no probe can be set in a library; `nil`: it can, or there was none to try it with.
    public var attaching: ProbeFailure?
    /// The library that was tried.
    public var triedLibrary: String?
    public var socketSource = ProbeSession.SocketSource.socketCalls

    public init() {}

    /// Looks, and tries: loads the programs, and probes one library for this process alone. Nobody else is touched.
    ///
    /// Call it while there is one thread: the confinement is tried in further processes.
    public static func gather(_ modules: [ProbeModule]) -> SystemFacts {
        var facts = SystemFacts()
        facts.release = text("/proc/sys/kernel/osrelease") ?? ""
        facts.describesTypes = FileTree.exists(ProbeSession.KernelPath.types)
        facts.hasUprobes = FileTree.exists("/sys/bus/event_source/devices/uprobe")
        facts.hasTracefs = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"]
            .contains(where: FileTree.exists)
        facts.capabilities = Capability.effective
        facts.unprivilegedBPFDisabled = text("/proc/sys/kernel/unprivileged_bpf_disabled").flatMap { Int($0) }
        facts.lockdown = text("/sys/kernel/security/lockdown").flatMap(lockdown)
        facts.hasSeccomp = Sandbox.Layer.seccomp.isThere
        facts.landlockVersion = Sandbox.landlockVersion
        facts.seccompRefuses = refused(by: [.privileges, .seccomp])
        facts.landlockRefuses = refused(by: [.privileges, .landlock])
        facts.sandboxRefuses = refused(by: Sandbox.Layer.allCases)
        facts.tryProbes(modules)
        return facts
    }

    private mutating func tryProbes(_ modules: [ProbeModule]) {
        var settings = ProbeSettings()
        settings.pids = [UInt32(truncatingIfNeeded: Machine.processID)]
        settings.ringBytes = 4_096
        let session: ProbeSession
        do throws(ProbeFailure) {
            session = try ProbeSession(settings)
        } catch {
            loading = error
            return
        }
        socketSource = session.socketSource
        guard var file = LibraryFinder(modules).find().files.first else { return }
        file.pids = []
        triedLibrary = file.shownPath
        do throws(ProbeFailure) {
            _ = try session.attach(file)
        } catch {
            attaching = error
        }
    }

    private static func refused(by layers: [Sandbox.Layer]) -> [Sandbox.Attempt]? {
        try? Sandbox.Attempt.allCases.filter {
            try Sandbox.succeeds($0, confinedBy: []) && !Sandbox.succeeds($0, confinedBy: layers)
        }
    }

    /// A short file's text, without the end of its line.
    private static func text(_ path: String) -> String? {
        guard let octets = try? InputFile.contents(of: path, atMost: 4_096) else { return nil }
        return String(decoding: octets.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// `none [integrity] confidentiality`: the chosen one stands in brackets.
    static func lockdown(_ text: String) -> String? {
        guard let start = text.firstIndex(of: "["), let end = text.firstIndex(of: "]"), start < end else { return nil }
        return String(text[text.index(after: start)..<end])
    }
}
