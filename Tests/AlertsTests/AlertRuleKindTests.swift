import Alerts
import Flows
import Headers
import Sketches
import Testing

/// Each kind of rule: when it fires, and when it is over.
@Suite struct AlertRuleKindTests {
    private static func story(
        _ when: String, _ snapshots: [[Int: UInt64]], isCumulative: Bool = false
    ) throws -> [[String]] {
        try AlertSamples.story(try AlertSamples.rule(when), snapshots, isCumulative: isCumulative)
    }

    @Test func thresholdsFireByKeyAndAreOverWhenTheyNoLongerHold() throws {
        #expect(
            try Self.story("bytes > 1000", [[1: 1000], [1: 1001, 2: 5000], [1: 1500], [2: 900]])
                == [[], ["firing 2,1"], ["resolved 2"], ["resolved 1"]])
    }

    @Test(arguments: [
        ("bytes > 500", [600], [500]), ("bytes >= 500", [500], [499]), ("bytes < 500", [499], [500]),
        ("bytes <= 500", [500], [501]), ("bytes == 500", [500], [501]), ("bytes = 500", [500], [501]),
        ("bytes != 500", [501], [500]), ("total bytes > 500", [501], [500]), ("packets > 5", [600], [500]),
        ("bytes/s > 500", [501], [500]), ("bits/s > 4k", [501], [500]), ("packets/s >= 6", [600], [500]),
        ("bytes > 0.5kB", [501], [500]),
    ])
    func everyOperatorAndMetric(when: String, fires: [UInt64], not: [UInt64]) throws {
        #expect(try Self.story(when, [[1: fires[0]]]).flatMap(\.self).count == 1)
        #expect(try Self.story(when, [[1: not[0]]]).flatMap(\.self).isEmpty)
    }

    /// Silence is a value of 0: of an interval that says so itself, or of one that is missing.
    @Test func silenceIsNothingInAll() throws {
        for when in ["total packets == 0", "total bytes/s < 1 for 2s"] {
            var engine = try AlertSamples.engine(try AlertSamples.rule(when))
            var states: [[Alert.State]] = []
            for number in 1...5 {
                states.append(
                    engine.evaluate(AlertSamples.snapshot(number, number == 1 || number == 5 ? [1: 200] : [:]))
                        .map(\.state))
            }
            let last = when.hasSuffix("2s") ? [[], [.firing], []] : [[.firing], [], []] as [[Alert.State]]
            #expect(states == [[]] + last + [[.resolved]], "\(when)")
        }
    }

    @Test func aConditionHasToLast() throws {
        let when = "bytes > 100 for 3s"
        #expect(
            try Self.story(when, [[1: 200], [1: 200], [1: 200], [1: 200]]) == [[], [], ["firing 1"], []])
        // It begins anew where it is interrupted, be it by an interval without a packet.
        #expect(
            try Self.story(when, [[1: 200], [1: 200], [1: 50], [1: 200], [1: 200], [1: 200]])
                == [[], [], [], [], [], ["firing 1"]])
        var engine = try AlertSamples.engine(try AlertSamples.rule(when))
        for number in [1, 2, 4, 5] {
            #expect(engine.evaluate(AlertSamples.snapshot(number, [1: 200])).isEmpty, "\(number)")
        }
        #expect(engine.evaluate(AlertSamples.snapshot(6, [1: 200])).count == 1)
    }

    @Test func timesOfAllThreeStates() throws {
        var engine = try AlertSamples.engine(try AlertSamples.rule("bytes > 100 for 2s"))
        var alerts: [Alert] = []
        for number in 1...4 { alerts += engine.evaluate(AlertSamples.snapshot(number, number < 4 ? [1: 200] : [2: 1])) }
        let begin = AlertSamples.start
        #expect(alerts.map(\.state) == [.firing, .resolved])
        for item in alerts.compactMap(\.items.first) {
            #expect(item.pendingSince == begin)
            #expect(item.firingSince == begin + 2 * AlertSamples.second)
        }
        #expect(alerts.map { $0.items[0].resolvedAt } == [nil, begin + 4 * AlertSamples.second])
        #expect(Set(alerts.map(\.id)).count == 1)
    }

    @Test func anAlertIsOverOnlyBelowItsClearValue() throws {
        #expect(
            try Self.story("bytes > 1000 clear 800", [[1: 1001], [1: 900], [1: 1100], [1: 801], [1: 800], [1: 900]])
                == [["firing 1"], [], [], [], ["resolved 1"], []])
        #expect(
            try Self.story("bytes < 1000 clear 1200", [[1: 999], [1: 1100], [1: 1200]])
                == [["firing 1"], [], ["resolved 1"]])
    }

    @Test func keysAreAddedUpByCoarserOnes() throws {
        let rule = try AlertSamples.rule("bytes > 1000 by SrcIP/24")
        var engine = try AlertSamples.engine(rule)
        let alerts = engine.evaluate(AlertSamples.snapshot(1, [1: 600, 2: 500, 256: 900]))
        #expect(alerts.count == 1 && alerts.first?.items.map(\.value.value) == [1100])
        #expect(alerts.first.map { AlertKeyText.text($0.items[0].key, $0.fields) } == "10.0.0.0/24")
        // The rows that it rests on.
        #expect(alerts.first?.evidence.map(\.key) == [AlertSamples.key(1), AlertSamples.key(2)])
    }

    @Test func flowsOfAGroupAreItsSpreadExactly() throws {
        var engine = try AlertSamples.engine(try AlertSamples.rule("flows >= 3 by SrcIP", task: "pairs"))
        let rows = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)].map {
            FlowRecord(key: AlertSamples.key($0.0, $0.1), packets: 1, bytes: 60)
        }
        let result = TaskResult(task: AlertSamples.pairs, rows: rows, totalPackets: 5, totalBytes: 300)
        let alerts = engine.evaluate(Snapshot(time: AlertSamples.start, results: [result]))
        #expect(alerts.flatMap(\.items).map(\.key) == [AlertSamples.key(1)])
        #expect(alerts.first?.items.first?.value == AlertValue(3))
        #expect(alerts.first?.evidence.count == 3)
    }

    @Test func changesAreThoseFromTheMeanOfSnapshotsBefore() throws {
        let rise = "bytes rises > 100% over 2 snapshots"
        #expect(
            try Self.story(rise, [[1: 100], [1: 300], [1: 400], [1: 701], [1: 701]])
                == [[], [], [], ["firing 1"], ["resolved 1"]])
        // Without anything before there is no percentage, but a difference.
        #expect(try Self.story("bytes rises > 50%", [[1: 100], [1: 100, 2: 900]]) == [[], []])
        #expect(try Self.story("bytes rises > 500", [[1: 100], [1: 100, 2: 900]]) == [[], ["firing 2"]])
        // What is gone has fallen to nothing.
        #expect(try Self.story("bytes falls >= 90%", [[1: 100, 2: 5], [2: 5]]) == [[], ["firing 1"]])
        #expect(
            try Self.story("bytes changes > 50%", [[1: 100, 2: 100], [1: 49, 2: 151], [1: 49, 2: 151]])
                == [[], ["firing 2,1"], ["resolved 2,1"]])
        #expect(
            try Self.story("bytes rises > 50% above 1kB", [[1: 100, 2: 600], [1: 900, 2: 1000]])
                == [[], ["firing 2"]])
        #expect(try Self.story("total bytes falls > 50%", [[1: 100], [1: 40]]) == [[], ["firing 0"]])
    }

    @Test func newKeysFireOnceUntilTheyAreForgotten() throws {
        #expect(
            try Self.story(
                "new key within 2s", [[1: 1], [1: 1, 2: 1], [2: 1, 3: 9], [1: 1], [9: 1], [9: 1], [9: 1, 2: 1]])
                == [[], ["firing 2"], ["firing 3"], [], ["firing 9"], [], ["firing 2"]])
        #expect(
            try Self.story("new key above 100", [[1: 500], [2: 99], [2: 101], [2: 500]]) == [[], [], ["firing 2"], []])
        #expect(
            try Self.story("new key after 3s", [[1: 1], [2: 1], [3: 1], [2: 1, 4: 1]]) == [
                [], [], ["firing 3"], ["firing 4"],
            ])
    }

    @Test func keysThatCannotBeRememberedAreCounted() throws {
        var engine = try AlertSamples.engine(try AlertSamples.rule("new key within 1h"), keysMax: 10)
        _ = engine.evaluate(AlertSamples.snapshot(1, [0: 1]))
        let all = Dictionary(uniqueKeysWithValues: (0..<50).map { ($0, UInt64(1)) })
        #expect(engine.evaluate(AlertSamples.snapshot(2, all)).map(\.keyCount) == [9])
        #expect(engine.counts.noRoom == 40)
        // What had no room is not told of again and again.
        #expect(engine.evaluate(AlertSamples.snapshot(3, all)).isEmpty)
    }

    @Test func theLargestKeysAreComparedWithThoseBefore() throws {
        #expect(
            try Self.story(
                "top 2 bytes changes", [[1: 9, 2: 8, 3: 1], [1: 9, 2: 8, 3: 7], [1: 9, 3: 8, 2: 7], [1: 9, 2: 8]])
                == [[], [], ["firing 3"], ["resolved 3", "firing 2"]])
        // Ties are settled by key.
        #expect(try Self.story("top 1 changes", [[2: 5, 1: 5], [1: 5, 2: 5]]) == [[], []])
    }

    @Test func sketchesHaveSpreadAndBounds() throws {
        var engine = try AlertSamples.engine(
            try AlertSamples.rule("spread > 100", task: "scan"),
            try AlertSamples.rule("total spread > 10", task: "hosts"),
            try AlertSamples.rule("bytes > 1000", task: "heavy"))
        let estimate = Estimate(value: 110, below: 20, above: 20, confidence: 0.95)
        let sure = Estimate(value: 2000, below: 100)
        let alerts = engine.evaluate(
            Snapshot(
                time: AlertSamples.start, results: [],
                sketches: [
                    SketchResult(
                        task: AlertSamples.scan, rows: [SketchRow(key: AlertSamples.key(1), spread: estimate)],
                        totalPackets: 1, totalBytes: 1, distinct: estimate),
                    SketchResult(
                        task: AlertSamples.hosts, rows: [], totalPackets: 1, totalBytes: 1, distinct: estimate),
                    SketchResult(
                        task: AlertSamples.heavy,
                        rows: [SketchRow(key: AlertSamples.key(1), packets: sure, bytes: sure)], totalPackets: 1,
                        totalBytes: 1),
                ]))
        let items = alerts.flatMap(\.items)
        #expect(items.map(\.value.value) == [110, 110, 2000])
        #expect(items.map(\.value.bound) == [20, 20, 100])
        #expect(items.map(\.value.confidence) == [0.95, 0.95, 1])
        #expect(items.map(\.value.exactness) == [.estimate, .estimate, .atMost])
        // 90 would not have fired, nor 1900 not.
        #expect(items.map(\.isCertain) == [false, true, true])
    }

    @Test func rowsThatMayLackSomethingSaySo() throws {
        var engine = try AlertSamples.engine(
            try AlertSamples.rule("bytes < 1000"), try AlertSamples.rule("total bytes > 1"))
        let other = FlowRecord(key: AlertSamples.key(0), packets: 5, bytes: 500)
        let time = AlertSamples.start
        let result = AlertSamples.result([1: 900], time: time, other: other)
        let items = engine.evaluate(Snapshot(time: time, results: [result])).flatMap(\.items)
        #expect(items.map(\.value) == [AlertValue(900, above: 500), AlertValue(1400)])
        #expect(items.map(\.isCertain) == [false, true])
        #expect(items.map(\.value.exactness) == [.atLeast, .exact])
    }

    @Test func filtersLookAtRows() throws {
        let rule = try AlertSamples.rule("bytes > 10", where: "src_ip == 10.0.0.0/24 and src_ip != 10.0.0.2")
        #expect(try AlertSamples.story(rule, [[1: 20, 2: 20, 300: 20]]) == [["firing 1"]])
        let total = try AlertSamples.rule("total bytes > 30", where: "src_ip != 10.0.0.2")
        #expect(try AlertSamples.story(total, [[1: 20, 2: 20], [1: 20, 3: 11]]).map(\.count) == [0, 1])
    }

    /// A cumulative count never falls; rates and changes are those of what is new.
    @Test func cumulativeCountsAreComparedByWhatIsNew() throws {
        let counts: [[Int: UInt64]] = [[1: 1000], [1: 2000], [1: 5000], [1: 5100]]
        #expect(
            try Self.story("bytes/s > 2500", counts, isCumulative: true) == [[], [], ["firing 1"], ["resolved 1"]])
        #expect(try Self.story("bytes falls > 50%", counts, isCumulative: true) == [[], [], [], ["firing 1"]])
        #expect(try Self.story("bytes > 1500", counts, isCumulative: true) == [[], ["firing 1"], [], []])
    }

    /// The last snapshot of a run may be of a moment: nothing has fallen, and no rate is known.
    @Test func shortSnapshotsCannotMislead() throws {
        var engine = try AlertSamples.engine(
            try AlertSamples.rule("bytes < 100"), try AlertSamples.rule("bytes/s > 1000"),
            try AlertSamples.rule("bytes > 500"), try AlertSamples.rule("bytes falls > 10%"))
        #expect(engine.evaluate(AlertSamples.snapshot(1, [1: 600])).map(\.state) == [.firing])
        let time = AlertSamples.start + AlertSamples.second + 1000
        let last = Snapshot(time: time, results: [AlertSamples.result([1: 50, 2: 700], time: time)])
        let alerts = engine.evaluate(last)
        #expect(alerts.flatMap(\.items).map(\.key) == [AlertSamples.key(2)])
        #expect(alerts.first?.rule.condition.text == "bytes > 500")
    }

    @Test func silenceIsNoticedWhenThePacketsComeBack() throws {
        var engine = try AlertSamples.engine(try AlertSamples.rule("total packets < 1 for 1m"))
        #expect(engine.evaluate(AlertSamples.snapshot(1, [1: 600])).isEmpty)
        let alerts = engine.evaluate(AlertSamples.snapshot(3600, [1: 600]))
        #expect(alerts.map(\.state) == [.firing, .resolved])
    }

    @Test func aClockThatIsSetBackHarmsNothing() throws {
        var engine = try AlertSamples.engine(
            try AlertSamples.rule("bytes > 100 for 2s"), try AlertSamples.rule("new key within 1s"),
            try AlertSamples.rule("bytes/s > 10"))
        for number in [100, 101, 3, 4, 102, 5] { _ = engine.evaluate(AlertSamples.snapshot(number, [number: 200])) }
        for time in [Int64.min, .max, 0, -1, 1] {
            _ = engine.evaluate(Snapshot(time: time, results: [AlertSamples.result([1: 200], time: 0)]))
        }
        let counts = engine.counts
        #expect(counts.begun >= counts.ended)
    }
}
