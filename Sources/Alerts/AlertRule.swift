import Flows

/// One rule: of which task, when, and who is told.
public struct AlertRule: Equatable, Sendable {
    /// What is put together into one message.
    public enum Grouping: Equatable, Sendable {
        /// All keys for which the rule fires, or is over, at one snapshot.
        case rule
        /// A message for each key.
        case key
        /// Keys that agree in these fields.
        case fields(KeyFields)
    }

    public var name: String
    public var task: String
    public var condition: AlertCondition
    /// Which rows count; `nil` for all.
    public var filter: PacketFilter?
    public var grouping: Grouping
    public var limit: AlertLimit
    /// Names of notifiers; `nil` for all.
    public var notify: [String]?

    public init(
        name: String, task: String, condition: AlertCondition, filter: PacketFilter? = nil,
        grouping: Grouping = .rule, limit: AlertLimit = .ruleDefault, notify: [String]? = nil
    ) {
        self.name = name
        self.task = task
        self.condition = condition
        self.filter = filter
        self.grouping = grouping
        self.limit = limit
        self.notify = notify
    }
}

/// Why a rule cannot be one of its task.
public struct AlertRuleFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Part: Sendable { case task, condition, filter, grouping }

    public var rule: String
    public var part: Part
    public var message: String

    public var description: String { "alert rule \(rule): \(message)" }
}

/// What a rule can be about.
public enum AlertTask: Equatable, Sendable {
    case exact(FlowTask)
    case sketch(SketchTask)

    public var name: String {
        switch self {
        case .exact(let task): task.name
        case .sketch(let task): task.name
        }
    }

    public var fields: KeyFields {
        switch self {
        case .exact(let task): task.fields
        case .sketch(let task): task.fields
        }
    }

    /// What its keys have a number of, the first being what it counts above all.
    var metrics: [AlertMetric] {
        switch self {
        case .exact: [.bytes, .packets, .flows, .packetsPerSecond, .bytesPerSecond, .bitsPerSecond]
        case .sketch(let task):
            switch task.kind {
            case .heavyHitters: [.bytes, .packets, .packetsPerSecond, .bytesPerSecond, .bitsPerSecond]
            case .superSpread, .distinct: [.spread]
            case .top: [.bytes, .bytesPerSecond, .bitsPerSecond]
            }
        }
    }

    /// What there is a number of for the whole task.
    var totals: [AlertMetric] {
        let counted: [AlertMetric] = [.bytes, .packets, .packetsPerSecond, .bytesPerSecond, .bitsPerSecond]
        switch self {
        case .exact: return counted + [.flows]
        case .sketch(let task):
            switch task.kind {
            case .heavyHitters, .top: return counted
            case .superSpread, .distinct: return [.spread] + counted
            }
        }
    }
}

extension AlertRule {
    /// The rule with what follows from its task filled in.
    ///
    /// - Parameter tasks: all that are counted.
    public func bound(to tasks: [AlertTask]) throws(AlertRuleFailure) -> (rule: AlertRule, task: Int) {
        guard let index = tasks.firstIndex(where: { $0.name == self.task }) else {
            let names = tasks.map(\.name)
            throw failure(
                .task,
                "no task \"\(self.task)\"\(NearestName.hint(self.task, among: names)); there is "
                    + names.joined(separator: ", "))
        }
        let task = tasks[index]
        var rule = self
        rule.condition.isTotal = condition.isTotal || condition.metric == .flows && condition.fields == nil
        if case .sketch(let sketch) = task, case .distinct = sketch.kind { rule.condition.isTotal = true }
        let available = rule.condition.isTotal ? task.totals : task.metrics
        let metric = condition.metric ?? available[0]
        guard available.contains(metric) else {
            let what = rule.condition.isTotal ? "in all" : "by key"
            throw failure(
                .condition,
                "task \(task.name) counts no \(metric.rawValue) \(what); it has "
                    + available.map(\.rawValue).joined(separator: ", "))
        }
        rule.condition.metric = metric
        try rule.checkKind(task)
        try rule.checkFields(task)
        return (rule, index)
    }

    private func checkKind(_ task: AlertTask) throws(AlertRuleFailure) {
        switch condition.kind {
        case .newKey, .top:
            guard condition.isTotal else { return }
            throw failure(.condition, "task \(task.name) has no keys")
        case .threshold, .change: return
        }
    }

    private func checkFields(_ task: AlertTask) throws(AlertRuleFailure) {
        if let fields = condition.fields {
            guard case .exact = task else {
                throw failure(.condition, "by \(fields): rows of sketches cannot be added up")
            }
            guard task.fields.covers(fields) else {
                throw failure(.condition, "by \(fields): task \(task.name) has only \(task.fields)")
            }
        }
        if case .fields(let fields) = grouping {
            let keys = condition.fields ?? task.fields
            guard !condition.isTotal, keys.covers(fields) else {
                throw failure(
                    .grouping, "\(fields) is no part of the rule's key\(condition.isTotal ? "" : ", \(keys)")")
            }
        }
        guard let filter else { return }
        if filter.testsLengths { throw failure(.filter, "rows have no length of a packet") }
        guard task.fields.covers(filter.keyFields) else {
            throw failure(.filter, "task \(task.name) has no \(filter.keyFields), only \(task.fields)")
        }
        if case .sketch = task {
            if filter.testsFlags { throw failure(.filter, "sketches count no TCP flags") }
            if condition.isTotal { throw failure(.filter, "of a sketch only the whole total is known") }
        }
    }

    private func failure(_ part: AlertRuleFailure.Part, _ message: String) -> AlertRuleFailure {
        AlertRuleFailure(rule: name, part: part, message: message)
    }
}
