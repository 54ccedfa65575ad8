import Configuration
import Flows
import Headers
import Testing

@Suite struct SettingsTests {
    static func read(_ yaml: String) throws(ConfigurationFailure) -> Settings {
        try Settings(yaml: Array(yaml.utf8), file: "config.yaml")
    }

    /// The first form of Go2NetSpectra's file, unchanged.
    @Test func readsTheOriginalsFile() throws {
        let settings = try Self.read(
            """
            aggregator:
              num_workers: 16
              size_of_packet_channel: 10000
              snapshot_interval: "30s"
              storage_root_path: "./data"
              exact_tasks:
                - name: "per_five_tuple"
                  key_fields: ["SrcIP", "DstIP", "SrcPort", "DstPort", "Protocol"]
                  num_shards: 256
            """)
        var expected = Settings()
        expected.workers = 16
        expected.packetQueueLength = 10_000
        expected.snapshotIntervalNanoseconds = 30_000_000_000
        expected.storageRoot = "./data"
        expected.tasks = [
            TaskSettings(task: FlowTask(name: "per_five_tuple", fields: .fiveTuple), shards: 256)
        ]
        #expect(settings == expected)
    }

    /// Its six default tasks, in the form of its later files.
    @Test func readsTheSixTasksOfLaterFiles() throws {
        let settings = try Self.read(
            """
            aggregator:
              type: "exact"
              exact:
                tasks:
                  - {name: per_src_ip, key_fields: [SrcIP], num_shards: 64}
                  - {name: per_dst_ip, key_fields: [DstIP], num_shards: 64}
                  - {name: per_src_port, key_fields: [SrcPort], num_shards: 32}
                  - {name: per_dst_port, key_fields: [DstPort], num_shards: 32}
                  - {name: per_protocol, key_fields: [Protocol], num_shards: 16}
                  - {name: per_five_tuple, key_fields: [SrcIP, DstIP, SrcPort, DstPort, Protocol], num_shards: 128}
            """)
        #expect(
            settings.tasks.map(\.task.fields.description) == [
                "SrcIP", "DstIP", "SrcPort", "DstPort", "Protocol", "SrcIP,DstIP,SrcPort,DstPort,Protocol",
            ])
        #expect(settings.tasks.map(\.shards) == [64, 64, 32, 32, 16, 128])
    }

    @Test func readsEverySetting() throws {
        let settings = try Self.read(
            """
            aggregator:
              snapshot_interval: 1h30m
              snapshot_clock: wall
              cumulative: yes
              max_memory: 512MiB
              tunnels: inner
              bidirectional: true
              where: tcp port 443
              exact_tasks:
                - name: a
                  key_fields: SrcIP/24/48, DstIP/24/48
                - name: b
                  key_fields: [src_ip]
                  bidirectional: false
            output: {format: ndjson, sort: packets, top: 0, directory: /tmp/out}
            """)
        #expect(settings.snapshotIntervalNanoseconds == 5_400_000_000_000)
        #expect(settings.snapshotClock == .wall)
        #expect(settings.isCumulative)
        #expect(settings.memoryBytesMax == 512 << 20)
        #expect(settings.tunnels == .inner)
        #expect(settings.filter?.text == "tcp port 443")
        #expect(settings.tasks.map(\.task.bidirectional) == [true, false])
        #expect(settings.report.format == .ndjson)
        #expect(settings.report.sort == .packets)
        #expect(settings.report.top == 0)
        #expect(settings.storageRoot == "/tmp/out")
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "~", "aggregator: {}"]) func emptyFilesSayNothing(yaml: String) throws
    {
        #expect(try Self.read(yaml) == Settings())
    }

    /// The example holds every key, so it must name each that is known; and it must be a valid file.
    @Test func theExampleIsComplete() throws {
        let settings = try Self.read(Settings.example)
        #expect(settings.tasks.count == 3)
        #expect(settings.memoryBytesMax == 2 << 30)
        for key in [
            "num_workers", "size_of_packet_channel", "snapshot_interval", "snapshot_clock", "cumulative",
            "storage_root_path",
            "max_memory", "tunnels", "where", "bidirectional", "exact_tasks", "name", "key_fields", "num_shards",
            "format",
            "sort", "top",
        ] {
            #expect(Settings.example.contains("\(key):"), "\(key)")
        }
    }
}
