import Foundation
import Glibc
import TestSupport

/// What traces need beyond the program: privileges, a kernel, and somebody who speaks TLS.
enum Tracing {
    /// Why nothing can be traced here; `nil`: it can.
    static let obstacle: String? = {
        if geteuid() != 0 { return "tracing needs root" }
        if unsafe access("/sys/kernel/btf/vmlinux", R_OK) != 0 { return "the kernel does not describe its types (BTF)" }
        if let absent = Command.absent("curl", "openssl", "python3") { return absent }
        guard let first = try? Command.run("trace", "--list", "--library", library ?? "libssl", "tls") else {
            return "the program does not run"
        }
        return first.code == 0 ? nil : first.errors
    }()

    /// The library that curl uses.
    static let library: String? = {
        let text = try? Command.shell("ldd $(command -v curl) | awk '/libssl/ { print $3 }'").lines.first
        return text.map { URL(filePath: $0).resolvingSymlinksInPath().path }
    }()

    /// One trace: started, waited for until it reads, interrupted, and its outcome.
    /// - Parameters:
    ///   - signal: by which it is interrupted.
    ///   - body: what is to be seen. It is given the trace's process identifier.
    static func run(
        _ arguments: [String], signal: Int32 = SIGINT, _ body: (Int32) throws -> Void
    ) throws -> Command.Outcome {
        try Golden.withTemporaryDirectory { scratch in
            let process = Process()
            process.executableURL = Command.program
            process.arguments = ["trace"] + arguments + ["tls"]
            let (output, errors) = (URL(filePath: scratch + "/out"), URL(filePath: scratch + "/err"))
            try Data().write(to: output)
            try Data().write(to: errors)
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: errors)
            process.standardInput = FileHandle.nullDevice
            try process.run()
            let deadline = Date(timeIntervalSinceNow: 20)
            while process.isRunning, Date() < deadline,
                try !String(contentsOf: errors, encoding: .utf8).contains("Ctrl-C ends")
            {
                usleep(20_000)
            }
            try body(process.processIdentifier)
            // What is written last is read within a moment.
            usleep(300_000)
            kill(process.processIdentifier, signal)
            let end = Date(timeIntervalSinceNow: 30)
            while process.isRunning, Date() < end { usleep(20_000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
            return Command.Outcome(
                output: try Data(contentsOf: output), errors: try String(contentsOf: errors, encoding: .utf8),
                code: process.terminationStatus)
        }
    }

    /// Runs a server that answers GET /N with N octets, and GET /endless without an end.
    /// - Parameter body: it is given the folder of the server and its port.
    static func withServer<Result>(_ body: (URL, Int) throws -> Result) throws -> Result {
        try Command.withFolder { folder in
            let made = try Command.shell(
                "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
                    + "-keyout \(folder.path)/key.pem -out \(folder.path)/certificate.pem", folder: folder)
            guard made.code == 0 else { throw TracingFailure(reason: made.errors) }
            try Data(server.utf8).write(to: folder.appending(path: "server.py"))
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", folder.path + "/server.py"]
            process.currentDirectoryURL = folder
            process.standardError = FileHandle.nullDevice
            try process.run()
            defer {
                // Threads of tests block signals, and what they start inherits that.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            let file = folder.appending(path: "port")
            for _ in 0..<500 {
                if let port = (try? String(contentsOf: file, encoding: .utf8)).flatMap({ Int($0) }) {
                    return try body(folder, port)
                }
                usleep(20_000)
            }
            throw TracingFailure(reason: "the server does not start")
        }
    }

    /// What the server answers to GET /N.
    static func body(_ count: Int) -> String {
        String(repeating: "0123456789abcdef", count: count / 16 + 1).prefix(count).description
    }

    private static let server = """
        import http.server, os, ssl, time
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def do_GET(self):
                self.send_response(200)
                if self.path == '/endless':
                    self.end_headers()
                    while True:
                        self.wfile.write(b'x' * 1000)
                        time.sleep(0.01)
                count = int(self.path[1:])
                self.send_header('Content-Length', str(count))
                self.end_headers()
                self.wfile.write((b'0123456789abcdef' * (count // 16 + 1))[:count])
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain('certificate.pem', 'key.pem')
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with open('port.new', 'w') as file: file.write(str(server.server_address[1]))
        os.rename('port.new', 'port')
        server.serve_forever()

        """
}

struct TracingFailure: Error {
    var reason: String
}
