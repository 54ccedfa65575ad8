import Flows
import Sketches

/// What is told when a rule begins to fire, or is over, for one or more keys at one snapshot.
public struct Alert: Equatable, Sendable {
    public enum State: String, Sendable {
        case firing, resolved
    }

    /// The same for what belongs together: firing and resolved alerts of one rule and one group of keys.
    public var id: String
    public var state: State
    public var rule: AlertRule
    public var task: AlertTask
    /// The snapshot's time, nanoseconds since 1970 UTC.
    public var time: Int64
    /// Those with the largest values, ten at most.
    public var items: [AlertItem]
    /// How many keys there are in all.
    public var keyCount: Int
    /// The largest rows that `items` are made of, five at most; of resolved alerts none.
    public var evidence: [AlertEvidence]
    /// The command that shows more; `nil` where nothing is stored.
    public var query: String?
    /// How many keys of this rule were not told of since the alert of it before, because of limits.
    public var suppressed: UInt64

    /// What the items' keys are made of.
    public var fields: KeyFields {
        rule.condition.isTotal ? KeyFields() : rule.condition.fields ?? task.fields
    }
}

/// One key of an alert.
public struct AlertItem: Equatable, Sendable {
    public var key: FlowKey
    public var value: AlertValue
    /// Of changes: what the value was before.
    public var baseline: Double?
    /// The condition holds whatever the truth within the bounds is.
    public var isCertain: Bool
    /// From when on the condition held, when it had held for long enough, and when it was over.
    public var pendingSince: Int64
    public var firingSince: Int64
    public var resolvedAt: Int64?
}

/// A row that an alert rests on.
public enum AlertEvidence: Equatable, Sendable {
    case row(FlowRecord, RowBound)
    case sketch(SketchRow)

    public var key: FlowKey {
        switch self {
        case .row(let row, _): row.key
        case .sketch(let row): row.key
        }
    }
}

/// What became of keys that began or ceased to fire.
public struct AlertCounts: Equatable, Sendable {
    /// Keys that began to fire, and that ceased to. A key may do so many times.
    public var begun: UInt64 = 0
    public var ended: UInt64 = 0
    /// Keys that messages told of.
    public var told: UInt64 = 0
    public var messages: UInt64 = 0
    /// Left out on purpose.
    public var limitedByRule: UInt64 = 0
    public var limitedByAll: UInt64 = 0
    /// Ceased, but nobody was told that they had begun.
    public var untoldBefore: UInt64 = 0
    /// Crossed, but there was no room to keep them; each counts once per snapshot.
    public var noRoom: UInt64 = 0
    /// Keys that could not be compared with snapshots before, as there was no room to remember them.
    public var notRemembered: UInt64 = 0
}
