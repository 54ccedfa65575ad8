import Configuration
import Testing

@Suite struct WriterSettingsTests {
    /// The writers of Go2NetSpectra's own file, unchanged: one of them is switched off.
    @Test func readsTheOriginalsWriters() throws {
        let settings = try SettingsTests.read(
            """
            aggregator:
              type: "exact"
              exact:
                writers:
                  - type: "gob"
                    enabled: false
                    snapshot_interval: "3600s"
                    gob:
                      root_path: "test/res"
                  - type: "clickhouse"
                    enabled: true
                    snapshot_interval: "30s"
                    clickhouse:
                      host: "localhost"
                      port: 9000
                      database: "default"
                      username: "default"
                      password: "123"
                tasks:
                  - {name: a, key_fields: [SrcIP], num_shards: 64}
            """)
        let address = "clickhouse://default:123@localhost/default"
        #expect(settings.writers == [WriterSettings(.database(address), intervalNanoseconds: 30_000_000_000)])
        #expect(settings.tasks.count == 1)
    }

    @Test func readsEveryKind() throws {
        let settings = try SettingsTests.read(
            """
            aggregator:
              writers:
                - {type: directory, snapshot_interval: 5m, directory: {root_path: data}}
                - {type: sqlite, sqlite: {path: flows.db, keep: 30d}}
                - type: clickhouse
                  clickhouse:
                    {host: "2001:db8::1", port: 8444, secure: true, username: "a@b", password: "p:/%", keep: 1h,
                     spool: waiting}
              sketch:
                writers: [{type: sqlite, sqlite: {path: flows.db, keep: 30d}}]
            """)
        let day: Int64 = 86_400_000_000_000
        let address = "clickhouses://a%40b:p%3A%2F%25@[2001:db8::1]:8444"
        #expect(
            settings.writers == [
                WriterSettings(.directory("data"), intervalNanoseconds: 300_000_000_000),
                WriterSettings(.database("sqlite://flows.db"), keepNanoseconds: 30 * day),
                WriterSettings(.database(address), keepNanoseconds: 3_600_000_000_000, spool: "waiting"),
            ])
    }

    @Test(arguments: [
        ("{directory: {root_path: a}}", "3:7: aggregator.writers[0].type: missing; it says what is written"),
        ("{type: directori}", "aggregator.writers[0].type: expected directory, sqlite, clickhouse or gob, not"),
        ("{type: sqlite}", "aggregator.writers[0].sqlite: missing; it says where to"),
        ("{type: sqlite, sqlite: {}}", "aggregator.writers[0].sqlite.path: missing; it names the database's file"),
        ("{type: sqlite, sqlite: {path: \"\"}}", "aggregator.writers[0].sqlite.path: expected the database's file"),
        ("{type: gob, directory: {root_path: a}}", "aggregator.writers[0].directory: the type is gob"),
        ("{type: clickhouse, clickhouse: {port: 1}}", "aggregator.writers[0].clickhouse.host: missing"),
        ("{type: clickhouse, clickhouse: {host: h, prot: 1}}", "(did you mean port?)"),
        ("{type: gob, enabled: maybe, gob: {root_path: a}}", "aggregator.writers[0].enabled: expected true or false"),
    ]) func saysWhatIsWrong(writer: String, message: String) {
        let failure = #expect(throws: ConfigurationFailure.self) {
            try SettingsTests.read("aggregator:\n  writers:\n    - \(writer)\n")
        }
        #expect(failure?.description.contains(message) == true, "\(failure?.description ?? "")")
    }
}
