import Foundation
import Testing

/// `--output`, periodic snapshots, and `show`, which prints them again.
@Suite struct SnapshotTests {
    private func names(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }

    @Test(arguments: ["table", "json", "ndjson", "csv"])
    func showPrintsTheSameRows(format: String) throws {
        try Command.withFolder { folder throws in
            let analyzed = try Command.run(
                "analyze", "-k", "five-tuple", "-b", "-f", format, "-o", folder.path, Command.sample)
            let shown = try Command.run("show", "-f", format, folder.path)
            #expect(analyzed.code == 0 && shown.code == 0 && shown.errors == "")
            switch format {
            case "csv": #expect(shown.text == analyzed.text)
            case "json":
                let rows = try (JSON(parsing: shown.text)["rows"], JSON(parsing: analyzed.text)["rows"])
                #expect(rows.0.array.count == 63)
                #expect(rows.0.value as? NSArray == rows.1.value as? NSArray)
                let summary = try JSON(parsing: shown.text)["summary"]
                let task = summary["snapshots"][0]["tasks"][0]
                #expect(summary["type"].string == "summary" && summary["snapshots"].array.count == 1)
                #expect(task["task"].string == "five_tuple" && task["flows"].int == 63 && task["packets"].int == 651)
                #expect(summary["problems"].exists && summary["problems"].array.isEmpty)
            // The last line is the summary.
            case "ndjson":
                #expect(shown.lines.dropLast() == analyzed.lines.dropLast())
                #expect(try JSON(parsing: shown.lines.last!)["type"].string == "summary")
            // Without the ledger, the last lines of the other.
            default: #expect(analyzed.text.hasPrefix(shown.text) && shown.lines.count == 12)
            }
        }
    }

    @Test func showTakesASnapshotATaskOrAFile() throws {
        try Command.withFolder { folder throws in
            _ = try Command.run("analyze", "-k", "SrcIP", "-k", "VLAN", "-f", "csv", "-o", folder.path, Command.sample)
            let snapshot = folder.path + "/2026-11-21_00-17-58"
            let all = try Command.run("show", "-f", "csv", snapshot).lines
            #expect(all.count == 1 + 14 + 2)
            #expect(try Command.run("show", "-f", "csv", snapshot + "/VLAN").lines.count == 1 + 2)
            let shards = try (0..<4).map {
                try Command.run("show", "-f", "csv", snapshot + "/SrcIP/shard_\($0).dat").lines.count - 1
            }
            #expect(shards.reduce(0, +) == 14)
            #expect(try Command.run("show", "-f", "csv", "--top", "1", snapshot).lines.count == 1 + 2)
            let byPackets = try Command.run("show", "-f", "csv", "--sort", "packets", snapshot + "/SrcIP").lines
            #expect(byPackets[1].hasPrefix("SrcIP,192.0.2.10,208,"))
        }
    }

    @Test func intervalsAreCutAtTheirMultiplesAndNamedByTheirEnd() throws {
        try Command.withFolder { folder throws in
            let outcome = try Command.run(
                "analyze", "-k", "VLAN", "-f", "ndjson", "--snapshot-interval", "5s", "-o", folder.path, Command.sample)
            // The last one by its last packet, at 00:17:58.9.
            #expect(try names(folder) == ["2026-11-21_00-17-50", "2026-11-21_00-17-55", "2026-11-21_00-17-58"])
            let rows = try outcome.lines.dropLast().map { try JSON(parsing: $0) }
            #expect(rows.reduce(0) { $0 + ($1["packets"].int ?? 0) } == 651)
            for row in rows {
                #expect(row["last_seen"].int! <= row["snapshot"].int!)
                #expect(row["first_seen"].int! > row["snapshot"].int! - 5_000_000_000)
            }
            let shown = try Command.run("show", "-f", "ndjson", folder.path)
            #expect(shown.lines.dropLast() == outcome.lines.dropLast())
            let summary = try JSON(parsing: shown.lines.last!)
            #expect(summary["snapshots"].array.map { $0["tasks"][0]["packets"].int! }.reduce(0, +) == 651)
        }
    }

