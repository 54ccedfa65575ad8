import Flows

/// What is asked of the stored rows.
public struct FlowQuestion: Sendable {
    /// Snapshots whose time lies within, both ends included; `nil` is no limit. Nanoseconds since 1970 UTC.
    public var from: Int64?
    public var to: Int64?
    /// Only snapshots of this much time before the newest one. Nanoseconds.
    public var last: Int64?
    /// Only rows of the task of this name.
    public var task: String?
    /// What rows are put together by; `nil` for the stored task's key.
    public var fields: KeyFields?
    /// What of their processes rows are put together by as well; where there is any, `fields` may be none at all.
    public var processes: ProcessFields = []
    /// Both directions in one row; `nil` for what was stored where `fields` is `nil`, else `false`.
    public var isBidirectional: Bool?
    public var filter: PacketFilter?
    /// What is counted instead: how many different values of these fields a key has.
    public var elements: KeyFields?
    /// One answer for each such span of time instead of one for all. Nanoseconds; 0 for one per snapshot.
    public var every: Int64?
    public var order: AnswerOrder
    /// Rows at most; `nil` for all. Of several spans, in each.
    public var limit: Int?

    public init(order: AnswerOrder = .bytes, limit: Int? = nil) {
        self.order = order
        self.limit = limit
    }

    /// The times of the snapshots that are asked for.
    ///
    /// - Parameter newest: of all snapshots, which `last` counts from.
    public func range(newest: Int64?) -> ClosedRange<Int64> {
        var from = from ?? .min
        if let last, let newest { from = max(from, newest &- last &+ 1) }
        return from...max(from, to ?? .max)
    }
}

/// By what an answer's rows are ordered; rows that tie are in the order of their keys.
public enum AnswerOrder: String, Sendable, CaseIterable {
    /// Most first; both directions count.
    case bytes, packets
    /// Most different values first.
    case elements
    /// Latest first.
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
    /// Longest first.
    case duration
    /// By the key alone.
    case key
}

/// Why a question cannot be answered.
public struct QuestionFailure: Error, Equatable, CustomStringConvertible, Sendable {
    public var description: String

    public init(_ description: String) { self.description = description }
}
