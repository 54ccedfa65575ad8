import KernelIO

/// One thing that a trace needs or wants, and how it is with it here.
public struct SystemCheck: Equatable, Sendable {
    public enum Verdict: String, Sendable {
        case fine = "ok"
        /// A trace works, but not as well as it could.
        case note
        /// A trace does not work.
        case problem
    }

    /// What is checked, as scripts know it: `ring_buffer`.
    public let id: String
    /// Likewise for people.
    public let title: String
    public let verdict: Verdict
    /// What was found.
    public let found: String
    /// What to do about it; empty: nothing.
    public let advice: String

    init(_ id: String, _ title: String, _ verdict: Verdict, _ found: String, _ advice: String = "") {
        self.id = id
        self.title = title
        self.verdict = verdict
        self.found = found
        self.advice = advice
    }
}

extension SystemFacts {
    /// Why no trace can work: of privilege, or of what is missing. `nil`: it can.
    public var obstacle: ProbeFailure? { loading ?? attaching }

    /// Everything that was looked at, in the order in which a trace needs it.
    public var checks: [SystemCheck] {
        [kernel, types, privileges, ringBuffer, programs, uprobes, sockets, tracefs, unprivilegedBPF, lockdownCheck]
            + confinement
    }

    /// The two leading numbers of the release.
    var version: (major: Int, minor: Int)? {
        let numbers = release.split(whereSeparator: { $0 == "." || $0 == "-" }).prefix(2).map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        return (major, minor)
    }

    private func isAtLeast(_ major: Int, _ minor: Int) -> Bool { version.map { $0 >= (major, minor) } ?? true }

    private var kernel: SystemCheck {
        isAtLeast(5, 8)
            ? SystemCheck("kernel", "kernel", .fine, "Linux \(release)")
            : SystemCheck("kernel", "kernel", .problem, "Linux \(release)", "Linux 5.8 or later is needed")
    }

    private var types: SystemCheck {
        describesTypes
            ? SystemCheck("btf", "types (BTF)", .fine, ProbeSession.KernelPath.types)
            : SystemCheck(
                "btf", "types (BTF)", .problem, "no \(ProbeSession.KernelPath.types)",
                "a kernel with CONFIG_DEBUG_INFO_BTF is needed; those of current distributions have it")
    }

    private var privileges: SystemCheck {
        let names = Capability.allCases.filter(capabilities.contains).map(\.name)
        let found = names.isEmpty ? "none" : names.joined(separator: " ")
        // CAP_SYS_ADMIN stands for the first two.
        let needed = [Capability.bpf, .perfmon].filter {
            !capabilities.contains($0) && !capabilities.contains(.sysAdmin)
        }
        if !needed.isEmpty {
            return SystemCheck(
                "privileges", "privileges", .problem, found,
                "run as root (sudo), or with \(needed.map(\.name).joined(separator: " and ")) and CAP_SYS_PTRACE")
        }
        let missed = whatIsMissed
        guard missed.isEmpty else {
            return SystemCheck("privileges", "privileges", .note, found, missed.joined(separator: "; "))
        }
        return SystemCheck("privileges", "privileges", .fine, found)
    }

    /// What a trace passes over for want of privileges that it can do without.
    private var whatIsMissed: [String] {
        var missed: [String] = []
        if !capabilities.contains(.sysPtrace) {
            missed.append(
                "without CAP_SYS_PTRACE libraries are found only in processes of this user, and by the loader's cache")
        }
        if !capabilities.contains(.dacReadSearch) {
            missed.append("without CAP_DAC_READ_SEARCH libraries in folders of other users cannot be probed")
        }
        if !capabilities.contains(.checkpointRestore), !capabilities.contains(.sysAdmin) {
            missed.append(
                "without CAP_CHECKPOINT_RESTORE libraries that were replaced since processes started cannot be probed")
        }
        return missed
    }

    private var ringBuffer: SystemCheck {
        loading == nil
            ? SystemCheck("ring_buffer", "ring buffer", .fine, "was made")
            : isAtLeast(5, 8)
                ? SystemCheck("ring_buffer", "ring buffer", .fine, "Linux 5.8 and later have it")
                : SystemCheck("ring_buffer", "ring buffer", .problem, "not before Linux 5.8")
    }

