import Flows

/// What a rule remembers of snapshots before: at most so many keys of each kind of thing.
struct AlertMemory: Sendable {
    enum Sight { case known, new, noRoom }

    /// Values of one snapshot.
    private struct Values {
        var byKey: [FlowKey: Double] = [:]
        /// Some found no room, so a key that is missing may have had any value.
        var isPartial = false
    }

    private let keysMax: Int
    /// How many snapshots of changes are kept. They share the room.
    private let snapshots: Int
    /// Of changes: the newest last.
    private var history: [Values] = []
    private var current: Values?
    /// Of cumulative counts: what they were, and what they are.
    private var counted: Values?
    private var counting: Values?
    /// Of new keys: when each was seen last.
    private var seen: [FlowKey: Int64] = [:]
    private var lastSweep: Int64?
    private var firstTime: Int64?
    /// Of the largest keys: those of the snapshot before.
    var top: Set<FlowKey>?
    /// Keys, or rows, for which there was no room.
    var notRemembered: UInt64 = 0

    init(keysMax: Int, snapshots: Int) {
        self.keysMax = keysMax
        self.snapshots = snapshots
    }

    mutating func begin() {
        current = Values()
        counting = Values()
        notRemembered = 0
    }

    /// The snapshot is over.
    mutating func end(_ counts: inout AlertCounts) {
        if let current { history.append(current) }
        if history.count > snapshots { history.removeFirst() }
        if let counting { counted = counting }
        current = nil
        counting = nil
        counts.notRemembered += notRemembered
    }

    /// The snapshot is to leave no trace.
    mutating func keep() {
        current = nil
        counting = nil
    }

    /// As `keep`, for changes alone.
    mutating func keepHistory() { current = nil }

    // MARK: Changes

    mutating func remember(_ key: FlowKey, _ value: Double) {
        notRemembered += Self.put(key, value, &current, keysMax / snapshots)
    }

    private static func put(_ key: FlowKey, _ value: Double, _ values: inout Values?, _ keysMax: Int) -> UInt64 {
        guard let count = values?.byKey.count else { return 0 }
        guard count < keysMax || values?.byKey[key] != nil else {
            values?.isPartial = true
            return 1
        }
        values?.byKey[key] = value
        return 0
    }

    /// The mean of the snapshots before; `nil` where they are too few, or one may have had the key.
    func baseline(_ key: FlowKey, snapshots: Int) -> Double? {
        guard history.count >= snapshots else { return nil }
        var sum = 0.0
        for values in history.suffix(snapshots) {
            if let value = values.byKey[key] { sum += value } else if values.isPartial { return nil }
        }
        return sum / Double(snapshots)
    }

    /// Keys of the snapshot before that were not remembered of this one.
    var keysGone: [FlowKey] {
        guard let last = history.last, let current else { return [] }
        return last.byKey.keys.filter { current.byKey[$0] == nil }
    }

    // MARK: Cumulative counts

    /// Notes a count, and gives back what it was before; `nil` where it is not known.
    mutating func exchange(_ key: FlowKey, _ value: Double) -> Double? {
        notRemembered += Self.put(key, value, &counting, keysMax)
        guard let counted else { return 0 }
        return counted.byKey[key] ?? (counted.isPartial ? nil : 0)
    }

    // MARK: New keys

    /// Whether it is too early to call anything new: at the first snapshot everything would be.
    mutating func isLearning(for learning: Int64, at span: AlertSpan) -> Bool {
        guard let firstTime else {
            firstTime = span.start
            return true
        }
        return span.end.subtractingReportingOverflow(firstTime).partialValue < learning
    }

    mutating func see(_ key: FlowKey, at time: Int64, horizon: Int64) -> Sight {
        if let last = seen[key] {
            seen[key] = max(last, time)
            return Self.isOver(last, time, horizon) ? .new : .known
        }
        if seen.count >= keysMax { sweep(time, horizon) }
        guard seen.count < keysMax else { return .noRoom }
        seen[key] = time
        return .new
    }

    /// Forgets what is too old, once for each snapshot at most.
    private mutating func sweep(_ time: Int64, _ horizon: Int64) {
        guard lastSweep != time else { return }
        lastSweep = time
        seen = seen.filter { !Self.isOver($0.value, time, horizon) }
    }

    private static func isOver(_ last: Int64, _ time: Int64, _ horizon: Int64) -> Bool {
        time.subtractingReportingOverflow(last).partialValue > horizon
    }
}
