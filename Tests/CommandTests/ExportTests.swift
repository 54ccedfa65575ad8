import Foundation
import TestSupport
import Testing

/// Flow records on their way out of the program: to a file, and to a real collector.
@Suite struct ExportTests {
    /// What `--records` has, in nfdump's terms.
    private static func flows(_ records: String) throws -> (flows: [String: [Int]], packets: Int, ipBytes: Int) {
        var flows: [String: [Int]] = [:]
        var packets = 0, ipBytes = 0
        for line in records.split(separator: "\n") {
            let record = try JSON(parsing: line)
            let ends = ["src", "dst"].map { end in
                (record["\(end)_ip"].string ?? "?", String(record["\(end)_port"].int ?? -1))
            }
            let number = record["protocol"].int ?? -1
            for (prefix, source, destination) in [("", ends[0], ends[1]), ("reverse_", ends[1], ends[0])] {
                let count = [record[prefix + "packets"].int ?? -1, record[prefix + "ip_bytes"].int ?? -1]
                guard count[0] > 0 else { continue }
                let ports = number == 1 || number == 58 ? [] : [source.1, destination.1]
                let key = ([plain(source.0), plain(destination.0), "\(number)"] + ports).joined(separator: " ")
                flows[key, default: [0, 0]][0] += count[0]
                flows[key, default: [0, 0]][1] += count[1]
                packets += count[0]
                ipBytes += count[1]
            }
        }
        return (flows, packets, ipBytes)
    }

    /// An address as inet_ntop(3) writes it, which nfdump uses.
    private static func plain(_ address: String) -> String {
        guard address.contains(":") else { return address }
        var octets = in6_addr()
        var text = [CChar](repeating: 0, count: 64)
        // SAFETY: both read and write what their types say, during the call.
        guard unsafe inet_pton(AF_INET6, address, &octets) == 1 else { return address }
        unsafe inet_ntop(AF_INET6, &octets, &text, 64)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The captures of the corpus, or the example where there is none.
    private static func captures() throws -> [String] {
        guard let folder = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS"] else { return [Command.sample] }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        return files.map { "\(folder)/\($0)" }.filter { path in
            let isFile = try? URL(filePath: path).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile
            return isFile ?? false && !path.hasSuffix(".tsv") && !path.hasSuffix(".md")
        }
    }

    private static func expect(_ collector: Collector, has records: String) throws {
        let expected = try flows(records)
        collector.readAllAndStop()
        #expect(collector.log.contains("Sequence Errors: 0, Bad Packets: 0"), "\(collector.log)")
        #expect(collector.log.contains("Packets: \(expected.packets), Bytes: \(expected.ipBytes)"), "\(collector.log)")
        let found = try collector.flows()
        #expect(found == expected.flows)
        #expect(expected.flows.count > 10)
    }

    /// In four parts: nobody waits for a collector that is not given a processor, and a part's datagrams find room in
    /// its socket's buffer.
    @Test(.enabled(if: Collector.obstacle == nil), arguments: 0..<4) func nfdumpReadsTheSameOverUDP(part: Int) throws {
        let captures = try Self.captures()
        let files = captures.count == 1 ? captures : captures.indices.filter { $0 % 4 == part }.map { captures[$0] }
        try Collector.with { collector in
            let records = collector.folder.appending(path: "flows.jsonl").path
            let options = ["--export", "ipfix://127.0.0.1:\(collector.port)", "--records", records, "--format", "json"]
            let run = try Command.run(["analyze"] + options + files)
            // Some captures of the corpus are damaged, or none.
            #expect([0, 1, 65].contains(run.code), "\(run.errors)")
            let text = try String(contentsOfFile: records, encoding: .utf8)
            try Self.expect(collector, has: text)
            let stages = try JSON(parsing: run.text)["summary"]["ledger"]["stages"].array
            for name in ["flow records", records, "ipfix://127.0.0.1:\(collector.port)"] {
                let stage = try #require(stages.first { $0["stage"].string == name }, "\(name)")
                #expect(stage["balanced"].bool == true && stage["delivered"].int == stage["seen"].int)
            }
        }
    }

    /// nfcapd has no TCP: a relay takes the stream apart, checks how it is numbered, and passes its messages on. Some
    /// connections break on the way, and nothing is lost that was not on its way in them.
    @Test(.enabled(if: Collector.obstacle == nil)) func nfdumpReadsTheSameOverTCP() throws {
        try Collector.with { collector in
            try Data(Collector.relay().utf8).write(to: collector.folder.appending(path: "relay.py"))
            let files = try Self.captures().map { "'\($0)'" }.joined(separator: " ")
            let run = try Command.shell(
                """
                coproc relay { exec python3 '\(collector.folder.path)/relay.py' \(collector.port) 2>&1; }
                trap "kill -KILL $relay_PID" EXIT
                read -r port <&"${relay[0]}"
                "$N" analyze --export "ipfix+tcp://127.0.0.1:$port" --records - \(files)
                """)
            #expect([0, 1, 65].contains(run.code), "\(run.errors)")
            try Self.expect(collector, has: run.text)
        }
    }

