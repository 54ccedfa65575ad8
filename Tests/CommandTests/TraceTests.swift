import Events
import Foundation
import Octets
import Testing

/// `netspectra trace tls`, end to end: programs that speak TLS, and what is seen of them. One after the other: each
/// trace sees the whole machine.
@Suite(
    .serialized,
    .enabled(if: Tracing.obstacle == nil, Comment(rawValue: "no traces here: \(Tracing.obstacle ?? "")")))
struct TraceTests {
    private static let library = Tracing.library ?? ""

    /// curl's side of a transfer: which port it had. Under a name that no other test's has, as those run meanwhile.
    private func fetch(_ count: Int, from port: Int) throws -> Int {
        let outcome = try Command.shell(
            """
            d=$(mktemp -d); ln -s $(command -v curl) $d/ns-fetch
            $d/ns-fetch -sk -o /dev/null -w '%{local_port} %{size_download}' https://127.0.0.1:\(port)/\(count)
            rm -r $d
            """)
        let words = outcome.text.split(separator: " ").compactMap { Int($0) }
        guard words.count == 2, words[1] == count else { throw TracingFailure(reason: outcome.text + outcome.errors) }
        return words[0]
    }

    @Test func transfersOfAllSizesArriveWholeInOrderAndWithTheirAddresses() throws {
        let sizes = [1, 4_096, 16_384, 16_385, 1_048_576]
        try Tracing.withServer { folder, port in
            var localPorts: [Int] = []
            let recording = folder.path + "/session.nsr"
            let arguments = [
                "--library", Self.library, "--comm", "ns-fetch", "--format", "ndjson", "--body-limit", "2MiB",
                "--record",
                recording,
            ]
            let outcome = try Tracing.run(arguments) { _ in
                for size in sizes { localPorts.append(try fetch(size, from: port)) }
            }
            #expect(outcome.code == 0, "\(outcome.errors)")
            let objects = try outcome.lines.map { try JSON(parsing: $0) }
            let requests = objects.filter { $0["type"].string == "http_request" }
            let responses = objects.filter { $0["type"].string == "http_response" }
            #expect(requests.count == sizes.count && responses.count == sizes.count)
            for (index, size) in sizes.enumerated() where index < min(requests.count, responses.count) {
                let (client, server) = ("127.0.0.1:\(localPorts[index])", "127.0.0.1:\(port)")
                let (request, response) = (requests[index], responses[index])
                #expect(request["target"].string == "/\(size)" && request["comm"].string == "ns-fetch")
                #expect(request["src"].string == client && request["dst"].string == server)
                #expect(response["src"].string == server && response["dst"].string == client)
                #expect(response["fd"].int == request["fd"].int && (request["fd"].int ?? -1) > 2)
                #expect(response["body_length"].int == size && response["complete"].bool == true)
                #expect(response["body"].string == Tracing.body(size), "\(size) octets")
            }
            let summary = try #require(objects.last)
            #expect(summary["octets_missing"].int == 0 && summary["ledger"]["balanced"].bool == true)
            #expect(summary["connections"].int == sizes.count)
            try expectEveryRecordedSocketToEnd(in: recording, connections: sizes.count)
        }
    }

    private func expectEveryRecordedSocketToEnd(in path: String, connections: Int) throws {
        let octets = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var reader = RecordFileReader()
        var position = 0
        var open: Set<UInt64> = []
        var ended = 0
        while case .record(let range, _) = try reader.next(octets.span, from: &position, isFinal: true) {
            switch try EventRecord(octets.span.extracting(range)) {
            case .sslData(let event): open.insert(event.info.sock)
            case .socketDestroyed(let event):
                if open.remove(event.sock) != nil { ended += 1 }
            default: Issue.record("an unexpected record at \(range)")
            }
        }
        #expect(open.isEmpty && ended == connections)
    }

    @Test func onlyTheChosenProcessIsTraced() throws {
        try Tracing.withServer { _, port in
            let pid = try Command.shell("pgrep -n -f server.py").text.trimmingCharacters(in: .whitespacesAndNewlines)
            let outcome = try Tracing.run(["--pid", pid, "--format", "ndjson"]) { _ in _ = try fetch(20, from: port) }
            let comms = Set(try outcome.lines.dropLast().map { try JSON(parsing: $0)["pid"].int ?? 0 })
            #expect(outcome.code == 0 && comms == [Int(pid) ?? -1], "\(outcome.errors)")
        }
    }

    @Test func anInterruptInTheMiddleKeepsWhatWasRead() throws {
        try Tracing.withServer { folder, port in
            let outcome = try Tracing.run(["--library", Self.library, "--comm", "ns-endless", "--format", "ndjson"]) {
                _ in
                _ = try Command.shell(
                    """
                    ln -s /usr/bin/curl ns-endless
                    ./ns-endless -skN --max-time 1 -o /dev/null https://127.0.0.1:\(port)/endless & sleep 0.6
                    """, folder: folder)
            }
            #expect(outcome.code == 0, "\(outcome.errors)")
            let objects = try outcome.lines.map { try JSON(parsing: $0) }
            let response = try #require(objects.first { $0["type"].string == "http_response" })
            #expect((response["body_length"].int ?? 0) > 10_000)
            #expect(objects.last?["ledger"]["balanced"].bool == true)
        }
    }

