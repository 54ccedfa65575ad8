import Alerts
import CaptureTestSupport
import Flows
import Testing

/// Nobody is told more than the limits allow, nothing is forgotten in the counts, and memory is bounded.
@Suite struct AlertStormTests {
    private static let crowd = Dictionary(uniqueKeysWithValues: (0..<10_000).map { ($0, UInt64(1000 + $0)) })

    private static func balances(_ counts: AlertCounts) -> Bool {
        counts.begun + counts.ended == counts.told + counts.limitedByRule + counts.limitedByAll + counts.untoldBefore
    }

    @Test func tenThousandKeysAreOneMessage() throws {
        var engine = try AlertSamples.engine(try AlertSamples.rule("bytes > 10"))
        let alerts =
            engine.evaluate(AlertSamples.snapshot(1, Self.crowd)) + engine.evaluate(AlertSamples.snapshot(2, [:]))
        #expect(alerts.map(\.keyCount) == [10_000, 10_000])
        #expect(alerts.map(\.items.count) == [10, 10] && alerts.map(\.evidence.count) == [5, 0])
        #expect(alerts[0].items.map(\.value.value) == (0..<10).map { Double(10_999 - $0) })
        #expect(engine.counts.begun == 10_000 && engine.counts.ended == 10_000 && Self.balances(engine.counts))
        #expect(engine.firing == 0)
    }

    @Test func aMessageForEachKeyIsLimited() throws {
        let rule = try AlertSamples.rule(
            "bytes > 10", group: .key, limit: AlertLimit(count: 20, nanoseconds: 3600_000_000_000))
        var engine = try AlertSamples.engine(rule)
        var alerts = engine.evaluate(AlertSamples.snapshot(1, Self.crowd))
        #expect(alerts.count == 20 && alerts.allSatisfy { $0.keyCount == 1 })
        #expect(engine.counts.limitedByRule == 9980)
        // What goes on is not told again.
        #expect(engine.evaluate(AlertSamples.snapshot(2, Self.crowd)).isEmpty)
        // Who heard of a beginning hears of the end, and nobody else does.
        alerts = engine.evaluate(AlertSamples.snapshot(3, [:]))
        #expect(alerts.count == 20 && alerts.allSatisfy { $0.state == .resolved })
        #expect(engine.counts.untoldBefore == 9980 && engine.counts.told == 40 && Self.balances(engine.counts))
        // An hour later there is room again, and the next message says how many were left out.
        let later = engine.evaluate(AlertSamples.snapshot(3603, [1: 100]))
        #expect(later.map(\.suppressed) == [9980])
    }

    @Test func allRulesTogetherAreLimited() throws {
        let rules = try (0..<10).map { index in
            var rule = try AlertSamples.rule("bytes > 10", group: .key)
            rule.name = "rule \(index)"
            return rule
        }
        let limit = AlertLimit(count: 15, nanoseconds: 3600_000_000_000)
        var engine = try AlertEngine(
            rules, tasks: AlertSamples.tasks,
            options: AlertEngine.Options(interval: AlertSamples.second, limit: limit))
        #expect(engine.evaluate(AlertSamples.snapshot(1, Self.crowd)).count == 15)
        #expect(engine.counts.limitedByAll == 100_000 - 15 && Self.balances(engine.counts))
    }

    @Test func keysAreGroupedByFields() throws {
        let rule = try AlertSamples.rule("bytes > 10", group: .fields(KeyFields(source: AddressPrefix(v4: 24, v6: 64))))
        var engine = try AlertSamples.engine(rule)
        let alerts = engine.evaluate(AlertSamples.snapshot(1, [1: 20, 2: 30, 256: 40, 600: 5]))
        #expect(alerts.map(\.keyCount) == [1, 2])
        #expect(Set(alerts.map(\.id)).count == 2)
    }

    @Test func thereIsRoomForSoManyKeys() throws {
        var engine = try AlertSamples.engine(
            try AlertSamples.rule("bytes > 10"), try AlertSamples.rule("bytes rises > 1%"),
            try AlertSamples.rule("bytes > 1 by SrcIP"), keysMax: 100)
        _ = engine.evaluate(AlertSamples.snapshot(1, Self.crowd))
        _ = engine.evaluate(AlertSamples.snapshot(2, Self.crowd.mapValues { 2 * $0 }))
        #expect(engine.firing == 300)
        // The first rule counts what it leaves out at both snapshots; the others could not compare or add up the rest.
        #expect(engine.counts.noRoom == 2 * 9900)
        #expect(engine.counts.notRemembered == 4 * 9900)
        #expect(Self.balances(engine.counts))
    }

    /// Of each key, firing and resolved take turns, whatever the values do.
    @Test(arguments: 0..<12) func firingAndResolvedAlternate(seed: UInt64) throws {
        let conditions = [
            "bytes > 500 clear 300", "bytes < 500 for 2s", "bytes rises > 50%", "bytes falls > 30% over 3",
            "top 3 bytes changes", "total bytes > 2000 clear 1500", "flows > 3 by SrcIP/28", "bytes/s >= 400 for 3s",
        ]
        var rules: [AlertRule] = []
        for (index, when) in conditions.enumerated() {
            var rule = try AlertSamples.rule(
                when, group: seed % 2 == 0 ? .rule : .key,
                limit: seed % 3 == 0 ? AlertLimit(count: 5, nanoseconds: 20_000_000_000) : .allDefault)
            rule.name = "\(index)"
            rules.append(rule)
        }
        var engine = try AlertEngine(
            rules, tasks: AlertSamples.tasks,
            options: AlertEngine.Options(
                interval: AlertSamples.second, isCumulative: false, keysMax: seed < 6 ? 1000 : 8))
        struct Name: Hashable { var rule: String, key: FlowKey }
        var states: [Name: Alert.State] = [:]
        var random = SeededGenerator(seed: seed)
        var seen = 0
        for number in 1...200 where Int.random(in: 0..<10, using: &random) > 0 {
            var bytes: [Int: UInt64] = [:]
            for key in 0..<10 where Bool.random(using: &random) { bytes[key] = .random(in: 0..<1000, using: &random) }
            for alert in engine.evaluate(AlertSamples.snapshot(number, bytes)) {
                #expect(alert.keyCount == alert.items.count)
                for item in alert.items {
                    let before = states.updateValue(alert.state, forKey: Name(rule: alert.rule.name, key: item.key))
                    #expect(before ?? .resolved != alert.state, "\(alert.rule.condition.text) \(number)")
                    #expect(item.pendingSince <= item.firingSince)
                    #expect(item.firingSince <= item.resolvedAt ?? .max)
                    #expect((item.resolvedAt != nil) == (alert.state == .resolved))
                    seen += 1
                }
            }
        }
        #expect(seen > 20)
        #expect(Self.balances(engine.counts))
    }

    /// The same snapshots give the same alerts.
    @Test func evaluationRepeats() throws {
        func run() throws -> [Alert] {
            var engine = try AlertSamples.engine(
                try AlertSamples.rule("bytes > 500 by SrcIP/30", group: .key), try AlertSamples.rule("new key"),
                keysMax: 50)
            var random = SeededGenerator(seed: 1)
            return (1...30).flatMap { number in
                let bytes = (0..<60).map { ($0, UInt64.random(in: 0..<300, using: &random)) }
                return engine.evaluate(AlertSamples.snapshot(number, Dictionary(uniqueKeysWithValues: bytes)))
            }
        }
        let (first, second) = (try run(), try run())
        #expect(first == second && !first.isEmpty)
    }
}
