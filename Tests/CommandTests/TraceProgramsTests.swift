import Events
import Foundation
import Glibc
import Octets
import Testing

/// `trace tls` and programs as they are: both versions of HTTP, threads, memory BIOs, GnuTLS, the tools of OpenSSL.
@Suite(
    .serialized,
    .enabled(if: Peers.obstacle == nil, Comment(rawValue: "no traces here: \(Peers.obstacle ?? "")")))
struct TraceProgramsTests {
    private func objects(_ outcome: Command.Outcome) throws -> [JSON] {
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try outcome.lines.map { try JSON(parsing: $0) }
    }

    private func of(_ type: String, _ objects: [JSON]) -> [JSON] { objects.filter { $0["type"].string == type } }

    private func expectNothingLost(_ objects: [JSON]) {
        #expect(objects.last?["ledger"]["balanced"].bool == true && objects.last?["octets_missing"].int == 0)
    }

    // MARK: - HTTP/2

    @Test func aThousandRequestsOnOneHTTP2ConnectionAreAllDecoded() throws {
        try Peers.withNginx { server in
            try Data().write(to: server.folder.appending(path: "go"))
            let outcome = try Tracing.run(["--pid", "\(server.pid)", "--format", "ndjson"]) { _ in
                let fetched = try Command.shell("curl -sk --http2 'https://127.0.0.1:\(server.port)/[1-1000]'")
                #expect(fetched.lines.count == 1_000)
            }
            let objects = try objects(outcome)
            let requests = of("http2_request", objects)
            let responses = of("http2_response", objects)
            #expect(requests.map { $0["target"].string } == (1...1_000).map { "/\($0)" })
            #expect(
                responses.map { $0["body"].string }
                    == (1...1_000).map { $0 == 500 ? "ok\n" : "answer /\($0)\n" })
            #expect(requests.allSatisfy { $0["notes"].exists == false && $0["headers"].array.count == 6 })
            #expect(Set((requests + responses).map { $0["pid"].int }) == [server.pid])
            #expect(Set(requests.map { $0["src"].string }).count == 1, "one connection")
            #expect(requests[0]["dst"].string == "127.0.0.1:\(server.port)")
            expectNothingLost(objects)
        }
    }

    @Test func attachingInTheMiddleShowsTheRestAndMarksUnknownFields() throws {
        try Peers.withNginx { server in
            let client = try Peers.start(
                """
                ln -s /usr/bin/curl ns-middle
                ./ns-middle -sk --http2 'https://127.0.0.1:\(server.port)/[1-1000]' >fetched; touch done
                """, in: server.folder)
            defer { Peers.end(client) }
            try Peers.wait(for: "reached", in: server.folder)
            let outcome = try Tracing.run(["--comm", "ns-middle", "--format", "ndjson"]) { _ in
                try Data().write(to: server.folder.appending(path: "go"))
                try Peers.wait(for: "done", in: server.folder)
            }
            let objects = try objects(outcome)
            let requests = of("http2_request", objects)
            #expect(requests.map { $0["target"].string } == (501...1_000).map { "/\($0)" })
            #expect(of("http2_response", objects).count == 501)
            // What curl sends with each request was put into the table by the first one.
            let unknown = requests.filter { $0["notes"].array.contains { $0["code"].string == "unknown_fields" } }
            #expect(unknown.count == 500)
            expectNothingLost(objects)
        }
    }

    // MARK: - Python

    /// Every request goes over one connection and comes back over it: by its addresses, or by its number.
    private func expectConversations(_ objects: [JSON], _ said: [String], by identity: (JSON) -> String) {
        let paths = said.map { String($0.split(separator: " ")[0]) }
        let requests = of("http_request", objects)
        let responses = of("http_response", objects)
        #expect(requests.compactMap { $0["target"].string?.dropFirst().description }.sorted() == paths.sorted())
        #expect(responses.count == paths.count)
        var asked: [String: [String]] = [:]
        var answered: [String: [String]] = [:]
        for request in requests { asked[identity(request), default: []].append(request["target"].string ?? "") }
        for response in responses { answered[identity(response), default: []].append(response["body"].string ?? "") }
        #expect(answered == asked.mapValues { $0.map { "answer \($0)\n" } })
    }

    @Test func sixtyFourThreadsShareConnections() throws {
        try Peers.withNginx { server in
            var said: [String] = []
            let outcome = try Tracing.run(["--comm", "ns-threads", "--format", "ndjson"]) { _ in
                let client = try Command.shell(
                    "python3 client.py ns-threads \(server.port) threads", folder: server.folder)
                said = client.lines
                #expect(said.count == 320, "\(client.errors)")
            }
            let objects = try objects(outcome)
            expectConversations(objects, said) { message in
                message[message["direction"].string == "sent" ? "src" : "dst"].string ?? ""
            }
            for request in of("http_request", objects) {
                let line = said.first { $0.hasPrefix("\(request["target"].string?.dropFirst() ?? "") ") } ?? ""
                #expect(request["src"].string == "127.0.0.1:\(line.split(separator: " ").last ?? "")")
            }
            expectNothingLost(objects)
        }
    }

    /// asyncio moves the octets between sockets and OpenSSL itself: nobody knows which socket it is, but connections
    /// are told apart.
    @Test func connectionsOfAnEventLoopAreToldApart() throws {
        try Peers.withNginx { server in
            var said: [String] = []
            let outcome = try Tracing.run(["--comm", "ns-tasks", "--format", "ndjson"]) { _ in
                let client = try Command.shell("python3 client.py ns-tasks \(server.port) tasks", folder: server.folder)
                said = client.lines
                #expect(said.count == 100, "\(client.errors)")
            }
            let objects = try objects(outcome)
            expectConversations(objects, said) { message in
                #expect(!message["src"].exists && !message["fd"].exists)
                return message["uuid"].string?.split(separator: "_")[3].description ?? ""
            }
            #expect(Set(of("http_request", objects).map { $0["uuid"].string?.split(separator: "_")[3] }).count == 20)
            #expect(outcome.errors.contains("socket is not known"), "\(outcome.errors)")
            expectNothingLost(objects)
        }
    }

    // MARK: - GnuTLS and the tools of OpenSSL

    @Test(

        .enabled(
            if: Peers.gnuTLSObstacle == nil, Comment(rawValue: "no GnuTLS here: \(Peers.gnuTLSObstacle ?? "")")))
    func programsWithGnuTLSAreSeen() throws {
        try Peers.withNginx { server in
            let outcome = try Tracing.run(["--pid", "\(getpid())", "--follow", "--format", "ndjson"]) { _ in
                let fetched = try Command.shell(
                    """
                    ln -s /usr/bin/wget ns-wget; ln -s /usr/bin/gnutls-cli ns-gnutls
                    ./ns-wget -qO- --no-check-certificate https://127.0.0.1:\(server.port)/by-wget
                    printf 'GET /by-cli HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' |
                        ./ns-gnutls --insecure --logfile=/dev/null 127.0.0.1 -p \(server.port)
                    """, folder: server.folder)
                #expect(fetched.text.contains("answer /by-wget\n") && fetched.text.contains("answer /by-cli\n"))
            }
            let objects = try objects(outcome)
            for (comm, target) in [("ns-wget", "/by-wget"), ("ns-gnutls", "/by-cli")] {
                let mine = objects.filter { $0["comm"].string == comm }
                let request = try #require(of("http_request", mine).first)
                let response = try #require(of("http_response", mine).first)
                #expect(request["target"].string == target && response["body"].string == "answer \(target)\n")
                #expect(request["dst"].string == "127.0.0.1:\(server.port)" && request["src"].exists)
                #expect(response["dst"].string == request["src"].string)
            }
            expectNothingLost(objects)
        }
    }

    /// s_client and s_server, which tell each other lines, in either version; both are children of the test.
    @Test(arguments: [("-tls1_2", 0x0303), ("-tls1_3", 0x0304)])
    func theToolsOfOpenSSLAreSeenWithTheirVersion(option: String, version: Int) throws {
        try Command.withFolder { folder in
            try Peers.makeCertificate(in: folder)
            let port = try Peers.freePort()
            let recording = folder.path + "/session.nsr"
            _ = try Tracing.run(["--pid", "\(getpid())", "--follow", "--record", recording, "-o", "/dev/null"]) { _ in
                let talk = try Command.shell(
                    """
                    ln -s /usr/bin/openssl ns-server; ln -s /usr/bin/openssl ns-client
                    (sleep 1; echo from the server; sleep 1) | timeout 20 ./ns-server s_server -quiet -naccept 1 \
                        -accept \(port) -key key.pem -cert certificate.pem >heard-by-server 2>/dev/null &
                    for i in $(seq 100); do
                        grep -q ":$(printf %04X \(port)) .* 0A " /proc/net/tcp /proc/net/tcp6 && break
                        sleep 0.05
                    done
                    (echo from the client; sleep 1.6) | timeout 20 ./ns-client s_client -quiet \(option) \
                        -connect 127.0.0.1:\(port) >heard-by-client 2>/dev/null
                    wait
                    cat heard-by-server heard-by-client
                    """, folder: folder)
                #expect(talk.text.contains("from the client\n") && talk.text.contains("from the server\n"))
            }
            let events = try TracedRecords(recording).data
            for (comm, sent, received) in [
                ("ns-client", "from the client\n", "from the server\n"),
                ("ns-server", "from the server\n", "from the client\n"),
            ] {
                let mine = events.filter { $0.info.comm.octets == Array(comm.utf8) }
                func text(_ direction: Direction) -> String {
                    String(decoding: mine.filter { $0.info.direction == direction }.flatMap(\.data), as: UTF8.self)
                }
                #expect(text(.sent) == sent && text(.received) == received, "\(comm)")
                #expect(mine.allSatisfy { $0.tlsVersion.rawValue == version }, "\(comm): \(mine.map(\.tlsVersion))")
            }
        }
    }
}

/// What a trace has recorded.
struct TracedRecords {
    var data: [SSLDataEvent] = []
    var ends: [SocketDestroyedEvent] = []

    init(_ path: String) throws {
        let octets = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var reader = RecordFileReader()
        var position = 0
        while case .record(let range, _) = try reader.next(octets.span, from: &position, isFinal: true) {
            switch try EventRecord(octets.span.extracting(range)) {
            case .sslData(let event): data.append(event)
            case .socketDestroyed(let event): ends.append(event)
            default: throw TracingFailure(reason: "an unexpected record at \(range)")
            }
        }
    }
}
