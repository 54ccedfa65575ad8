import Flows
import Octets

/// The command that shows more of what an alert is about.
enum AlertQuery {
    /// Keys that the filter names, at most.
    static let keysMax = 3

    static func command(_ alert: Alert, store: String, storeInterval: Int64) -> String {
        let condition = alert.rule.condition
        var words = ["netspectra", "query"]
        if condition.metric == .spread, case .sketch(let task) = alert.task, let elements = task.elements,
            task.fields != KeyFields()
        {
            words += ["spread", "--by", "\(task.fields)", "--of", "\(elements)"]
        } else {
            words.append("top")
            // Sketches are not stored; rows of the tasks beside them are.
            if case .exact(let task) = alert.task {
                words += ["--task", task.name]
            } else if alert.task.fields != KeyFields() {
                words += ["--by", "\(alert.task.fields)"]
            }
        }
        let since = alert.items.map(\.pendingSince).min() ?? alert.time
        // Snapshots have the times of their ends.
        let from = since < alert.time ? since + 1 : alert.time
        let to = alert.time.addingReportingOverflow(storeInterval)
        words += ["--store", store, "--from", CivilTime(nanoseconds: from).rfc3339]
        words += ["--to", CivilTime(nanoseconds: to.overflow ? .max : to.partialValue).rfc3339]
        if let filter = filter(alert) { words += ["--where", filter] }
        return words.map(quoted).joined(separator: " ")
    }

    private static func filter(_ alert: Alert) -> String? {
        var keys: [String] = []
        if !alert.fields.isEmpty, alert.keyCount <= keysMax {
            keys = alert.items.compactMap { AlertKeyText.filter($0.key, alert.fields) }
        }
        let chosen = keys.count > 1 ? keys.map { "(\($0))" }.joined(separator: " or ") : keys.first
        guard let own = alert.rule.filter?.text else { return chosen }
        return chosen.map { "(\(own)) and (\($0))" } ?? own
    }

    /// As one word of a POSIX shell.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { octet in
                switch UnicodeScalar(octet) {
                case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", ":", "/", ",", "=", "+", "@", "%": true
                default: false
                }
            }
        if isPlain { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

extension KeyFields {
    fileprivate var isEmpty: Bool { self == KeyFields() }
}
