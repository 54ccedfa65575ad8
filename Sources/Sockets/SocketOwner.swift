import Events

/// A process that has a socket.
public struct SocketOwner: Hashable, Sendable {
    public var pid: UInt32
    /// When it was started, in nanoseconds since the machine was: a process that gets the same number later is another.
    public var started: UInt64
    /// The user's number.
    public var uid: UInt32
    /// Of its control group of version 2: the kernel's number.
    public var cgroup: UInt64
    /// The name of its first thread.
    public var comm: CommandName

    public init(pid: UInt32, started: UInt64 = 0, uid: UInt32 = 0, cgroup: UInt64 = 0, comm: CommandName = .none) {
        self.pid = pid
        self.started = started
        self.uid = uid
        self.cgroup = cgroup
        self.comm = comm
    }

    /// The same process; its name, user and group may have changed.
    public func isSameProcess(as other: SocketOwner) -> Bool { pid == other.pid && started == other.started }
}

/// Whose a flow's end is.
public enum OwnerAnswer: Hashable, Sendable {
    case known(SocketOwner)
    /// Several processes may be meant: which one is not known.
    case ambiguous
    /// No process is known to have had such a socket at that time: the end is another machine's, or was not seen.
    case unknown

    public var owner: SocketOwner? {
        if case .known(let owner) = self { owner } else { nil }
    }

    func isSame(as other: OwnerAnswer) -> Bool {
        guard let owner, let others = other.owner else { return self == other }
        return owner.isSameProcess(as: others)
    }
}

/// Whose the two ends of a flow are: of traffic inside the machine, both are known.
public struct FlowOwners: Hashable, Sendable {
    public var source: OwnerAnswer
    public var destination: OwnerAnswer

    public init(source: OwnerAnswer = .unknown, destination: OwnerAnswer = .unknown) {
        self.source = source
        self.destination = destination
    }

    /// The machine's own end; where both are, the source.
    public var local: OwnerAnswer {
        switch (source, destination) {
        case (.known, _): source
        case (_, .known): destination
        case (.ambiguous, _), (_, .ambiguous): .ambiguous
        default: .unknown
        }
    }

    /// The other end, where that is the machine's own as well.
    public var peer: OwnerAnswer { source.owner == nil ? .unknown : destination }
}
