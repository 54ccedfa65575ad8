import Alerts
import Flows

/// Rules and who is told: the group `alerts`, or Go2NetSpectra's `alerter` and `smtp`.
extension SettingsReader {
    mutating func alerts(_ top: [String: YAMLNode], _ settings: inout Settings) {
        // What is wrong with tasks would only be said again of the rules.
        let tasks = problems.isEmpty ? Self.alertTasks(settings) : nil
        if let alerts = top["alerts"], let alerter = top["alerter"] {
            note(alerter, "alerter", "the rules stand in alerts already, in line \(alerts.place.line)")
        }
        let mail = top["smtp"].flatMap { self.mail(mapping($0, "smtp", Keys.smtp), $0, "smtp") }
        guard let (node, path) = top["alerts"].map({ ($0, "alerts") }) ?? top["alerter"].map({ ($0, "alerter") })
        else { return }
        let values = mapping(node, path, Keys.alerts)
        var alerts = AlertSettings()
        let isEnabled = values["enabled"].flatMap { boolean($0, "\(path).enabled") } ?? true
        alerts.checkIntervalNanoseconds = values["check_interval"].flatMap { duration($0, "\(path).check_interval") }
        if let limit = values["limit"].flatMap({ self.limit($0, "\(path).limit") }) { alerts.limit = limit }
        if let node = values["notifiers"] { alerts.notifiers = notifiers(node, "\(path).notifiers") }
        if let mail {
            alerts.notifiers.append(NotifierSettings(name: "smtp", kind: .mail(mail)))
        }
        if let node = values["ai_analysis"] { analysis(node, "\(path).ai_analysis") }
        if let node = values["rules"] {
            alerts.rules = rules(node, "\(path).rules", tasks, alerts.notifiers.map(\.name))
        } else {
            note(node, path, "expected rules")
        }
        if isEnabled { settings.alerts = alerts }
    }

    /// What rules can be about: the file's tasks, or the one that is counted without any.
    private static func alertTasks(_ settings: Settings) -> [AlertTask] {
        let tasks = settings.tasks.map { AlertTask.exact($0.task) } + settings.sketches.map { .sketch($0) }
        return tasks.isEmpty ? [.exact(FlowTask(name: "five_tuple", fields: .fiveTuple))] : tasks
    }

    private mutating func analysis(_ node: YAMLNode, _ path: String) {
        let values = mapping(node, path, Keys.analysis)
        if let enabled = values["enabled"], boolean(enabled, "\(path).enabled") == true {
            note(enabled, "\(path).enabled", "known to Go2NetSpectra, not supported yet: the analysis service")
        }
    }

    // MARK: Rules

    private mutating func rules(
        _ node: YAMLNode, _ path: String, _ tasks: [AlertTask]?, _ notifiers: [String]
    ) -> [AlertRule] {
        guard let items = sequence(node, path, of: "rules") else { return [] }
        var rules: [AlertRule] = []
        for (index, item) in items.enumerated() {
            let itemPath = "\(path)[\(index)]"
            let values = mapping(item, itemPath, Keys.alertRule)
            guard let rule = self.rule(values, item, itemPath, notifiers) else { continue }
            if let other = rules.firstIndex(where: { $0.name == rule.name }), let name = values["name"] {
                note(name, "\(itemPath).name", "a rule named \"\(rules[other].name)\" stands above already")
            }
            if let tasks { check(rule, tasks, values, item, itemPath) }
            rules.append(rule)
        }
        return rules
    }

    private mutating func rule(
        _ values: [String: YAMLNode], _ item: YAMLNode, _ path: String, _ notifiers: [String]
    ) -> AlertRule? {
        let name = required("name", in: values, item, path).flatMap { label($0, "\(path).name") }
        let task = one(of: ["task", "task_name"], values, item, path).flatMap { text($0, path, expected: "a task") }
        let condition = self.condition(values, item, path)
        let filter = values["where"].flatMap { self.filter($0, "\(path).where") }
        let grouping = values["group"].flatMap { self.grouping($0, "\(path).group") }
        let limit = values["limit"].flatMap { self.limit($0, "\(path).limit") }
        let notify = values["notify"].flatMap { names($0, "\(path).notify", notifiers) }
        guard let name, let task, let condition else { return nil }
        return AlertRule(
            name: name, task: task, condition: condition, filter: filter, grouping: grouping ?? .rule,
            limit: limit ?? .ruleDefault, notify: notify)
    }

    private mutating func check(
        _ rule: AlertRule, _ tasks: [AlertTask], _ values: [String: YAMLNode], _ item: YAMLNode, _ path: String
    ) {
        do throws(AlertRuleFailure) {
            _ = try rule.bound(to: tasks)
        } catch {
            let keys =
                switch error.part {
                case .task: ["task", "task_name"]
                case .condition: ["when", "metric"]
                case .filter: ["where"]
                case .grouping: ["group"]
                }
            let key = keys.first { values[$0] != nil } ?? ""
            note(values[key] ?? item, "\(path).\(key)", error.message)
        }
    }

