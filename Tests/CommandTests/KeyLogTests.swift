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
        #expect(!outcome.errors.contains("lost") && !outcome.errors.contains("not followed"), "\(outcome.errors)")
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
            try Data(Self.handshakes.utf8).write(to: folder.appending(path: "handshakes.py"))
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
            try Data(Self.handshakes.utf8).write(to: folder.appending(path: "handshakes.py"))
            return Self.named(name, ["python3"]) + "python3/\(name) handshakes.py threads 32 4\n"
        }
        #expect(outcome.connections == 320, "\(outcome.said)")
        expectSame(outcome)
    }

    /// `handshakes.py HOW WORKERS TURNS`: so many workers connect so often in either version of TLS, each to servers in
    /// threads of the same process. With `threads` through sockets, with `tasks` through memory BIOs.
    private static let handshakes = """
        import asyncio, socket, ssl, sys, threading
        how, workers, turns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        versions = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

        def context(side, version):
            made = ssl.SSLContext(side)
            made.maximum_version = made.minimum_version = version
            made.keylog_filename = f'theirs-{how}-{side.name}-{version.name}'
            if side == ssl.PROTOCOL_TLS_CLIENT:
                made.check_hostname = False
                made.verify_mode = ssl.CERT_NONE
            else: made.load_cert_chain('certificate.pem', 'key.pem')
            return made

        clients = [context(ssl.PROTOCOL_TLS_CLIENT, version) for version in versions]
        servers = [context(ssl.PROTOCOL_TLS_SERVER, version) for version in versions]

        def threads():
            def answer(end, server):
                with server.wrap_socket(end, server_side=True) as connection:
                    connection.sendall(connection.recv(9))
                    connection.recv(1)
            def talk(client, server, name):
                one, other = socket.socketpair()
                thread = threading.Thread(target=answer, args=(other, server))
                thread.start()
                connection = client.wrap_socket(one, server_hostname=name)
                connection.sendall(b'something')
                assert connection.recv(9) == b'something'
                connection.close()
                thread.join()
            def within(connection, name, context):
                'The handshake of another connection, in the middle of this one.'
                if name == 'within': talk(clients[1], servers[1], 'localhost')
            for server in servers: server.sni_callback = within
            def work():
                for turn in range(turns):
                    name = 'localhost' if turn % 4 else 'within'
                    for client, server in zip(clients, servers): talk(client, server, name)
            each = [threading.Thread(target=work) for _ in range(workers)]
            for thread in each: thread.start()
            for thread in each: thread.join()

        async def tasks():
            async def answer(reader, writer):
                writer.write(await reader.readexactly(9))
                await writer.drain()
                writer.close()
            async def work(client, port):
                for turn in range(turns):
                    reader, writer = await asyncio.open_connection('127.0.0.1', port, ssl=client)
                    writer.write(b'something')
                    assert await reader.readexactly(9) == b'something'
                    writer.close()
            jobs = []
            for client, server in zip(clients, servers):
                listener = await asyncio.start_server(answer, '127.0.0.1', 0, ssl=server)
                port = listener.sockets[0].getsockname()[1]
                jobs += [work(client, port) for _ in range(workers)]
            await asyncio.gather(*jobs)

        threads() if how == 'threads' else asyncio.run(tasks())

        """

    /// Encrypted octets that look like the beginning of a hello's record, read apart from their header: the connection's
    /// random stays known.
    @Test func encryptedOctetsAreNotTakenForAHello() throws {
        let name = "ns-look-alike"
        let outcome = try run(name) { folder in
            try Data(Self.lookAlikes.utf8).write(to: folder.appending(path: "pieces.py"))
            return Self.named(name, ["python3"]) + "python3/\(name) pieces.py\n"
        }
        #expect(outcome.said.contains("found"), "\(outcome.said)")
        expectSame(outcome)
    }

    /// Handshakes through memory BIOs, until the server's encrypted messages have a place that looks like a hello's
    /// beginning: there they are cut in two.
    private static let lookAlikes = """
        import ssl

        def context(side):
            made = ssl.SSLContext(side)
            made.minimum_version = ssl.TLSVersion.TLSv1_3
            made.keylog_filename = f'theirs-{side.name}'
            return made

        client, server = context(ssl.PROTOCOL_TLS_CLIENT), context(ssl.PROTOCOL_TLS_SERVER)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        server.load_cert_chain('certificate.pem', 'key.pem')

        def step(end):
            try: end.do_handshake()
            except ssl.SSLWantReadError: pass

        def place(octets):
            'Within a record of encrypted octets, at least as many as a hello has up to its random before its end.'
            at = 0
            while at + 5 <= len(octets):
                end = at + 5 + int.from_bytes(octets[at + 3:at + 5], 'big')
                for i in range(at + 5, end - 43):
                    if octets[at] == 23 and octets[i] == 22 and octets[i + 5] == 1: return i
                at = end

        def handshake():
            ins, outs = [ssl.MemoryBIO(), ssl.MemoryBIO()], [ssl.MemoryBIO(), ssl.MemoryBIO()]
            one = client.wrap_bio(ins[0], outs[0])
            other = server.wrap_bio(ins[1], outs[1], server_side=True)
            step(one)
            ins[1].write(outs[0].read())
            step(other)
            octets = outs[1].read()
            cut = place(octets)
            if cut:
                ins[0].write(octets[:cut])
                step(one)
                octets = octets[cut:]
            ins[0].write(octets)
            one.do_handshake()
            ins[1].write(outs[0].read())
            other.do_handshake()
            return cut

        for turn in range(5000):
            if handshake():
                print('found')
                break

        """

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
            try Data(Self.memory.utf8).write(to: folder.appending(path: "memory.py"))
            return Self.named(name, ["python3"]) + "SSLKEYLOGFILE=theirs python3/\(name) memory.py 20 \(how)\n"
        }
        // In either version; a client and a server each.
        #expect(outcome.connections == 40, "\(outcome.said)")
        #expect(outcome.count("CLIENT_RANDOM") == 20 && outcome.count("SERVER_TRAFFIC_SECRET_0") == 20)
        expectSame(outcome)
        #expect(!outcome.errors.contains("random"), "\(outcome.errors)")
    }

    /// `memory.py TURNS [retry]`: two ends of GnuTLS, with octets handed from one to the other. With `retry` the server
    /// asks for another hello.
    private static let memory = """
        import ctypes, sys
        from ctypes import CFUNCTYPE, byref, c_char_p, c_int, c_size_t, c_ssize_t, c_uint, c_void_p
        lib = ctypes.CDLL('libgnutls.so.30')
        Push = CFUNCTYPE(c_ssize_t, c_void_p, c_void_p, c_size_t)
        Wait = CFUNCTYPE(c_int, c_void_p, c_uint)
        SERVER, CLIENT, NONBLOCK, AGAIN = 1, 2, 8, -28
        credentials = {}
        for side in (SERVER, CLIENT):
            credentials[side] = c_void_p()
            lib.gnutls_certificate_allocate_credentials(byref(credentials[side]))
        lib.gnutls_certificate_set_x509_key_file(credentials[SERVER], b'certificate.pem', b'key.pem', 1)

        class End:
            def __init__(self, side, priority, inbox, outbox):
                self.session = c_void_p()
                lib.gnutls_init(byref(self.session), side | NONBLOCK)
                assert lib.gnutls_priority_set_direct(self.session, priority, None) == 0
                lib.gnutls_credentials_set(self.session, 1, credentials[side])
                def push(_, data, count):
                    outbox.extend(ctypes.string_at(data, count))
                    return count
                def pull(_, data, count):
                    if not inbox:
                        lib.gnutls_transport_set_errno(self.session, 11)
                        return -1
                    piece = bytes(inbox[:count])
                    del inbox[:count]
                    ctypes.memmove(data, piece, len(piece))
                    return len(piece)
                self.kept = Push(push), Push(pull), Wait(lambda _, time: 1 if inbox else 0)
                lib.gnutls_transport_set_push_function(self.session, self.kept[0])
                lib.gnutls_transport_set_pull_function(self.session, self.kept[1])
                lib.gnutls_transport_set_pull_timeout_function(self.session, self.kept[2])
            def step(self):
                code = lib.gnutls_handshake(self.session)
                assert code in (0, AGAIN), code
                return code == 0

        groups = {True: (b':-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1', b':-GROUP-ALL:+GROUP-SECP256R1')}
        for turn in range(int(sys.argv[1])):
            for version in (b'1.2', b'1.3'):
                priority = b'NORMAL:-VERS-ALL:+VERS-TLS' + version
                ours, others = groups.get('retry' in sys.argv and version == b'1.3', (b'', b''))
                one, other = bytearray(), bytearray()
                client = End(CLIENT, priority + ours, one, other)
                server = End(SERVER, priority + others, other, one)
                done = [False, False]
                while not all(done):
                    done = [done[0] or client.step(), done[1] or server.step()]
                for end in (client, server): lib.gnutls_deinit(end.session)

        """

    private static let goObstacle = Command.absent("go")

    /// Both ends in one program: once with a key log of its own, once without.
    @Test(
        .enabled(if: goObstacle == nil, Comment(rawValue: "no Go here: \(goObstacle ?? "")")))
    func goProgramsGiveTheirLinesWithAndWithoutAKeyLogOfTheirOwn() throws {
        try Command.withFolder { build in
            try Data(Self.goProgram.utf8).write(to: build.appending(path: "main.go"))
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

    private static let goProgram = """
        package main

        import ("crypto/tls"; "fmt"; "io"; "net"; "os")

        func main() {
            pair, err := tls.LoadX509KeyPair("certificate.pem", "key.pem")
            if err != nil { panic(err) }
            var log io.Writer
            if name := os.Getenv("KEYLOG"); name != "" {
                if log, err = os.Create(name); err != nil { panic(err) }
            }
            for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
                server := &tls.Config{Certificates: []tls.Certificate{pair}, MaxVersion: version}
                client := &tls.Config{InsecureSkipVerify: true, MaxVersion: version, KeyLogWriter: log,
                    ClientSessionCache: tls.NewLRUClientSessionCache(8), ServerName: "localhost"}
                for i := 0; i < 3; i++ {
                    one, other := net.Pipe()
                    go func() {
                        connection := tls.Server(other, server)
                        connection.Write([]byte("hello"))
                        io.Copy(io.Discard, connection)
                    }()
                    buffer := make([]byte, 5)
                    if _, err := io.ReadFull(tls.Client(one, client), buffer); err != nil { panic(err) }
                    one.Close()
                }
            }
            fmt.Println("done")
        }

        """

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
            try Data(Self.oldClient.utf8).write(to: folder.appending(path: "client.py"))
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

    /// `client.py LIBRARIES PORT TURNS`: OpenSSL by its C interface, in either version, resumed after the first time.
    private static let oldClient = """
        import ctypes, glob, socket, sys
        libraries, port, turns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        pointer = ctypes.c_void_p
        ctypes.CDLL(glob.glob(libraries + '/libcrypto*')[0], mode=ctypes.RTLD_GLOBAL)
        ssl = ctypes.CDLL(glob.glob(libraries + '/libssl*')[0])
        for name in ('TLS_client_method', 'SSL_CTX_new', 'SSL_new', 'SSL_get1_session'):
            getattr(ssl, name).restype = pointer
        log = open('theirs', 'w')

        @ctypes.CFUNCTYPE(None, pointer, ctypes.c_char_p)
        def note(_, line): log.write(line.decode() + '\\n')

        for version in (0x303, 0x304):
            context = pointer(ssl.SSL_CTX_new(pointer(ssl.TLS_client_method())))
            ssl.SSL_CTX_set_keylog_callback(context, note)
            ssl.SSL_CTX_ctrl(context, 124, version, None)  # SSL_CTRL_SET_MAX_PROTO_VERSION
            session = None
            for turn in range(turns):
                plain = socket.create_connection(('127.0.0.1', port))
                connection = pointer(ssl.SSL_new(context))
                if session: ssl.SSL_set_session(connection, session)
                ssl.SSL_set_fd(connection, plain.fileno())
                assert ssl.SSL_connect(connection) == 1
                ssl.SSL_write(connection, b'GET / HTTP/1.0\\r\\n\\r\\n', 18)
                buffer = ctypes.create_string_buffer(65536)
                while ssl.SSL_read(connection, buffer, 65536) > 0: pass
                session = pointer(ssl.SSL_get1_session(connection))
                ssl.SSL_free(connection)
                plain.close()

        """
}
