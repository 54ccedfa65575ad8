import Configuration
import Testing

/// Each wrong file and the whole text of its error.
@Suite struct ConfigurationFailureTests {
    static let aggregatorKeys = """
        aggregator takes num_workers, size_of_packet_channel, snapshot_interval, storage_root_path, exact_tasks, \
        sketch_tasks, snapshot_clock, cumulative, max_memory, tunnels, where, bidirectional, type, types, exact, \
        sketch, writers, period
        """

    static let cases: [(String, String)] = [
        (
            "agregator: {}",
            "1:1: agregator: unknown setting (did you mean aggregator?); the file takes aggregator, output, redact, "
                + "alerts, alerter, smtp"
        ),
        ("- 1", "1:1: expected the group aggregator, output, redact or alerts, not a list"),
        ("just text", "1:1: expected the group aggregator, output, redact or alerts, not \"just text\""),
        ("aggregator:", "1:12: aggregator: expected a group of settings, not nothing"),
        (
            "aggregator:\n  num_worker: 4",
            "2:3: aggregator.num_worker: unknown setting (did you mean num_workers?); \(aggregatorKeys)"
        ),
        ("aggregator:\n  banana: 4", "2:3: aggregator.banana: unknown setting; \(aggregatorKeys)"),
        (
            "aggregator:\n  num_workers: 0",
            "2:16: aggregator.num_workers: expected a whole number from 1 to 1024, not \"0\""
        ),
        (
            "aggregator:\n  num_workers: four",
            "2:16: aggregator.num_workers: expected a whole number from 1 to 1024, not \"four\""
        ),
        (
            "aggregator:\n  num_workers:",
            "2:15: aggregator.num_workers: expected a whole number from 1 to 1024, not nothing"
        ),
        (
            "aggregator:\n  num_workers: [1]",
            "2:16: aggregator.num_workers: expected a whole number from 1 to 1024, not a list"
        ),
        (
            "aggregator:\n  size_of_packet_channel: -1",
            "2:27: aggregator.size_of_packet_channel: expected a whole number from 1 to 100000000, not \"-1\""
        ),
        (
            "aggregator:\n  snapshot_interval: 30",
            "2:22: aggregator.snapshot_interval: expected a duration above 0 such as 30s, 5m or 1h30m, not \"30\""
        ),
        (
            "aggregator:\n  snapshot_interval: 0s",
            "2:22: aggregator.snapshot_interval: expected a duration above 0 such as 30s, 5m or 1h30m, not \"0s\""
        ),
        (
            "aggregator:\n  snapshot_clock: captrue",
            "2:19: aggregator.snapshot_clock: expected wall or capture, not \"captrue\" (did you mean capture?)"
        ),
        ("aggregator:\n  cumulative: maybe", "2:15: aggregator.cumulative: expected true or false, not \"maybe\""),
        (
            "aggregator:\n  max_memory: 10k",
            "2:15: aggregator.max_memory: expected a size of at least 1MiB such as 512MiB or 2GiB, not \"10k\""
        ),
        ("aggregator:\n  tunnels: both", "2:12: aggregator.tunnels: expected outer or inner, not \"both\""),
        (
            "aggregator:\n  type: sketches",
            "2:9: aggregator.type: expected exact or sketch, not \"sketches\" (did you mean sketch?)"
        ),
        (
            "aggregator:\n  storage_root_path: \"\"",
            "2:22: aggregator.storage_root_path: expected a directory, not \"\""
        ),
        (
            "aggregator:\n  where: tcp prot 80",
            "2:10: aggregator.where: column 5 of the expression: expected \"and\", \"or\" or the end, not \"prot\""
        ),
        (
            "aggregator:\n  period: soon",
            "2:11: aggregator.period: expected a duration above 0 such as 30s, 5m or 1h30m, not \"soon\""
        ),
        (
            "aggregator:\n  period: 720h\n  cumulative: true",
            "2:11: aggregator.period: cumulative snapshots go on to the end of the run; "
                + "without it each begins anew"
        ),
        (
            "aggregator:\n  exact_tasks: []",
            """
            2:16: aggregator.exact_tasks: expected at least one task; \
            without the key, flows are counted by five-tuple
            """
        ),
        (
            "aggregator:\n  exact_tasks: 5tuple",
            "2:16: aggregator.exact_tasks: expected a list of tasks, not \"5tuple\""
        ),
        (
            "aggregator:\n  exact_tasks: [5tuple]",
            "2:17: aggregator.exact_tasks[0]: expected a group of settings, not \"5tuple\""
        ),
        ("aggregator:\n  exact_tasks: [{name: a}]", "2:17: aggregator.exact_tasks[0]: expected key_fields"),
        ("aggregator:\n  exact_tasks: [{key_fields: [SrcIP]}]", "2:17: aggregator.exact_tasks[0]: expected name"),
        (
            "aggregator:\n  exact_tasks: [{name: a/b, key_fields: [SrcIP]}]",
            """
            2:24: aggregator.exact_tasks[0].name: expected a name that can be a directory's: \
            1 to 100 octets, no blank, / or \\, no dot in front
            """
        ),
        (
            "aggregator:\n  exact_tasks:\n    - {name: a, key_fields: [SrcIP]}\n    - {name: a, key_fields: [DstIP]}",
            "4:14: aggregator.exact_tasks[1].name: a task named \"a\" stands in line 3 already"
        ),
        (
            "aggregator:\n  exact_tasks: [{name: a, key_fields: [SrcIP, DstPrt]}]",
            """
            2:47: aggregator.exact_tasks[0].key_fields[1]: "DstPrt" is not a key field (did you mean DstPort?); \
            the fields are SrcIP, DstIP, SrcPort, DstPort, Protocol, VLAN
            """
        ),
        (
            "aggregator:\n  exact_tasks: [{name: a, key_fields: []}]",
            "2:39: aggregator.exact_tasks[0].key_fields: a key needs at least one field, such as SrcIP"
        ),
        (
            "aggregator:\n  exact_tasks: [{name: a, key_fields: 'SrcIP,,DstIP'}]",
            "2:39: aggregator.exact_tasks[0].key_fields: a key field is missing between two commas or at an end"
        ),
        (
            "aggregator:\n  exact_tasks: [{name: a, key_fields: [SrcIP], bidirectional: true}]",
            """
            2:39: aggregator.exact_tasks[0].key_fields: a bidirectional key needs both ends: SrcIP is there, its \
            partner is not
            """
        ),
        (
            "aggregator:\n  exact_tasks: [{name: a, key_fields: [SrcIP], num_shards: 0}]",
            "2:60: aggregator.exact_tasks[0].num_shards: expected a whole number from 1 to 65536, not \"0\""
        ),
        (
            "aggregator:\n  exact_tasks: [{name: a, key_fields: [SrcIP]}]\n  exact: {tasks: []}",
            "3:18: aggregator.exact.tasks: the tasks stand in aggregator.exact_tasks already"
        ),
        (
            "aggregator:\n  storage_root_path: a\noutput:\n  directory: b",
            "4:14: output.directory: aggregator.storage_root_path names the directory already"
        ),
        (
            "output:\n  format: josn",
            "2:11: output.format: expected table, json, ndjson or csv, not \"josn\" (did you mean json?)"
        ),
        ("output:\n  top: -1", "2:8: output.top: expected a whole number from 0 to 1000000000, not \"-1\""),
        ("output:\n  top: 1\n  top: 2", "3:3: output.top: stands in line 2 already"),
        // Syntax, in libyaml's words.
        ("aggregator: [", "2:1: did not find expected node content while parsing a flow node"),
        ("a: b: c", "1:5: mapping values are not allowed in this context"),
        ("a: *b", "1:4: aliases (*name) are not supported: write the value"),
        ("a: 1\n---\nb: 2", "2:1: a second document: settings are one document"),
        ("[a]: 1", "1:1: a key is text, not a list or a group"),
    ]

