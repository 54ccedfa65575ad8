import CompressionTestSupport
import Foundation
import TestSupport
import Testing

/// `netspectra replay` end to end, on small recordings.
@Suite struct ReplayTests {
    private static let secret = "c2VjcmV0LXdvcmQ6c2VjcmV0"

    /// A request with credentials, answered.
    private static let exchange: RecordingText = {
        var recording = RecordingText()
        recording.say(.sent, "GET /a?access_token=\(secret) HTTP/1.1\r\nHost: x.test\r\nAuthori")
        recording.say(.sent, "zation: Basic \(secret)\r\nCookie: id=\(secret)\r\n\r\n")
        recording.say(
            .received, "HTTP/1.1 200 OK\r\nSet-Cookie: id=\(secret); Path=/\r\nContent-Length: 2\r\n\r\nok", after: 20)
        recording.destroy()
        return recording
    }()

    private func replay(_ recording: RecordingText, _ arguments: String...) throws -> Command.Outcome {
        try Command.run(["replay"] + arguments + ["-"], input: recording.data)
    }

    @Test func textNamesProgramAndConnection() throws {
        let outcome = try replay(Self.exchange)
        #expect(outcome.code == 0)
        #expect(outcome.errors == "netspectra: 3 events, 1 connection, 2 messages, 1 transaction\n")
        #expect(
            outcome.text == """
                PID:4242, Comm:curl, Src:10.0.0.7:51837, Dest:93.184.216.34:443,
                GET /a?access_token=\(Self.secret) HTTP/1.1
                Host: x.test
                Authorization: Basic <redacted>
                Cookie: id=<redacted>

                PID:4242, Comm:curl, Src:10.0.0.7:51837, Dest:93.184.216.34:443,
                HTTP/1.1 200 OK
                Set-Cookie: id=<redacted>; Path=/
                Content-Length: 2

                ok

                """)
    }

    /// With the parameter named in the settings the secret is nowhere; with `--no-redact` it is where it was.
    @Test(arguments: [
        ["-f", "text"], ["-f", "text", "--hex"], ["-f", "ndjson", "--transactions"], ["-f", "protobuf"],
    ])
    func secretsAreNowhere(options: [String]) throws {
        try Command.withFolder { folder throws in
            let settings = folder.appending(path: "c.yaml")
            try Data("redact: {query: [access_token]}\n".utf8).write(to: settings)
            let secret = Data(Self.secret.utf8)
            let redacted = try Command.run(
                ["replay", "-c", settings.path] + options + ["-"], input: Self.exchange.data)
            #expect(redacted.code == 0 && !redacted.output.isEmpty)
            #expect(redacted.output.range(of: secret) == nil && !redacted.errors.contains(Self.secret))
            guard !options.contains("--hex") else { return }
            let open = try Command.run(
                ["replay", "--no-redact", "-c", settings.path] + options + ["-"], input: Self.exchange.data)
            #expect(open.output.range(of: secret) != nil)
        }
    }

    @Test func digestsTellSecretsApart() throws {
        try Command.withFolder { folder throws in
            let settings = folder.appending(path: "c.yaml")
            try Data("redact: {mode: hash}\n".utf8).write(to: settings)
            var recording = RecordingText()
            for cookie in ["one", "two", "one"] {
                recording.say(.sent, "GET / HTTP/1.1\r\nHost: x\r\nCookie: id=\(cookie)\r\n\r\n")
            }
            let outcome = try replay(recording, "-c", settings.path)
            let cookies = outcome.lines.filter { $0.hasPrefix("Cookie: id=sha256:") }
            #expect(cookies.count == 3 && cookies[0] == cookies[2] && cookies[0] != cookies[1])
        }
    }

    @Test func aPartThatGoesOnSaysSo() throws {
        var recording = RecordingText()
        recording.say(
            .received, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        recording.say(.received, "data: 2\n\n", after: 3_000)
        recording.destroy()
        let outcome = try replay(recording)
        #expect(outcome.code == 0)
        #expect(outcome.lines.count { $0 == "[so far; more may follow]" } >= 1)
        #expect(outcome.lines.count { $0 == "[continued]" } == 1)
        #expect(outcome.lines.firstIndex(of: "data: 1")! < outcome.lines.firstIndex(of: "data: 2")!)
    }

    @Test func framesAreShownWhereAskedFor() throws {
        var recording = RecordingText()
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        // HEADERS of stream 1, END_STREAM and END_HEADERS: `:method: GET`, `:scheme: http`, `:path: /`.
        let headers: [UInt8] = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]
        recording.say(.sent, Data("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings + headers)
        let (plain, _) = try MessagesTests.objects(replay(recording, "-f", "ndjson"))
        #expect(plain.map { $0["type"].string } == ["http2_request"])
        let (framed, _) = try MessagesTests.objects(replay(recording, "-f", "ndjson", "--frames"))
        #expect(Set(framed.compactMap { $0["frame"].string }) == ["SETTINGS", "HEADERS"])
        #expect(try replay(recording, "--frames").text.contains("[HTTP/2 frame SETTINGS, stream 0, 0 octets]"))
    }

    /// What is behind the end of the pipeline is not shown, and counted; another file has an end of its own.
    @Test func recordsBehindTheCloseAreCounted() throws {
        var recording = RecordingText()
        recording.say(.sent, "GET /1 HTTP/1.1\r\n\r\n")
        recording.add(line: #"{"Op":"close","Timestamp":1700000000002000000}"#)
        recording.say(.sent, "GET /2 HTTP/1.1\r\n\r\n")
        recording.destroy()
        recording.add(line: "damaged")
        let outcome = try replay(recording)
        #expect(outcome.code == 1)
        #expect(outcome.lines.filter { $0.hasPrefix("GET ") } == ["GET /1 HTTP/1.1"])
        #expect(outcome.errors.contains("2 records lost (behind the close)"), "\(outcome.errors)")
        let (_, summary) = try MessagesTests.objects(replay(recording, "-f", "ndjson"))
        let stage = try #require(summary["ledger"]["stages"].array.first)
        #expect(stage["seen"].int == 5 && stage["delivered"].int == 1)
        #expect(stage["filtered"]["no plaintext"].int == 1)
        #expect(stage["lost"]["behind the close"].int == 2 && stage["lost"]["damaged"].int == 1)
        #expect(stage["balanced"].bool == true)
    }

    /// All that was captured is shown, whatever is kept of the body.
    @Test func octetsAsCapturedDoNotDependOnTheBodyLimit() throws {
        var recording = RecordingText()
        let body = String(repeating: "a", count: 100)
        recording.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\(body)")
        let outcome = try replay(recording, "--hex", "--body-limit", "10")
        #expect(outcome.text.contains("00000080") && !outcome.text.contains("limit"))
        #expect(try replay(recording, "--body-limit", "10").text.contains("larger than the limit: 10 octets are shown"))
    }

    @Test func compressedRecordingsAreRead() throws {
        let plain = try replay(Self.exchange)
        for compressed in [gzip([UInt8](Self.exchange.data)), zstd([UInt8](Self.exchange.data))] {
            let outcome = try Command.run("replay", "-", input: Data(compressed))
            #expect(outcome.code == 0 && outcome.output == plain.output)
        }
    }

    @Test func recordedAgainItIsTheSame() throws {
        try Command.withFolder { folder throws in
            var recording = Self.exchange
            // A body that lasts until its direction is closed.
            recording.say(.sent, "GET / HTTP/1.0\r\n\r\n", sock: 2)
            recording.say(.received, "HTTP/1.0 200 OK\r\n\r\nbody", sock: 2)
            recording.destroy(sock: 2)
            let file = folder.appending(path: "a.nsr").path
            let first = try Command.run("replay", "--record", file, "-", input: recording.data)
            let second = try Command.run("replay", file)
            #expect(first.code == 0 && second.code == 0)
            #expect(first.output == second.output && first.errors == second.errors)
        }
    }

    @Test func aDamagedLineIsLeftOut() throws {
        var recording = RecordingText()
        recording.say(.sent, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        recording.add(line: #"{"Op":"data","Pid":"many"}"#)
        recording.say(.sent, "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        let outcome = try replay(recording)
        #expect(outcome.code == 1)
        #expect(outcome.errors.hasPrefix("netspectra: standard input: line 2, column 20: "), "\(outcome.errors)")
        #expect(outcome.errors.contains("1 record lost (damaged)"))
        #expect(outcome.lines.filter { $0.hasPrefix("GET ") } == ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1"])
        let (_, summary) = try MessagesTests.objects(replay(recording, "-f", "ndjson"))
        let stage = summary["ledger"]["stages"][0]
        #expect(stage["seen"].int == 3 && stage["delivered"].int == 2 && stage["lost"]["damaged"].int == 1)
    }

    @Test func asManyDamagedRecordsAreToldOfAsAreAskedFor() throws {
        var recording = RecordingText()
        recording.say(.sent, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in 0..<20 { recording.add(line: "damage") }
        for (options, told) in [([], 16), (["--max-errors", "3"], 3), (["--max-errors", "20"], 20)] {
            let outcome = try Command.run(["replay"] + options + ["-"], input: recording.data)
            let errors = outcome.errors.split(separator: "\n")
            #expect(outcome.code == 1 && outcome.lines.contains("GET /1 HTTP/1.1"))
            #expect(errors.count { $0.hasPrefix("netspectra: standard input: line ") } == told)
            #expect(errors.contains("netspectra: standard input: \(20 - told) further damaged records") == (told < 20))
        }
        #expect(try replay(recording, "--max-errors", "-1").code == 2)
    }

    @Test func whatIsNoRecordingIsRefusedInOneSentence() throws {
        let outcome = try Command.run("replay", "README.md")
        #expect(outcome.code == 65 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("netspectra: README.md: line 1, column 1: "))
        #expect(outcome.errors.split(separator: "\n").count == 2)
        #expect(try Command.run("replay", Command.sample).code == 65)
        #expect(try Command.run("replay", "absent.nsr").code == 66)
    }

    /// The other recordings are read all the same.
    @Test func aMissingFileDoesNotStopTheOthers() throws {
        try Command.withFolder { folder throws in
            let file = folder.appending(path: "a.jsonl")
            try Self.exchange.data.write(to: file)
            let outcome = try Command.run("replay", "absent.jsonl", file.path)
            let alone = try replay(Self.exchange)
            #expect(outcome.code == 66 && outcome.output == alone.output)
        }
    }

    @Test func wrongSettingsAreRefused() throws {
        try Command.withFolder { folder throws in
            let settings = folder.appending(path: "c.yaml")
            try Data("redact: {header: [a]}\n".utf8).write(to: settings)
            let outcome = try replay(Self.exchange, "-c", settings.path)
            #expect(outcome.code == 78 && outcome.output.isEmpty)
            #expect(outcome.errors.contains("did you mean headers?"))
        }
    }

    @Test(arguments: [
        (["--reorder", "soon"], "'soon' is no duration"), (["-", "-"], "standard input (-) can be read only once"),
        (["--max-connections", "1"], "--max-connections: at least 16"),
        (["--queue", "0"], "--queue: 0 is not between"),
    ])
    func usage(arguments: [String], message: String) throws {
        let outcome = try Command.run(["replay"] + arguments + ["-"])
        #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.contains(message))
    }

    /// What was said before an interrupt is printed; the pipe's writer would wait for a minute.
    @Test(arguments: ["replay", "messages"])
    func anInterruptDoesNotWaitForAnIdlePipe(subcommand: String) throws {
        try Command.withFolder { folder throws in
            let file = folder.appending(path: "a.jsonl")
            try Self.exchange.data.write(to: file)
            let input = subcommand == "replay" ? file.path : Command.sample
            let start = ContinuousClock.now
            let outcome = try Command.shell(
                """
                exec 4< <(cat \(input); exec sleep 60); W=$!
                $N \(subcommand) --format ndjson - <&4 & P=$!
                # All is in the pipe once the writer sleeps; then the reader needs a moment.
                for I in $(seq 200); do [ "$(cat /proc/$W/comm)" = sleep ] && break; sleep 0.1; done
                sleep 1; kill -INT $P; wait $P; C=$?; kill -KILL $W; exit $C
                """)
            #expect(outcome.code == 130, "\(outcome.errors)")
            #expect(ContinuousClock.now - start < .seconds(30))
            let (messages, _) = try MessagesTests.objects(outcome)
            #expect(messages.count == (subcommand == "replay" ? 2 : 27))
        }
    }

    /// A recording says itself whether its events are to be put in order of time.
    @Test func theOrderOfARecordingIsItsOwn() throws {
        try Command.withFolder { folder throws in
            var recording = RecordingText()
            recording.say(.sent, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n", after: 9)
            recording.say(.sent, "GET /earlier HTTP/1.1\r\nHost: x\r\n\r\n", after: -4)
            func targets(_ outcome: Command.Outcome) -> [String] { outcome.lines.filter { $0.hasPrefix("GET ") } }
            let asTold = targets(try replay(recording, "--reorder", "0"))
            #expect(asTold.first?.hasPrefix("GET /first") == true && asTold.count == 2)
            #expect(targets(try replay(recording)) == asTold.reversed())
            let (kept, late) = (folder.appending(path: "kept").path, folder.appending(path: "late").path)
            _ = try replay(recording, "--reorder", "0", "--record", kept)
            _ = try replay(recording, "--record", late)
            #expect(targets(try Command.run("replay", kept)) == asTold)
            #expect(targets(try Command.run("replay", late)) == asTold.reversed())
            // Who asks for an order gets it.
            #expect(targets(try Command.run("replay", "--reorder", "10ms", kept)) == asTold.reversed())
        }
    }

    /// A recording that ends within a record, or is damaged, is no defect of the program.
    @Test func aCutRecordingIsDamaged() throws {
        try Command.withFolder { folder throws in
            var recording = RecordingText()
            for _ in 0..<3 { recording.say(.sent, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
            let file = folder.appending(path: "a.nsr")
            #expect(try replay(recording, "--record", file.path).code == 0)
            let whole = try Data(contentsOf: file)
            for (octets, code) in [(whole.count - 200, Int32(1)), (20, 65)] {
                try whole.prefix(octets).write(to: file)
                let (objects, summary) = try MessagesTests.objects(Command.run("replay", "-f", "ndjson", file.path))
                #expect(try Command.run("replay", file.path).code == code, "\(octets)")
                #expect(objects.isEmpty == (code == 65) && summary["ledger"]["balanced"].bool == true, "\(octets)")
            }
        }
    }

    @Test func inputsAreNotWrittenTo() throws {
        try Command.withFolder { folder throws in
            var recording = RecordingText()
            recording.say(.sent, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let file = folder.appending(path: "a.jsonl")
            try recording.data.write(to: file)
            for option in ["--output", "--record", "--pcapng"] {
                let outcome = try Command.run("replay", option, file.path, "a.jsonl", folder: folder)
                #expect(outcome.code == 2 && outcome.errors.contains("\(option): 'a.jsonl' is an input, too"))
                #expect(try Data(contentsOf: file) == recording.data)
            }
        }
    }

    /// Nothing was read: what earlier runs left stays.
    @Test func filesStayWhereNothingCouldBeRead() throws {
        try Command.withFolder { folder throws in
            let (kept, recorded) = (folder.appending(path: "kept"), folder.appending(path: "recorded"))
            for (input, code) in [("missing", Int32(66)), ("/etc/hostname", 65)] {
                for file in [kept, recorded] { try Data("before".utf8).write(to: file) }
                let outcome = try Command.run(
                    "replay", "--output", kept.path, "--record", recorded.path, input, folder: folder)
                #expect(outcome.code == code)
                for file in [kept, recorded] { #expect(try Data(contentsOf: file) == Data("before".utf8)) }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
        }
    }

    @Test func outputThatNobodyReadsIsNoFailure() throws {
        try Command.withFolder { folder throws in
            var recording = RecordingText()
            let long = String(repeating: "a", count: 200)
            for _ in 0..<2_000 { recording.say(.sent, "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n") }
            let file = folder.appending(path: "a.jsonl")
            try recording.data.write(to: file)
            let outcome = try Command.shell("$N replay \(file.path) | head -n 2")
            #expect(outcome.code == 0 && outcome.lines.count == 2 && outcome.errors == "")
            let ignored = try Command.shell("trap '' PIPE; $N replay \(file.path) | true; exit ${PIPESTATUS[0]}")
            #expect(ignored.errors == "" && ignored.code == 141)
        }
    }

    @Test func theNumberOfThreadsDoesNotShow() throws {
        var recording = RecordingText()
        for number in 0..<300 {
            recording.say(.sent, "GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n", sock: UInt64(number % 17 + 1))
        }
        let one = try replay(recording, "--workers", "1")
        #expect(one.code == 0 && one.lines.count { $0.hasPrefix("GET ") } == 300)
        #expect(try replay(recording, "--workers", "4", "--queue", "7").output == one.output)
    }
}
