import Alerts
import Configuration
import Flows
import Testing

/// The groups `alerts`, and Go2NetSpectra's `alerter` and `smtp`.
@Suite struct AlertSettingsTests {
    private static let tasks = """
        aggregator:
          exact_tasks:
            - {name: per_src_ip, key_fields: [SrcIP]}
            - {name: per_flow, key_fields: 5tuple}

        """

    private static func alerts(_ yaml: String) throws -> AlertSettings? { try SettingsTests.read(tasks + yaml).alerts }

    /// As in its example file.
    @Test func readsTheOriginalsRulesUnchanged() throws {
        let settings = try SettingsTests.read(
            """
            aggregator:
              types: ["exact", "sketch"]
              exact:
                tasks:
                  - name: "per_src_ip"
                    key_fields: ["SrcIP"]
              sketch:
                tasks:
                  - {name: spread, skt_type: 1, flow_fields: ["SrcIP"], element_fields: ["DstIP"], width: 64, depth: 2}
                  - {name: heavy, skt_type: 0, flow_fields: ["SrcIP"], width: 64, depth: 2}
            smtp:
              host: "smtp.example.com"
              port: 587
              user: "user@example.com"
              password: "your-password"
              from: "user@example.com"
              to: "recipient@example.com, second@example.com"
            alerter:
              enabled: true
              check_interval: "30s"
              ai_analysis:
                enabled: false
                service_addr: ":50052"
              rules:
                - name: "high_traffic_source"
                  task_name: "per_src_ip" # Must match a task name from the aggregator section
                  metric: "ByteCount"
                  operator: ">"
                  threshold: 1000000 # 1MB
                - {name: all, task_name: per_src_ip, metric: total_bytes, operator: ">=", threshold: 1e9}
                - {name: some, task_name: per_src_ip, metric: total_flows, operator: "=", threshold: 3}
                - {name: few, task_name: per_src_ip, metric: total_packets, operator: "<", threshold: 1}
                - {name: hitters, task_name: heavy, metric: heavy_hitter_count, operator: "<=", threshold: 5}
                - {name: sizes, task_name: heavy, metric: heavy_hitter_size, operator: ">", threshold: 5}
                - {name: spreaders, task_name: spread, metric: super_spreader_spread, operator: ">", threshold: 100}
            """)
        let alerts = try #require(settings.alerts)
        #expect(alerts.checkIntervalNanoseconds == 30_000_000_000)
        #expect(
            alerts.rules.map(\.condition.text) == [
                "bytes > 1000000", "total bytes >= 1000000000", "total flows == 3", "total packets < 1", "packets <= 5",
                "bytes > 5", "spread > 100",
            ])
        #expect(alerts.rules[0].name == "high_traffic_source" && alerts.rules[0].task == "per_src_ip")
        guard case .mail(let mail) = alerts.notifiers.first?.kind else {
            Issue.record("no mail")
            return
        }
        #expect(alerts.notifiers.count == 1 && mail.host == "smtp.example.com" && mail.port == 587)
        #expect(mail.user == "user@example.com" && mail.password == "your-password")
        #expect(mail.to == ["recipient@example.com", "second@example.com"])
    }

    @Test func readsEverySetting() throws {
        let alerts = try #require(
            try Self.alerts(
                """
                alerts:
                  limit: 100/1h
                  rules:
                    - name: heavy
                      task: per_flow
                      when: bytes/s > 10MB clear 8MB for 30s by SrcIP
                      where: not net 10.0.0.0/8
                      group: SrcIP/24
                      limit: 5/10m
                      notify: [hook, file]
                    - {name: new, task: per_src_ip, when: new key, group: key, notify: page}
                  notifiers:
                    - name: hook
                      type: webhook
                      url: https://example.com/x
                      headers: {Authorization: "${TOKEN}"}
                      body: '{"text": "{{summary}}"}'
                      timeout: 3s
                      tries: 5
                      queue: 7
                    - {name: page, type: command, command: [/usr/bin/page, --now]}
                    - {name: file, type: log, path: /var/log/alerts.ndjson}
                    - {type: log}
                    - {type: mail, host: mx, from: a@b.c, to: [d@e.f], tls: implicit, port: 465, username: u}
                """))
        #expect(alerts.limit == AlertLimit(count: 100, nanoseconds: 3_600_000_000_000))
        let rule = alerts.rules[0]
        #expect(rule.filter?.text == "not net 10.0.0.0/8" && rule.notify == ["hook", "file"])
        #expect(rule.grouping == .fields(KeyFields(source: AddressPrefix(v4: 24, v6: 24))))
        #expect(rule.limit == AlertLimit(count: 5, nanoseconds: 600_000_000_000))
        #expect(alerts.rules[1].grouping == .key && alerts.rules[1].notify == ["page"])
        #expect(alerts.notifiers.map(\.name) == ["hook", "page", "file", "log", "mail"])
        #expect(alerts.notifiers[0].queueMax == 7 && alerts.notifiers[0].tries == 5)
        #expect(alerts.notifiers[0].timeoutNanoseconds == 3_000_000_000)
        #expect(alerts.notifiers[1].kind == .command(["/usr/bin/page", "--now"]))
        #expect(alerts.notifiers[3].kind == .log(path: nil))
    }

    @Test func rulesThatAreNotEnabledAreCheckedAllTheSame() throws {
        let rule = "{name: a, task: per_src_ip, when: bytes > 1}"
        #expect(try Self.alerts("alerts: {enabled: false, rules: [\(rule)]}") == nil)
        #expect(try Self.alerts("alerts: {enabled: true, rules: [\(rule)]}")?.rules.count == 1)
        #expect(throws: ConfigurationFailure.self) {
            try Self.alerts("alerts: {enabled: false, rules: [{name: a, task: b, when: bytes > 1}]}")
        }
    }

    /// Without tasks, flows are counted.
    @Test func rulesCanBeOfTheTaskThatIsThereWithoutAny() throws {
        let yaml = "alerts: {rules: [{name: a, task: five_tuple, when: bytes > 1 by SrcIP}]}"
        #expect(try SettingsTests.read(yaml).alerts?.rules.count == 1)
    }

    @Test(arguments: [
        ("alerts: {}", "5:9: alerts: expected rules"),
        ("alerts: {rules: [], limt: 1}", "5:21: alerts.limt: unknown setting (did you mean limit?); alerts takes "),
        (
            "alerts: {rules: [{name: a, task: per_scr_ip, when: bytes > 1}]}",
            "5:34: alerts.rules[0].task: no task \"per_scr_ip\" (did you mean per_src_ip?); "
                + "there is per_src_ip, per_flow"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: byts > 1}]}",
            "5:52: alerts.rules[0].when: column 1 of the expression: \"byts\" is no metric (did you mean bytes?)"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: bytes > 1 by DstIP}]}",
            "5:52: alerts.rules[0].when: by DstIP: task per_src_ip has only SrcIP"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: bytes > 1, where: dst_port == 1}]}",
            "5:70: alerts.rules[0].where: task per_src_ip has no DstPort, only SrcIP"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: bytes > 1, group: DstIP}]}",
            "5:70: alerts.rules[0].group: DstIP is no part of the rule's key, SrcIP"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: bytes > 1, notify: hok}], "
                + "notifiers: [{type: log, name: hook}]}",
            "5:71: alerts.rules[0].notify: no notifier \"hok\" (did you mean hook?); there is hook"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: bytes > 1, limit: 10}]}",
            "5:70: alerts.rules[0].limit: expected how many messages in what time, such as 10/1h, not \"10\""
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, metric: spread, operator: '>', threshold: 1}]}",
            "5:54: alerts.rules[0].metric: task per_src_ip counts no spread by key; it has bytes, packets"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, metric: total_byte, operator: '>', threshold: 1}]}",
            "5:54: alerts.rules[0].metric: expected total_packets, total_bytes"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, metric: bytes, operator: '=>', threshold: 1}]}",
            "5:71: alerts.rules[0].operator: expected >, >=, <, <=, ==, != or =, not \"=>\""
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, metric: bytes, operator: '>', threshold: lots}]}",
            "5:87: alerts.rules[0].threshold: expected a number such as 1000000 or 10MB, not \"lots\""
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, when: bytes > 1, metric: bytes}]}",
            "5:71: alerts.rules[0].metric: when says it already"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip}]}",
            "5:18: alerts.rules[0]: expected when, or metric, operator and threshold"
        ),
        (
            "alerts: {rules: [{name: a, task: per_src_ip, task_name: b, when: bytes > 1}]}",
            "5:57: alerts.rules[0].task_name: means the same as task, which stands there already"
        ),
        (
            "alerts: {rules: [], notifiers: [{type: webhok}]}",
            "5:40: alerts.notifiers[0].type: expected webhook, mail, command or log, not \"webhok\" "
                + "(did you mean webhook?)"
        ),
        (
            "alerts: {rules: [], notifiers: [{type: webhook, url: ftp://x}]}",
            "5:54: alerts.notifiers[0].url: expected an address such as https://host/path, not \"ftp://x\""
        ),
        (
            "alerts: {rules: [], notifiers: [{type: webhook, url: 'http://x', body: '{{sumary}}'}]}",
            "5:72: alerts.notifiers[0].body: character 1 of the text: there is no {{sumary}} (did you mean summary?)"
        ),
        (
            "alerts: {rules: [], notifiers: [{type: command, command: page --now}]}",
            "5:58: alerts.notifiers[0].command: expected a list of the program and its arguments, not \"page --now\""
        ),
        (
            "alerts: {rules: [], notifiers: [{type: log, url: 'http://x'}]}",
            "5:50: alerts.notifiers[0].url: belongs to another type than log"
        ),
        (
            "alerts: {rules: [], notifiers: [{type: mail, host: a, from: nobody, to: a@b}]}",
            "5:61: alerts.notifiers[0].from: expected an address such as a@example.com, not \"nobody\""
        ),
        (
            "alerts: {rules: [], notifiers: [{type: mail, host: a, from: a@b, to: 'a@b>,<c@d'}]}",
            "5:70: alerts.notifiers[0].to: expected addresses"
        ),
        (
            "alerter: {rules: [], ai_analysis: {enabled: true}}",
            "5:45: alerter.ai_analysis.enabled: known to Go2NetSpectra, not supported yet: the analysis service"
        ),
        ("alerts: {rules: []}\nalerter: {rules: []}", "6:10: alerter: the rules stand in alerts already, in line 5"),
    ])
    func whatIsWrongIsSaidWithItsPlace(yaml: String, message: String) throws {
        let failure = #expect(throws: ConfigurationFailure.self) { try Self.alerts(yaml) }
        let text = failure.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("config.yaml:\(message)"), "\(text)")
    }
}