    @Test(arguments: cases) func saysWhereAndWhat(yaml: String, message: String) {
        let failure = #expect(throws: ConfigurationFailure.self) { _ = try SettingsTests.read(yaml) }
        #expect(failure?.description == "config.yaml:" + message)
    }

    @Test func allProblemsAreToldAtOnceInTheOrderOfTheFile() {
        let yaml = """
            output: {top: many}
            aggregator:
              num_workers: 0
              tunnels: no
            """
        let failure = #expect(throws: ConfigurationFailure.self) { _ = try SettingsTests.read(yaml) }
        #expect(failure?.problems.map(\.line) == [1, 3, 4])
        #expect(failure?.problems.map(\.key) == ["output.top", "aggregator.num_workers", "aggregator.tunnels"])
    }

    @Test func hostileFilesAreRefused() {
        let deep = String(repeating: "[", count: 10_000)
        let wide = "a: [" + String(repeating: "1,", count: 200_000) + "]"
        let large = String(repeating: "#", count: 2 << 20)
        for yaml in [deep, wide, large, "a: \u{0}", "\u{1}"] {
            #expect(throws: ConfigurationFailure.self) { _ = try SettingsTests.read(yaml) }
        }
        #expect(throws: ConfigurationFailure.self) {
            _ = try Settings(yaml: [0x61, 0x3A, 0x20, 0xFF, 0xFE], file: "f")
        }
    }
}
