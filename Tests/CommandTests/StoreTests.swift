import Foundation
import TestSupport
import Testing

/// What is stored, killed and asked, with the program as it is run.
@Suite(.serialized) struct StoreTests {
    /// Everything that `analyze` prints is in the database, whatever the interval.
    @Test(arguments: [[], ["--bidirectional"], ["--cumulative"]]) func queriesAnswerWhatWasCounted(options: [String])
        throws
    {
        try Command.withFolder { folder in
            let store = folder.appending(path: "x.db").path
            let analyze = ["analyze", "--key", "five-tuple", "--format", "csv", Command.sample]
            let whole = try Command.run(analyze + options.filter { $0 == "--bidirectional" })
            let stored = try Command.run(analyze + options + ["--snapshot-interval", "1s", "--store", store])
            #expect(stored.code == 0)
            let query = try Command.run(["query", "top", "--store", store, "--format", "csv"])
            #expect(query.code == 0 && query.errors == "")
            // The task in front is left out, as are the last columns, which differ.
            func rows(_ text: String, skipping: Int, columns: Int) -> Set<String> {
                Set(
                    text.split(separator: "\n").dropFirst().map { line in
                        line.split(separator: ",", omittingEmptySubsequences: false)[skipping..<(skipping + columns)]
                            .joined(separator: ",")
                    })
            }
            // Key, packets, bytes, times and flags; of both directions more.
            let columns = options == ["--bidirectional"] ? 13 : 10
            #expect(rows(query.text, skipping: 0, columns: columns) == rows(whole.text, skipping: 1, columns: columns))
            #expect(query.lines.count > 50)
        }
    }

    @Test func everyQuestionHasAnAnswerInEveryFormat() throws {
        try Command.withFolder { folder in
            let store = folder.appending(path: "x.db").path
            let analyze = try Command.run(
                "analyze", "--snapshot-interval", "1s", "--store", store, "--store-interval", "5s", "--keep", "30d",
                Command.sample, "--format", "ndjson")
            #expect(analyze.code == 0)
            let summary = try JSON(parsing: analyze.lines.last ?? "")
            #expect(summary["ledger"]["balanced"].bool == true)
            let stage = summary["ledger"]["stages"].array.last
            #expect(stage?["stage"].string == "store \(store)" && stage?["delivered"].int ?? 0 > 5)
            for question in [
                ["top"], ["top", "--by", "SrcIP/24", "--last", "5s"], ["flow", "dst_port == 443"],
                ["flow", "tcp", "--where", "host 192.0.2.1", "--every", "5s"], ["spread", "--of", "DstIP,DstPort"],
                ["summary"], ["sql", "SELECT task, sum(bytes) AS b FROM flows GROUP BY task"],
            ] {
                for format in ["table", "json", "ndjson", "csv"] {
                    let outcome = try Command.run(["query"] + question + ["--store", store, "--format", format])
                    #expect(
                        outcome.code == 0 && outcome.errors == "" && !outcome.lines.isEmpty, "\(question) \(format)")
                    if format == "json" { #expect(try JSON(parsing: outcome.text).value != nil) }
                    if format == "ndjson" { for line in outcome.lines { _ = try JSON(parsing: line) } }
                }
            }
        }
    }

