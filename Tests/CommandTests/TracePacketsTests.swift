import Foundation
import TestSupport
import Testing

/// `trace --mode pcapng` and `--mode plaintext`: what curl says to servers of the test's own, in a network of its own.
@Suite(.serialized, .enabled(if: Tracing.obstacle == nil, "\(Tracing.obstacle ?? "")"))
struct TracePacketsTests {
    private static let hasReaders = Command.absent("tshark", "capinfos", "unshare", "ip") == nil
    private static let hasNginx = Command.absent("nginx") == nil

    /// Traces in a network namespace with servers that speak HTTP/1.1 (port 44311) and, where there is nginx, HTTP/2
    /// (port 44312).
    /// - Parameter kibibytes: of a disk of its own that the capture is written to; its files are there afterwards.
    private static func trace(
        _ arguments: String, _ folder: URL, disk kibibytes: Int? = nil, _ requests: String
    ) throws -> (outcome: Command.Outcome, file: String) {
        let disk = kibibytes.map { "mkdir disk; mount -t tmpfs -o size=\($0)k none disk; cd disk" } ?? ""
        let script = """
            ip link set lo up
            openssl s_server -accept 44311 -WWW -key k.pem -cert c.pem -quiet > /dev/null 2>&1 & S=$!
            G=
            if command -v nginx > /dev/null; then nginx -c $PWD/nginx.conf > /dev/null 2>&1 & G=$!; fi
            for port in 44311 ${G:+44312}; do
                for i in $(seq 600); do
                    grep -q ":$(printf %04X $port) .* 0A " /proc/net/tcp /proc/net/tcp6 && break
                    sleep 0.05
                done
            done
            F=$PWD
            \(disk)
            "$N" trace tls --mode pcapng -i lo --pcapng $PWD/t.pcapng \(arguments) 2> $F/trace.err & T=$!
            cd $F
            for i in $(seq 600); do grep -q Ctrl-C trace.err && break; sleep 0.1; done
            sleep 0.5
            \(requests)
            sleep 0.5
            kill -INT $T
            wait $T
            CODE=$?
            # Threads of tests block signals, and what they start inherits that.
            kill -KILL $S $G
            if [ -d disk ]; then cp disk/* .; fi
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
            unshare -nm bash inner.sh
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

    /// What stands in the statistics of a file's interfaces, an option a line: code and number.
    private static let statistics = """
        import struct, sys
        octets, at = open(sys.argv[1], 'rb').read(), 0
        while at < len(octets):
            kind, length = struct.unpack_from('<II', octets, at)
            if kind == 5:
                option = at + 20
                while True:
                    code, count = struct.unpack_from('<HH', octets, option)
                    if code == 0: break
                    high, low = struct.unpack_from('<II', octets, option + 4)
                    # Of times the upper half stands first.
                    print(code, high << 32 | low if code < 4 else low << 32 | high)
                    option += 8 + (count - 1) // 4 * 4
            at += length

        """

    /// What the interface and the kernel have dropped, what the filter let in, and from when to when.
    @Test(.enabled(if: hasReaders, "tshark, capinfos, unshare or ip is not installed"), arguments: [false, true])
    func interfacesHaveStatistics(hasFilter: Bool) throws {
        try Command.withFolder { folder throws in
            let started = Int(Date().timeIntervalSince1970 * 1e9)
            let (outcome, file) = try Self.trace(
                hasFilter ? "--filter 'tcp port 44311'" : "", folder, "curl -sk https://127.0.0.1:44311/page")
            #expect(outcome.code == 0, "\(outcome.errors)")
            try Data(Self.statistics.utf8).write(to: folder.appending(path: "statistics.py"))
            let lines = try Command.shell("python3 statistics.py \(file)", folder: folder).lines
            let pairs = lines.map { $0.split(separator: " ").compactMap { Int($0) } }
            let values = Dictionary(pairs.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
            #expect(values.keys.sorted() == (hasFilter ? [2, 3, 5, 6, 7, 8] : [2, 3, 4, 5, 6, 7, 8]))
            let packets = try Command.shell("tshark -r \(file)").lines.count
            #expect(values[8] == packets && packets > 8 && values[5] == 0 && values[7] == 0)
            // The machine sends to itself: each packet is seen twice.
            #expect(values[6] == 2 * packets && (hasFilter || values[4] == values[6]))
            let (start, end) = (values[2] ?? 0, values[3] ?? 0)
            #expect(started <= start && start < end && end <= Int(Date().timeIntervalSince1970 * 1e9))
            let first = try Command.shell("tshark -r \(file) -T fields -e frame.time_epoch -c 1").lines
            #expect((first.first.flatMap(Double.init) ?? 0) >= Double(start / 1_000_000_000))
        }
    }

    /// A disk that is full ends the trace by itself: the file is whole up to there, and the exit code tells.
    @Test(.enabled(if: hasReaders, "tshark, capinfos, unshare or ip is not installed"))
    func aFullDiskLeavesAWholeFile() throws {
        try Command.withFolder { folder throws in
            let (outcome, file) = try Self.trace(
                "", folder, disk: 128,
                """
                head -c 300000 /dev/zero > large
                for i in 1 2 3; do curl -sk -o /dev/null https://127.0.0.1:44311/large; done
                for i in $(seq 600); do [ -e /proc/$T/fd ] && [ -n "$(ls /proc/$T/fd)" ] || break; sleep 0.1; done
                [ -n "$(ls /proc/$T/fd 2> /dev/null)" ] || echo ended by itself > by-itself
                """)
            #expect(outcome.code == 74 && outcome.errors.contains("No space left"), "\(outcome.errors)")
            #expect(outcome.errors.contains("lost"), "\(outcome.errors)")
            #expect(FileManager.default.fileExists(atPath: folder.path + "/by-itself"), "\(outcome.errors)")
            let information = try Command.shell("capinfos \(file)")
            #expect(information.code == 0 && !information.errors.contains("short"), "\(information.errors)")
            let read = try Command.run("analyze", "-q", "-f", "csv", file)
            #expect(read.code == 0 && read.errors == "", "\(read.errors)")
            let packets = try Command.shell("tshark -r \(file)")
            #expect(packets.code == 0 && packets.lines.count > 5)
            let octets = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
            #expect(octets > 64 << 10 && octets <= 128 << 10)
        }
    }

    /// Of a ring the last files are there; each opens decrypted by itself.
    @Test(.enabled(if: hasReaders, "tshark, capinfos, unshare or ip is not installed"))
    func aRingKeepsTheLastFiles() throws {
        try Command.withFolder { folder throws in
            let (outcome, _) = try Self.trace(
                "--traced-only --rotate-size 16KiB --rotate-files 3", folder,
                "for i in $(seq 30); do curl -sk https://127.0.0.1:44311/page?$i; done")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".pcapng") }.sorted()
            #expect(names.count == 3 && !names.contains { $0.hasPrefix("t_00001_") }, "\(names)")
            var requests: [String] = []
            for name in names {
                let path = folder.path + "/" + name
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0 <= 16 << 10)
                let information = try Command.shell("capinfos \(path)")
                #expect(information.code == 0, "\(name): \(information)")
                requests += try Command.shell("tshark -r \(path) -Y http.request -T fields -e http.request.uri").lines
            }
            // A connection may be cut in two by the end of a file, the last one, too; the others are there, in order.
            let last = try #require(requests.last)
            #expect(["/page?29", "/page?30"].contains(last) && requests.count >= 3, "\(requests)")
            #expect(requests == requests.sorted(), "\(requests)")
        }
    }

    /// OpenSSL exchanges a secret by RSA and binds the master secret to the handshake: what the server's key decrypts
    /// of the exchange opens the connection.
    @Test(.enabled(if: hasReaders, "tshark, capinfos, unshare or ip is not installed"))
    func aPreMasterSecretOpensAConnection() throws {
        try Command.withFolder { folder throws in
            let (outcome, file) = try Self.trace(
                "", folder,
                """
                openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout r.pem -out rc.pem 2> /dev/null
                openssl s_server -accept 44313 -WWW -key r.pem -cert rc.pem -quiet > /dev/null 2>&1 & R=$!
                for i in $(seq 600); do grep -q ":AD19 .* 0A " /proc/net/tcp /proc/net/tcp6 && break; sleep 0.1; done
                curl -sk --tls-max 1.2 --ciphers AES128-GCM-SHA256 https://127.0.0.1:44313/page
                kill -KILL $R
                """)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let made = try Command.shell(
                """
                "$N" edit -q --strip-secrets \(file) -o closed.pcapng
                E=$(tshark -r closed.pcapng -Y tls.handshake.epms -T fields -e tls.handshake.epms | tr -d :)
                P=$(python3 -c "import sys; sys.stdout.buffer.write(bytes.fromhex('$E'))" \
                    | openssl pkeyutl -decrypt -inkey r.pem \
                    | python3 -c "import sys; print(sys.stdin.buffer.read().hex())")
                echo "RSA ${E:0:16} $P" > keys
                echo "${#P}"
                tshark -r closed.pcapng -Y 'tls.handshake.type == 2' -T fields -e tls.handshake.ciphersuite \
                    -e tls.handshake.extension.type
                """, folder: folder)
            #expect(made.lines.first == "96", "\(made)")
            // TLS_RSA_WITH_AES_128_GCM_SHA256, with extended_master_secret.
            #expect(made.lines.last?.contains("0x009c") == true && made.lines.last?.contains("23") == true, "\(made)")
            let closed = try Command.run("messages", "-q", folder.path + "/closed.pcapng")
            #expect(closed.text.contains("no key") && !closed.text.contains("GET /page"))
            let open = try Command.run(
                "messages", "-q", "--keylog", folder.path + "/keys", folder.path + "/closed.pcapng")
            #expect(open.text.contains("GET /page HTTP/1.1") && open.text.contains("what was asked for"))
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
