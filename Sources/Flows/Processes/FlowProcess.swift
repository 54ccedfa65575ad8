/// A process that has one end of a flow, as outputs tell it.
public struct FlowProcess: Hashable, Sendable {
    public var pid: UInt32
    /// The user's number.
    public var uid: UInt32
    /// The name of its first thread, in which nothing can drive a terminal.
    public var comm: String
    /// The path of its control group of version 2, such as `/system.slice/ssh.service`; empty where it is not known.
    public var cgroup: String

    public init(pid: UInt32, uid: UInt32 = 0, comm: String, cgroup: String = "") {
        self.pid = pid
        self.uid = uid
        self.comm = comm
        self.cgroup = cgroup
    }
}

/// Whose an end of a flow is, as far as that is known.
public enum ProcessAnswer: Hashable, Sendable {
    case unknown
    /// Several processes may be meant: which one is not known.
    case several
    case known(FlowProcess)

    public var process: FlowProcess? { if case .known(let process) = self { process } else { nil } }

    /// As formats write it.
    public var name: String {
        switch self {
        case .unknown: "unknown"
        case .several: "several"
        case .known: "known"
        }
    }
}

/// Whose the two ends of a flow are.
public struct FlowEnds: Hashable, Sendable {
    public var source: ProcessAnswer
    public var destination: ProcessAnswer

    public init(source: ProcessAnswer = .unknown, destination: ProcessAnswer = .unknown) {
        self.source = source
        self.destination = destination
    }

    /// As a row has them, which does not care for directions.
    public var row: RowProcess {
        switch (source, destination) {
        case (.known, _): RowProcess(source, peer: destination.process)
        case (_, .known): RowProcess(destination)
        case (.several, _), (_, .several): RowProcess(.several)
        default: .unknown
        }
    }
}

/// Whose a row's flow is.
public struct RowProcess: Hashable, Sendable {
    /// The machine's own end; where both are, the source.
    public var local: ProcessAnswer
    /// The other end, where that is this machine's own as well.
    public var peer: FlowProcess?

    public init(_ local: ProcessAnswer = .unknown, peer: FlowProcess? = nil) {
        self.local = local
        self.peer = peer
    }

    public static let unknown = RowProcess()

    /// An order without meaning, but always the same: by the answer, then by number, name, group and user.
    public static func < (a: Self, b: Self) -> Bool {
        let (x, y) = (a.rank, b.rank)
        if x != y { return x < y }
        for (x, y) in [(a.local.process, b.local.process), (a.peer, b.peer)] where x != y {
            guard let x, let y else { return x == nil }
            return x.precedes(y)
        }
        return false
    }

    private var rank: Int {
        switch local {
        case .unknown: 0
        case .several: 1
        case .known: 2
        }
    }
}

extension FlowProcess {
    fileprivate func precedes(_ other: FlowProcess) -> Bool {
        if pid != other.pid { return pid < other.pid }
        if comm != other.comm { return comm.utf8.lexicographicallyPrecedes(other.comm.utf8) }
        if cgroup != other.cgroup { return cgroup.utf8.lexicographicallyPrecedes(other.cgroup.utf8) }
        return uid < other.uid
    }
}
