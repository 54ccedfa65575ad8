import Foundation
import KernelIO

/// A small server of the test's own on loopback, written in Python: it prints its port, then what it receives.
final class PythonServer {
    static let program: String? = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static var isInstalled: Bool { program != nil }

    let port: Int
    private let process = Process()
    private let output: FileHandle
    private var rest = Data()

    init(_ script: String) throws {
        let pipe = Pipe()
        process.executableURL = URL(filePath: Self.program ?? "")
        process.arguments = ["-u", "-c", script]
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        output = pipe.fileHandleForReading
        rest = Data()
        var line = Data()
        while let octet = try output.read(upToCount: 1), octet != Data([0x0A]) { line += octet }
        port = Int(String(decoding: line, as: UTF8.self)) ?? 0
    }

    /// The next line that it prints; `nil` at its end.
    func line() throws -> String? {
        var line = Data()
        while let octet = try output.read(upToCount: 1), !octet.isEmpty {
            if octet == Data([0x0A]) { return String(decoding: line, as: UTF8.self) }
            line += octet
        }
        return nil
    }

    deinit {
        // It has inherited a mask that may hold back any other signal.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Answers with the statuses of `statuses`, then with 200. Prints path, two headers and the body of each request,
    /// in JSON.
    static func web(statuses: [Int] = []) throws -> PythonServer {
        try PythonServer(
            """
            import http.server, json
            statuses = \(statuses)
            class Handler(http.server.BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                    token = self.headers.get("Authorization", "")
                    print(json.dumps([self.path, token, self.headers["Content-Type"], body]))
                    self.send_response(statuses.pop(0) if statuses else 200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                def log_message(self, *arguments): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            print(server.server_port)
            server.serve_forever()
            """)
    }

    /// Takes mails by SMTP, and prints sender, recipients and message of each, in JSON. Refuses the recipient
    /// `nobody@…`.
    static func mail() throws -> PythonServer {
        try PythonServer(
            """
            import json, socketserver
            class Handler(socketserver.StreamRequestHandler):
                def say(self, text): self.wfile.write((text + "\\r\\n").encode())
                def handle(self):
                    self.say("220 test")
                    sender, recipients = "", []
                    while line := self.rfile.readline().decode().rstrip():
                        word = line.split(":")[0].split(" ")[0].upper()
                        if word == "EHLO":
                            self.say("250-test"); self.say("250 8BITMIME")
                        elif word == "MAIL":
                            sender, recipients = line, []
                            self.say("250 ok")
                        elif word == "RCPT" and "nobody@" in line: self.say("550 no such user")
                        elif word == "RCPT":
                            recipients.append(line)
                            self.say("250 ok")
                        elif word == "DATA":
                            self.say("354 go on")
                            message = ""
                            while (text := self.rfile.readline().decode()) != ".\\r\\n": message += text
                            print(json.dumps([sender, recipients, message]))
                            self.say("250 taken")
                        elif word == "QUIT": return self.say("221 bye")
                        else: self.say("502 what?")
            socketserver.ThreadingTCPServer.daemon_threads = True
            server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            print(server.server_address[1])
            server.serve_forever()
            """)
    }
}
