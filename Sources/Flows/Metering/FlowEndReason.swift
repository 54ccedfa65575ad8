/// Why a flow record ended: the values of `flowEndReason` (IPFIX element 136, RFC 5102 § 5.11.3).
@frozen public enum FlowEndReason: UInt8, Sendable, CaseIterable {
    /// Nothing was heard of the flow for the idle timeout.
    case idle = 1
    /// The flow goes on, but this record of it has lasted for the active timeout.
    case active = 2
    /// Its end was seen: FIN from both sides, RST, or a new connection of the same addresses and ports.
    case endOfFlow = 3
    /// The meter was stopped.
    case forced = 4
    /// The flow made room for another.
    case lackOfResources = 5

    /// What stands in records that people read.
    public var name: String {
        switch self {
        case .idle: "idle"
        case .active: "active"
        case .endOfFlow: "end"
        case .forced: "forced"
        case .lackOfResources: "resources"
        }
    }
}
