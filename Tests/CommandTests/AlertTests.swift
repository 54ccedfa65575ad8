import Foundation
import TestSupport
import Testing

/// Alerts of the program as it is run: said, printed, sent, counted; and what is wrong with rules.
@Suite struct AlertTests {
    private static func run(
        _ yaml: String, _ options: String..., environment: [String: String] = [:]
    ) throws -> Command.Outcome {
        try Command.withFolder { folder in
            let file = folder.appending(path: "alerts.yaml")
            try Data(yaml.utf8).write(to: file)
            return try Command.run(
                ["analyze", "--config", file.path] + options + [Command.sample], environment: environment)
        }
    }

    private static let tasks = """
        aggregator:
          snapshot_interval: 1s
          exact_tasks: [{name: per_src_ip, key_fields: [SrcIP]}, {name: flows, key_fields: 5tuple}]

        """

    private static let rules = """
        alerts:
          rules:
            - {name: heavy, task: per_src_ip, when: bytes/s > 10kB for 2s}
            - {name: fan, task: flows, when: flows > 3 by SrcIP, group: key, limit: 2/1h}

        """

    @Test func alertsAreSaidOnStandardError() throws {
        let outcome = try Self.run(Self.tasks + Self.rules, "--format", "csv")
        #expect(outcome.code == 0)
        #expect(
            outcome.errors.contains("netspectra: alert heavy firing: 192.0.2.1 30.7 kB/s (bytes/s > 10kB for 2s)\n"))
        #expect(outcome.errors.contains("netspectra: alert fan resolved: "))
    }

    @Test func alertsAreObjectsAmongTheRows() throws {
        let outcome = try Self.run(Self.tasks + Self.rules, "--format", "ndjson")
        #expect(outcome.code == 0 && outcome.errors == "")
        let objects = try outcome.lines.map { try JSON(parsing: $0) }
        let alerts = objects.filter { $0["type"].string == "alert" }
        #expect(Set(alerts.compactMap { $0["rule"].string }) == ["heavy", "fan"])
        let heavy = try #require(alerts.first { $0["rule"].string == "heavy" })
        #expect(heavy["state"].string == "firing" && heavy["exactness"].string == "exact")
        #expect(heavy["items"][0]["src_ip"].string == "192.0.2.1" && heavy["items"][0]["certain"].bool == true)
        #expect(heavy["evidence"][0]["src_ip"].string == "192.0.2.1" && heavy["query"].value == nil)
        // Two messages of the second rule's firing at most, the rest is counted.
        #expect(alerts.count { $0["rule"].string == "fan" && $0["state"].string == "firing" } == 2)
        let ledger = try #require(objects.last)["ledger"]
        #expect(ledger["balanced"].bool == true)
        let stage = try #require(ledger["stages"].array.first { $0["stage"].string == "alerts" })
        #expect(stage["filtered"]["limit of the rule"].int ?? 0 > 0)
        #expect(stage["noted"]["messages"].int == alerts.count)
    }

    /// What an alert says shows more does.
    @Test func theCommandOfAnAlertCanBeRun() throws {
        try Command.withFolder { folder in
            let file = folder.appending(path: "alerts.yaml")
            try Data((Self.tasks + Self.rules).utf8).write(to: file)
            let store = folder.appending(path: "it's.db").path
            let outcome = try Command.run(
                "analyze", "--config", file.path, "--store", store, "--format", "ndjson", Command.sample)
            #expect(outcome.code == 0)
            let alerts = try outcome.lines.map { try JSON(parsing: $0) }.filter { $0["type"].string == "alert" }
            #expect(alerts.count > 3)
            for alert in alerts {
                let query = try #require(alert["query"].string)
                #expect(query.hasPrefix("netspectra query top --task "))
                let answer = try Command.shell("\"$N\"" + query.dropFirst("netspectra".count) + " --format csv --top 0")
                #expect(answer.code == 0 && answer.errors == "", "\(query)\n\(answer.errors)")
                // The header, and the rows of the key.
                #expect(answer.lines.count > 1, "\(query)")
            }
        }
    }

    /// The original's form, with its mail server.
    @Test func theOriginalsRulesRun() throws {
        let outcome = try Self.run(
            """
            aggregator:
              exact: {tasks: [{name: per_src_ip, key_fields: ["SrcIP"]}]}
            smtp: {host: 127.0.0.1, port: 1, user: "", password: "", from: a@example.com, to: "b@example.com"}
            alerter:
              enabled: true
              check_interval: "1s"
              rules:
                - name: "high_traffic_source"
                  task_name: "per_src_ip"
                  metric: "ByteCount"
                  operator: ">"
                  threshold: 10000
            """, "--format", "ndjson")
        // Nothing listens on port 1, which is no failure of the analysis.
        #expect(outcome.code == 0)
        #expect(outcome.errors.hasPrefix("netspectra: alert notifier smtp: cannot reach smtp://127.0.0.1:1: "))
        let objects = try outcome.lines.map { try JSON(parsing: $0) }
        let alerts = objects.filter { $0["type"].string == "alert" }
        #expect(
            alerts.first?["condition"].string == "bytes > 10000"
                && alerts.first?["rule"].string == "high_traffic_source")
        let stages = try #require(objects.last)["ledger"]["stages"].array
        let stage = try #require(stages.first { $0["stage"].string == "notify smtp" })
        #expect(stage["seen"].int == alerts.count && stage["delivered"].int == 0 && stage["balanced"].bool == true)
    }

    @Test func notifiersGetTheirAlerts() throws {
        try Command.withFolder { folder in
            let yaml = """
                \(Self.tasks)alerts:
                  rules:
                    - {name: heavy, task: per_src_ip, when: bytes/s > 10kB, notify: file}
                    - {name: total, task: flows, when: total packets > 0, notify: [script, broken]}
                  notifiers:
                    - {name: file, type: log, path: "\(folder.path)/alerts.ndjson"}
                    - {name: script, type: command, command: [/bin/sh, -c, 'cat >> "$0"', "\(folder.path)/script"]}
                    - {name: broken, type: command, tries: 1, command: [/bin/false]}
                """
            let outcome = try Self.run(yaml, "--format", "ndjson")
            #expect(outcome.code == 0)
            #expect(outcome.errors == "netspectra: alert notifier broken: cannot run /bin/false: it ended with 1\n")
            func rules(_ name: String) throws -> [String] {
                try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n").compactMap
                {
                    try JSON(parsing: $0)["rule"].string
                }
            }
            #expect(Set(try rules("alerts.ndjson")) == ["heavy"])
            #expect(try rules("script") == ["total"])
            let stages = try JSON(parsing: outcome.lines.last ?? "")["ledger"]["stages"].array
            let broken = try #require(stages.first { $0["stage"].string == "notify broken" })
            #expect(broken["lost"]["cannot run /bin/false: it ended with 1"].int == 1)
        }
    }

    @Test func whatIsWrongWithARuleEndsTheRun() throws {
        let rule = "alerts: {rules: [{name: a, task: per_scr_ip, when: bytes > 1}]}"
        let inFile = try Self.run(Self.tasks + rule)
        #expect(inFile.code == 78 && inFile.errors.contains("no task \"per_scr_ip\" (did you mean per_src_ip?)"))
        // Tasks of the command line take the place of the file's.
        let onLine = try Self.run(Self.tasks + Self.rules, "--key", "DstIP")
        #expect(onLine.code == 78)
        #expect(onLine.errors == "netspectra: alert rule heavy: no task \"per_src_ip\"; there is DstIP\n")
        let secret = "  notifiers: [{type: webhook, url: \"${NETSPECTRA_TEST_URL}\"}]\n"
        let unset = try Self.run(Self.tasks + Self.rules + secret)
        #expect(unset.code == 69 && unset.errors.contains("the environment has no such variable"))
        let set = try Self.run(
            Self.tasks + Self.rules + secret, environment: ["NETSPECTRA_TEST_URL": "http://127.0.0.1:1/secret"])
        #expect(
            set.code == 0 && set.errors.contains("cannot reach http://127.0.0.1:1: ") && !set.errors.contains("secret"))
    }
}
