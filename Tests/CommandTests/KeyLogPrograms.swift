/// Programs that shake hands, for tests of key logs.
enum KeyLogPrograms {
    /// `handshakes.py HOW WORKERS TURNS`: so many workers connect so often in either version of TLS, each to servers in
    /// threads of the same process. With `threads` through sockets, with `tasks` through memory BIOs.
    static let handshakes = """
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

    /// Handshakes through memory BIOs, until the server's encrypted messages have a place that looks like a hello's
    /// beginning: there they are cut in two.
    static let lookAlikes = """
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

    /// `memory.py TURNS [retry]`: two ends of GnuTLS, with octets handed from one to the other. With `retry` the server
    /// asks for another hello.
    static let memory = """
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

    static let goProgram = """
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

    /// `client.py LIBRARIES PORT TURNS`: OpenSSL by its C interface, in either version, resumed after the first time.
    static let oldClient = """
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