    /// What the tool was told to end in the middle of: all that curl had by then is in the output.
    @Test func aTerminationInTheMiddleLosesNothing() throws {
        try Tracing.withServer { folder, port in
            var (before, client) = (0, Process?.none)
            defer { client.map(Peers.end) }
            let outcome = try Tracing.run(["--comm", "ns-ended", "--format", "ndjson"], signal: SIGTERM) { _ in
                client = try Peers.start(
                    "ln -s /usr/bin/curl ns-ended; exec ./ns-ended -skN -o out https://127.0.0.1:\(port)/endless",
                    in: folder)
                try Peers.wait(for: "out", in: folder)
                usleep(300_000)
                before = try Data(contentsOf: folder.appending(path: "out")).count
            }
            #expect(outcome.code == 0 && client?.isRunning == true, "\(outcome.errors)")
            let objects = try outcome.lines.map { try JSON(parsing: $0) }
            let response = try #require(objects.first { $0["type"].string == "http_response" })
            let body = response["body"].string ?? ""
            #expect(before > 10_000 && body.utf8.count >= before && body.utf8.allSatisfy { $0 == UInt8(ascii: "x") })
            #expect(objects.last?["octets_missing"].int == 0 && objects.last?["ledger"]["balanced"].bool == true)
        }
    }

    @Test func aTargetThatEndsInTheMiddleIsShownAsFarAsItCame() throws {
        try Tracing.withServer { folder, port in
            let recording = folder.path + "/session.nsr"
            let outcome = try Tracing.run(
                ["--comm", "ns-killed", "--format", "ndjson", "--record", recording]
            ) { _ in
                let client = try Peers.start(
                    "ln -s /usr/bin/curl ns-killed; exec ./ns-killed -skN -o out https://127.0.0.1:\(port)/endless",
                    in: folder)
                defer { Peers.end(client) }
                try Peers.wait(for: "out", in: folder)
                usleep(300_000)
            }
            #expect(outcome.code == 0, "\(outcome.errors)")
            let objects = try outcome.lines.map { try JSON(parsing: $0) }
            let response = try #require(objects.first { $0["type"].string == "http_response" })
            let reached = try Data(contentsOf: folder.appending(path: "out")).count
            #expect((response["body_length"].int ?? 0) >= reached && reached > 10_000)
            #expect(objects.last?["octets_missing"].int == 0 && objects.last?["ledger"]["balanced"].bool == true)
            let records = try TracedRecords(recording)
            #expect(records.ends.map(\.sock) == Set(records.data.map(\.info.sock)).sorted(), "the socket's end is told")
        }
    }

    /// A ring of one page: what does not fit is counted, and marked where it is missing.
    @Test func whatFindsNoRoomIsCountedAndMarked() throws {
        try Tracing.withServer { _, port in
            let outcome = try Tracing.run(
                ["--library", Self.library, "--comm", "ns-fetch", "--format", "ndjson", "--buffer-size", "4KiB"]
            ) { _ in
                // The last piece of it is small, finds room, and says what is missing before it.
                _ = try fetch(1_000_000, from: port)
                _ = try fetch(20, from: port)
            }
            #expect(outcome.code == 0, "\(outcome.errors)")
            let objects = try outcome.lines.map { try JSON(parsing: $0) }
            let stages = try #require(objects.last)["ledger"]["stages"].array
            let probes = try #require(stages.first { $0["stage"].string == "probes" })
            let lost = probes["lost"]["ring full"].int ?? 0
            #expect(lost > 500_000 && (probes["seen"].int ?? 0) == (probes["delivered"].int ?? 0) + lost)
            #expect((objects.last?["octets_missing"].int ?? 0) > 500_000)
            #expect(objects.last?["ledger"]["balanced"].bool == true)
            #expect(objects.contains { $0["target"].string == "/20" }, "small records still find room")
        }
    }

    @Test func aFileWithoutTheLibraryIsNamed() throws {
        let outcome = try Command.run("trace", "--binary", "/bin/true", "tls")
        #expect(outcome.code == 69)
        #expect(outcome.errors.contains("/bin/true") && outcome.errors.contains("SSL_read"))
    }

    @Test func withoutPrivilegeItSaysWhatIsNeeded() throws {
        let outcome = try Command.unprivileged("$U trace --library \(Self.library) tls")
        #expect(outcome.code == 77 && outcome.errors.contains("CAP_BPF"), "\(outcome.errors)")
    }
}

/// What is told before anything is asked of the kernel: on any machine.
@Suite struct TraceFailureTests {
    @Test func aMissingFileIsNamed() throws {
        let outcome = try Command.run("trace", "--library", "/nowhere/libssl.so.3", "tls")
        #expect(outcome.code == 69 && outcome.errors == "netspectra: there is no file /nowhere/libssl.so.3\n")
    }

    @Test func aFileThatIsNoLibraryIsNamed() throws {
        let outcome = try Command.run("trace", "--library", "README.md", "tls")
        #expect(outcome.code == 69 && outcome.errors.contains("README.md is no library"))
    }

    @Test func aMissingProcessIsNamed() throws {
        let outcome = try Command.run("trace", "--pid", "2147483647", "tls")
        #expect(outcome.code == 69 && outcome.errors.contains("there is no process 2147483647"))
    }

    @Test(arguments: [
        ["--buffer-size", "5MiB"], ["--buffer-size", "1KiB"], ["--pid", "0"], ["--comm", "a name of 17 octets"],
    ])
    func wrongOptionsAreRefused(options: [String]) throws {
        let outcome = try Command.run(["trace"] + options + ["tls"])
        #expect(outcome.code == 2 && outcome.errors.contains(options[0]))
    }
}
