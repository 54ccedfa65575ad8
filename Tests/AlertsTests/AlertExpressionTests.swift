import Alerts
import CaptureTestSupport
import Flows
import Testing

/// The language of rules.
@Suite struct AlertExpressionTests {
    @Test func everyClauseIsRead() throws {
        let condition = try AlertCondition(parsing: "bytes/s > 10MB clear 8MB for 1m30s by SrcIP/24, DstPort")
        #expect(condition.metric == .bytesPerSecond && !condition.isTotal)
        #expect(condition.kind == .threshold(.greater, 10_000_000))
        #expect(condition.clear == 8_000_000 && condition.duration == 90_000_000_000)
        #expect(condition.fields?.description == "SrcIP/24,DstPort")
        let change = try AlertCondition(parsing: "total packets changes >= 50% above 1k over 10 snapshots clear 20%")
        #expect(change.kind == .change(.changes, .greaterOrEqual, amount: 50, isPercent: true, snapshots: 10))
        #expect(change.isTotal && change.floor == 1000 && change.clear == 20)
        let new = try AlertCondition(parsing: "new key after 10m within 2d by SrcIP above 5MB")
        #expect(new.kind == .newKey(horizon: 172_800_000_000_000, learning: 600_000_000_000))
        #expect(new.floor == 5e6)
        #expect(try AlertCondition(parsing: "new key").kind == .newKey(horizon: 86_400_000_000_000, learning: 0))
        let top = try AlertCondition(parsing: "top 10 packets changes by DstPort")
        #expect(top.kind == .top(count: 10) && top.metric == .packets)
        #expect(try AlertCondition(parsing: "top 3 changes").metric == nil)
        // Signs need no blanks.
        #expect(try AlertCondition(parsing: "bytes>=1k").kind == .threshold(.greaterOrEqual, 1000))
    }

