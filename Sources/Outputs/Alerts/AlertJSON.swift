import Alerts
import Flows
import Sketches

/// Alerts as JSON objects of the type `alert` (docs/formats.md).
public enum AlertJSON {
    /// One object, without a line end.
    public static func text(_ alert: Alert) -> String {
        var json = JSONText()
        json.object { json in
            json.member("type", "alert")
            json.member("id", alert.id)
            json.member("state", alert.state.rawValue)
            json.member("rule", alert.rule.name)
            json.member("task", alert.task.name)
            json.member("time", alert.time)
            json.member("condition", alert.rule.condition.text)
            if let filter = alert.rule.filter { json.member("where", filter.text) }
            json.member("metric", alert.metric.rawValue)
            if let first = alert.items.first { append(first.value, to: &json) }
            json.member("keys", alert.keyCount)
            json.name("items")
            json.array(alert.items) { append($1, alert.fields, to: &$0) }
            json.name("evidence")
            json.array(alert.evidence) { append($1, alert.task, to: &$0) }
            if let query = alert.query { json.member("query", query) }
            json.member("suppressed", alert.suppressed)
        }
        return json.text
    }

    private static func append(_ value: AlertValue, to json: inout JSONText) {
        json.member("value", value.value)
        json.member("bound_below", value.below)
        json.member("bound_above", value.above)
        json.member("exactness", value.exactness.name)
        json.member("confidence", value.confidence)
    }

    private static func append(_ item: AlertItem, _ fields: KeyFields, to json: inout JSONText) {
        json.object { json in
            append(item.key, fields, to: &json)
            append(item.value, to: &json)
            if let baseline = item.baseline { json.member("baseline", baseline) }
            json.member("certain", item.isCertain)
            json.member("pending_since", item.pendingSince)
            json.member("firing_since", item.firingSince)
            if let time = item.resolvedAt { json.member("resolved_at", time) }
        }
    }

    private static func append(_ evidence: AlertEvidence, _ task: AlertTask, to json: inout JSONText) {
        json.object { json in
            append(evidence.key, task.fields, to: &json)
            switch evidence {
            case .row(let row, let bound):
                json.member("packets", row.packets)
                json.member("bytes", row.bytes)
                if case .exact(let task) = task, task.bidirectional {
                    json.member("reverse_packets", row.reversePackets)
                    json.member("reverse_bytes", row.reverseBytes)
                }
                json.member("first_seen", row.firstSeen)
                json.member("last_seen", row.lastSeen)
                json.member("packets_bound", bound.packets)
                json.member("bytes_bound", bound.bytes)
                json.member("exactness", bound.exactness.name)
            case .sketch(let row):
                for (name, estimate) in [("packets", row.packets), ("bytes", row.bytes), ("spread", row.spread)] {
                    guard let estimate else { continue }
                    json.member(name, estimate.value)
                    json.member("\(name)_bound", estimate.bound)
                }
                json.member("confidence", row.confidence)
                json.member("exact", row.isExact)
            }
        }
    }

    private static func append(_ key: FlowKey, _ fields: KeyFields, to json: inout JSONText) {
        for field in AlertKeyText.fields(key, fields) {
            if field.isText {
                json.member(field.name, field.text)
            } else {
                json.member(field.name, Int(field.text) ?? 0)
            }
        }
    }
}

extension Alert {
    /// What its values are of.
    public var metric: AlertMetric { rule.condition.metric ?? .bytes }
}
