import Flows

/// When a rule fires, and when it is over: what an expression says. The language is described in docs/alerts.md, its
/// parser is `AlertParser`.
public struct AlertCondition: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// The value compares so with a limit.
        case threshold(AlertComparison, Double)
        /// The value has moved from the mean of the `snapshots` before by more than `amount`.
        case change(Direction, AlertComparison, amount: Double, isPercent: Bool, snapshots: Int)
        /// A key was not seen for `horizon` nanoseconds. Nothing fires before the run has lasted `learning`
        /// nanoseconds.
        case newKey(horizon: Int64, learning: Int64)
        /// A key is among the `count` largest, and was not in the snapshot before.
        case top(count: Int)
    }

    /// Which way a value has to move.
    public enum Direction: String, Sendable, CaseIterable {
        case rises, falls, changes
    }

    /// `nil` for what the task counts: bytes, or spread.
    public var metric: AlertMetric?
    /// One value for the whole task instead of one for each key.
    public var isTotal: Bool
    public var kind: Kind
    /// Of changes and new keys: smaller values do not count.
    public var floor: Double
    /// What fires is over when the value does not compare with this one as with the limit; `nil` for the limit itself.
    public var clear: Double?
    /// Nanoseconds that the condition has to hold.
    public var duration: Int64
    /// Rows are added up by these fields first; `nil` for the task's own keys.
    public var fields: KeyFields?
    /// As it was given.
    public var text: String

    public init(
        metric: AlertMetric?, isTotal: Bool = false, kind: Kind, floor: Double = 0, clear: Double? = nil,
        duration: Int64 = 0, fields: KeyFields? = nil, text: String
    ) {
        self.metric = metric
        self.isTotal = isTotal
        self.kind = kind
        self.floor = floor
        self.clear = clear
        self.duration = duration
        self.fields = fields
        self.text = text
    }

    /// Most snapshots that a change looks back.
    public static let snapshotsMax = 100
    /// Most keys of a top list.
    public static let topMax = 1000
    /// How long a key is remembered where the rule does not say: a day.
    public static let horizonDefault: Int64 = 86_400_000_000_000
    /// Most octets of an expression.
    public static let textOctetsMax = 1024

    public init(parsing text: String) throws(AlertExpressionFailure) {
        var parser = try AlertParser(text)
        self = try parser.condition()
    }

    /// A threshold as Go2NetSpectra's rules have it.
    public init(_ metric: AlertMetric, isTotal: Bool, _ comparison: AlertComparison, _ threshold: Double) {
        self.init(
            metric: metric, isTotal: isTotal, kind: .threshold(comparison, threshold),
            text: "\(isTotal ? "total " : "")\(metric.rawValue) \(comparison.rawValue) \(AlertNumber.text(threshold))")
    }

    /// Whether alerts of it are over at some time; a key is new only once.
    public var isResolved: Bool {
        if case .newKey = kind { false } else { true }
    }
}

/// Why an expression is no condition, and where.
public struct AlertExpressionFailure: Error, Equatable, Sendable {
    public var message: String
    /// Characters from the start of the text, the first is 1. One past the end where the text ends too early.
    public var column: Int

    public init(_ message: String, column: Int) {
        self.message = message
        self.column = column
    }
}
