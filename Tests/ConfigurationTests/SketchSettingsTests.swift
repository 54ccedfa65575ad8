import Configuration
import Flows
import Sketches
import Testing

@Suite struct SketchSettingsTests {
    private static func tasks(_ lines: String) throws(ConfigurationFailure) -> [SketchTask] {
        let list = lines.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
        return try SettingsTests.read("aggregator:\n  sketch:\n    tasks:\n\(list)\n").sketches
    }

    /// The sketch tasks of Go2NetSpectra's file for Kubernetes, unchanged.
    @Test func readsTheOriginalsTasks() throws {
        let settings = try SettingsTests.read(
            """
            aggregator:
              types:
                - "sketch"
                - "exact"
              num_workers: 16
              sketch:
                tasks:
                    - name: "ss_src_dst"
                      skt_type: 1
                      flow_fields: ["SrcIP"]
                      element_fields: ["DstIP"]
                      width: 32768
                      depth: 2
                      count_thereshold: 1
                      m : 128
                      size: 5
                      b: 1.08
                      base: 0.5
                    - name: "cm_src_left"
                      skt_type: 0
                      flow_fields: ["SrcIP"]
                      element_fields: ["DstIP", "SrcPort", "DstPort", "Protocol"]
                      width: 32768
                      depth: 2
                      size_thereshold: 4096000
                      count_thereshold: 4096
              exact:
                tasks:
                    - name: "per_five_tuple"
                      key_fields: ["SrcIP", "DstIP", "SrcPort", "DstPort", "Protocol"]
                      num_shards: 128
            """)
        let source = KeyFields(source: .whole)
        let expected = [
            SketchTask(
                name: "ss_src_dst", fields: source, elements: KeyFields(destination: .whole),
                kind: .superSpread(
                    try SuperSpreadParameters(width: 32_768, depth: 2, m: 128, size: 5, base: 0.5, b: 1.08),
                    threshold: 1)),
            SketchTask(
                name: "cm_src_left", fields: source,
                kind: .heavyHitters(
                    try CountMinParameters(width: 32_768, depth: 2), .init(packets: 4_096, bytes: 4_096_000))),
        ]
        #expect(settings.sketches == expected)
        #expect(settings.tasks.map(\.task.name) == ["per_five_tuple"])
    }

    /// What the original takes for 0 or nothing is its default, where that is no size.
    @Test func leftOutSettingsHaveDefaults() throws {
        let tasks = try Self.tasks(
            """
            - {name: a, skt_type: 0, flow_fields: [SrcIP]}
            - {name: b, skt_type: super_spread, key: SrcIP, elementkey: "DstIP,DstPort", width: 0, m: 0, base: 0}
            """)
        let size = try CountMinParameters(error: 0.0001, confidence: 0.99)
        #expect(tasks[0].kind == .heavyHitters(size, .init(packets: 512, bytes: 524_288)))
        let cells = try SuperSpreadParameters(width: 32_768, depth: 3)
        #expect(tasks[1].kind == .superSpread(cells, threshold: 4_096))
        #expect(tasks[1].elements == KeyFields(destination: .whole, destinationPort: true))
    }

    @Test func sizesFollowFromErrorAndConfidence() throws {
        let tasks = try Self.tasks(
            """
            - {name: a, skt_type: 0, flow_fields: [SrcIP], error: 0.001, confidence: 0.95, conservative: true, seed: 7}
            - {name: b, skt_type: 1, flow_fields: [SrcIP], element_fields: [DstIP], error: 0.2}
            - {name: c, skt_type: 2, element_fields: [DstIP], error: 0.02}
            - {name: d, skt_type: 3, flow_fields: [DstIP], error: 0.01}
            """)
        let size = try CountMinParameters(error: 0.001, confidence: 0.95, isConservative: true)
        #expect(tasks[0].kind == .heavyHitters(size, .init(packets: 512, bytes: 524_288)))
        #expect(tasks[0].seed == 7 && tasks[0].confidence == 0.95)
        let cells = try SuperSpreadParameters(error: 0.2, confidence: 0.99)
        #expect(tasks[1].kind == .superSpread(cells, threshold: 4_096))
        #expect(tasks[2].kind == .distinct(precision: 15))
        #expect(tasks[3].kind == .top(counters: 100))
    }

