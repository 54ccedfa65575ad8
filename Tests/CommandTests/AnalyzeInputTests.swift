import Foundation
import Testing

/// Where `analyze` takes packets from: several files, streams, compressed ones, damaged ones.
@Suite struct AnalyzeInputTests {
    private let csv = ["analyze", "--key", "five-tuple", "--format", "csv"]

    @Test func standardInput() throws {
        let file = try Command.run(csv + [Command.sample])
        let stream = try Command.run(csv + ["-"], input: Command.contents(Command.sample))
        #expect(stream.text == file.text && stream.code == 0 && file.lines.count == 96)
    }

    @Test func compressedFilesAreRecognisedByContent() throws {
        let plain = try Command.run(csv + [Command.sample])
        try Command.withFolder { folder throws in
            let tools = try Command.shell(
                "gzip -c \(Command.sample) > \(folder.path)/a && zstd -qc \(Command.sample) > \(folder.path)/b")
            try #require(tools.code == 0, "gzip and zstd are needed: \(tools.errors)")
            for name in ["a", "b"] {
                let outcome = try Command.run(csv + [folder.path + "/" + name])
                #expect(outcome.text == plain.text && outcome.code == 0)
                let stream = try Command.run(csv + ["-"], input: Data(contentsOf: folder.appending(path: name)))
                #expect(stream.text == plain.text)
            }
        }
    }

    @Test func severalFilesAreOneCapture() throws {
        let outcome = try Command.run("analyze", "-k", "VLAN", "-f", "json", Command.sample, Command.sample)
        let object = try JSON(parsing: outcome.text)
        #expect(object["summary"]["capture"]["packets"].int == 2 * 659)
        #expect(object["summary"]["capture"]["files"].array.count == 2)
        #expect(object["rows"].array.reduce(0) { $0 + ($1["packets"].int ?? 0) } == 2 * 651)
    }

    /// Two captures of the same minute: one after the other, snapshots follow the second file's jump back; merged,
    /// they are those of one capture.
    @Test func mergedFilesAreInOrderOfTime() throws {
        try Command.withFolder { folder throws in
            for seed in ["1", "2"] {
                let made = try Command.run(
                    "generate", "-p", "2000", "-f", "50", "--seed", seed, "\(seed).pcap", folder: folder)
                #expect(made.code == 0)
            }
            let arguments = ["analyze", "-k", "Protocol", "-f", "ndjson", "--snapshot-interval", "10s"]
            let merged = try Command.run(arguments + ["--merge", "1.pcap", "2.pcap"], folder: folder)
            let swapped = try Command.run(arguments + ["--merge", "2.pcap", "1.pcap"], folder: folder)
            func rows(_ outcome: Command.Outcome) throws -> [JSON] {
                try outcome.lines.dropLast().map { try JSON(parsing: $0) }
            }
            #expect(merged.lines.dropLast() == swapped.lines.dropLast())
            let all = try rows(merged)
            #expect(all.reduce(0) { $0 + ($1["packets"].int ?? 0) } == 4000)
            // Every packet stands in the snapshot of its time.
            #expect(all.allSatisfy { $0["last_seen"].int! <= $0["snapshot"].int! })
            #expect(all.allSatisfy { $0["first_seen"].int! > $0["snapshot"].int! - 10_000_000_000 })
        }
    }

