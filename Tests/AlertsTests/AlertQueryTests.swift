import Alerts
import Flows
import Sketches
import Testing

/// The command that an alert names.
@Suite struct AlertQueryTests {
    private static func query(
        _ when: String, task: String = "sources", where filter: String? = nil, _ bytes: [Int: UInt64] = [1: 100]
    ) throws -> String? {
        var engine = try AlertSamples.engine(
            try AlertSamples.rule(when, task: task, where: filter), store: "it's here.db")
        var snapshot = AlertSamples.snapshot(1, bytes)
        snapshot.sketches = [
            SketchResult(
                task: AlertSamples.scan, rows: [SketchRow(key: AlertSamples.key(1), spread: Estimate(value: 5))],
                totalPackets: 1, totalBytes: 1, distinct: Estimate(value: 5))
        ]
        return engine.evaluate(snapshot).first?.query
    }

    private static let range =
        "--store 'it'\\''s here.db' --from 2023-11-14T22:00:00.000000001Z "
        + "--to 2023-11-14T22:00:01.000000000Z"

    @Test func namesTaskStoreTimeAndKeys() throws {
        #expect(
            try Self.query("bytes > 1")
                == "netspectra query top --task sources \(Self.range) --where 'src_ip == 10.0.0.1'")
        #expect(
            try Self.query("bytes > 1", where: "src net 10.0.0.0/8", [1: 9, 2: 8])
                == "netspectra query top --task sources \(Self.range) --where "
                + "'(src net 10.0.0.0/8) and ((src_ip == 10.0.0.1) or (src_ip == 10.0.0.2))'")
        #expect(try Self.query("total bytes > 1") == "netspectra query top --task sources \(Self.range)")
        // Of many keys, all rows are shown.
        #expect(
            try Self.query("bytes > 1", [1: 9, 2: 9, 3: 9, 4: 9]) == "netspectra query top --task sources \(Self.range)"
        )
        #expect(
            try Self.query("spread > 1", task: "scan")
                == "netspectra query spread --by SrcIP --of DstIP \(Self.range) --where 'src_ip == 10.0.0.1'")
    }

    @Test func thereIsNoneWithoutADatabase() throws {
        var engine = try AlertSamples.engine(try AlertSamples.rule("bytes > 1"))
        #expect(engine.evaluate(AlertSamples.snapshot(1, [1: 100])).map(\.query) == [nil])
    }
}
