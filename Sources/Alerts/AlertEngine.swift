import Flows

/// Evaluates rules at each snapshot, and says what is to be told.
///
/// Its memory is bounded: so many keys for each rule, whatever arrives. It reads no clock: time is that of the
/// snapshots.
public struct AlertEngine: Sendable {
    /// What all rules share.
    public struct Options: Sendable {
        /// Nanoseconds at whose multiples snapshots are cut; `nil` for one snapshot of everything.
        public var interval: Int64?
        /// Each snapshot holds everything since the beginning.
        public var isCumulative: Bool
        /// Messages of all rules together.
        public var limit: AlertLimit
        /// The database that the command in alerts names, without a password; `nil` where nothing is stored.
        public var store: String?
        /// Nanoseconds that a snapshot may be stored later than it was taken.
        public var storeInterval: Int64
        /// Keys that are kept for each rule.
        public var keysMax: Int

        public init(
            interval: Int64? = nil, isCumulative: Bool = false, limit: AlertLimit = .allDefault, store: String? = nil,
            storeInterval: Int64 = 0, keysMax: Int = 100_000
        ) {
            self.interval = interval
            self.isCumulative = isCumulative
            self.limit = limit
            self.store = store
            self.storeInterval = storeInterval
            self.keysMax = keysMax
        }
    }

    /// Most empty intervals that are evaluated between two snapshots.
    static let emptyMax = 64

    private let options: Options
    private let tasks: [AlertTask]
    private var rules: [AlertRuleState]
    private var limit: AlertBucket
    private var before: Int64?
    public private(set) var counts = AlertCounts()

    /// - Parameter tasks: all that are counted.
    /// - Throws: where a rule cannot be one of its task.
    public init(_ rules: [AlertRule], tasks: [AlertTask], options: Options = Options()) throws(AlertRuleFailure) {
        self.options = options
        self.tasks = tasks
        limit = AlertBucket(options.limit)
        self.rules = []
        for rule in rules {
            let (bound, task) = try rule.bound(to: tasks)
            self.rules.append(AlertRuleState(bound, tasks[task], options))
        }
    }

    /// Keys that fire now.
    public var firing: Int { rules.reduce(0) { $0 + $1.firing } }

    /// Takes in a snapshot; those of a run come in the order of their times.
    public mutating func evaluate(_ snapshot: Snapshot) -> [Alert] {
        let span = AlertSpan(of: snapshot, interval: options.interval, before: before)
        var alerts: [Alert] = []
        for gap in gaps(before: span) { alerts += evaluate(Snapshot(time: gap.end, results: []), gap) }
        alerts += evaluate(snapshot, span)
        // A clock that was set back begins anew from there.
        before = span.end
        return alerts
    }

    /// The intervals since the snapshot before that had no packet; of many the first and the last ones.
    private func gaps(before span: AlertSpan) -> [AlertSpan] {
        guard let interval = options.interval, !options.isCumulative, let before, span.start > before else { return [] }
        // The end of the last snapshot of a run is none of an interval, but nothing comes behind it.
        let (length, overflow) = span.start.subtractingReportingOverflow(before)
        guard !overflow else { return [] }
        let count = Int(length / interval)
        let half = Self.emptyMax / 2
        let chosen = count <= Self.emptyMax ? Array(0..<count) : Array(0..<half) + Array(count - half..<count)
        return chosen.map {
            AlertSpan(emptyFrom: before + Int64($0) * interval, to: before + Int64($0 + 1) * interval)
        }
    }

    private mutating func evaluate(_ snapshot: Snapshot, _ span: AlertSpan) -> [Alert] {
        limit.refill(at: span.end)
        var alerts: [Alert] = []
        for index in rules.indices {
            let result = AlertResult(of: rules[index].rule.task, in: snapshot)
            let turns = rules[index].evaluate(result, span, &counts)
            alerts += rules[index].alerts(turns, result, span, &limit, &counts)
        }
        return alerts
    }
}
