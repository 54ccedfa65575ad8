import Alerts
import Flows
import Headers
import Sketches

/// Snapshots of tasks, and rules about them, in few words.
enum AlertSamples {
    static let second: Int64 = 1_000_000_000
    /// A time that is a multiple of every interval used here.
    static let start: Int64 = 1_700_000_000_000_000_000 / (3600 * second) * (3600 * second)

    static let sources = FlowTask(name: "sources", fields: KeyFields(source: .whole))
    static let pairs = FlowTask(name: "pairs", fields: KeyFields(source: .whole, destination: .whole))
    // The parameters are right.
    // swift-format-ignore: NeverUseForceTry
    static let scan = SketchTask(
        name: "scan", fields: KeyFields(source: .whole), elements: KeyFields(destination: .whole),
        kind: .superSpread(try! SuperSpreadParameters(width: 64, depth: 2), threshold: 1))
    // swift-format-ignore: NeverUseForceTry
    static let heavy = SketchTask(
        name: "heavy", fields: KeyFields(source: .whole),
        kind: .heavyHitters(
            try! CountMinParameters(width: 64, depth: 2), HeavyHitters.Thresholds(packets: 1, bytes: 1)))
    static let hosts = SketchTask(
        name: "hosts", fields: KeyFields(), elements: KeyFields(destination: .whole), kind: .distinct(precision: 10))
    static let tasks: [AlertTask] = [.exact(sources), .exact(pairs), .sketch(scan), .sketch(heavy), .sketch(hosts)]

    /// 10.0.x.y of a number.
    static func key(_ source: Int, _ destination: Int? = nil) -> FlowKey {
        FlowKey(
            sourceHigh: 0, sourceLow: 0x0A00_0000 + UInt64(source), destinationHigh: 0,
            destinationLow: destination.map { 0x0A00_0000 + UInt64($0) } ?? 0, meta: 4)
    }

    static func result(_ bytes: [Int: UInt64], time: Int64, other: FlowRecord? = nil) -> TaskResult {
        let rows = bytes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
            FlowRecord(
                key: key($0.key), packets: $0.value / 100, bytes: $0.value, firstSeen: time - second, lastSeen: time)
        }
        return TaskResult(
            task: sources, rows: rows, other: other, evictedFlows: other == nil ? 0 : 1,
            totalPackets: rows.reduce(other?.packets ?? 0) { $0 + $1.packets },
            totalBytes: rows.reduce(other?.bytes ?? 0) { $0 + $1.bytes })
    }

    /// The snapshot at the end of an interval of a second: octets by source.
    static func snapshot(_ number: Int, _ bytes: [Int: UInt64]) -> Snapshot {
        let time = start + Int64(number) * second
        return Snapshot(time: time, results: [result(bytes, time: time)])
    }

    static func rule(
        _ when: String, task: String = "sources", where filter: String? = nil, group: AlertRule.Grouping = .rule,
        limit: AlertLimit = AlertLimit(count: 1_000_000, nanoseconds: 1)
    ) throws -> AlertRule {
        AlertRule(
            name: "rule", task: task, condition: try AlertCondition(parsing: when),
            filter: try filter.map { try PacketFilter(parsing: $0) }, grouping: group, limit: limit)
    }

    static func engine(
        _ rules: AlertRule..., interval: Int64? = second, isCumulative: Bool = false, keysMax: Int = 100_000,
        limit: AlertLimit = AlertLimit(count: 1_000_000, nanoseconds: 1), store: String? = nil
    ) throws -> AlertEngine {
        try AlertEngine(
            rules, tasks: tasks,
            options: AlertEngine.Options(
                interval: interval, isCumulative: isCumulative, limit: limit, store: store, keysMax: keysMax))
    }

    /// What a rule says of snapshots a second apart, each alert as its state and its keys' last numbers.
    static func story(
        _ rule: AlertRule, _ snapshots: [[Int: UInt64]], isCumulative: Bool = false
    ) throws -> [[String]] {
        var engine = try engine(rule, isCumulative: isCumulative)
        return snapshots.enumerated().map { number, bytes in
            engine.evaluate(snapshot(number + 1, bytes)).map { alert in
                let keys = alert.items.map { "\($0.key.sourceLow & 0xFF_FFFF)" }.joined(separator: ",")
                return "\(alert.state) \(keys)"
            }
        }
    }
}
