/// What of a process tells rows apart.
public struct ProcessFields: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let pid = ProcessFields(rawValue: 1)
    public static let comm = ProcessFields(rawValue: 2)
    public static let cgroup = ProcessFields(rawValue: 4)
    public static let uid = ProcessFields(rawValue: 8)
    /// The process at the other end of a flow.
    public static let peer = ProcessFields(rawValue: 16)
    public static let all: ProcessFields = [.pid, .comm, .cgroup, .uid, .peer]

    /// The names that rows can be put together by.
    public static let names: [(name: String, field: ProcessFields)] = [
        ("pid", .pid), ("comm", .comm), ("cgroup", .cgroup), ("uid", .uid),
    ]

    /// A process with nothing else.
    public func masked(_ process: RowProcess) -> RowProcess {
        if self == .all { return process }
        guard case .known(let known) = process.local else { return RowProcess(process.local) }
        return RowProcess(
            .known(
                FlowProcess(
                    pid: contains(.pid) ? known.pid : 0, uid: contains(.uid) ? known.uid : 0,
                    comm: contains(.comm) ? known.comm : "", cgroup: contains(.cgroup) ? known.cgroup : "")))
    }
}
