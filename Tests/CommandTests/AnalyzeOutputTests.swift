import Foundation
import TestSupport
import Testing

/// What `analyze` prints of the sample capture: 659 packets, 651 of them with an IP header.
@Suite struct AnalyzeOutputTests {
    private func expectGolden(
        _ name: String, _ outcome: Command.Outcome, source: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try Golden.expectation("Command/\(name)", current: Array(outcome.output))
        #expect(outcome.text == String(decoding: expected, as: UTF8.self), sourceLocation: source)
        #expect(outcome.errors == "" && outcome.code == 0, sourceLocation: source)
    }

    @Test func reportOfTheSample() throws {
        try expectGolden("report.txt", try Command.run("analyze", Command.sample))
    }

    @Test func reportAtEightyColumns() throws {
        let outcome = try Command.run("analyze", Command.sample, environment: ["COLUMNS": "80"])
        try expectGolden("report-80.txt", outcome)
        #expect(outcome.lines.allSatisfy { $0.count <= 80 })
    }

    /// No line is wider than the terminal, however narrow, and no number is left out of the ledger's sums.
    @Test(arguments: [40, 60, 72]) func narrowReports(width: Int) throws {
        try Command.withFolder { folder throws in
            let pcap = folder.appending(path: "a.pcap")
            try Command.contents(Command.sample).prefix(200_000).write(to: pcap)
            for arguments in [
                ["analyze", Command.sample], ["analyze", "--tls", Command.sample], ["analyze", "a.pcap"],
                ["analyze", "--exact", Command.sample],
                ["analyze", "-k", "five-tuple", "-b", "-o", "out", Command.sample],
                ["analyze", "-k", "VLAN", "a.pcap"],
                ["show", "out"], ["show", "--exact", "out"],
            ] {
                let outcome = try Command.run(
                    arguments.map { $0 == Command.sample ? Command.root.appending(path: $0).path : $0 },
                    environment: ["COLUMNS": "\(width)"], folder: folder)
                // A path is one word, which stays whole.
                let lines = outcome.lines.filter { !$0.contains(Command.root.path) }
                #expect(!lines.isEmpty && lines.allSatisfy { $0.count <= width }, "\(arguments): \(outcome.text)")
                #expect(arguments[0] == "show" || outcome.text.contains("= Delivered"))
            }
        }
        let report = try Command.run("analyze", Command.sample, environment: ["COLUMNS": "\(width)"])
        if width == 40 { try expectGolden("report-40.txt", report) }
    }

    @Test(arguments: ["table", "json", "ndjson", "csv"])
    func everyFormat(format: String) throws {
        try expectGolden(
            "rows.\(format)",
            try Command.run(
                "analyze", "--key", "SrcIP,DstPort", "--key", "VLAN", "--top", "3", "--format", format,
                Command.sample))
    }

    @Test func bothDirectionsInOneRow() throws {
        try expectGolden(
            "bidirectional.csv",
            try Command.run("analyze", "-b", "-k", "five-tuple", "-f", "csv", Command.sample))
    }

    @Test(arguments: [
        "SrcIP", "DstIP", "SrcPort", "DstPort", "Protocol", "VLAN", "SrcIP/24", "DstIP/16/48", "SrcIP,DstIP",
        "five-tuple", "5tuple", "srcip,dstport",
    ])
    func everyKeyCountsEveryPacket(key: String) throws {
        let outcome = try Command.run("analyze", "--key", key, "--format", "ndjson", Command.sample)
        let rows = try outcome.lines.dropLast().map { try JSON(parsing: $0) }
        #expect(rows.reduce(0) { $0 + ($1["packets"].int ?? 0) } == 651)
        #expect(outcome.code == 0)
    }

    @Test func prefixesStandInTheRows() throws {
        let outcome = try Command.run("analyze", "--key", "SrcIP/24", "--format", "csv", Command.sample)
        #expect(outcome.lines.contains { $0.hasPrefix("SrcIP/24,192.0.2.0/24,") })
    }

