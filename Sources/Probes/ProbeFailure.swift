import KernelIO

/// Why nothing, or not everything, can be traced: a sentence for people, and of what kind it is.
public struct ProbeFailure: Error, Equatable, Sendable {
    public enum Kind: Sendable {
        /// The system refuses: more privilege is needed.
        case permission
        /// A file, a function or a feature of the kernel is missing.
        case unavailable
    }

    public let kind: Kind
    /// What was looked for, where, and what to do.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// What a system call that failed means.
    init(_ failure: SystemFailure, _ message: String? = nil) {
        let isRefused = failure.errno == 1 || failure.errno == 13  // EPERM, EACCES
        self.init(isRefused ? .permission : .unavailable, message ?? "\(failure)")
    }
}

extension ProbeFailure: CustomStringConvertible {
    public var description: String { message }
}