    @Test func typesChooseWhatRuns() throws {
        let both = """
              exact: {tasks: [{name: e, key_fields: SrcIP}]}
              sketch: {tasks: [{name: s, skt_type: 0, flow_fields: SrcIP}]}
            """
        for (type, counts) in [
            ("type: exact", (1, 0)), ("type: sketch", (0, 1)), ("types: [sketch]", (0, 1)),
            ("types: [sketch, exact]", (1, 1)), ("cumulative: false", (1, 1)),
        ] {
            let settings = try SettingsTests.read("aggregator:\n  \(type)\n\(both)")
            #expect(settings.tasks.count == counts.0 && settings.sketches.count == counts.1, "\(type)")
        }
    }

    @Test func aTaskMayHaveALimitOfItsOwn() throws {
        let settings = try SettingsTests.read(
            "aggregator: {exact_tasks: [{name: e, key_fields: SrcIP, memory: 64MiB}]}")
        #expect(settings.tasks[0].memoryBytesMax == 64 << 20)
    }

    static let problems: [(String, String)] = [
        ("- {name: a, flow_fields: SrcIP}", "4:9: aggregator.sketch.tasks[0]: expected skt_type"),
        (
            "- {name: a, skt_type: 4, flow_fields: SrcIP}",
            """
            4:29: aggregator.sketch.tasks[0].skt_type: expected 0 (count_min), 1 (super_spread), 2 (hyperloglog) or \
            3 (space_saving), not "4"
            """
        ),
        (
            "- {name: a, skt_type: count_mim, flow_fields: SrcIP}",
            """
            4:29: aggregator.sketch.tasks[0].skt_type: expected count_min, super_spread, hyperloglog or \
            space_saving, not "count_mim" (did you mean count_min?)
            """
        ),
        ("- {name: a, skt_type: 0}", "4:9: aggregator.sketch.tasks[0]: expected flow_fields"),
        (
            "- {name: a, skt_type: 1, flow_fields: SrcIP}",
            "4:9: aggregator.sketch.tasks[0]: expected element_fields"
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIp2}",
            "4:45: aggregator.sketch.tasks[0].flow_fields: "
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIP, width: -1}",
            "4:59: aggregator.sketch.tasks[0].width: expected a whole number from 1 to 268435456, not \"-1\""
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIP, width: 268435456, depth: 16}",
            "4:29: aggregator.sketch.tasks[0].skt_type: the sketch would take 65536 MiB, more than 8192 MiB"
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIP, error: 1e-12}",
            "4:59: aggregator.sketch.tasks[0].error: error: 1e-12 is not above "
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIP, error: 0.1, width: 5}",
            "4:59: aggregator.sketch.tasks[0].error: gives the sketch its size, and width stands there already"
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIP, confidence: nan}",
            "4:64: aggregator.sketch.tasks[0].confidence: expected a number between 0 and 1, not \"nan\""
        ),
        (
            "- {name: a, skt_type: 1, flow_fields: SrcIP, element_fields: DstIP, base: 1.5}",
            "4:81: aggregator.sketch.tasks[0].base: expected a number between 0 and 1, not \"1.5\""
        ),
        (
            "- {name: a, skt_type: 1, flow_fields: SrcIP, element_fields: DstIP, b: 1}",
            "4:78: aggregator.sketch.tasks[0].b: expected a number above 1, not \"1\""
        ),
        (
            "- {name: a, skt_type: 3, flow_fields: SrcIP, width: 5}",
            "4:59: aggregator.sketch.tasks[0].width: space_saving has no such parameter"
        ),
        (
            "- {name: a, skt_type: 0, flow_fields: SrcIP, widht: 5}",
            "4:52: aggregator.sketch.tasks[0].widht: unknown setting (did you mean width?)"
        ),
        (
            "- {name: a, skt_type: 3, flow_fields: SrcIP}\n- {name: a, skt_type: 3, flow_fields: SrcIP}",
            "5:16: aggregator.sketch.tasks[1].name: a task named \"a\" stands above already"
        ),
    ]

    @Test(arguments: problems) func saysWhereAndWhat(lines: String, message: String) {
        let failure = #expect(throws: ConfigurationFailure.self) { _ = try Self.tasks(lines) }
        let text = failure?.description ?? ""
        #expect(text.hasPrefix("config.yaml:" + message), "\(text)")
    }
}