    @Test(arguments: ["bytes", "packets", "first_seen", "last_seen", "duration", "key"])
    func everyOrder(order: String) throws {
        let outcome = try Command.run(
            "analyze", "--key", "SrcIP", "--sort", order, "--format", "ndjson", Command.sample)
        let rows = try outcome.lines.dropLast().map { try JSON(parsing: $0) }
        let values = rows.map { row in
            order == "duration" ? row["last_seen"].int! - row["first_seen"].int! : row[order].int ?? 0
        }
        #expect(rows.count == 14)
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 >= $1 })
        if order == "key" {
            // IPv4 before IPv6, by number.
            #expect(rows.first?["src_ip"].string == "0.0.0.0" || rows.first?["src_ip"].string == "192.0.2.1")
        }
    }

    @Test func topTakesTheFirstRows() throws {
        func rows(_ arguments: String...) throws -> [String] {
            try Command.run(["analyze", "--key", "SrcIP", "--format", "csv"] + arguments + [Command.sample]).lines
        }
        let all = try rows()
        #expect(try rows("--top", "0") == all && all.count == 15)
        #expect(try rows("--top", "3") == Array(all.prefix(4)))
        #expect(try rows("--top", "99") == all)
    }

    @Test func jsonHasTheNamedFields() throws {
        let object = try JSON(
            parsing: Command.run(
                "analyze", "-k", "SrcIP,DstIP,SrcPort,DstPort,Protocol,VLAN", "-b", "-f", "json", Command.sample
            ).text)
        let row = object["rows"][0]
        #expect(
            row.names.isSuperset(of: [
                "task", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "vlan", "packets", "bytes",
                "reverse_packets", "reverse_bytes", "first_seen", "last_seen",
            ]))
        #expect(row["protocol"].int == 17 && row["src_ip"].string == "192.0.2.10")
        let summary = object["summary"]
        #expect(summary["type"].string == "summary")
        #expect(summary["ledger"]["balanced"].bool == true)
        #expect(summary["capture"]["packets"].int == 659 && summary["capture"]["bytes"].int == 320_192)
        // They would say nothing: the run did not count them.
        #expect(!summary["talkers"].exists && !summary["addresses"].exists)
    }

    @Test func theOverviewIsThereInJSONToo() throws {
        let summary = try JSON(parsing: Command.run("analyze", "-b", "-f", "json", Command.sample).text)["summary"]
        #expect(summary["addresses"].int == 18 && summary["talkers"].array.count == 10)
        #expect(summary["services"][0]["name"].string == "http" && summary["services"][0]["packets"].int == 250)
        #expect(summary["flows"].int == 63)
    }

    @Test func theSummaryEndsJSONLines() throws {
        let lines = try Command.run("analyze", "--format", "ndjson", Command.sample).lines.map { try JSON(parsing: $0) }
        #expect(lines.dropLast().allSatisfy { !$0["type"].exists && $0["task"].string == "five_tuple" })
        #expect(lines.last?["type"].string == "summary")
        let stages = lines.last?["ledger"]["stages"].array ?? []
        #expect(stages.map { $0["stage"].string } == ["records", "packets", "task five_tuple"])
        #expect(stages.map { $0["delivered"].int } == [659, 651, 651])
        #expect(stages[1]["filtered"]["not IP"].int == 8)
    }

    @Test func whereCountsWhatMatches() throws {
        let outcome = try Command.run(
            "analyze", "--where", "tcp and port 443", "--key", "Protocol", "--format", "json", Command.sample)
        let object = try JSON(parsing: outcome.text)
        #expect(object["rows"].array.count == 1)
        #expect(object["rows"][0]["protocol"].int == 6 && object["rows"][0]["packets"].int == 55)
        #expect(object["summary"]["ledger"]["stages"][1]["filtered"]["--where"].int == 604)
    }

    @Test func tunnelsChooseTheHeader() throws {
        func protocols(_ mode: String) throws -> [Int: Int] {
            let outcome = try Command.run(
                "analyze", "--tunnels", mode, "--key", "Protocol", "--format", "ndjson", Command.sample)
            let rows = try outcome.lines.dropLast().map { try JSON(parsing: $0) }
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["protocol"].int!, $0["packets"].int!) })
        }
        let (outer, inner) = (try protocols("outer"), try protocols("inner"))
        // GRE is 47, IPv6 in IPv4 is 41; inside are TCP and ICMP.
        #expect(outer[47] == 28 && outer[41] == 24)
        #expect(inner[47] == nil && inner[41] == nil)
        #expect(inner[6]! > outer[6]! && inner.values.reduce(0, +) == 651)
    }

    @Test func exactNumbersInTables() throws {
        let outcome = try Command.run("analyze", "--key", "Protocol", "--exact", Command.sample)
        #expect(outcome.lines[2].contains("180,"))
        #expect(!outcome.text.contains(" kB"))
    }

    @Test func noEscapeCodesOutsideOfATerminal() throws {
        for environment in [[:], ["NO_COLOR": "1"], ["TERM": "xterm-256color"]] {
            let outcome = try Command.run("analyze", Command.sample, environment: environment)
            #expect(!outcome.output.contains(0x1B) && outcome.errors == "")
        }
    }

    @Test(arguments: [1, 2, 3, 4])
    func workersDoNotChangeTheOutput(workers: Int) throws {
        for arguments in [
            ["-f", "json"], ["-f", "csv", "-b"], ["-f", "csv", "--snapshot-interval", "1s"], [],
        ] {
            func run(_ workers: Int) throws -> Data {
                let keys = arguments.isEmpty ? [] : ["-k", "5tuple", "-k", "SrcIP/24,DstIP/24"]
                return try Command.run(
                    ["analyze", "--workers", "\(workers)"] + keys + arguments + [Command.sample]
                ).output
            }
            #expect(try run(workers) == run(1), "\(arguments)")
        }
    }
}
