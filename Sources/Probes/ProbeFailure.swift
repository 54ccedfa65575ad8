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
}

extension ProbeFailure: CustomStringConvertible {
    public var description: String { message }
}
