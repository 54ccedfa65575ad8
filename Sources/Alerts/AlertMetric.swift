/// What a rule looks at.
public enum AlertMetric: String, Sendable, CaseIterable {
    case packets
    /// Octets of whole frames.
    case bytes
    /// Rows: of a whole task, or of a group.
    case flows
    case packetsPerSecond = "packets/s"
    case bytesPerSecond = "bytes/s"
    case bitsPerSecond = "bits/s"
    /// Different elements, which sketch tasks count.
    case spread

    /// Whether it is a count by the snapshot's length.
    public var isRate: Bool {
        switch self {
        case .packetsPerSecond, .bytesPerSecond, .bitsPerSecond: true
        case .packets, .bytes, .flows, .spread: false
        }
    }

    /// What a number of it may have behind it, in expressions and in texts for people.
    public var unit: String {
        switch self {
        case .bytes, .bytesPerSecond: "B"
        case .bitsPerSecond: "bit"
        case .packets, .packetsPerSecond, .flows, .spread: ""
        }
    }
}

/// How a value is compared with a limit.
public enum AlertComparison: String, Sendable, CaseIterable {
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    case equal = "=="
    case notEqual = "!="

    /// - Parameter word: an operator; `=` is Go2NetSpectra's `==`.
    public init?(word: some StringProtocol) {
        self.init(rawValue: word == "=" ? "==" : String(word))
    }

    public func holds(_ value: Double, _ limit: Double) -> Bool {
        switch self {
        case .greater: value > limit
        case .greaterOrEqual: value >= limit
        case .less: value < limit
        case .lessOrEqual: value <= limit
        case .equal: value == limit
        case .notEqual: value != limit
        }
    }

    /// Whether it holds of large values.
    public var isUpward: Bool { self == .greater || self == .greaterOrEqual }
    /// Whether it holds of small values.
    public var isDownward: Bool { self == .less || self == .lessOrEqual }
}
