import Foundation
import Octets
import Outputs
import TestSupport
import Testing

/// `netspectra messages` end to end, on the sample capture: curl talking to nginx in the clear.
@Suite struct MessagesTests {
    private static let sample = Command.sample

    /// The objects of JSON Lines without the summary, and the summary.
    static func objects(_ outcome: Command.Outcome) throws -> (messages: [JSON], summary: JSON) {
        var objects = try outcome.lines.map { try JSON(parsing: $0) }
        let last = objects.popLast()
        let summary = try #require(last)
        #expect(summary["type"].string == "summary")
        #expect(summary["ledger"]["balanced"].bool == true)
        for stage in summary["ledger"]["stages"].array {
            func sum(_ name: String) -> Int {
                (stage[name].value as? [String: NSNumber] ?? [:]).values.reduce(0) { $0 + $1.intValue }
            }
            let accounted = stage["delivered"].int! + sum("filtered") + sum("lost") + stage["in_flight"].int!
            #expect(stage["seen"].int == accounted, "\(stage["stage"].string ?? "")")
        }
        #expect(!objects.contains { $0["type"].string == "summary" })
        return (objects, summary)
    }

    @Test func textShowsWhatWasSaid() throws {
        let outcome = try Command.run("messages", Self.sample)
        #expect(outcome.code == 0)
        #expect(
            outcome.errors == """
                netspectra: 659 packets, 10 connections, 24 messages, 3 TLS connections (0 decrypted), 11 transactions

                """)
        #expect(
            outcome.text.contains(
                """
                Src:192.0.2.10:36672, Dest:192.0.2.1:80,
                GET / HTTP/1.1
                Host: www.example.test
                User-Agent: curl/7.88.1
                Accept: */*

                Src:192.0.2.1:80, Dest:192.0.2.10:36672,
                HTTP/1.1 200 OK

                """))
        #expect(outcome.text.contains("\n\n<!doctype html><title>NetSpectra</title>"))
        #expect(try Command.run("messages", "--quiet", Self.sample).errors == "")
    }

    @Test func everyLineOfJSONLinesIsAnObject() throws {
        let outcome = try Command.run("messages", "--format", "ndjson", Self.sample)
        let (messages, summary) = try Self.objects(outcome)
        #expect(messages.count == 27)
        let requests = messages.filter { $0["type"].string == "http_request" }
        #expect(requests.count == 11 && summary["messages"]["http_request"].int == 11)
        #expect(requests.contains { $0["method"].string == "POST" && $0["target"].string == "/submit" })
        let numbers = messages.first { $0["body_length"].int == 16_384 || $0["body_length"].int ?? 0 > 40_000 }
        #expect(numbers?["status"].int == 200 && numbers?["body_sha256"].string?.count == 64)
        let stages = summary["ledger"]["stages"].array.map { "\($0["stage"].string!) (\($0["unit"].string!))" }
        #expect(
            stages == [
                "records (records)", "frames (packets)", "streams (octets)", "tls (octets)", "events (events)",
                "events (octets)", "output (records)",
            ])
    }

    /// Two connections of curl's; the key of the second is not in the capture.
    @Test func tlsIsDecryptedWithTheKeysInTheCapture() throws {
        let capture = "Examples/tls.pcapng"
        let outcome = try Command.run("messages", capture)
        #expect(
            outcome.errors
                == "netspectra: 39 packets, 1 connection, 4 messages, 2 TLS connections (1 decrypted), 2 transactions\n"
        )
        #expect(outcome.text.contains("GET /index.json HTTP/1.1\n"))
        let (objects, summary) = try Self.objects(Command.run("messages", "--format", "ndjson", capture))
        let connections = objects.filter { $0["type"].string == "tls_connection" }
        #expect(connections.map { $0["version"].string } == ["TLS 1.3", "TLS 1.2"])
        #expect(connections.allSatisfy { $0["sni"].string == "www.example.test" && $0["alpn"].string == "http/1.1" })
        #expect(connections.map { $0["undecrypted_octets"].int == 0 } == [true, false])
        #expect(connections.last?["reason"].string == "no key")
        #expect(summary["tls_connections"].int == 2 && summary["tls_connections_decrypted"].int == 1)
    }

    @Test func keysComeFromAFileToo() throws {
        try Command.withFolder { folder throws in
            let without = folder.appending(path: "without.pcapng").path
            #expect(try Command.run("edit", "-q", "--strip-secrets", "Examples/tls.pcapng", "-o", without).code == 0)
            #expect(try Command.run("messages", without).errors.contains("2 TLS connections (0 decrypted)"))
            // The capture's own key log, taken out of its block.
            let octets = try Data(contentsOf: Command.root.appending(path: "Examples/tls.pcapng"))
            let lines = String(decoding: octets, as: UTF8.self).split(whereSeparator: \.isNewline)
            let secrets = lines.filter { $0.contains("TRAFFIC_SECRET") && !$0.contains("EXPORTER") }
            let keys = folder.appending(path: "keys").path
            try Data((secrets.joined(separator: "\n") + "\nnonsense\n").utf8).write(to: URL(filePath: keys))
            let outcome = try Command.run("messages", "--keylog", keys, without)
            #expect(outcome.errors.contains("2 TLS connections (1 decrypted)"))
            #expect(try Command.run("messages", "--keylog", "\(keys)x", without).code == 66)
            #expect(try Command.run("messages", "--keylog", without, without).code == 65)
        }
    }

    @Test func transactionsAreATableWithAHeading() throws {
        let outcome = try Command.run("messages", "--transactions", Self.sample)
        #expect(outcome.lines.count == 12)
        #expect(outcome.lines[0] == "METHOD   STATUS    LATENCY    REQUEST   RESPONSE  HOST AND PATH")
        #expect(outcome.lines[3].hasSuffix("www.example.test/absent") && outcome.lines[3].contains(" 404 "))
        let narrow = try Command.run(
            "messages", "--transactions", Self.sample, environment: ["COLUMNS": "70"])
        #expect(narrow.lines.count == 12 && narrow.lines.allSatisfy { $0.count <= 70 })
        let (objects, _) = try Self.objects(
            Command.run("messages", "--transactions", "--format", "ndjson", Self.sample))
        let transactions = objects.filter { $0["type"].string == "transaction" }
        #expect(objects.count == 38 && transactions.count == 11)
        #expect(transactions.allSatisfy { $0["latency"].int! > 0 && $0["complete"].bool == true })
    }

    /// On a terminal of 80 columns the table is drawn in place; in the end there is what a file would hold.
    @Test func transactionsOnATerminalAreDrawnInPlace() throws {
        let plain = try Command.run("messages", "--transactions", Self.sample, environment: ["COLUMNS": "80"])
        #expect(plain.lines.count == 12 && plain.lines.allSatisfy { $0.count <= 80 })
        // The pipe stays open until everything was drawn.
        let outcome = try Command.withFolder { folder throws in
            let log = folder.appending(path: "log").path
            return try Command.shell(
                """
                exec 3< <(cat \(Self.sample); for I in $(seq 300); do grep -q '^11 ' \(log) && break; sleep 0.1; done)
                export TERM=xterm NO_COLOR=1
                script -qefc "stty cols 80 rows 10; $N messages --transactions - <&3" \(log)
                """)
        }
        #expect(outcome.code == 0, "\(outcome.text)")
        var screen = TerminalScreen(columns: 80, lines: 10)
        // What the terminal showed while the pipe was open: the newest rows under totals and heading.
        let frames = outcome.text.components(separatedBy: "\u{1B}[?7h")
        #expect(frames.count >= 3)
        for frame in frames.dropLast(2) { screen.write(frame) }
        #expect(screen.screen.first?.hasPrefix("11 transactions, 0.9/s, 1 × 4xx, latency ") == true)
        #expect(screen.screen.dropFirst().first == plain.lines[0])
        #expect(Array(screen.screen.dropFirst(2).prefix(7)) == Array(plain.lines.suffix(7)))
        for frame in frames.suffix(2) { screen.write(frame) }
        #expect(screen.unknown.isEmpty)
        #expect(screen.text.dropLast() == plain.lines[...])
        #expect(screen.text.last?.hasPrefix("netspectra: 659 packets, 10 connections") == true)
    }

    @Test(arguments: ["standard", "ecapture"])
    func protobufIsReadBack(schema: String) throws {
        let outcome = try Command.run(
            "messages", "--format", "protobuf", "--event-schema", schema, Self.sample)
        #expect(outcome.code == 0)
        let octets = [UInt8](outcome.output)
        var reader = LogEntryReader(schema: schema == "ecapture" ? .ecapture : .standard)
        var position = 0
        var events: [EventMessage] = []
        while let entry = try reader.next(octets.span, from: &position, isFinal: true) {
            guard case .event(let event) = entry else {
                Issue.record("\(entry)")
                return
            }
            events.append(event)
        }
        #expect(position == octets.count && events.count == 24)
        let request = try #require(events.first { $0.type == 1 && $0.sourcePort == 36_672 })
        #expect(request.sourceIP == "192.0.2.10" && request.destinationIP == "192.0.2.1")
        #expect(request.destinationPort == 80 && Int(request.length) == request.payload.count)
        #expect(String(decoding: request.payload, as: UTF8.self).hasPrefix("GET / HTTP/1.1\r\nHost: www.example.test"))
        var other = LogEntryReader(schema: schema == "ecapture" ? .standard : .ecapture)
        position = 0
        #expect(throws: ProtobufFailure.self) { try other.next(octets.span, from: &position, isFinal: true) }
    }

    @Test func hexShowsTheOctetsAsCaptured() throws {
        let outcome = try Command.run("messages", "--hex", "--where", "port 53", Self.sample)
        #expect(outcome.lines.count == 10)
        #expect(outcome.lines[2] == "00000010  77 77 07 65 78 61 6d 70  6c 65 04 74 65 73 74 00  |ww.example.test.|")
        let cut = try Command.run("messages", "--hex", "--truncate", "16", "--where", "port 53", Self.sample)
        #expect(cut.lines.count == 6 && cut.lines[2] == "[Events truncated, size: 16 bytes]")
    }

    @Test func sizesAreLimited() throws {
        let cut = try Command.run("messages", "--truncate", "20", "--where", "port 36672", Self.sample)
        #expect(cut.text.contains("\nGET / HTTP/1.1\nHost\n[Events truncated"))
        #expect(cut.lines.count { $0 == "[Events truncated, size: 20 bytes]" } == 6)
        #expect(!cut.text.contains("larger than the limit"))
        let limited = try Command.run("messages", "--body-limit", "100", "--where", "port 36672", Self.sample)
        #expect(limited.text.contains("[the body is larger than the limit: 100 octets are shown]"))
        let (messages, _) = try Self.objects(
            Command.run("messages", "--body-limit", "100", "-f", "ndjson", "--where", "port 36672", Self.sample))
        let large = messages.filter { $0["body_length"].int! > 100 }
        #expect(large.count == 2)
        #expect(large.allSatisfy { $0["body"].string!.utf8.count == 100 && $0["body_sha256"].exists })
    }

    @Test func theNumberOfThreadsDoesNotShow() throws {
        for options in [["--format", "text"], ["--format", "ndjson", "--transactions"], ["--format", "protobuf"]] {
            let one = try Command.run(["messages", "--workers", "1"] + options + [Self.sample])
            let four = try Command.run(["messages", "--workers", "4", "--queue", "3"] + options + [Self.sample])
            #expect(one.code == 0 && one.output == four.output && !one.output.isEmpty, "\(options)")
        }
    }

    @Test func aFileAppearsWhole() throws {
        try Command.withFolder { folder throws in
            let path = folder.appending(path: "out").path
            let outcome = try Command.run("messages", "--quiet", "-o", path, Self.sample)
            #expect(outcome.code == 0 && outcome.output.isEmpty && outcome.errors == "")
            let plain = try Command.run("messages", Self.sample)
            #expect(try Data(contentsOf: URL(filePath: path)) == plain.output)
        }
    }

    @Test func standardInputIsRead() throws {
        let outcome = try Command.run("messages", "-", input: Command.contents(Self.sample))
        let plain = try Command.run("messages", Self.sample)
        #expect(outcome.code == 0 && outcome.output == plain.output)
    }

    @Test(arguments: [(sample, 30, 3), ("Examples/tls.pcapng", 8, 2)])
    func whatIsRecordedIsReplayed(capture: String, lines: Int, connections: Int) throws {
        try Command.withFolder { folder throws in
            let record = folder.appending(path: "a.nsr").path
            let options = ["--format", "ndjson", "--transactions"]
            let first = try Command.run(["messages"] + options + ["--record", record, capture])
            #expect(first.code == 0)
            let second = try Command.run(["replay"] + options + [record])
            #expect(second.code == 0)
            // The sources' stages of the ledger, in the summary, differ.
            #expect(first.lines.dropLast() == second.lines.dropLast() && first.lines.count > lines)
            let told = second.lines.count { $0.hasPrefix(#"{"type":"tls_connection""#) }
            #expect(told == connections)
        }
    }

    private static let corpus = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS"]

    /// Every capture with an oracle of its messages says the same by way of a recording: gaps, ends, bodies that last
    /// until close.
    @Test(.enabled(if: corpus != nil, "NETSPECTRA_CORPUS is not set"))
    func capturesSayTheSameByWayOfARecording() throws {
        let folder = URL(filePath: try #require(Self.corpus), directoryHint: .isDirectory)
        let suffix = ".http.json"
        let oracles = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/oracle")
        let names = oracles.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
        #expect(names.count >= 31)
        try Command.withFolder { scratch throws in
            let record = scratch.appending(path: "a.nsr").path
            var lines = 0
            for name in names.sorted() {
                let capture = folder.appending(path: name).path
                let options = ["--format", "ndjson", "--transactions", "--frames"]
                let first = try Command.run(["messages"] + options + ["--record", record, capture])
                let second = try Command.run(["replay"] + options + [record])
                #expect(second.code == 0, "\(name)")
                lines += first.lines.count
                #expect(first.lines.dropLast() == second.lines.dropLast(), "\(name)")
            }
            #expect(lines > 1_000)
        }
    }

    @Test func outputThatNobodyReadsIsNoFailure() throws {
        let outcome = try Command.shell("$N messages \(Self.sample) | head -n 1")
        #expect(outcome.code == 0 && outcome.lines == ["Src:192.0.2.10:49816, Dest:192.0.2.1:80,"])
        #expect(!outcome.errors.contains("cannot write"))
    }

    @Test func aCaptureWithoutTCPSaysSo() throws {
        let outcome = try Command.run("messages", "--where", "udp", Self.sample)
        #expect(outcome.code == 0 && outcome.output.isEmpty)
        #expect(
            outcome.errors == "netspectra: 659 packets, none with TCP to follow, 0 connections, 0 messages\n")
    }

    @Test func aDamagedCaptureIsReadAsFarAsItGoes() throws {
        let whole = try Command.contents(Self.sample)
        let outcome = try Command.run("messages", "-", input: whole.prefix(200_000))
        #expect(outcome.code == 1 && !outcome.output.isEmpty)
        #expect(outcome.errors.contains("cut short in the middle of a record at octet 199428"))
        #expect(outcome.errors.contains("1 record lost (cut short by the end of the file)"))
    }

    @Test(arguments: [
        (["README.md"], 65, "not a capture"), (["README.md"], 65, "Recorded events: netspectra replay."),
        (["absent.pcap"], 66, "No such file or directory"),
        (["-o", "README.md/x", sample], 73, "cannot create README.md/x: Not a directory"),
        (["-o", "/dev/full", sample], 74, "No space left on device"),
        (["--record", "absent/x", sample], 73, "cannot create absent/x"),
        (["--truncate", "0", sample], 2, "--truncate: 0 octets cannot be shown"),
        (["--body-limit", "much", sample], 2, "'much' is no size"),
        (["--workers", "0", sample], 2, "--workers: 0 is not between 1 and 1024"),
        (["--hex", "--format", "ndjson", sample], 2, "--hex is a form of --format text"),
        (["--transactions", "--format", "protobuf", sample], 2, "the protobuf schema has no message"),
        (["--transactions", "--frames", sample], 2, "--transactions shows no frames in text"),
        (["--record", "-", sample], 2, "standard output is for messages"),
        (["--where", "tcp and por 1", sample], 2, "did you mean port?"),
    ])
    func refusals(arguments: [String], code: Int32, message: String) throws {
        let outcome = try Command.run(["messages"] + arguments)
        #expect(outcome.code == code && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("netspectra: ") && outcome.errors.contains(message), "\(outcome.errors)")
    }
}
