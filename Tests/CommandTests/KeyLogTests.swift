import Foundation
import Glibc
import Testing

/// `trace tls --mode keylog` beside the libraries' own key logs: the same lines, each once.
@Suite(
    .serialized,
    .enabled(if: Tracing.obstacle == nil, Comment(rawValue: "no traces here: \(Tracing.obstacle ?? "")")))
struct KeyLogTests {
    /// What a trace wrote while a script ran, and what the libraries of the script's programs wrote into `theirs*`.
    private struct Outcome {
        var ours: [String]
        var theirs: Set<String>
        var errors: String
        /// What the script printed.
        var said: String

        var connections: Int { Set(theirs.map { $0.split(separator: " ")[1] }).count }

        func count(_ label: String) -> Int { ours.count { $0.hasPrefix(label + " ") } }
    }

    private static func lines(of file: URL) throws -> [String] {
        // Some write capitals, and some a comment at the top.
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let words = line.split(separator: " ")
            return words.count == 3 ? "\(words[0]) \(words[1].lowercased()) \(words[2].lowercased())" : String(line)
        }
    }

    /// - Parameter name: of the programs' threads, which the script gives them: no other test's have it.
    private func run(_ name: String, _ options: [String] = [], _ script: (URL) throws -> String) throws -> Outcome {
        try Command.withFolder { folder in
            try Peers.makeCertificate(in: folder)
            let script = try script(folder)
            var said = ""
            let log = folder.path + "/ours"
            let trace = try Tracing.run(["--mode", "keylog", "--keylog", log, "--comm", name] + options) { _ in
                let talk = try Command.shell(script, folder: folder)
                said = talk.text + talk.errors
            }
            #expect(trace.code == 0 && trace.output.isEmpty, "\(trace.errors)")
            let theirs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.lastPathComponent.hasPrefix("theirs") }
            let ours = try Self.lines(of: folder.appending(path: "ours"))
            #expect(Set(ours).count == ours.count, "each line once")
            for line in ours.prefix(20) {
                let secret = String(line.split(separator: " ").last ?? "")
                #expect(!trace.errors.contains(secret), "secrets stand in the key log alone")
            }
            return Outcome(
                ours: ours, theirs: Set(try theirs.flatMap { try Self.lines(of: $0) }), errors: trace.errors,
                said: said)
        }
    }

    private func expectSame(_ outcome: Outcome) {
        let (missing, wrong) = (outcome.theirs.subtracting(outcome.ours), Set(outcome.ours).subtracting(outcome.theirs))
        #expect(missing.isEmpty && wrong.isEmpty, "\(missing.prefix(3)) \(wrong.prefix(3)) \(outcome.errors)")
        for defect in ["lost", "not followed", "not traced"] {
            #expect(!outcome.errors.contains(defect), "\(outcome.errors)")
        }
    }

    /// Waits for servers that the script has started.
    private static func waiting(for ports: [Int]) -> String {
        """
        for port in \(ports.map { "\($0)" }.joined(separator: " ")); do
            for i in $(seq 200); do
                grep -q ":$(printf %04X $port) .* 0A " /proc/net/tcp /proc/net/tcp6 && break
                sleep 0.05
            done
        done

        """
    }

    /// Programs under a name of their own.
    private static func named(_ name: String, _ programs: [String]) -> String {
        programs.map { "mkdir -p \($0); ln -s $(command -v \($0)) \($0)/\(name)\n" }.joined()
    }

    // MARK: - OpenSSL 3

    /// Both ends, both versions, full and resumed; from one thread after the other, from many at once, and through
    /// memory BIOs.
    @Test func aThousandHandshakesGiveTheLinesOfTheLibraries() throws {
        let name = "ns-thousand"
        let outcome = try run(name) { folder in
            try Data(KeyLogPrograms.handshakes.utf8).write(to: folder.appending(path: "handshakes.py"))
            let ports = [try Peers.freePort(), try Peers.freePort()]
            var script = Self.named(name, ["openssl", "curl", "python3"])
            for (index, port) in ports.enumerated() {
                script += """
                    openssl/\(name) s_server -quiet -www -accept \(port) -key key.pem \
                        -cert certificate.pem -keylogfile theirs-server\(index) >/dev/null 2>&1 &
                    servers="$servers $!"

                    """
            }
            return script + Self.waiting(for: ports) + """
                SSLKEYLOGFILE=theirs-curl2 curl/\(name) -sk --tls-max 1.2 -o /dev/null \
                    "https://127.0.0.1:\(ports[0])/[1-200]" & clients=$!
                SSLKEYLOGFILE=theirs-curl3 curl/\(name) -sk -o /dev/null \
                    "https://127.0.0.1:\(ports[1])/[1-200]" & clients="$clients $!"
                python3/\(name) handshakes.py threads 16 20
                python3/\(name) handshakes.py tasks 8 10
                wait $clients
                kill -KILL $servers

                """
        }
        #expect(outcome.connections >= 1_000, "\(outcome.connections) \(outcome.said)")
        #expect(outcome.count("CLIENT_RANDOM") >= 500 && outcome.count("CLIENT_TRAFFIC_SECRET_0") >= 500)
        expectSame(outcome)
    }

    /// Clients and servers of one process, all at once, and some within callbacks of others' handshakes: their secrets
    /// must not be mixed up.
    @Test func handshakesInThreadsOfOneProcessAreNotMixedUp() throws {
        let name = "ns-mixed"
        let outcome = try run(name) { folder in
            try Data(KeyLogPrograms.handshakes.utf8).write(to: folder.appending(path: "handshakes.py"))
            return Self.named(name, ["python3"]) + "python3/\(name) handshakes.py threads 32 4\n"
        }
        #expect(outcome.connections == 320, "\(outcome.said)")
        expectSame(outcome)
    }

    /// Encrypted octets that look like the beginning of a hello's record, read apart from their header: the random of
    /// the connection stays known.
    @Test func encryptedOctetsAreNotTakenForAHello() throws {
        let name = "ns-look-alike"
        let outcome = try run(name) { folder in
            try Data(KeyLogPrograms.lookAlikes.utf8).write(to: folder.appending(path: "pieces.py"))
            return Self.named(name, ["python3"]) + "python3/\(name) pieces.py\n"
        }
        #expect(outcome.said.contains("found"), "\(outcome.said)")
        expectSame(outcome)
    }

    /// What s_client and s_server do beyond: early data, keys that are updated, resumption in either version.
    @Test func earlyDataAndUpdatedKeysGiveWhatTheLibraryLogs() throws {
        let name = "ns-early"
        let outcome = try run(name) { folder in
            let (port, updating) = (try Peers.freePort(), try Peers.freePort())
            return Self.named(name, ["openssl"]) + """
                # K: new keys for both directions.
                (sleep 3; echo K; sleep 1; echo four; sleep 1) | openssl/\(name) s_server -naccept 1 -key key.pem \
                    -accept \(updating) -cert certificate.pem -keylogfile theirs-updating >/dev/null 2>&1 &
                openssl/\(name) s_server -quiet -early_data -accept \(port) -key key.pem \
                    -cert certificate.pem -keylogfile theirs-server >/dev/null 2>&1 &
                pid=$!

                """ + Self.waiting(for: [port, updating]) + """
                    client() { timeout -s KILL 60 openssl/\(name) s_client -keylogfile theirs-client "$@"; }
                    (sleep 6; echo three; sleep 0.3) | client -connect 127.0.0.1:\(updating) -tls1_3 -msg \
                        >updated 2>&1 &
                    updated=$!
                    server="-connect 127.0.0.1:\(port)"
                    for version in tls1_2 tls1_3; do
                        (echo one; sleep 0.5) | client $server -$version -sess_out session >/dev/null 2>&1
                        (echo two; sleep 0.5) | client $server -$version -sess_in session -sess_out session \
                            >resumed-$version 2>&1
                    done
                    echo early >early
                    (sleep 0.5) | client $server -tls1_3 -sess_in session -early_data early >accepted 2>&1
                    wait $updated
                    kill -KILL $pid
                    grep -a -h -e '^Reused' -e 'Early data was' -e 'KeyUpdate' resumed-* accepted updated

                    """
        }
        #expect(outcome.said.contains("Reused") && outcome.said.contains("Early data was accepted"), "\(outcome.said)")
        #expect(outcome.said.contains(", KeyUpdate"), "\(outcome.said)")
        #expect(outcome.count("CLIENT_EARLY_TRAFFIC_SECRET") == 1 && outcome.count("EXPORTER_SECRET") == 4)
        #expect(outcome.connections == 6 && outcome.count("SERVER_TRAFFIC_SECRET_N") == 1)
        expectSame(outcome)
    }

    // MARK: - Other libraries

    @Test(
        .enabled(if: Peers.gnuTLSObstacle == nil, Comment(rawValue: "no GnuTLS here: \(Peers.gnuTLSObstacle ?? "")")))
    func gnuTLSGivesItsOwnLines() throws {
        let name = "ns-gnutls-keys"
        let outcome = try run(name) { folder in
            let port = try Peers.freePort()
            return Self.named(name, ["gnutls-cli", "gnutls-serv"]) + """
                SSLKEYLOGFILE=theirs-server gnutls-serv/\(name) -q --echo --earlydata -p \(port) \
                    --x509keyfile key.pem --x509certfile certificate.pem >/dev/null 2>&1 &
                server=$!

                """ + Self.waiting(for: [port]) + """
                    for version in 1.2 1.3; do
                        for i in 1 2 3 4 5; do
                            (echo one; sleep 0.2) | SSLKEYLOGFILE=theirs-$version-$i timeout -s KILL 60 \
                                gnutls-cli/\(name) --insecure --logfile=/dev/null -p \(port) \
                                --priority NORMAL:-VERS-ALL:+VERS-TLS$version 127.0.0.1 >/dev/null 2>&1
                        done
                    done
                    echo early >early
                    (sleep 0.5) | SSLKEYLOGFILE=theirs-early timeout -s KILL 60 \
                        gnutls-cli/\(name) -r --earlydata=early --insecure --logfile=/dev/null \
                        -p \(port) 127.0.0.1 >/dev/null 2>&1
                    kill -KILL $server

                    """
        }
        #expect(outcome.connections == 12 && outcome.count("CLIENT_RANDOM") == 5, "\(outcome.said)")
        #expect(outcome.count("CLIENT_EARLY_TRAFFIC_SECRET") == 1 && outcome.count("SERVER_TRAFFIC_SECRET_0") == 7)
        expectSame(outcome)
    }

    /// Programs that move the messages themselves, outside of the library's calls: nothing passes a socket within them.
    @Test(
        .enabled(if: Peers.gnuTLSObstacle == nil, Comment(rawValue: "no GnuTLS here: \(Peers.gnuTLSObstacle ?? "")")),
        arguments: ["", "retry"])
    func gnuTLSOverMemoryGivesItsOwnLines(how: String) throws {
        let name = "ns-gnutls-mem\(how.prefix(1))"
        let outcome = try run(name) { folder in
            try Data(KeyLogPrograms.memory.utf8).write(to: folder.appending(path: "memory.py"))
            return Self.named(name, ["python3"]) + "SSLKEYLOGFILE=theirs python3/\(name) memory.py 20 \(how)\n"
        }
        // In either version; a client and a server each.
        #expect(outcome.connections == 40, "\(outcome.said)")
        #expect(outcome.count("CLIENT_RANDOM") == 20 && outcome.count("SERVER_TRAFFIC_SECRET_0") == 20)
        expectSame(outcome)
        #expect(!outcome.errors.contains("random"), "\(outcome.errors)")
    }

    private static let goObstacle = Command.absent("go")

    /// Both ends in one program: once with a key log of its own, once without.
    @Test(
        .enabled(if: goObstacle == nil, Comment(rawValue: "no Go here: \(goObstacle ?? "")")))
    func goProgramsGiveTheirLinesWithAndWithoutAKeyLogOfTheirOwn() throws {
        try Command.withFolder { build in
            try Data(KeyLogPrograms.goProgram.utf8).write(to: build.appending(path: "main.go"))
            let made = try Command.shell(
                "GOCACHE=${TMPDIR:-/tmp}/netspectra-go-cache GO111MODULE=off go build -o ns-go main.go",
                folder: build)
            try #require(made.code == 0, "\(made.errors)")
            let program = build.path + "/ns-go"
            for log in ["theirs", ""] {
                // A thread of Go's runtime may have any name before it runs; the file is the program's alone.
                let outcome = try run("ns-go", ["--binary", program]) { _ in "KEYLOG=\(log) \(program)" }
                #expect(outcome.count("CLIENT_TRAFFIC_SECRET_0") == 3 && outcome.count("CLIENT_RANDOM") >= 1)
                #expect(outcome.said.contains("done"), "\(outcome.said)")
                if !log.isEmpty { expectSame(outcome) }
            }
        }
    }

    private static let oldOpenSSL = ProcessInfo.processInfo.environment["NETSPECTRA_OPENSSL_1_1"]

    /// NETSPECTRA_OPENSSL_1_1 names a directory with a libssl and a libcrypto of OpenSSL 1.1.1.
    @Test(.enabled(if: oldOpenSSL != nil, "NETSPECTRA_OPENSSL_1_1 is not set"))
    func openSSL111GivesItsOwnLines() throws {
        let name = "ns-openssl-111"
        let libraries = Self.oldOpenSSL ?? ""
        let files = try FileManager.default.contentsOfDirectory(atPath: libraries)
            .filter { $0.hasPrefix("libssl") || $0.hasPrefix("libcrypto") }
            .flatMap { ["--library", libraries + "/" + $0] }
        let outcome = try run(name, files) { folder in
            try Data(KeyLogPrograms.oldClient.utf8).write(to: folder.appending(path: "client.py"))
            let port = try Peers.freePort()
            return Self.named(name, ["python3"]) + """
                openssl s_server -quiet -www -accept \(port) -key key.pem -cert certificate.pem \
                    >/dev/null 2>&1 &
                server=$!

                """ + Self.waiting(for: [port]) + """
                    python3/\(name) client.py \(libraries) \(port) 5
                    kill -KILL $server

                    """
        }
        #expect(outcome.connections == 10 && outcome.count("CLIENT_RANDOM") == 5, "\(outcome.said)")
        expectSame(outcome)
    }
}