    /// The last packet comes at the very cut: the snapshot that it is named for would have the time of the one before.
    /// And where nothing to count comes behind a cut, there is no further snapshot.
    @Test(arguments: [1, 2]) func noTwoSnapshotsHaveOneTime(workers: Int) throws {
        func capture(_ packets: [(seconds: UInt8, isIP: Bool)]) -> Data {
            let header: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]
            return packets.reduce(into: Data(header)) { file, packet in
                var frame = [UInt8](repeating: 2, count: 12) + (packet.isIP ? [8, 0] : [8, 6])
                frame += [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
                file += [packet.seconds, 0, 0, 0, 0, 0, 0, 0, UInt8(frame.count), 0, 0, 0, UInt8(frame.count), 0, 0, 0]
                file += frame
            }
        }
        func times(_ packets: [(seconds: UInt8, isIP: Bool)], _ options: String...) throws -> [[Int]] {
            try Command.withFolder { folder throws in
                let outcome = try Command.run(
                    ["analyze", "-k", "Protocol", "-f", "ndjson", "--snapshot-interval", "10s", "-o", folder.path]
                        + ["--workers", "\(workers)", "-"] + options, input: capture(packets))
                #expect(outcome.code == 0, "\(outcome.errors)")
                let shown = try JSON(parsing: Command.run("show", "-f", "ndjson", folder.path).lines.last!)
                let printed = try outcome.lines.dropLast().map { try JSON(parsing: $0)["snapshot"].int! }
                let stored = shown["snapshots"].array.map { $0["time"].int! }
                #expect(stored == printed)
                return zip(stored, shown["snapshots"].array).map { [$0, $1["tasks"][0]["packets"].int!] }
            }
        }
        let second = 1_000_000_000
        #expect(try times([(5, true), (10, true)]) == [[10 * second, 1], [10 * second + 1, 1]])
        // It goes back behind the cut.
        #expect(try times([(5, true), (10, true), (3, true)]) == [[10 * second, 1], [10 * second + 1, 2]])
        #expect(try times([(12, true), (20, false), (14, true)]) == [[20 * second, 1], [20 * second + 1, 1]])
        #expect(try times([(5, true), (12, true)]) == [[10 * second, 1], [12 * second, 1]])
        #expect(try times([(5, true), (10, false)]) == [[10 * second, 1]])
        #expect(try times([(5, true), (10, true)], "--cumulative") == [[10 * second, 1], [10 * second + 1, 2]])
    }

    /// A shard that is another's copy is whole, of this task and of this snapshot: the totals tell.
    @Test func showComparesTotals() throws {
        try Command.withFolder { folder throws in
            _ = try Command.run("analyze", "-k", "5tuple", "-k", "VLAN", "-f", "csv", "-o", folder.path, Command.sample)
            let task = folder.appending(path: "2026-11-21_00-17-58/five_tuple")
            let copy = try Data(contentsOf: task.appending(path: "shard_1.dat"))
            try copy.write(to: task.appending(path: "shard_2.dat"))
            for path in [folder, folder.appending(path: "2026-11-21_00-17-58"), task] {
                let shown = try Command.run("show", "-f", "json", path.path)
                #expect(shown.code == 1)
                let name = path == task ? task.path : folder.path + "/2026-11-21_00-17-58/five_tuple"
                let problem = "\(name): the shards do not hold what summary.json says: "
                #expect(shown.errors.hasPrefix("netspectra: " + problem) && shown.errors.contains(" instead of 651"))
                let summary = try JSON(parsing: shown.text)["summary"]
                #expect(summary["problems"].array.count == 1)
                #expect(summary["problems"][0].string.map { "netspectra: \($0)\n" } == shown.errors)
            }
            let alone = try Command.run("show", "-f", "json", task.appending(path: "shard_2.dat").path)
            #expect(alone.code == 0 && alone.errors.isEmpty)
        }
    }