    private var programs: SystemCheck {
        guard let loading else { return SystemCheck("programs", "BPF programs", .fine, "the kernel takes them") }
        return Self.failed("programs", "BPF programs", loading)
    }

    /// The first line of a failure says what happened, the last one what to do.
    private static func failed(_ id: String, _ title: String, _ failure: ProbeFailure) -> SystemCheck {
        let lines = failure.message.split(separator: "\n").map(String.init)
        // What the loader's library adds is for those who look into it.
        let found = lines.first?.split(separator: ";").first.map(String.init) ?? ""
        return SystemCheck(id, title, .problem, found, lines.count > 1 ? lines[lines.count - 1] : "")
    }

    private var uprobes: SystemCheck {
        if let attaching { return Self.failed("uprobes", "uprobes", attaching) }
        guard hasUprobes else {
            return SystemCheck("uprobes", "uprobes", .problem, "none", "a kernel with CONFIG_UPROBES is needed")
        }
        if loading != nil { return SystemCheck("uprobes", "uprobes", .fine, "the kernel has them; not tried") }
        return triedLibrary.map { SystemCheck("uprobes", "uprobes", .fine, "were set in \($0)") }
            ?? SystemCheck("uprobes", "uprobes", .note, "the kernel has them; no library was found to try them with")
    }

    private var sockets: SystemCheck {
        switch socketSource {
        case .socketCalls where loading == nil || isAtLeast(6, 3):
            SystemCheck("sockets", "sockets", .fine, "learned where they send and receive")
        default:
            SystemCheck(
                "sockets", "sockets", .note, "learned at the entry of system calls",
                "each call of every process costs some 0.2 µs more; Linux 6.3 and later have a better way")
        }
    }

    private var tracefs: SystemCheck {
        SystemCheck("tracefs", "tracefs", .fine, hasTracefs ? "mounted; not needed" : "not mounted; not needed")
    }

    private var unprivilegedBPF: SystemCheck {
        switch unprivilegedBPFDisabled {
        case 0?:
            SystemCheck(
                "unprivileged_bpf", "others' BPF", .note, "any user may load BPF programs",
                "sysctl kernel.unprivileged_bpf_disabled=1 ends that")
        case let value?: SystemCheck("unprivileged_bpf", "others' BPF", .fine, "for the privileged only (\(value))")
        case nil: SystemCheck("unprivileged_bpf", "others' BPF", .fine, "the kernel has no such setting")
        }
    }

    private var lockdownCheck: SystemCheck {
        guard lockdown == "confidentiality" else {
            return SystemCheck("lockdown", "lockdown", .fine, lockdown ?? "none")
        }
        return SystemCheck(
            "lockdown", "lockdown", .problem, "confidentiality: programs may not read the kernel's memory",
            "a trace is not possible as long as the kernel is locked down like that")
    }

    private var confinement: [SystemCheck] {
        let seccomp =
            hasSeccomp
            ? SystemCheck("seccomp", "seccomp", .fine, Self.refusing(seccompRefuses))
            : SystemCheck("seccomp", "seccomp", .note, "none", "what parses is confined less than it could be")
        let landlock =
            landlockVersion > 0
            ? SystemCheck(
                "landlock", "Landlock", .fine, "version \(landlockVersion): \(Self.refusing(landlockRefuses))")
            : SystemCheck(
                "landlock", "Landlock", .note, "none, or off",
                "Linux 5.13 and later have it; lsm=landlock,… on the kernel's command line turns it on")
        return [seccomp, landlock, sandbox]
    }

    private static func refusing(_ attempts: [Sandbox.Attempt]?) -> String {
        guard let attempts else { return "could not be tried" }
        return attempts.isEmpty ? "refuses nothing" : "refuses to \(attempts.map(\.rawValue).joined(separator: ", "))"
    }

    private var sandbox: SystemCheck {
        let isWhole = sandboxRefuses?.count == Sandbox.Attempt.allCases.count
        return SystemCheck(
            "sandbox", "confinement", isWhole ? .fine : .note, "in all: \(Self.refusing(sandboxRefuses))")
    }
}