    /// Each writer of a settings file has an interval of its own, and all add up to the same. One that fails is in the
    /// ledger, and keeps nothing from the others.
    @Test func writersOfASettingsFileAreIndependent() throws {
        try Command.withFolder { folder in
            let settings = folder.appending(path: "settings.yaml"), full = folder.appending(path: "file/data").path
            try Data().write(to: folder.appending(path: "file"))
            try """
            aggregator:
              writers:
                - {type: sqlite, snapshot_interval: 1s, sqlite: {path: "\(folder.path)/often.db"}}
                - {type: sqlite, snapshot_interval: 5s, sqlite: {path: "\(folder.path)/seldom.db", keep: 30d}}
                - {type: gob, snapshot_interval: 2s, gob: {root_path: "\(folder.path)/data"}}
                - {type: directory, snapshot_interval: 3s, directory: {root_path: "\(full)"}}
            """.write(to: settings, atomically: true, encoding: .utf8)
            let run = try Command.run("analyze", "--config", settings.path, "--format", "ndjson", Command.sample)
            #expect(run.code == 73 || run.code == 74)
            #expect(run.errors.contains("\(folder.path)/file"), "\(run.errors)")
            let ledger = try JSON(parsing: run.lines.last ?? "")["ledger"]
            #expect(ledger["balanced"].bool == true)
            let stages = ledger["stages"].array.suffix(4)
            #expect(
                stages.compactMap { $0["stage"].string } == [
                    "store \(folder.path)/often.db", "store \(folder.path)/seldom.db",
                    "directory \(folder.path)/data", "directory \(full)",
                ])
            #expect(stages.map { ($0["delivered"].int ?? 0) > 0 } == [true, true, true, false])
            var totals: Set<String> = [], snapshots: [Int] = []
            for name in ["often", "seldom"] {
                let store = folder.appending(path: "\(name).db").path
                let sum = try Command.run(
                    "query", "sql", "SELECT sum(packets), sum(bytes) FROM flows", "--store", store, "--format", "csv")
                totals.insert(sum.text)
                let count = try Command.run("query", "summary", "--store", store, "--format", "json")
                snapshots.append(try JSON(parsing: count.text)["snapshots"].int ?? 0)
            }
            #expect(totals.count == 1 && snapshots[0] > snapshots[1] && snapshots[1] > 0, "\(totals) \(snapshots)")
            let shown = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "data").path)
            #expect(shown.count > 1 && shown.count < snapshots[0])
        }
    }

    /// What a run of sketches alone printed is what the database says, and there is nothing else to be asked of it.
    @Test func sketchesAreStoredAndAsked() throws {
        try Command.withFolder { folder in
            let settings = folder.appending(path: "settings.yaml"), store = folder.appending(path: "x.db").path
            try """
            aggregator:
              snapshot_interval: 5s
              sketch:
                tasks:
                  - {name: spreaders, skt_type: 1, key: [SrcIP], elementkey: [DstIP, DstPort], count_threshold: 2,
                     error: 0.05, confidence: 0.95}
            """.write(to: settings, atomically: true, encoding: .utf8)
            let analyze = [
                "analyze", "--config", settings.path, "--store", store, "--format", "ndjson", Command.sample,
            ]
            let printed = try Command.run(analyze).lines.map { try JSON(parsing: $0) }.filter {
                $0["sketch"].string == "super_spread" && $0["src_ip"].string != nil
            }
            let asked = try Command.run(
                "query", "sketch", "--store", store, "--from", "2000-01-01 00:00:00", "--format", "ndjson")
            #expect(asked.code == 0)
            func rows(_ rows: [JSON]) -> [String] {
                rows.map { "\($0["src_ip"].string ?? "") \($0["spread"].int ?? -1) \($0["spread_bound"].int ?? -1)" }
                    .sorted()
            }
            let stored = try asked.lines.map { try JSON(parsing: $0) }
            #expect(rows(stored.filter { $0["position"].int != 0 }) == rows(printed) && printed.count > 10)
            #expect(stored.count { $0["position"].int == 0 && $0["packets"].int ?? 0 > 0 } > 1)
            let table = try Command.run("query", "sketch", "--store", store, "--top", "2")
            #expect(table.code == 0 && table.lines.count == 4 && !table.text.contains("dst_port"))
            let failure = try Command.run("query", "top", "--store", store)
            #expect(failure.code == 65 && failure.errors.contains("query sketch"), "\(failure.errors)")
        }
    }

    @Test func whatCannotBeAskedSaysSo() throws {
        try Command.withFolder { folder in
            let store = folder.appending(path: "x.db").path
            func run(_ arguments: String...) throws -> Command.Outcome {
                try Command.run(["query"] + arguments + ["--store", store])
            }
            #expect(try run("top").code == 66)
            try Data("no database".utf8).write(to: URL(filePath: store))
            #expect(try run("top").code == 66)
            #expect(try Command.run("analyze", "--store", store, Command.sample).code == 73)
            try FileManager.default.removeItem(atPath: store)
            #expect(try Command.run("analyze", "--key", "SrcIP", "--store", store, Command.sample).code == 0)
            let failure = try run("top", "--by", "DstPort")
            #expect(failure.code == 65 && failure.errors.contains("no stored task has DstPort; there is SrcIP"))
            #expect(try run("flow").code == 2)
            #expect(try run("top", "text").code == 2)
            #expect(try run("top", "--from", "yesterday").code == 2)
            #expect(try run("top", "--last", "5").code == 2)
            #expect(try run("sql", "DELETE FROM rows").code == 65)
            #expect(try Command.run("analyze", "--keep", "1d", Command.sample).code == 2)
            #expect(try Command.run("analyze", "--store", "mysql://x", Command.sample).code == 2)
        }
    }

    /// Killed 100 times, at any moment: the database is whole, and has a run's snapshots from the first one on without
    /// a gap, each with all its rows.
    @Test func killingDoesNoHarm() throws {
        try Command.withFolder { folder in
            let (store, capture) = (folder.appending(path: "x.db").path, folder.appending(path: "c.pcap").path)
            let made = try Command.run("generate", "--packets", "4000", "--flows", "400", "--seed", "9", capture)
            #expect(made.code == 0, "\(made.errors)")
            var random = SystemRandomNumberGenerator()
            var (snapshots, longest) = (0, 0.12)
            for _ in 0..<100 {
                let process = Process()
                process.executableURL = Command.program
                process.arguments = [
                    "analyze", "--key", "five-tuple", "--key", "SrcIP", "--format", "csv", "--snapshot-interval",
                    "50ms", "--keep", "1d", "--workers", "1", "--store", store, capture,
                ]
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
                Thread.sleep(forTimeInterval: .random(in: 0.005...longest, using: &random))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                // As long as nothing is stored, runs are given longer: the machine is slow, or busy.
                if snapshots == 0 { longest = min(longest * 1.2, 10) }
                guard FileManager.default.fileExists(atPath: store) else { continue }
                snapshots = try Self.checkedSnapshots(store)
            }
            #expect(snapshots > 0, "no run came as far as its first snapshot")
            // The next run cleans up.
            #expect(try Command.run("analyze", "--store", store, "--quiet", "--format", "csv", capture).code == 0)
            let rest = try Command.run(
                "query", "sql",
                "SELECT (SELECT count(*) FROM snapshots WHERE NOT complete), (SELECT count(*) FROM rows)"
                    + " - (SELECT sum(rows) FROM results)", "--store", store, "--format", "csv")
            #expect(rest.lines.last == "0,0")
        }
    }

    /// - Returns: how many complete snapshots there are.
    private static func checkedSnapshots(_ store: String) throws -> Int {
        func ask(_ sql: String) throws -> String {
            let outcome = try Command.run("query", "sql", sql, "--store", store, "--format", "csv")
            // Killed before its first transaction, a database has no tables.
            if outcome.errors.contains("nothing has been stored in it yet") { return "0" }
            #expect(outcome.code == 0, "\(outcome.errors)")
            return outcome.lines.dropFirst().joined(separator: "\n")
        }
        #expect(try ["ok", "0"].contains(ask("SELECT * FROM pragma_integrity_check")))
        // Packets of the rows are those that the snapshot's results name.
        let wrong = """
            SELECT count(*) FROM results JOIN snapshots ON snapshots.id = snapshot AND complete
            WHERE packets != (SELECT coalesce(sum(rows.packets), 0) FROM row_ranges AS g JOIN rows
                ON rows.id BETWEEN g.first AND g.last WHERE g.snapshot = results.snapshot AND g.task = results.task)
            """
        #expect(try ask(wrong) == "0")
        let gaps =
            "SELECT count(*) FROM (SELECT 1 FROM snapshots WHERE complete GROUP BY run HAVING max(number) != count(*))"
        #expect(try ask(gaps) == "0")
        return Int(try ask("SELECT count(*) FROM snapshots WHERE complete")) ?? 0
    }

    /// A full file system: what fits is stored, the rest is in the ledger by cause, and all results are printed.
    @Test(.enabled(if: Command.canMount, "mounting a file system of its own is not permitted"))
    func aFullDiskIsInTheLedger() throws {
        try Command.withFolder { folder in
            let capture = folder.appending(path: "c.pcap").path
            #expect(
                try Command.run("generate", "--packets", "60000", "--flows", "30000", "--seed", "9", capture).code == 0)
            let outcome = try Command.shell(
                """
                cd \(folder.path) && mkdir small && exec unshare --mount bash -c '
                    mount -t tmpfs -o size=2m none small &&
                    "$N" analyze --format ndjson --top 1 --snapshot-interval 1s --store small/x.db \(capture)
                    code=$?
                    "$N" query summary --format json --store small/x.db >summary
                    exit $code'
                """)
            #expect(outcome.code == 74, "\(outcome.errors)")
            #expect(outcome.errors.contains("full"))
            let ledger = try JSON(parsing: outcome.lines.last ?? "")["ledger"]
            let stage = try #require(ledger["stages"].array.last)
            #expect(ledger["balanced"].bool == true)
            let lost = stage["lost"].value as? [String: Any] ?? [:]
            #expect(lost.keys.contains { $0.contains("full") }, "\(lost)")
            #expect(stage["delivered"].int ?? 0 > 0)
            let summary = try JSON(
                parsing: String(contentsOf: folder.appending(path: "summary"), encoding: .utf8))
            #expect(summary["snapshots"].int == stage["delivered"].int)
        }
    }
}

extension Command {
    /// Whether this user may mount a file system in a name space of the test's own.
    static let canMount = (try? shell("unshare --mount mount -t tmpfs none /mnt").code == 0) ?? false
}