    /// An expression, or Go2NetSpectra's metric, operator and threshold.
    private mutating func condition(
        _ values: [String: YAMLNode], _ item: YAMLNode, _ path: String
    ) -> AlertCondition? {
        let others = ["metric", "operator", "threshold"]
        guard let when = values["when"] else {
            guard others.contains(where: { values[$0] != nil }) else {
                if case .mapping = item.content { note(item, path, "expected when, or metric, operator and threshold") }
                return nil
            }
            let metric = required("metric", in: values, item, path).flatMap { self.metric($0, "\(path).metric") }
            let comparison = required("operator", in: values, item, path).flatMap {
                self.comparison($0, "\(path).operator")
            }
            let threshold = required("threshold", in: values, item, path).flatMap {
                self.number($0, "\(path).threshold", unit: metric?.metric.unit ?? "")
            }
            guard let metric, let comparison, let threshold else { return nil }
            return AlertCondition(metric.metric, isTotal: metric.isTotal, comparison, threshold)
        }
        for key in others {
            if let node = values[key] { note(node, "\(path).\(key)", "when says it already") }
        }
        guard let text = self.text(when, "\(path).when", expected: "an expression such as bytes/s > 10MB") else {
            return nil
        }
        do throws(AlertExpressionFailure) {
            return try AlertCondition(parsing: text)
        } catch {
            note(when, "\(path).when", "column \(error.column) of the expression: \(error.message)")
            return nil
        }
    }

    /// Go2NetSpectra's names, of its code and of its examples.
    private static let metrics: [(name: String, metric: AlertMetric, isTotal: Bool)] =
        [
            ("total_packets", .packets, true), ("total_bytes", .bytes, true), ("total_flows", .flows, true),
            ("heavy_hitter_count", .packets, false), ("heavy_hitter_size", .bytes, false),
            ("super_spreader_spread", .spread, false), ("PacketCount", .packets, false), ("ByteCount", .bytes, false),
        ] + AlertMetric.allCases.map { ($0.rawValue, $0, $0 == .flows) }

    private mutating func metric(_ node: YAMLNode, _ path: String) -> (metric: AlertMetric, isTotal: Bool)? {
        let names = Self.metrics.map(\.name)
        return choice(node, path, names).flatMap { name in
            Self.metrics.first { $0.name == name }.map { ($0.metric, $0.isTotal) }
        }
    }

    private mutating func comparison(_ node: YAMLNode, _ path: String) -> AlertComparison? {
        choice(node, path, AlertComparison.allCases.map(\.rawValue) + ["="]).flatMap { AlertComparison(word: $0) }
    }

    private mutating func number(_ node: YAMLNode, _ path: String, unit: String) -> Double? {
        if case .scalar(let text, _) = node.content, let value = AlertNumber.value(text, unit: unit) { return value }
        note(node, path, "expected a number such as 1000000 or 10M\(unit), not \(node.kindName)")
        return nil
    }

    private mutating func grouping(_ node: YAMLNode, _ path: String) -> AlertRule.Grouping? {
        if case .scalar("rule", _) = node.content { return .rule }
        if case .scalar("key", _) = node.content { return .key }
        return keyFields(node, path).map { .fields($0) }
    }

    private mutating func limit(_ node: YAMLNode, _ path: String) -> AlertLimit? {
        if case .scalar(let text, _) = node.content, let limit = AlertLimit(text) { return limit }
        note(node, path, "expected how many messages in what time, such as 10/1h, not \(node.kindName)")
        return nil
    }

    private mutating func names(_ node: YAMLNode, _ path: String, _ known: [String]) -> [String]? {
        let items = if case .sequence(let items) = node.content { items } else { [node] }
        let names = items.compactMap { item -> String? in
            guard let name = text(item, path, expected: "a notifier's name") else { return nil }
            if known.contains(name) { return name }
            let all = known.isEmpty ? "there is none" : "there is \(known.joined(separator: ", "))"
            note(item, path, "no notifier \"\(name)\"\(NearestName.hint(name, among: known)); \(all)")
            return nil
        }
        return names.count == items.count ? names : nil
    }

    // MARK: Values

    /// A name that can stand in a line.
    mutating func label(_ node: YAMLNode, _ path: String) -> String? {
        guard let name = text(node, path, expected: "a name") else { return nil }
        let isLabel =
            !name.isEmpty && name.utf8.count <= 100
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        if !isLabel { note(node, path, "expected a name of 1 to 100 octets in one line") }
        return isLabel ? name : nil
    }

    /// The value of the one key that is given.
    mutating func one(
        of keys: [String], _ values: [String: YAMLNode], _ item: YAMLNode, _ path: String
    ) -> YAMLNode? {
        let given = keys.filter { values[$0] != nil }
        if given.count > 1, let node = values[given[1]] {
            note(node, "\(path).\(given[1])", "means the same as \(given[0]), which stands there already")
        }
        return given.first.flatMap { values[$0] } ?? required(keys[0], in: values, item, path)
    }
}
