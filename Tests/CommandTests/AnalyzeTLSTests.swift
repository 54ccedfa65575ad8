import Foundation
import TestSupport
import Testing

/// `analyze --tls`: which TLS connections there are, of captures that are whole and of damaged ones.
@Suite struct AnalyzeTLSTests {
    private static let capture = "Examples/tls.pcapng"
    private static let corpus = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS_TLS"]

    private static func tls(_ outcome: Command.Outcome) throws -> JSON {
        try JSON(parsing: outcome.text)["summary"]
    }

    @Test func bothVersionsAreListed() throws {
        let outcome = try Command.run("analyze", "--tls", Self.capture)
        let expected = try Golden.expectation("Command/report-tls.txt", current: Array(outcome.output))
        #expect(outcome.text == String(decoding: expected, as: UTF8.self))
        #expect(outcome.errors == "" && outcome.code == 0)
    }

    @Test func onlyWhatIsAskedForIsCounted() throws {
        let outcome = try Command.run(
            "analyze", "--tls", "--where", "port 53970", "--format", "json", Self.capture)
        let summary = try Self.tls(outcome)
        #expect(summary["tls_connections"].int == 1 && summary["tls_kinds"].int == 1)
        #expect(summary["tls"][0]["version"].string == "TLS 1.2" || summary["tls"][0]["version"].string == "TLS 1.3")
        #expect(summary["tls"][0]["certificate_subject"].exists == (summary["tls"][0]["version"].string == "TLS 1.2"))
        // Without the option nothing is said of it.
        let without = try Command.run("analyze", "--format", "json", Self.capture)
        #expect(try !Self.tls(without)["tls"].exists)
    }

    /// Without the server's half there is what the client offered.
    @Test func oneDirectionIsEnough() throws {
        let outcome = try Command.run(
            "analyze", "--tls", "--where", "dst port 18443", "--format", "json", Self.capture)
        let rows = try Self.tls(outcome)["tls"].array
        #expect(rows.count == 2 && rows.allSatisfy { $0["sni"].string == "www.example.test" })
        #expect(rows.allSatisfy { !$0["cipher"].exists && $0["ja4"].string?.utf8.count == 36 })
    }

    /// Where the file is cut what came before is listed; its end is told once, and by the exit code.
    @Test func aCutCaptureListsWhatIsThere() throws {
        let whole = try Command.contents(Self.capture)
        try Command.withFolder { folder in
            let path = folder.path + "/cut.pcapng"
            var counts: Set<Int> = []
            for count in stride(from: whole.count - 1, to: 400, by: -347) {
                try whole.prefix(count).write(to: URL(filePath: path))
                // Long ago: nobody writes it any more.
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: path)
                let outcome = try Command.run("analyze", "--tls", "--quiet", "--format", "json", path)
                let summary = try Self.tls(outcome)
                let problems = summary["problems"].array.count
                #expect(problems == (outcome.code == 0 ? 0 : 1) && outcome.code <= 1, "cut at \(count): \(outcome)")
                counts.insert(summary["tls_connections"].int ?? -1)
            }
            #expect(counts == [0, 1, 2])
        }
    }

    /// Octets changed anywhere behind the interface's block, a few at a time: each time there is an answer.
    @Test(arguments: 0..<40 as Range<UInt64>) func changedOctetsChangeNoMoreThanTheRows(seed: UInt64) throws {
        var octets = try Command.contents(Self.capture)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        for _ in 0..<12 {
            state = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9 &+ 0x9E37_79B9_7F4A_7C15
            octets[200 + Int(state >> 20) % (octets.count - 200)] = UInt8(truncatingIfNeeded: state >> 8)
        }
        try Command.withFolder { folder in
            let path = folder.path + "/changed.pcapng"
            try octets.write(to: URL(filePath: path))
            let outcome = try Command.run("analyze", "--tls", "--quiet", "--format", "json", path)
            // Not a defect's, and no signal's.
            #expect(outcome.code <= 1, "\(outcome.errors)")
            let summary = try Self.tls(outcome)
            let rows = summary["tls"].array
            #expect(rows.reduce(0) { $0 + ($1["connections"].int ?? 0) } == summary["tls_connections"].int)
        }
    }

    /// As many as tshark finds, for the hosts that it names.
    @Test(.enabled(if: corpus != nil, "NETSPECTRA_CORPUS_TLS is not set"))
    func theCorpusHasAsManyAsTsharkFinds() throws {
        let folder = try #require(Self.corpus)
        var connections = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".expected.json") {
            let oracle = try JSON(parsing: String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
            let capture = "\(folder)/\(name.dropLast(".expected.json".count))"
            let outcome = try Command.run("analyze", "--tls", "--quiet", "--format", "json", capture)
            let summary = try Self.tls(outcome)
            #expect(outcome.code == 0)
            #expect(summary["tls_connections"].int == oracle["tcp_streams_with_tls"].array.count, "\(name)")
            // A column of the first hello of each stream.
            var hosts: [String: String] = [:]
            for row in oracle["handshakes"]["rows"].array where row[3].string == "1" && row[2].string == "" {
                let stream = row[1].string ?? ""
                hosts[stream] = hosts[stream] ?? row[7].string
            }
            let found = summary["tls"].array.flatMap { row in
                Array(repeating: row["sni"].string ?? "", count: row["connections"].int ?? 0)
            }
            #expect(found.sorted() == hosts.values.sorted(), "\(name)")
            connections += summary["tls_connections"].int ?? 0
        }
        #expect(connections >= 18)
    }
}
