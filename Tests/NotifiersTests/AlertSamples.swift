import Alerts
import Flows
import Headers

/// Alerts to send.
enum AlertSamples {
    /// The alerts of a rule that fires for one key more at each of `count` snapshots.
    static func alerts(_ count: Int, rule name: String = "heavy") throws -> [Alert] {
        let task = FlowTask(name: "sources", fields: KeyFields(source: .whole))
        let rule = AlertRule(
            name: name, task: "sources", condition: try AlertCondition(parsing: "bytes > 1"),
            limit: AlertLimit(count: 1_000_000, nanoseconds: 1))
        let second: Int64 = 1_000_000_000
        var engine = try AlertEngine(
            [rule], tasks: [.exact(task)],
            options: AlertEngine.Options(
                interval: second, limit: AlertLimit(count: 1_000_000, nanoseconds: 1), store: "x.db"))
        return (1...max(count, 1)).prefix(count).flatMap { number in
            let rows = (1...number).map { source in
                FlowRecord(
                    key: FlowKey(
                        sourceHigh: 0, sourceLow: 0x0A00_0000 + UInt64(source), destinationHigh: 0, destinationLow: 0,
                        meta: 4), packets: 1, bytes: 1000 + UInt64(source))
            }
            let result = TaskResult(task: task, rows: rows, totalPackets: 1, totalBytes: 1)
            return engine.evaluate(Snapshot(time: Int64(number) * second, results: [result]))
        }
    }
}
