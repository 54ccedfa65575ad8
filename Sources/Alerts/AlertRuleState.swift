import Flows

/// A rule, and what it has seen so far.
struct AlertRuleState: Sendable {
    /// A key for which the condition holds: pending, and then firing.
    struct ActiveKey {
        var since: Int64
        var fired: Int64?
        /// Somebody was told.
        var isTold = false
    }

    /// A key that begins or ceases to fire.
    struct Turn {
        var item: AlertItem
        var isTold: Bool
    }

    /// What a value means for the rule.
    private struct Judgement {
        var value: AlertValue
        var baseline: Double?
        /// The condition holds, and what has fired goes on.
        var holds: Bool
        var stays: Bool
        var isCertain: Bool
    }

    let rule: AlertRule
    let task: AlertTask
    let options: AlertEngine.Options
    private let metric: AlertMetric
    var active: [FlowKey: ActiveKey] = [:]
    private var memory: AlertMemory
    var limit: AlertBucket
    /// Keys that nobody was told of since the last message.
    var suppressed: UInt64 = 0
    var firing: Int { active.values.count { $0.fired != nil } }

    /// - Parameter rule: bound to the task.
    init(_ rule: AlertRule, _ task: AlertTask, _ options: AlertEngine.Options) {
        self.rule = rule
        self.task = task
        self.options = options
        metric = rule.condition.metric ?? .bytes
        memory = AlertMemory(keysMax: options.keysMax, snapshots: Self.snapshots(rule.condition.kind))
        limit = AlertBucket(rule.limit)
    }

    /// The keys that begin or cease to fire at a snapshot.
    mutating func evaluate(_ result: AlertResult, _ span: AlertSpan, _ counts: inout AlertCounts) -> [Turn] {
        limit.refill(at: span.end)
        memory.begin()
        defer { memory.end(&counts) }
        switch rule.condition.kind {
        case .newKey(let horizon, let learning): return newKeys(result, span, horizon, learning, &counts)
        case .top(let count): return span.isShort ? [] : topChanges(result, span, count, &counts)
        case .threshold(let comparison, _):
            // What a whole interval would have had is not known, but more than the limit is more than the limit.
            guard !span.isShort || comparison.isUpward && !metric.isRate else {
                readOnly(result, span)
                return []
            }
            return judged(result, span, &counts)
        case .change:
            guard !span.isShort else {
                readOnly(result, span)
                return []
            }
            return judged(result, span, &counts)
        }
    }

    // MARK: Thresholds and changes

    private mutating func judged(
        _ result: AlertResult, _ span: AlertSpan, _ counts: inout AlertCounts
    ) -> [Turn] {
        guard !metric.isRate || span.seconds != nil else { return [] }
        var touched: [FlowKey: Judgement] = [:]
        var dropped: UInt64 = 0
        let (active, keysMax) = (active, options.keysMax)
        var memory = takeMemory()
        forEachValue(result, span, &memory) { key, value, memory in
            if isChange { memory.remember(key, value.value) }
            guard let judgement = judge(key, value, memory) else { return }
            guard judgement.holds || active[key] != nil else { return }
            guard active[key] != nil || touched.count < keysMax else { return dropped += 1 }
            touched[key] = judgement
        }
        // Keys that are gone have a value too.
        for key in memory.keysGone where touched[key] == nil && touched.count < keysMax {
            guard isChange, let judgement = judge(key, AlertValue(0), memory), judgement.holds else { continue }
            touched[key] = judgement
        }
        for key in active.keys where touched[key] == nil {
            touched[key] = judge(key, AlertValue(0), memory) ?? gone
        }
        self.memory = memory
        counts.noRoom += dropped
        // In an order, as room is limited.
        let inOrder = touched.sorted { Self.isLarger(($0.key, $0.value.value), ($1.key, $1.value.value)) }
        return inOrder.compactMap { turn($0, $1, span, &counts) }
    }

    private var gone: Judgement {
        Judgement(value: AlertValue(0), holds: false, stays: false, isCertain: true)
    }

    private var isChange: Bool {
        if case .change = rule.condition.kind { true } else { false }
    }

    /// Moved out and back again, so that it is never copied.
    private mutating func takeMemory() -> AlertMemory {
        let taken = memory
        memory = AlertMemory(keysMax: 0, snapshots: 1)
        return taken
    }

