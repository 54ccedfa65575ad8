import CKernelIO
import Glibc

/// What a process gives up before it reads what others wrote: capabilities, files, system calls. There is no way back.
///
/// Call it while there is one thread: those made later are confined like it.
public enum Sandbox {
    /// What keeps a process in.
    public enum Layer: UInt8, CaseIterable, Sendable {
        /// No capability is left, and no program can give one.
        case privileges
        /// No file can be opened, and no TCP port (landlock(7), Linux 5.13; ports 6.7).
        case landlock
        /// System calls but those that read, write and compute are refused (seccomp(2)).
        case seccomp

        public var name: String {
            switch self {
            case .privileges: "no capabilities"
            case .landlock: "Landlock"
            case .seccomp: "seccomp"
            }
        }

        /// Whether this kernel has it.
        public var isThere: Bool {
            switch self {
            case .privileges: true
            case .landlock: Sandbox.landlockVersion > 0
            case .seccomp: ns_seccomp_is_there() == 1
            }
        }
    }

    /// The version of Landlock's interface; 0: the kernel has none, or it is off.
    public static var landlockVersion: Int { Int(ns_landlock_version()) }

    /// Confines this process for good.
    /// - Parameter layers: those to put in force: all, but for tests of one.
    /// - Returns: those in force.
    /// - Throws: where privileges cannot be given up, or the kernel has a layer and refuses it.
    public static func enter(_ layers: [Layer] = Layer.allCases) throws(SystemFailure) -> [Layer] {
        var inForce: [Layer] = []
        for layer in layers where layer.isThere {
            let code =
                switch layer {
                case .privileges: ns_drop_privileges(0, 0)
                case .landlock: ns_landlock_all()
                case .seccomp: ns_seccomp_confine()
                }
            guard code == 0 else { throw SystemFailure(operation: "confine", path: layer.name, errno: code) }
            inForce.append(layer)
        }
        return inForce
    }

    /// Something that a confined process must not be able to do.
    public enum Attempt: String, CaseIterable, Sendable {
        case openFile = "open a file"
        case execute = "execute a program"
        case connect = "connect to a port"
    }

    /// Tries it in a process of its own, which is confined first.
    /// - Returns: whether it succeeded.
    public static func succeeds(_ attempt: Attempt, confinedBy layers: [Layer]) throws(SystemFailure) -> Bool {
        let child = try ChildProcess.fork {
            // Without privileges the others cannot be put in force.
            guard (try? enter(layers)) != nil else { return 2 }
            switch attempt {
            case .openFile: return ns_can_open() == 1 ? 0 : 1
            case .execute: return ns_can_execute() == 1 ? 0 : 1
            case .connect: return ns_can_connect() == 1 ? 0 : 1
            }
        }
        switch child.wait() {
        case .exited(0): return true
        case .exited(1): return false
        default: throw SystemFailure(operation: "try to", path: attempt.rawValue, errno: ECHILD)
        }
    }
}

/// The capabilities that matter here (capabilities(7)).
public enum Capability: Int, CaseIterable, Sendable {
    case dacOverride = 1
    case dacReadSearch = 2
    case netAdmin = 12
    case sysPtrace = 19
    case sysAdmin = 21
    case sysResource = 24
    case perfmon = 38
    case bpf = 39
    case checkpointRestore = 40

    public var name: String {
        switch self {
        case .dacOverride: "CAP_DAC_OVERRIDE"
        case .dacReadSearch: "CAP_DAC_READ_SEARCH"
        case .netAdmin: "CAP_NET_ADMIN"
        case .sysPtrace: "CAP_SYS_PTRACE"
        case .sysAdmin: "CAP_SYS_ADMIN"
        case .sysResource: "CAP_SYS_RESOURCE"
        case .perfmon: "CAP_PERFMON"
        case .bpf: "CAP_BPF"
        case .checkpointRestore: "CAP_CHECKPOINT_RESTORE"
        }
    }

    /// Those in force for this process.
    public static var effective: Set<Capability> {
        var bits: UInt64 = 0
        // SAFETY: the function fills `bits` during the call.
        guard unsafe ns_effective_capabilities(&bits) == 0 else { return [] }
        return Set(allCases.filter { bits >> UInt64($0.rawValue) & 1 == 1 })
    }
}