    @Test(
        arguments: [
            ("1000", 1000), ("10k", 10_000), ("10MB", 1e7), ("1.5GB", 1.5e9), ("64KiB", 65_536), ("2Mi", 2_097_152),
            ("1_000_000", 1e6), ("2e6", 2e6), ("1T", 1e12), ("0", 0), (".5", nil), ("5.", 5), ("1X", nil), ("-1", nil),
            ("", nil), ("B", nil), ("1e99", nil), ("9999999T", nil), ("1.2.3", nil), ("10Mbit", nil), ("١", nil),
        ] as [(String, Double?)])
    func numbers(text: String, value: Double?) { #expect(AlertNumber.value(text, unit: "B") == value) }

    @Test(arguments: [
        ("", 1, "expected a metric"), ("byte > 1", 1, "\"byte\" is no metric (did you mean bytes?)"),
        ("bytes", 6, "expected an operator"),
        ("bytes > ", 9, "expected a number such as 10MB where the expression ends"),
        ("bytes >> 1", 7, "expected one of >"), ("bytes > ten", 9, "expected a number such as 10MB, not \"ten\""),
        ("packets > 10MB", 11, "expected a number such as 10k"), ("bytes rises < 5", 13, "expected > or >="),
        ("bytes rises > 5%%", 15, "expected a number, or a percentage"), ("bytes rise > 5", 7, "did you mean rises?"),
        ("bytes > 1 fro 5s", 11, "did you mean for?"), ("bytes > 1 for 5", 15, "expected a duration"),
        ("bytes > 1 for 5s for 6s", 18, "\"for\" stands there already"),
        ("bytes > 1 clear 2", 17, "what clears an alert lies at most"),
        ("bytes < 2 clear 1", 17, "what clears an alert lies at least"),
        ("bytes == 2 clear 1", 18, "what clears an alert lies not with =="),
        ("total bytes > 1 by SrcIP", 17, "the total has no fields"), ("bytes > 1 by SrcPI", 14, "did you mean SrcIP"),
        ("bytes > 1 over 3", 11, "\"over\" means nothing in a rule of this kind"),
        ("new key for 3s", 9, "\"for\" means nothing"), ("new keys", 5, "expected \"key\""),
        ("top 0 changes", 5, "from 1 to 1000"), ("top ten changes", 5, "from 1 to 1000"),
        ("top 3", 6, "expected \"changes\""),
        ("top 3 bytes change", 13, "expected \"changes\""), ("bytes rises > 5 over 101", 22, "from 1 to 100"),
        ("größe > 1", 1, "\"größe\" is no metric"), ("bytes > 1 ü", 11, "expected one of for"),
    ])
    func whatIsWrongIsSaidWithItsPlace(text: String, column: Int, message: String) throws {
        let failure = #expect(throws: AlertExpressionFailure.self) { try AlertCondition(parsing: text) }
        #expect(failure?.column == column)
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }

    @Test func textsOfAnyWordsAreReadOrRefused() {
        var random = SeededGenerator(seed: 5)
        let words = [
            "bytes", "bytes/s", "total", "new", "key", "top", "changes", "rises", ">", "<=", "==", "10MB", "50%", "5",
            "for",
            "clear", "by", "SrcIP/24", ",", "over", "above", "within", "after", "30s", "snapshots", "ü", "\u{0}", "==>",
            "%",
        ]
        var read = 0
        for _ in 0..<20_000 {
            let start = Bool.random(using: &random) ? ["bytes", ">", "5"] : []
            let more = (0..<Int.random(in: 0..<9, using: &random)).map { _ in words.randomElement(using: &random) ?? ""
            }
            let text = (start + more).joined(separator: Bool.random(using: &random) ? " " : "  ")
            do throws(AlertExpressionFailure) {
                let condition = try AlertCondition(parsing: text)
                #expect(condition.text == text)
                read += 1
            } catch {
                #expect(1...(text.count + 1) ~= error.column && !error.message.isEmpty)
            }
        }
        #expect(read > 10)
    }

    @Test func rulesMustSuitTheirTask() throws {
        func failure(_ when: String, task: String = "sources", where filter: String? = nil) throws -> String {
            let rule = try AlertSamples.rule(when, task: task, where: filter)
            let failure = #expect(throws: AlertRuleFailure.self) { try rule.bound(to: AlertSamples.tasks) }
            return failure?.message ?? ""
        }
        #expect(
            try failure("bytes > 1", task: "sorces")
                == "no task \"sorces\" (did you mean sources?); there is sources, pairs, scan, heavy, hosts")
        #expect(try failure("spread > 1").hasPrefix("task sources counts no spread by key"))
        #expect(try failure("bytes > 1", task: "scan").hasPrefix("task scan counts no bytes by key"))
        #expect(try failure("bytes > 1 by DstPort") == "by DstPort: task sources has only SrcIP")
        #expect(try failure("bytes > 1 by SrcIP", task: "heavy").contains("cannot be added up"))
        #expect(try failure("bytes > 1", where: "dst_port == 80") == "task sources has no DstPort, only SrcIP")
        #expect(try failure("bytes > 1", where: "length > 80").contains("no length"))
        #expect(try failure("spread > 1", task: "scan", where: "tcp_flags has syn").contains("no TCP flags"))
        #expect(try failure("new key", task: "hosts").contains("has no keys"))
        let grouped = try AlertSamples.rule("bytes > 1", group: .fields(KeyFields(destination: .whole)))
        #expect(throws: AlertRuleFailure.self) { try grouped.bound(to: AlertSamples.tasks) }
    }

    @Test func templatesHaveNamesAndText() throws {
        let template = try AlertTemplate(parsing: #"{"a": "{{rule}} {{ state }}", "b": {{json}}}"#)
        #expect(template.text { "<\($0)>" } == #"{"a": "<rule> <state>", "b": <json>}"#)
        #expect(try AlertTemplate(parsing: "").text { $0 } == "")
        let unknown = #expect(throws: AlertExpressionFailure.self) { try AlertTemplate(parsing: "ab {{sumary}}") }
        #expect(unknown?.column == 4 && unknown?.message.contains("did you mean summary?") == true)
        #expect(throws: AlertExpressionFailure.self) { try AlertTemplate(parsing: "{{rule") }
    }

    @Test(arguments: [("10/1h", 10, 3600), ("1/30s", 1, 30)]) func limits(text: String, count: Int, seconds: Int64) {
        #expect(AlertLimit(text) == AlertLimit(count: count, nanoseconds: seconds * 1_000_000_000))
    }

    @Test(arguments: ["", "10", "0/1h", "10/", "10/0s", "x/1h", "9999999/1h"]) func noLimits(text: String) {
        #expect(AlertLimit(text) == nil)
    }
}