    private static func snapshots(_ kind: AlertCondition.Kind) -> Int {
        if case .change(_, _, _, _, let snapshots) = kind { snapshots } else { 1 }
    }

    /// What is remembered of a snapshot that is too short to be judged.
    private mutating func readOnly(_ result: AlertResult, _ span: AlertSpan) {
        guard options.isCumulative else { return memory.keep() }
        var memory = takeMemory()
        forEachValue(result, span, &memory) { _, _, _ in }
        memory.keepHistory()
        self.memory = memory
    }

    /// - Returns: `nil` where the key cannot be judged.
    private func judge(_ key: FlowKey, _ value: AlertValue, _ memory: AlertMemory) -> Judgement? {
        let condition = rule.condition
        switch condition.kind {
        case .threshold(let comparison, let limit):
            let edge = comparison.isUpward ? value.value - value.below : value.value + value.above
            return Judgement(
                value: value, holds: comparison.holds(value.value, limit),
                stays: comparison.holds(value.value, condition.clear ?? limit),
                isCertain: value.exactness == .exact
                    || (comparison.isUpward || comparison.isDownward) && comparison.holds(edge, limit))
        case .change(let direction, let comparison, let amount, let isPercent, let snapshots):
            guard let baseline = memory.baseline(key, snapshots: snapshots) else { return nil }
            guard max(value.value, baseline) >= condition.floor, !isPercent || baseline > 0 else { return nil }
            let difference = value.value - baseline
            let moved =
                switch direction {
                case .rises: difference
                case .falls: -difference
                case .changes: difference.magnitude
                }
            let size = isPercent ? 100 * moved / baseline : moved
            // Nothing moves the wrong way by 0.
            let isMove = moved > 0
            return Judgement(
                value: value, baseline: baseline, holds: isMove && comparison.holds(size, amount),
                stays: isMove && comparison.holds(size, condition.clear ?? amount),
                isCertain: value.exactness == .exact)
        case .newKey, .top: return nil
        }
    }

    /// pending → firing → resolved.
    private mutating func turn(
        _ key: FlowKey, _ judgement: Judgement, _ span: AlertSpan, _ counts: inout AlertCounts
    ) -> Turn? {
        var state = active[key] ?? ActiveKey(since: span.start)
        if let fired = state.fired {
            guard !judgement.stays, !span.isShort else { return nil }
            active[key] = nil
            counts.ended += 1
            return turn(key, judgement, state, fired, resolved: span.end)
        }
        guard judgement.holds else {
            if !span.isShort { active[key] = nil }
            return nil
        }
        if active[key] == nil, active.count >= options.keysMax {
            counts.noRoom += 1
            return nil
        }
        // Nothing is certain of times that a clock set back.
        let lasted = span.end.subtractingReportingOverflow(state.since)
        guard !lasted.overflow, lasted.partialValue >= rule.condition.duration else {
            active[key] = state
            return nil
        }
        state.fired = span.end
        active[key] = state
        counts.begun += 1
        return turn(key, judgement, state, span.end, resolved: nil)
    }

    private func turn(
        _ key: FlowKey, _ judgement: Judgement, _ state: ActiveKey, _ fired: Int64, resolved: Int64?
    ) -> Turn {
        let item = AlertItem(
            key: key, value: judgement.value, baseline: judgement.baseline, isCertain: judgement.isCertain,
            pendingSince: state.since, firingSince: fired, resolvedAt: resolved)
        return Turn(item: item, isTold: state.isTold)
    }

    // MARK: New keys, and the largest

    private mutating func newKeys(
        _ result: AlertResult, _ span: AlertSpan, _ horizon: Int64, _ learning: Int64, _ counts: inout AlertCounts
    ) -> [Turn] {
        var turns: [Turn] = []
        let isLearning = memory.isLearning(for: learning, at: span)
        var noRoom: UInt64 = 0
        var memory = takeMemory()
        forEachValue(result, span, &memory) { key, value, memory in
            guard value.value >= rule.condition.floor else { return }
            switch memory.see(key, at: span.end, horizon: horizon) {
            case .known: return
            case .noRoom: if !isLearning { noRoom += 1 }
            case .new:
                guard !isLearning else { return }
                let item = AlertItem(
                    key: key, value: value, isCertain: true, pendingSince: span.start, firingSince: span.end)
                turns.append(Turn(item: item, isTold: false))
            }
        }
        self.memory = memory
        counts.noRoom += noRoom
        counts.begun += UInt64(turns.count)
        return turns
    }

