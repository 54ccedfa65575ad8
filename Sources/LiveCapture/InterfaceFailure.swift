/// Why an interface cannot be opened.
public enum InterfaceFailure: Error, Equatable, Sendable {
    case noSuchInterface(String)
    case notPermitted(String)
    /// The interface is there, but not up.
    case isDown(String)
    /// The kernel filter cannot be read; `after` is the longest run of its first words that could be.
    case filter(message: String, after: String)
    case other(interface: String, message: String)
}

extension InterfaceFailure: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noSuchInterface(let name): "there is no interface \(name)"
        case .notPermitted(let name):
            "the system does not permit capturing on \(name): run it as root, or give the program the capability "
                + "with 'setcap cap_net_raw+ep PATH'"
        case .isDown(let name): "the interface \(name) is down: bring it up with 'ip link set \(name) up'"
        case .filter(let message, let after): after.isEmpty ? message : "\(message) after '\(after)'"
        case .other(let name, let message): "cannot capture on \(name): \(message)"
        }
    }
}