    @Test func cumulativeSnapshotsGoOnCounting() throws {
        let outcome = try Command.run(
            "analyze", "-k", "Protocol", "-f", "ndjson", "--snapshot-interval", "5s", "--cumulative", Command.sample)
        let rows = try outcome.lines.dropLast().map { try JSON(parsing: $0) }
        let sums = Dictionary(grouping: rows) { $0["snapshot"].int! }
            .mapValues { $0.reduce(0) { $0 + $1["packets"].int! } }
        #expect(sums.sorted { $0.key < $1.key }.map(\.value) == [154, 500, 651])
        #expect(try JSON(parsing: outcome.lines.last!)["ledger"]["balanced"].bool == true)
    }

    @Test func theSummaryFileAddsUp() throws {
        try Command.withFolder { folder throws in
            _ = try Command.run("analyze", "-k", "5tuple", "-f", "csv", "-o", folder.path, Command.sample)
            let task = folder.appending(path: "2026-11-21_00-17-58/five_tuple")
            let summary = try JSON(parsing: String(contentsOf: task.appending(path: "summary.json"), encoding: .utf8))
            #expect(
                summary.names.isSuperset(of: [
                    "aggregator_name", "total_flows", "total_bytes", "total_packets", "shards", "timestamp",
                ]))
            #expect(summary["total_packets"].int == 651 && summary["total_flows"].int == 95)
            #expect(summary["timestamp"].string == "2026-11-21T00:17:58.877819036Z")
            #expect(try names(task).count == 1 + summary["shards"].int!)
        }
    }

    /// In tables, too, and as `show` prints them; what else lies in the directory is left alone.
    @Test func tablesOfSeveralSnapshotsNameThem() throws {
        try Command.withFolder { folder throws in
            let analyzed = try Command.run(
                "analyze", "-k", "VLAN", "--snapshot-interval", "5s", "-o", folder.path, Command.sample)
            let titles = analyzed.lines.filter { $0.hasPrefix("VLAN ") }
            #expect(
                titles == ["50", "55", "58"].map { "VLAN  2 rows, snapshot of 2026-11-21 00:17:\($0) UTC" }, "\(titles)"
            )
            try FileManager.default.createDirectory(
                at: folder.appending(path: "notes/old"), withIntermediateDirectories: true)
            let shown = try Command.run("show", folder.path + "/")
            #expect(shown.code == 0 && shown.lines.filter { $0.hasPrefix("VLAN ") } == titles)
            let one = try Command.run("analyze", "-k", "VLAN", Command.sample)
            #expect(one.lines.first == "VLAN  2 rows")
        }
    }

    @Test func nothingIsStoredOfNothing() throws {
        try Command.withFolder { folder throws in
            let store = folder.appending(path: "store")
            #expect(try Command.run("analyze", "-o", store.path, "missing.pcap").code == 66)
            #expect(try Command.run("analyze", "-o", store.path, "--where", "port 1", Command.sample).code == 0)
            #expect(!FileManager.default.fileExists(atPath: store.path))
        }
    }

    @Test func showSaysWhatIsWrong() throws {
        #expect(try Command.run("show", "missing").code == 66)
        let noSnapshot = try Command.run("show", "README.md")
        #expect(noSnapshot.code == 65 && noSnapshot.errors.hasPrefix("netspectra: README.md: not a .dat file"))
        #expect(noSnapshot.errors.contains("show prints what 'netspectra analyze --output DIRECTORY' wrote"))
        for path in ["Examples", "Examples/", "Sources/Outputs//"] {
            let unrelated = try Command.run("show", path)
            #expect(unrelated.code == 65)
            #expect(
                unrelated.errors.hasPrefix(
                    "netspectra: \(path.hasSuffix("//") ? "Sources/Outputs" : "Examples"): no results"))
            #expect(unrelated.errors.contains("show prints what"))
        }
        #expect(try Command.run("show", "--top", "3").code == 2)
    }
}