    private mutating func topChanges(
        _ result: AlertResult, _ span: AlertSpan, _ count: Int, _ counts: inout AlertCounts
    ) -> [Turn] {
        var largest: [(key: FlowKey, value: AlertValue)] = []
        var ofActive: [FlowKey: AlertValue] = [:]
        var memory = takeMemory()
        forEachValue(result, span, &memory) { key, value, _ in
            if active[key] != nil { ofActive[key] = value }
            if largest.count == count, let last = largest.last, !Self.isLarger((key, value), last) { return }
            let place = largest.firstIndex { Self.isLarger((key, value), $0) } ?? largest.count
            largest.insert((key, value), at: place)
            if largest.count > count { largest.removeLast() }
        }
        self.memory = memory
        let now = Set(largest.map(\.key))
        defer { self.memory.top = now }
        guard let before = memory.top else { return [] }
        var turns: [Turn] = []
        for (key, value) in largest where !before.contains(key) && active[key] == nil {
            active[key] = ActiveKey(since: span.start, fired: span.end)
            counts.begun += 1
            let judgement = Judgement(value: value, holds: true, stays: true, isCertain: value.exactness == .exact)
            turns.append(turn(key, judgement, active[key]!, span.end, resolved: nil))
        }
        for (key, state) in active where !now.contains(key) {
            active[key] = nil
            counts.ended += 1
            let value = ofActive[key] ?? AlertValue(0)
            let judgement = Judgement(value: value, holds: false, stays: false, isCertain: value.exactness == .exact)
            turns.append(turn(key, judgement, state, state.fired ?? span.end, resolved: span.end))
        }
        return turns
    }

    private static func isLarger(
        _ a: (key: FlowKey, value: AlertValue), _ b: (key: FlowKey, value: AlertValue)
    ) -> Bool {
        a.value.value != b.value.value ? a.value.value > b.value.value : a.key < b.key
    }

    // MARK: Values

    /// Calls `body` with each key's value, once.
    private func forEachValue(
        _ result: AlertResult, _ span: AlertSpan, _ memory: inout AlertMemory,
        _ body: (FlowKey, AlertValue, inout AlertMemory) -> Void
    ) {
        let factor = (metric.isRate ? 1 / (span.seconds ?? 1) : 1) * (metric == .bitsPerSecond ? 8 : 1)
        let isIncrement =
            options.isCumulative && (metric.isRate || isChange)
            && (metric.counter == .bytes || metric.counter == .packets)
        let left = forEachSum(result) { key, sum in
            guard isIncrement else { return body(key, sum * factor, &memory) }
            guard let before = memory.exchange(key, sum.value) else { return }
            body(key, sum.less(before) * factor, &memory)
        }
        memory.notRemembered += left
    }

    /// Calls `body` with what was counted for each key, once.
    /// - Returns: how many rows have a key for which there was no room.
    private func forEachSum(_ result: AlertResult, _ body: (FlowKey, AlertValue) -> Void) -> UInt64 {
        let counter = metric.counter
        if rule.condition.isTotal {
            var sum = AlertValue(0)
            if rule.filter == nil, let total = result.total(counter) {
                sum = total
            } else {
                result.forEachRow(rule.filter) { sum = sum + $0.value(counter) }
                sum.above = result.evicted(counter)
            }
            body(.whole, sum)
            return 0
        }
        guard let keys = groupKeys else {
            result.forEachRow(rule.filter) { body($0.key, $0.value(counter)) }
            return 0
        }
        var sums: [FlowKey: AlertValue] = [:]
        var left: UInt64 = 0
        result.forEachRow(rule.filter) { row in
            let key = keys.masked(row.key)
            if let sum = sums[key] {
                sums[key] = sum + row.value(counter)
            } else if sums.count < options.keysMax {
                sums[key] = row.value(counter)
            } else {
                left += 1
            }
        }
        for (key, var sum) in sums {
            sum.above = result.evicted(counter)
            body(key, sum)
        }
        return left
    }

    /// How rows are put together; `nil` where each stands for itself.
    var groupKeys: KeyPlan? {
        rule.condition.fields.map { KeyPlan(FlowTask(name: "", fields: $0)) }
    }
}

extension FlowKey {
    /// The key of a whole task.
    static let whole = FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0)
}
