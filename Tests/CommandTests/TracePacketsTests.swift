import Foundation
import TestSupport
import Testing

/// `trace --mode pcapng` and `--mode plaintext`: what curl says to servers of the test's own, in a network of its own.
@Suite(.serialized, .enabled(if: Tracing.obstacle == nil, "\(Tracing.obstacle ?? "")"))
struct TracePacketsTests {
    private static let hasReaders = (try? Command.shell("command -v tshark capinfos unshare ip").code) == 0
    private static let hasNginx = (try? Command.shell("command -v nginx || ls /usr/sbin/nginx").code) == 0

    /// Traces in a network namespace with servers that speak HTTP/1.1 (port 44311) and, where there is nginx, HTTP/2
    /// (port 44312).
    private static func trace(
        _ arguments: String, _ folder: URL, _ requests: String
    ) throws -> (outcome: Command.Outcome, file: String) {
        let script = """
            ip link set lo up
            openssl s_server -accept 44311 -WWW -key k.pem -cert c.pem -quiet > /dev/null 2>&1 & S=$!
            G=
            if command -v nginx > /dev/null; then nginx -c $PWD/nginx.conf > /dev/null 2>&1 & G=$!; fi
            "$N" trace tls --mode pcapng -i lo --pcapng $PWD/t.pcapng \(arguments) 2> trace.err & T=$!
            for i in $(seq 600); do grep -q Ctrl-C trace.err && break; sleep 0.1; done
            sleep 0.5
            \(requests)
            sleep 0.5
            kill -INT $T
            wait $T
            CODE=$?
            # Threads of tests block signals, and what they start inherits that.
            kill -KILL $S $G
            cat trace.err >&2
            exit $CODE
            """
        let nginx = """
            daemon off; master_process off; pid \(folder.path)/n.pid; error_log \(folder.path)/n.err;
            events {}
            http {
              access_log off;
              server {
                listen 44312 ssl http2;
                ssl_certificate \(folder.path)/c.pem; ssl_certificate_key \(folder.path)/k.pem;
                location / { return 200 "hello"; }
              }
            }

            """
        try Data(script.utf8).write(to: folder.appending(path: "inner.sh"))
        try Data(nginx.utf8).write(to: folder.appending(path: "nginx.conf"))
        try Data("what was asked for\n".utf8).write(to: folder.appending(path: "page"))
        let outcome = try Command.shell(
            """
            export N PATH=$PATH:/usr/sbin:/sbin
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
            -keyout k.pem -out c.pem -days 2 2> /dev/null
            unshare -n bash inner.sh
            """, folder: folder)
        return (outcome, folder.path + "/t.pcapng")
    }

    @Test(.enabled(if: hasReaders, "tshark, capinfos, unshare or ip is not installed"))
    func packetsOpenWithoutAKeyLog() throws {
        try Command.withFolder { folder throws in
            let (outcome, file) = try Self.trace(
                "", folder,
                """
                curl -sk https://127.0.0.1:44311/page
                curl -sk --tls-max 1.2 https://127.0.0.1:44311/page?old
                if [ -n "$G" ]; then curl -sk --http2 https://127.0.0.1:44312/two; fi
                """)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let fields = try Command.shell(
                """
                tshark -r \(file) -Y 'http.request || http2.headers.path' -T fields -E separator='|' \
                -e http.request.uri -e http2.headers.path
                """)
            #expect(fields.lines == ["/page|", "/page?old|"] + (Self.hasNginx ? ["|/two"] : []))
            let comments = try Command.shell("tshark -r \(file) -Y 'frame.comment contains \"Comm:curl\"'")
            let all = try Command.shell("tshark -r \(file)")
            #expect(comments.lines.count == all.lines.count && all.lines.count > 20)
            let information = try Command.shell("capinfos \(file)")
            #expect(information.code == 0 && information.errors.filter { $0 != "\n" }.count < 120)
            #expect(information.text.contains("Interface #0 info"))
            let messages = try Command.run("messages", "-q", file)
            #expect(messages.text.contains("GET /page HTTP/1.1") && messages.text.contains("what was asked for"))
        }
    }

    /// Of two clients one is traced; the other one's packets stay out.
    @Test(.enabled(if: hasReaders, "tshark, capinfos, unshare or ip is not installed"))
    func onlyTheTracedConnection() throws {
        try Command.withFolder { folder throws in
            let (outcome, file) = try Self.trace(
                "--traced-only --comm curl", folder,
                """
                (echo 'GET /page HTTP/1.0'; echo; sleep 1) | openssl s_client -quiet -connect 127.0.0.1:44311 \
                > /dev/null 2>&1
                curl -sk https://127.0.0.1:44311/page
                """)
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("not of a traced connection"))
            let streams = try Command.shell(
                "tshark -r \(file) -T fields -e tcp.stream -e tcp.flags.syn | sort | uniq -c | awk '{ print $2, $3 }'")
            #expect(streams.lines == ["0 0", "0 1"])
            let requests = try Command.shell("tshark -r \(file) -Y http.request -T fields -e http.request.uri")
            #expect(requests.lines == ["/page"])
        }
    }

    /// The half that writes may open nothing: further files come from the other one.
    @Test(arguments: [[], ["--rotate-size", "8KiB"]]) func plaintextBecomesACapture(rotation: [String]) throws {
        try Tracing.withServer { (folder, port) throws -> Void in
            let captures = folder.appending(path: "captures")
            try FileManager.default.createDirectory(at: captures, withIntermediateDirectories: true)
            let outcome = try Tracing.run(
                ["--mode", "plaintext", "--comm", "curl", "--pcapng", captures.path + "/c.pcapng"] + rotation
            ) { _ in
                let fetched = try Command.shell("curl -sk https://127.0.0.1:\(port)/20000 -o /dev/null")
                #expect(fetched.code == 0)
            }
            #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome.errors)")
            let files = try FileManager.default.contentsOfDirectory(atPath: captures.path).sorted()
            #expect(rotation.isEmpty ? files == ["c.pcapng"] : files.count > 2)
            let messages = try Command.run(
                ["messages", "-q", "-f", "ndjson", "--where", "port \(port)"]
                    + files.map { captures.path + "/" + $0 })
            #expect(messages.text.contains("\"target\":\"/20000\""))
        }
    }

    @Test func optionsAreChecked() throws {
        for arguments in [
            ["--mode", "pcapng", "-i", "lo"], ["--mode", "pcapng", "--pcapng", "x"], ["-i", "lo"], ["--traced-only"],
            ["--mode", "plaintext"], ["--mode", "pcapng", "-i", "lo", "-i", "lo", "--pcapng", "x"],
            ["--mode", "pcapng", "-i", "lo", "--pcapng", "x", "--transactions"],
        ] {
            #expect(try Command.run(["trace"] + arguments + ["tls"]).code == 2)
        }
        let absent = try Command.run("trace", "--mode", "pcapng", "-i", "absent0", "--pcapng", "/dev/null", "tls")
        #expect(absent.code == 69 && absent.errors.contains("absent0"))
    }
}