    /// Connections that the collector closes are made anew.
    @Test(.enabled(if: Collector.obstacle == nil)) func aConnectionThatBreaksIsMadeAgain() throws {
        try Collector.with { collector in
            try Data(Collector.relay(drops: 3).utf8).write(to: collector.folder.appending(path: "relay.py"))
            let run = try Command.shell(
                """
                coproc relay { exec python3 '\(collector.folder.path)/relay.py' \(collector.port) 2>&1; }
                trap "kill -KILL $relay_PID" EXIT
                read -r port <&"${relay[0]}"
                "$N" analyze --format json --export "ipfix+tcp://127.0.0.1:$port" --idle-timeout 1ms \(Command.sample)
                """)
            let stages = try JSON(parsing: run.text)["summary"]["ledger"]["stages"].array
            let stage = try #require(stages.last)
            #expect(stage["stage"].string?.hasPrefix("ipfix+tcp://") == true && stage["balanced"].bool == true)
            #expect((stage["delivered"].int ?? 0) > 100, "\(run.text) \(run.errors)")
        }
    }

    /// Both directions in one record: nfcapd takes the forward one of each, and understands the message.
    @Test(.enabled(if: Collector.obstacle == nil)) func biflowsAreMessagesToo() throws {
        try Collector.with { collector in
            let run = try Command.run(
                "analyze", "--biflows", "--export", "ipfix://127.0.0.1:\(collector.port)", "--records", "-",
                Command.sample)
            #expect(run.code == 0, "\(run.errors)")
            let forward = try run.lines.reduce(0) { try $0 + (JSON(parsing: $1)["packets"].int ?? 0) }
            collector.readAllAndStop()
            #expect(collector.log.contains("Sequence Errors: 0, Bad Packets: 0"), "\(collector.log)")
            #expect(try collector.flows().values.reduce(0) { $0 + $1[0] } == forward)
        }
    }

    /// Without a collector everything else goes on, and the ledger names what is lost.
    @Test(arguments: ["ipfix", "ipfix+tcp"]) func aMissingCollectorLosesRecordsAlone(scheme: String) throws {
        let run = try Command.run(
            "analyze", "--export", "\(scheme)://127.0.0.1:9", "--records", "/dev/null", "--key", "five-tuple",
            "--format", "json", Command.sample)
        #expect(run.code == 74)
        #expect(run.errors.contains("127.0.0.1:9: Connection refused; 63 flow records lost"), "\(run.errors)")
        let stages = try JSON(parsing: run.text)["summary"]["ledger"]["stages"].array
        let stage = try #require(stages.first { $0["stage"].string == "\(scheme)://127.0.0.1:9" })
        #expect(stage["balanced"].bool == true && stage["delivered"].int == 0 && stage["seen"].int == 63)
        #expect(stages.first { $0["stage"].string == "/dev/null" }?["delivered"].int == 63)
        let plain = try Command.run("analyze", "--key", "five-tuple", "--format", "csv", Command.sample).text
        let other = try Command.run(
            "analyze", "--export", "\(scheme)://127.0.0.1:9", "--key", "five-tuple", "--format", "csv", Command.sample)
        #expect(other.text == plain)
    }

    @Test func captureMakesTheSameRecords() throws {
        let analyzed = try Command.run("analyze", "--records", "-", "--active-timeout", "2s", Command.sample)
        let captured = try Command.run(
            "capture", "--read", Command.sample, "--speed", "max", "--records", "-", "--active-timeout", "2s",
            "--workers", "3")
        #expect(analyzed.code == 0 && captured.code == 0, "\(captured.errors)")
        #expect(analyzed.text == captured.text)
        #expect(analyzed.lines.count > 63 && analyzed.text.contains("\"end_reason\":\"active\""))
    }

    @Test(arguments: [
        (["--export", "127.0.0.1:1"], "is no collector"), (["--biflows"], "needs --records or --export"),
        (["--biflows", "--records", "x"], "needs --export"), (["--idle-timeout", "1s"], "needs --records"),
        (["--records", "-", "--max-flows", "0"], "is not between 1 and"),
        (["--records", "-", "--active-timeout", "soon"], "is no duration"),
    ])
    func wrongOptionsAreRefused(options: [String], message: String) throws {
        let run = try Command.run(["analyze"] + options + [Command.sample])
        #expect(run.code == 2)
        #expect(run.errors.contains(message), "\(run.errors)")
    }
}
