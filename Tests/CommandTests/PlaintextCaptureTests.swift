import Foundation
import TestSupport
import Testing

/// What was said, written as a capture without TLS: read by the program itself, and by tshark where it is installed.
@Suite struct PlaintextCaptureTests {
    /// A request answered, and one over HTTP/2.
    private static let conversations = recording(hasHTTP1: true, hasHTTP2: true)

    private static func recording(hasHTTP1: Bool, hasHTTP2: Bool) -> RecordingText {
        var recording = RecordingText()
        if hasHTTP1 { sayHTTP1(&recording) }
        if hasHTTP2 { sayHTTP2(&recording) }
        return recording
    }

    private static func sayHTTP1(_ recording: inout RecordingText) {
        recording.say(.sent, "GET /one HTTP/1.1\r\nHost: x.test\r\n\r\n")
        recording.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + body, after: 20)
        recording.destroy()
    }

    private static func sayHTTP2(_ recording: inout RecordingText) {
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        // HEADERS of stream 1, END_STREAM and END_HEADERS: `:method: GET`, `:scheme: http`, `:path: /`.
        let headers: [UInt8] = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]
        recording.say(.sent, Data("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings + headers, sock: 9)
    }

    private static let body = String(repeating: "b", count: 5_000)

    @Test(arguments: [[], ["--rotate-size", "4KiB"]]) func messagesComeBack(rotation: [String]) throws {
        try Command.withFolder { folder throws in
            let file = folder.appending(path: "out.pcapng")
            let replayed = try Command.run(
                ["replay", "--pcapng", file.path, "-f", "ndjson"] + rotation + ["-"], input: Self.conversations.data)
            #expect(replayed.code == 0)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(rotation.isEmpty ? files.count == 1 : files.count > 1)
            let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + files[0])[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let read = try Command.run(
                ["messages", "-f", "ndjson"] + files.map { folder.path + "/" + $0 })
            #expect(read.code == 0)
            func shown(_ outcome: Command.Outcome) throws -> [String] {
                try MessagesTests.objects(outcome).0.map {
                    "\($0["type"].string ?? "") \($0["method"].string ?? "") \($0["target"].string ?? "") "
                        + "\($0["body"]["octets"].int ?? -1)"
                }
            }
            let (expected, found) = (try shown(replayed), try shown(read))
            #expect(expected == found && expected.count == 3)
        }
    }

    /// The ledger says what became of packets, and nobody gets more than was asked for.
    @Test func filesAreRemovedAndCounted() throws {
        try Command.withFolder { folder throws in
            let outcome = try Command.run(
                [
                    "messages", "-f", "ndjson", "--pcapng", folder.path + "/c.pcapng", "--rotate-size", "20KiB",
                    "--rotate-files", "2", Command.sample,
                ])
            #expect(outcome.code == 0)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(files.count == 2)
            let summary = try JSON(parsing: outcome.lines.last ?? "")
            let stage = summary["ledger"]["stages"].array.first { $0["stage"].string == "pcapng" }
            #expect(stage?["seen"].int == stage?["delivered"].int)
            #expect((stage?["noted"]["removed with old files"].int ?? 0) > 0)
        }
    }

    /// A file that may not become larger: SIGXFSZ is ignored, so that the system refuses to write instead.
    @Test func aFullDiskEndsItCleanly() throws {
        try Command.withFolder { folder throws in
            let outcome = try Command.shell(
                "trap '' XFSZ; ulimit -f 40; \"$N\" messages -q --pcapng \(folder.path)/c.pcapng \(Command.sample) "
                    + "> /dev/null")
            #expect(outcome.code == 74)
            #expect(outcome.errors.contains("cannot write \(folder.path)/c.pcapng"))
            // What is there is whole.
            let read = try Command.run("analyze", "-f", "ndjson", folder.path + "/c.pcapng")
            #expect(read.code == 0 && read.errors.isEmpty)
            #expect(try Data(contentsOf: folder.appending(path: "c.pcapng")).count > 30_000)
        }
    }

    @Test func optionsAreChecked() throws {
        for arguments in [
            ["--rotate-size", "1MiB"], ["--pcapng", "x", "--rotate-files", "2"],
            ["--pcapng", "x", "--rotate-size", "1"],
            ["--pcapng", "-", "--rotate-size", "1MiB"], ["--pcapng", "x", "--rotate-interval", "soon"],
        ] {
            #expect(try Command.run(["replay"] + arguments + ["-"], input: Data()).code == 2)
        }
        #expect(try Command.run("replay", "--pcapng", "/nowhere/x", "-", input: Data()).code == 73)
    }

    // MARK: - tshark

    private static let hasTshark = Command.absent("tshark", "capinfos") == nil

    /// Of each protocol a file: both are said between the same ends.
    @Test(.enabled(if: hasTshark, "tshark is not installed"), arguments: [false, true])
    func tsharkSeesRequests(isHTTP2: Bool) throws {
        try Command.withFolder { folder throws in
            let file = folder.appending(path: "out.pcapng").path
            let recording = Self.recording(hasHTTP1: !isHTTP2, hasHTTP2: isHTTP2)
            _ = try Command.run("replay", "-q", "--pcapng", file, "-", input: recording.data)
            // Port 443 is taken for TLS unless something else is said.
            let fields = try Command.shell(
                """
                tshark -d tcp.port==443,\(isHTTP2 ? "http2" : "http") -o tcp.check_checksum:TRUE \
                -o ip.check_checksum:TRUE -r \(file) -Y 'http || http2.headers' -T fields -E separator='|' \
                -e http.request.uri -e http.response.code -e http2.headers.path -e frame.comment
                """)
            #expect(
                fields.lines
                    == (isHTTP2
                        ? ["||/|PID:4242, Comm:curl"]
                        : ["/one|||PID:4242, Comm:curl", "|200||PID:4242, Comm:curl"]))
            let complaints = try Command.shell(
                """
                tshark -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -r \(file) \
                -Y 'tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0'
                """)
            #expect(complaints.lines.isEmpty)
            let information = try Command.shell("capinfos -M \(file)")
            #expect(information.code == 0 && information.text.contains("Strict time order:   True"))
        }
    }
}
