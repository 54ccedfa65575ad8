import Alerts
import Octets

/// Alerts for people, and in the texts of templates.
public enum AlertText {
    /// One line: `heavy_sources firing: 10.0.0.1 12.3 MB/s and 2 more (bytes/s > 10MB for 30s)`.
    public static func summary(_ alert: Alert) -> String {
        let first = alert.items.first
        let key = first.map { AlertKeyText.text($0.key, alert.fields) } ?? ""
        let value = first.map { " \(text($0.value, alert.metric))" } ?? ""
        let more = alert.keyCount > 1 ? " and \(HumanUnits.grouped(UInt64(alert.keyCount - 1))) more" : ""
        return "\(alert.rule.name) \(alert.state.rawValue): \(key)\(value)\(more) (\(alert.rule.condition.text))"
    }

    /// The summary, the further keys, and the command; each line ends, and begins with `indent` but for the first.
    public static func lines(_ alert: Alert, indent: String = "  ") -> String {
        var text = printable(summary(alert)) + "\n"
        text +=
            "\(indent)task \(printable(alert.task.name)), snapshot of \(CivilTime(nanoseconds: alert.time).text) UTC\n"
        for item in alert.items {
            text += "\(indent)\(AlertKeyText.text(item.key, alert.fields))  \(self.text(item.value, alert.metric))"
            if let baseline = item.baseline { text += ", before \(self.text(AlertValue(baseline), alert.metric))" }
            text += item.isCertain ? "\n" : ", within its bound perhaps not\n"
        }
        if alert.keyCount > alert.items.count {
            text += "\(indent)and \(HumanUnits.grouped(UInt64(alert.keyCount - alert.items.count))) more\n"
        }
        if alert.suppressed > 0 {
            text += "\(indent)\(HumanUnits.grouped(alert.suppressed)) keys before this were not told of\n"
        }
        if let query = alert.query { text += "\(indent)\(printable(query))\n" }
        return text
    }

    /// `12.3 MB/s`, and how far off it may be.
    static func text(_ value: AlertValue, _ metric: AlertMetric) -> String {
        let unit =
            switch metric {
            case .bytes, .bytesPerSecond: "B"
            case .bitsPerSecond: "bit"
            case .packets, .packetsPerSecond: "packets"
            case .flows: value.value == 1 ? "flow" : "flows"
            case .spread: "different"
            }
        func scaled(_ number: Double) -> String { HumanUnits.scaled(number, unit) + (metric.isRate ? "/s" : "") }
        let number = scaled(value.value)
        switch value.exactness {
        case .exact: return number
        case .atLeast: return "\(number) or up to \(scaled(value.above)) more"
        case .atMost: return "\(number) or up to \(scaled(value.below)) less"
        case .estimate: return "\(number), ± \(HumanUnits.scaled(value.bound, unit.count < 4 ? unit : ""))"
        }
    }

    private static func printable(_ text: String) -> String { TextTable.printable(text) }

    /// What a template's name stands for, as it may stand in a JSON string.
    public static func value(_ name: String, _ alert: Alert) -> String {
        name == "json" ? AlertJSON.text(alert) : String(JSONText.quoted(plain(name, alert)).dropFirst().dropLast())
    }

    /// What a template's name stands for.
    public static func plain(_ name: String, _ alert: Alert) -> String {
        let first = alert.items.first
        return switch name {
        case "json": AlertJSON.text(alert)
        case "id": alert.id
        case "state": alert.state.rawValue
        case "rule": alert.rule.name
        case "task": alert.task.name
        case "time": CivilTime(nanoseconds: alert.time).rfc3339
        case "condition": alert.rule.condition.text
        case "metric": alert.metric.rawValue
        case "key": first.map { AlertKeyText.text($0.key, alert.fields) } ?? ""
        case "value": first.map { AlertNumber.text($0.value.value) } ?? ""
        case "bound": first.map { AlertNumber.text($0.value.bound) } ?? ""
        case "exactness": first?.value.exactness.name ?? ""
        case "keys": "\(alert.keyCount)"
        case "summary": summary(alert)
        case "query": alert.query ?? ""
        case "suppressed": "\(alert.suppressed)"
        default: ""
        }
    }
}
