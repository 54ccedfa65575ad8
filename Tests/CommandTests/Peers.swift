import Foundation
import Glibc

/// Programs that speak TLS with each other, for traces to see. Their threads have names that nothing else has.
enum Peers {
    /// What is missing; `nil`: nothing.
    static let obstacle: String? = Tracing.obstacle ?? Command.absent("nginx")
    static let gnuTLSObstacle: String? = obstacle ?? Command.absent("gnutls-cli", "wget")

    /// A server and the folder it lives in, with the certificate.
    struct Server {
        let folder: URL
        let port: Int
        /// Of the process that answers, and of the one that has started it.
        let pid: Int
        var parent = 0
    }

    static func freePort() throws -> Int {
        let text = try Command.shell(
            "python3 -c 'import socket; s = socket.create_server((\"127.0.0.1\", 0)); print(s.getsockname()[1])'"
        ).text
        guard let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw TracingFailure(reason: "no port is free")
        }
        return port
    }

    /// nginx, over HTTP/1.1 and HTTP/2: it answers `answer PATH`; to /500 only once the file `go` is there, after
    /// making the file `reached`.
    static func withNginx<Result>(_ body: (Server) throws -> Result) throws -> Result {
        try Command.withFolder { folder in
            let (port, gatePort) = (try freePort(), try freePort())
            try makeCertificate(in: folder)
            try Data(configuration(folder.path, port, gatePort).utf8).write(to: folder.appending(path: "nginx.conf"))
            try Data(gate.utf8).write(to: folder.appending(path: "gate.py"))
            try Data(client.utf8).write(to: folder.appending(path: "client.py"))
            let processes = [
                try start("exec python3 gate.py \(gatePort)", in: folder),
                try start("PATH=$PATH:/usr/sbin exec nginx -p . -c nginx.conf", in: folder),
            ]
            defer { for process in processes { end(process) } }
            let worker = "pgrep -P \(processes[1].processIdentifier)"
            for _ in 0..<500 {
                let ready = try Command.shell(
                    "(echo >/dev/tcp/127.0.0.1/\(port)) 2>/dev/null && \(worker)", folder: folder)
                if ready.code == 0, let pid = ready.lines.first.flatMap({ Int($0) }) {
                    let parent = Int(processes[1].processIdentifier)
                    return try body(Server(folder: folder, port: port, pid: pid, parent: parent))
                }
                usleep(20_000)
            }
            throw TracingFailure(reason: "nginx does not start")
        }
    }

    static func makeCertificate(in folder: URL) throws {
        let made = try Command.shell(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
                + "-keyout key.pem -out certificate.pem",
            folder: folder)
        guard made.code == 0 else { throw TracingFailure(reason: made.errors) }
    }

    /// A shell's script that runs until it ends or is ended.
    static func start(_ script: String, in folder: URL) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script]
        process.currentDirectoryURL = folder
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Threads of tests block signals, and what they start inherits that: so only this one ends it.
    static func end(_ process: Process) {
        // It before its children, which it might replace. Whatever has been started by it is waited for as well.
        let pid = process.processIdentifier
        _ = try? Command.shell("children=$(pgrep -P \(pid)); kill -KILL \(pid) $children")
        process.waitUntilExit()
    }

    static func wait(for file: String, in folder: URL) throws {
        for _ in 0..<1_000 {
            if FileManager.default.fileExists(atPath: folder.appending(path: file).path) { return }
            usleep(10_000)
        }
        throw TracingFailure(reason: "\(file) does not appear")
    }

    private static func configuration(_ folder: String, _ port: Int, _ gatePort: Int) -> String {
        """
        daemon off; worker_processes 1; pid nginx.pid; error_log error.log; user root;
        events {}
        http {
            access_log off;
            client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
            server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(folder)/certificate.pem;
                ssl_certificate_key \(folder)/key.pem;
                keepalive_requests 100000;
                location / { return 200 "answer $request_uri\\n"; }
                location = /500 { proxy_pass http://127.0.0.1:\(gatePort); }
            }
        }

        """
    }

    private static let gate = """
        import http.server, os, sys, time
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                open('reached', 'w').close()
                while not os.path.exists('go'): time.sleep(0.01)
                self.send_response(200)
                self.send_header('Content-Length', '3')
                self.end_headers()
                self.wfile.write(b'ok\\n')
            def log_message(self, *arguments): pass
        http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()

        """

    /// `client.py NAME PORT`: a client whose threads have this name, and that says of each request: path, own port.
    private static let client = """
        import asyncio, os, random, socket, ssl, sys, threading
        name, port = sys.argv[1], int(sys.argv[2])
        with open('/proc/self/comm', 'w') as file: file.write(name)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        talking = threading.Lock()

        def say(path, own):
            with talking: os.write(1, f'{path} {own}\\n'.encode())

        def connect(): return socket.create_connection(('127.0.0.1', port))

        def ask(connection, path):
            connection.sendall(f'GET /{path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'.encode())
            data, wanted = b'', f'answer /{path}\\n'.encode()
            while not data.endswith(wanted): data += connection.recv(4096)
            say(path, connection.getsockname()[1])

        def threads():
            'Each of 64 threads asks over connections that others use as well.'
            connections = [(context.wrap_socket(connect()), threading.Lock()) for _ in range(8)]
            def work(number):
                for turn in range(5):
                    connection, lock = random.choice(connections)
                    with lock: ask(connection, f'thread-{number}-{turn}')
            workers = [threading.Thread(target=work, args=(number,)) for number in range(64)]
            for worker in workers: worker.start()
            for worker in workers: worker.join()

        async def converse(number):
            reader, writer = await asyncio.open_connection('127.0.0.1', port, ssl=context)
            own = writer.get_extra_info('sockname')[1]
            for turn in range(5):
                path = f'task-{number}-{turn}'
                writer.write(f'GET /{path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'.encode())
                await reader.readuntil(f'answer /{path}\\n'.encode())
                say(path, own)
            writer.close()

        async def tasks(): await asyncio.gather(*[converse(number) for number in range(20)])

        def sockets():
            'The same descriptor again and again, then descriptors that come from elsewhere.'
            for turn in range(20):
                with context.wrap_socket(connect()) as connection: ask(connection, f'reused-{turn}')
            plain = connect()
            copy = plain.dup()
            plain.close()
            with context.wrap_socket(copy) as connection: ask(connection, 'duplicated')
            moved = connect()
            os.dup2(moved.fileno(), 200)
            moved.close()
            with context.wrap_socket(socket.socket(fileno=200)) as connection: ask(connection, 'moved')
            plain = connect()
            child = os.fork()
            if child == 0:
                ask(context.wrap_socket(plain), 'inherited')
                os._exit(0)
            plain.close()
            os.waitpid(child, 0)
            # Parent and child have the same library object at the same address.
            plain = context.wrap_socket(connect())
            ask(plain, 'before-fork')
            child = os.fork()
            if child == 0:
                with context.wrap_socket(connect()) as connection: ask(connection, 'in-child')
                os._exit(0)
            os.waitpid(child, 0)
            ask(plain, 'after-fork')
            plain.close()
            plain = connect()
            plain.set_inheritable(True)
            child = os.fork()
            if child == 0: os.execv(sys.executable, [sys.executable, *sys.argv[:3], 'handed', str(plain.fileno())])
            plain.close()
            os.waitpid(child, 0)

        def handed(): ask(context.wrap_socket(socket.socket(fileno=int(sys.argv[4]))), 'handed-on')

        def once():
            'Leaves everything as it is: nothing is freed.'
            ask(context.wrap_socket(connect()), f'process-{sys.argv[4]}')
            os._exit(0)

        if sys.argv[3] == 'tasks': asyncio.run(tasks())
        else: globals()[sys.argv[3]]()

        """
}