    @Test func aTruncatedFileIsCountedAsFarAsItGoes() throws {
        let octets = try Command.contents(Command.sample).prefix(200_000)
        let outcome = try Command.run("analyze", "-k", "VLAN", "-f", "json", "-", input: octets)
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("cut short in the middle of a record at octet 199428"))
        let summary = try JSON(parsing: outcome.text)["summary"]
        #expect(summary["ledger"]["balanced"].bool == true)
        #expect(summary["ledger"]["stages"][0]["lost"]["cut short by the end of the file"].int == 1)
        #expect(summary["problems"].array.count == 1)
    }

    /// Merged files are all open at once: more than the usual limit of descriptors, up to what the system allows.
    @Test(arguments: ["analyze -k VLAN -f csv", "messages"]) func manyFilesAreMerged(command: String) throws {
        let files = Array(repeating: Command.sample, count: 60).joined(separator: " ")
        let raised = try Command.shell("ulimit -Sn 40; $N \(command) --merge \(files)")
        #expect(raised.code == 0 && !raised.output.isEmpty, "\(raised.errors)")
        let refused = try Command.shell("ulimit -n 50; $N \(command) --merge \(files)")
        #expect(refused.code == 66 && refused.output.isEmpty)
        #expect(
            refused.errors.hasPrefix("netspectra: --merge: 60 files are open at once")
                && refused.errors.contains("more than the 50 descriptors"), "\(refused.errors)")
    }

    /// Whatever damages a packet's record: the ledger has it once, by its cause. What is no packet is no record.
    @Test func aDamagedRecordIsCountedOnce() throws {
        try Command.withFolder { folder throws in
            for name in ["a.pcap", "a.pcapng"] {
                #expect(try Command.run("generate", "-p", "400", "-f", "9", name, folder: folder).code == 0)
            }
            let pcap = try Data(contentsOf: folder.appending(path: "a.pcap"))
            let pcapng = try Data(contentsOf: folder.appending(path: "a.pcapng"))
            try pcap.dropLast(5).write(to: folder.appending(path: "cut.pcap"))
            let zeros = Data(count: 12)
            let record = Data([1, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0xFF, 0xFF, 0xFF, 0xF0, 0xFF, 0xFF, 0xFF])
            try (pcap + record + zeros).write(to: folder.appending(path: "large.pcap"))
            let claim = Data([0xFC, 0xFF, 0xFF, 0xFF])
            try (pcapng + [6, 0, 0, 0] + claim + zeros + zeros).write(to: folder.appending(path: "large.pcapng"))
            try (pcapng + [0x77, 0x77, 0, 0] + claim + zeros).write(to: folder.appending(path: "unknown.pcapng"))
            try (pcapng + [6, 0, 0, 0, 8, 0, 0, 0] + zeros).write(to: folder.appending(path: "short.pcapng"))
            let made = try Command.shell(
                """
                gzip -c a.pcap | head -c -100 > cut.gz && zstd -qc a.pcap | head -c -100 > cut.zst && \
                gzip -c cut.pcap > whole.gz && gzip -c large.pcap > large.gz
                """, folder: folder)
            try #require(made.code == 0, "gzip and zstd are needed: \(made.errors)")
            let end = "cut short by the end of the file"
            for (name, cause) in [
                ("cut.pcap", end), ("cut.gz", end), ("cut.zst", end), ("whole.gz", end), ("large.pcapng", end),
                ("large.pcap", "captured length too large"), ("large.gz", "captured length too large"),
                ("short.pcapng", "block too short"), ("unknown.pcapng", nil),
            ] {
                let outcome = try Command.run("analyze", "-f", "json", name, folder: folder)
                #expect(outcome.code == 1, "\(name): \(outcome.errors)")
                let summary = try JSON(parsing: outcome.text)["summary"]
                let records = summary["ledger"]["stages"][0]
                let frames = try #require(summary["capture"]["packets"].int)
                #expect(records["delivered"].int == frames && summary["problems"].array.count == 1, "\(name)")
                #expect(records["seen"].int == frames + (cause == nil ? 0 : 1), "\(name)")
                #expect(records["lost"].names == Set([cause].compactMap(\.self)), "\(name)")
                #expect(summary["ledger"]["balanced"].bool == true)
            }
        }
    }

    /// Whether a file is cut or not finished is told by whether somebody has it open for writing.
    @Test func aFileThatIsBeingWrittenEndsAtItsLastWholeRecord() throws {
        try Command.withFolder { folder throws in
            let path = folder.appending(path: "a.pcapng").path
            try Command.contents(Command.sample).prefix(200_000).write(to: URL(filePath: path))
            // Long ago, for systems that cannot say who writes a file.
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
            let cut = try Command.run("analyze", "-k", "VLAN", "-f", "json", path)
            #expect(cut.code == 1 && cut.errors.contains("cut short in the middle of a record at octet 199428"))

            for options in ["-k VLAN -f json", "-f json --merge", "-k VLAN -f json --workers 3"] {
                let growing = try Command.shell("exec 3>> \(path); touch \(path); $N analyze \(options) \(path)")
                #expect(growing.code == 0, "\(growing.errors)")
                let note = "\(path): still being written: 572 octets of an unfinished record left out"
                #expect(growing.errors == "netspectra: \(note)\n")
                let summary = try JSON(parsing: growing.text)["summary"]
                #expect(summary["capture"]["packets"].int == 397)
                #expect(summary["problems"].array.isEmpty && summary["notes"].array.map(\.string) == [note])
                let records = summary["ledger"]["stages"][0]
                #expect(records["seen"].int == 398 && records["delivered"].int == 397)
                #expect(records["in_flight"].int == 1 && records["lost"].names.isEmpty)
                #expect(summary["ledger"]["balanced"].bool == true)
            }
            let report = try Command.shell("exec 3>> \(path); touch \(path); $N analyze \(path)")
            #expect(report.code == 0 && report.text.contains("still being written: 572 octets"))
        }
    }

    /// Likewise where the writer compresses.
    @Test(arguments: ["gzip", "zstd"]) func aCompressedFileThatIsBeingWritten(tool: String) throws {
        try Command.withFolder { folder throws in
            let path = folder.appending(path: "a").path
            let made = try Command.shell("\(tool) -c < \(Command.sample) | head -c -100 > \(path)")
            try #require(made.code == 0)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
            let cut = try Command.run("analyze", "-k", "VLAN", "-f", "json", path)
            #expect(cut.code == 1)
            let growing = try Command.shell("exec 3>> \(path); touch \(path); $N analyze -k VLAN -f json \(path)")
            #expect(
                growing.code == 0
                    && growing.errors.contains("still being written: its \(tool) data has no end yet"),
                "\(growing.errors)")
            #expect(!growing.errors.contains(" 0 octets"))
            let (before, after) = try (JSON(parsing: cut.text), JSON(parsing: growing.text))
            #expect(before["rows"].value as? NSArray == after["rows"].value as? NSArray)
            #expect(after["summary"]["ledger"]["balanced"].bool == true)
        }
    }

    /// What was counted with something to be said about it, and what was not counted, has a name and a number.
    @Test func whatIsSpecialIsCounted() throws {
        func packets(_ outcome: Command.Outcome) throws -> JSON {
            try JSON(parsing: outcome.text)["summary"]["ledger"]["stages"][1]
        }
        let fragments = try packets(Command.run("analyze", "-f", "json", Command.sample))["noted"]
        #expect(fragments["later fragment"].int == 6 && fragments.names == ["later fragment"])
        let report = try Command.run("analyze", Command.sample)
        #expect(report.text.contains(/noted: later fragment +packets +6\n/))
        try Command.withFolder { folder throws in
            // Ethernet and IPv4 take 34 octets, or 38 with a tag.
            for (length, names) in [
                ("36", ["ports cut off", "inner header cut off"]), ("40", ["transport header cut off"]),
            ] {
                let made = try Command.run(
                    "generate", "-p", "3000", "-f", "200", "--ipv6-share", "0", "--tunnel-share", "0.3", "-s", length,
                    "a.pcap", folder: folder)
                try #require(made.code == 0)
                let noted = try packets(Command.run("analyze", "-f", "json", "a.pcap", folder: folder))["noted"]
                for name in names { #expect(noted[name].int ?? 0 > 100, "\(noted)") }
            }
            // Little-endian, microseconds; link type 147 is for private use. Two records of no octets.
            var capture = Data([0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0] + [UInt8](repeating: 0, count: 8) + [0, 0, 1, 0])
            capture += [147, 0, 0, 0] + [UInt8](repeating: 0, count: 32)
            let unknown = try packets(Command.run("analyze", "-f", "json", "-", input: capture))
            #expect(unknown["lost"]["unknown link type 147"].int == 2 && unknown["balanced"].bool == true)
        }
    }

    @Test func garbageIsNoCapture() throws {
        for (octets, reason) in [("garbage", "not a capture"), ("", "the file is empty")] {
            let outcome = try Command.run("analyze", "-", input: Data(octets.utf8))
            #expect(outcome.code == 65 && outcome.errors.contains(reason))
            // No report of nothing.
            #expect(outcome.output.isEmpty)
        }
    }

    @Test func whatCannotBeOpenedIsNamedAndTheRestCounted() throws {
        let outcome = try Command.run("analyze", "-k", "VLAN", "-f", "csv", "missing.pcap", Command.sample)
        #expect(outcome.code == 66)
        #expect(outcome.errors == "netspectra: cannot open missing.pcap: No such file or directory\n")
        let alone = try Command.run("analyze", "-k", "VLAN", "-f", "csv", Command.sample)
        #expect(outcome.text == alone.text)
        let folder = try Command.run("analyze", "Examples")
        #expect(folder.code == 66 && folder.errors.contains("Examples: Is a directory"))
    }

    /// An interrupt ends the input; what was read is counted and printed. It comes twice, as timeout(1) sends it.
    @Test func anInterruptFinishesWithWhatWasRead() throws {
        let outcome = try Command.shell(
            """
            F=$(mktemp -u); mkfifo $F; $N analyze -k VLAN -f json $F & P=$!
            exec 3> $F; head -c 200000 \(Command.sample) >&3; sleep 0.5; kill -INT $P
            sleep 0.01; kill -INT $P; sleep 0.2; tail -c +200001 \(Command.sample) >&3; exec 3>&-
            wait $P; C=$?; rm -f $F; exit $C
            """)
        #expect(outcome.code == 130)
        let summary = try JSON(parsing: outcome.text)["summary"]
        #expect(summary["ledger"]["balanced"].bool == true)
        // All whole records of what came before the interrupt.
        #expect(summary["capture"]["packets"].int == 397)
    }

    /// A pipe that says nothing more does not hold up the end: its writer here would wait for ten minutes.
    @Test(arguments: ["INT", "TERM"], ["", "--merge", "--workers 1", "--workers 4"])
    func anInterruptDoesNotWaitForAnIdlePipe(signal: String, options: String) throws {
        let outcome = try Command.shell(
            """
            exec 4< <(head -c 200000 \(Command.sample); exec sleep 600); W=$!
            $N analyze -k VLAN -f json \(options) - <&4 & P=$!
            # Until it has read everything, however slow this machine is.
            for i in $(seq 600); do
                read=$(sed -n 's/^rchar: //p' /proc/$P/io) || break
                ((read < 200000)) || break
                sleep 0.1
            done
            sleep 0.5; kill -\(signal) $P; wait $P; C=$?; kill -KILL $W || C=99; exit $C
            """)
        #expect(outcome.code == 130 && outcome.errors == "", "\(outcome.errors)")
        let summary = try JSON(parsing: outcome.text)["summary"]
        #expect(summary["capture"]["packets"].int == 397 && summary["ledger"]["balanced"].bool == true)
        // Who reads it later learns that it is not all.
        #expect(summary["notes"].array.compactMap(\.string) == ["interrupted: what was read until then is counted"])
    }

    /// Neither does one that nobody has opened for writing, or that is idle before its first octet.
    @Test(arguments: ["\(Command.sample) $F", "--merge \(Command.sample) $F"])
    func anInterruptDoesNotWaitForAPipeWithoutWriter(files: String) throws {
        let outcome = try Command.shell(
            """
            F=$(mktemp -u); mkfifo $F; $N analyze -k VLAN -f json \(files) & P=$!
            sleep 0.5; kill -INT $P
            { timeout -s KILL 20 tail --pid=$P -f /dev/null || kill -KILL $P; } & wait $P; C=$?; rm -f $F; exit $C
            """)
        #expect(outcome.code == 130)
        let summary = try JSON(parsing: outcome.text)["summary"]
        #expect(summary["ledger"]["balanced"].bool == true)
    }

    /// Snapshots by the wall clock are cut when they are due, whether or not anything comes.
    @Test func snapshotsOfAnIdlePipeAreOnTime() throws {
        try Command.withFolder { folder throws in
            let outcome = try Command.shell(
                """
                exec 4< <(head -c 200000 \(Command.sample); exec sleep 60); W=$!
                $N analyze -k VLAN -f ndjson --snapshot-interval 1s --snapshot-clock wall - <&4 \\
                > \(folder.path)/o & P=$!
                for i in $(seq 100); do sleep 0.1; [ -s \(folder.path)/o ] && break; done
                cat \(folder.path)/o; kill -INT $P; wait $P; C=$?; kill -KILL $W; exit $C
                """)
            #expect(outcome.code == 130)
            let rows = try outcome.lines.map { try JSON(parsing: $0) }
            #expect(!rows.isEmpty && rows.allSatisfy { $0["task"].string == "VLAN" && $0["snapshot"].exists })
        }
    }

    /// The tables' limit is reached: the smallest flows are in one row, and totals are whole.
    @Test func theMemoryLimitKeepsTotals() throws {
        try Command.withFolder { folder throws in
            #expect(try Command.run("generate", "-p", "60000", "-f", "40000", "a.pcap", folder: folder).code == 0)
            let outcome = try Command.run(
                "analyze", "-k", "5tuple", "-f", "json", "--max-memory", "1MiB", "--top", "0", "a.pcap", folder: folder)
            let object = try JSON(parsing: outcome.text)
            let rows = object["rows"].array
            let others = rows.filter { $0["other"].bool == true }
            #expect(others.count == 1 && others[0]["evicted_flows"].int! > 10_000)
            #expect(rows.reduce(0) { $0 + ($1["packets"].int ?? 0) } == 60_000)
            #expect(rows.reduce(0) { $0 + ($1["bytes"].int ?? 0) } == object["summary"]["capture"]["bytes"].int)
            #expect(object["summary"]["ledger"]["balanced"].bool == true)
            // Packets whose flow gave way are in the ledger.
            let stage = object["summary"]["ledger"]["stages"].array.first { $0["stage"].string == "task five_tuple" }
            let noted = stage?["noted"]["in \"other\", for want of memory"].int
            #expect(noted != nil && noted == others.first?["packets"].int)
        }
    }

    /// What gives way does not depend on anything that differs from one run of the program to the next.
    @Test func theMemoryLimitGivesTheSameInEveryRun() throws {
        try Command.withFolder { folder throws in
            #expect(try Command.run("generate", "-p", "60000", "-f", "50000", "a.pcap", folder: folder).code == 0)
            let keys = ["5tuple", "SrcIP", "DstIP", "SrcPort", "DstPort"].flatMap { ["-k", $0] }
            let arguments = ["analyze", "-f", "csv", "--workers", "1", "--max-memory", "2MiB", "--top", "0", "a.pcap"]
            let texts = try (0..<4).map { _ in try Command.run(arguments + keys, folder: folder).text }
            #expect(Set(texts).count == 1 && texts[0].count > 100_000)
        }
    }
}
