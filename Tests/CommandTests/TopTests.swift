import Foundation
import Glibc
import Testing

/// `top` in a pseudo-terminal, and where there is none.
struct TopTests {
    /// Runs `top` on a terminal of 80 columns and 24 lines, in a network namespace of its own where somebody sends
    /// datagrams, and answers each of `steps` once what it waits for is on the screen.
    /// - Returns: what came, and whether the terminal was left as it was.
    private static func play(
        _ arguments: String, _ steps: [(wait: String, act: String)], environment: String = ""
    ) throws -> (text: String, isRestored: Bool, code: Int) {
        try Command.withFolder { folder in
            let script = """
                import array, fcntl, json, os, pty, select, signal, socket, struct, subprocess, sys, termios, time
                if os.geteuid() == 0:
                    subprocess.run('ip link set lo up', shell=True)
                main, side = pty.openpty()
                def size(columns, lines):
                    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack('HHHH', lines, columns, 0, 0))
                size(80, 24)
                before = termios.tcgetattr(side)
                sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                process = subprocess.Popen(['/bin/sh', '-c', 'exec ' + sys.argv[1]], stdin=side, stdout=side,
                    stderr=side, start_new_session=True,
                    preexec_fn=lambda: fcntl.ioctl(side, termios.TIOCSCTTY, 0))
                text, steps, seen = b'', json.loads(sys.argv[2]), 0
                end = time.time() + 600
                while time.time() < end:
                    sender.sendto(b'x' * 1000, ('127.0.0.1', 19999))
                    if select.select([main], [], [], 0.02)[0]: text += os.read(main, 65536)
                    elif process.poll() is not None: break
                    if steps and steps[0][0].encode() in text[seen:]:
                        act = steps.pop(0)[1]
                        seen = len(text)
                        if act == 'TERM': process.send_signal(signal.SIGTERM)
                        elif act == 'KILL-READER':
                            children = subprocess.run(['pgrep', '-P', str(process.pid)], capture_output=True).stdout
                            os.kill(int(children.split()[0]), signal.SIGSEGV)
                        elif act == 'WIDE': size(120, 30)
                        else: os.write(main, act.encode())
                process.kill()
                open('text', 'wb').write(text)
                after = termios.tcgetattr(side)
                json.dump({'restored': before == after, 'code': process.returncode, 'left': steps}, open('end', 'w'))
                """
            try Data(script.utf8).write(to: folder.appending(path: "play.py"))
            let list = try String(
                decoding: JSONSerialization.data(withJSONObject: steps.map { [$0.wait, $0.act] }), as: UTF8.self)
            let quoted = list.replacing("'", with: "'\\''")
            let outcome = try Command.shell(
                "\(geteuid() == 0 ? "unshare --net " : "")env TERM=xterm-256color \(environment) python3 play.py "
                    + "\"$N top \(arguments)\" '\(quoted)'", folder: folder)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let end = try JSON(parsing: String(contentsOf: folder.appending(path: "end"), encoding: .utf8))
            #expect(end["left"].array.isEmpty)
            let text = String(decoding: try Data(contentsOf: folder.appending(path: "text")), as: UTF8.self)
            return (text, end["restored"].bool ?? false, end["code"].int ?? -1)
        }
    }

    private static let closing = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"
    private static let canCapture = geteuid() == 0 && Command.absent("python3", "unshare") == nil

    @Test(.enabled(if: canCapture, "capturing needs root, unshare and python3"))
    func keysOnALiveInterface() throws {
        let played = try Self.play(
            "-i lo --interval 200ms",
            [
                ("127.0.0.1:19999", "p"), ("processes", "t"), ("talkers", "o"), ("protocols", "f"), ("flows", "s"),
                ("by out", "WIDE"), ("▾→ RATE", "r"), ("▴→ RATE", "/"), ("show only", "python"),
                ("show only: python", "\r"),
                ("only 'python'", " "), ("PAUSED", " "), ("flows", "h"), ("Any key", "x"), ("flows", "q"),
            ])
        #expect(played.isRestored && played.code == 0)
        #expect(played.text.hasSuffix(Self.closing))
        #expect(Self.widest(played.text) <= 120)
    }

    @Test(
        .enabled(if: canCapture, "capturing needs root, unshare and python3"),
        arguments: ["\u{3}", "TERM", "KILL-READER"])
    func theTerminalIsGivenBackWhateverHappens(act: String) throws {
        let played = try Self.play("-i lo --interval 200ms", [("127.0.0.1:19999", act)])
        #expect(played.isRestored)
        #expect(played.text.contains(Self.closing))
        #expect(played.code == (act == "KILL-READER" ? 71 : 0))
        #expect(Self.widest(played.text) <= 80)
    }

    @Test(.enabled(if: canCapture, "python3 and unshare are needed"))
    func withoutColours() throws {
        let played = try Self.play(
            "--read \(Command.root.path)/\(Command.sample) --speed max", [("the capture has ended", "q")],
            environment: "NO_COLOR=1")
        #expect(played.isRestored && played.code == 0)
        #expect(!played.text.contains("\u{1B}[7m") && !played.text.contains("\u{1B}[1m"))
        #expect(played.text.contains("no processes: captures do not tell"))
    }

    /// The longest line of all frames, in characters of the terminal.
    private static func widest(_ text: String) -> Int {
        // A frame begins at the top again.
        let lines = text.replacing("\u{1B}[H", with: "\n").replacing(closing, with: "\n")
        let plain = lines.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "")
        return plain.split(whereSeparator: { $0 == "\r\n" || $0 == "\n" || $0 == "\r" })
            .map { $0.unicodeScalars.count }.max() ?? 0
    }

    // MARK: - Without a terminal

    @Test(.enabled(if: canCapture, "capturing needs root, unshare and python3"))
    func processesAreNamed() throws {
        let outcome = try Command.shell(
            """
            unshare --net bash -c 'ip link set lo up
            python3 -c "
            import socket, time
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            server.bind((\\"127.0.0.1\\", 18888))
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            while True:
                client.sendto(b\\"x\\" * 1000, (\\"127.0.0.1\\", 18888))
                server.recv(2000)
                time.sleep(0.01)" &
            echo $!
            $N top -i lo --count 3 --format ndjson --view processes
            $N top -i lo --once --view flows
            kill -9 %1'
            """)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let pid = try #require(outcome.lines.first.flatMap { Int($0) })
        let objects = try outcome.lines.dropFirst().filter { $0.hasPrefix("{") }.map { try JSON(parsing: $0) }
        let own = objects.filter { $0["process"]["pid"].int == pid }
        #expect(!own.isEmpty && own.allSatisfy { $0["process"]["comm"].string?.hasPrefix("python3") == true })
        #expect(own.allSatisfy { ($0["bytes_out"].int ?? 0) > 0 && $0["process"]["cgroup"].exists })
        // All traffic there is its own, once it is known.
        #expect(objects.last?["process"]["pid"].int == pid)
        #expect(outcome.lines.contains { $0.contains("127.0.0.1:18888") && $0.contains("\(pid) python3") })
    }

    /// Rows of `capture` in every format: the client and the server of a connection, and who is not known.
    @Test(.enabled(if: canCapture, "capturing needs root, unshare and python3"))
    func rowsOfCaptureSayTheirProcess() throws {
        for format in ["ndjson", "csv", "table", "json"] {
            let outcome = try Command.shell(
                """
                unshare --net bash -c 'ip link set lo up
                python3 -c "
                import os, socket, time
                server = socket.create_server((\\"127.0.0.1\\", 18889))
                if os.fork() == 0:
                    client = socket.create_connection((\\"127.0.0.1\\", 18889))
                    print(\\"client\\", os.getpid(), \\"server\\", os.getppid(), flush=True)
                    # Echo requests, which nobody can be named for.
                    echo = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
                    while True:
                        client.send(b\\"x\\")
                        echo.sendto(bytes((8, 0, 0xF7, 0xFF, 0, 0, 0, 0)), (\\"127.0.0.1\\", 0))
                        time.sleep(0.01)
                accepted = server.accept()[0]
                while True: accepted.recv(100)" &
                sleep 1
                $N capture -i lo --key five-tuple --bidirectional --processes --packets 100 --format \(format)
                kill -9 %1'
                """)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let words = try #require(outcome.lines.first { $0.hasPrefix("client ") }).split(separator: " ")
            let (client, server) = (String(words[1]), String(words[3]))
            let rows = outcome.lines.filter { $0.contains("18889") && !$0.hasPrefix("client ") }
            let row = try #require(rows.first, "\(outcome.text) \(outcome.errors)")
            let other = try #require(outcome.lines.first { $0.contains("unknown") })
            switch format {
            case "csv":
                // The row's source is who was seen first.
                #expect(row.contains(",known,\(client),python3") || row.contains(",known,\(server),python3"))
                #expect(row.contains(",\(client),") && row.contains(",\(server),"))
                #expect(other.hasSuffix(",unknown,,,,,,,,"))
                let header = try #require(outcome.lines.first { $0.hasPrefix("task,") })
                #expect(header.hasSuffix(",process,pid,comm,uid,cgroup,peer_pid,peer_comm,peer_uid,peer_cgroup"))
                let commas = [header, row, other].map { $0.count { $0 == "," } }
                #expect(Set(commas).count == 1)
            case "table":
                #expect(row.contains("\(client) python3") && row.contains("\(server) python3"))
            default:
                let text = row.hasSuffix(",") ? String(row.dropLast()) : row
                let json = try JSON(parsing: text)
                let pids = [json["process"]["pid"].int, json["peer_process"]["pid"].int].compactMap(\.self)
                #expect(pids.sorted() == [Int(client), Int(server)].compactMap(\.self).sorted())
                #expect(json["process"]["comm"].string?.hasPrefix("python3") == true)
                #expect(json["process"]["cgroup"].exists && json["packets"].exists)
                #expect(other.contains(#""process":null,"process_unknown":"unknown""#))
            }
        }
    }

    @Test func aCaptureIsPlayed() throws {
        let outcome = try Command.run("top", "--read", Command.sample, "--speed", "max", "--format", "ndjson")
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        let objects = try outcome.lines.map { try JSON(parsing: $0) }
        #expect(!objects.isEmpty && objects.allSatisfy { $0["process_unknown"].string == "unknown" })
        // The same packets as analyze counts.
        let all = try Command.run(
            "top", "--read", Command.sample, "--speed", "max", "--format", "ndjson", "--rows", "0", "--view",
            "protocols", "--interval", "1h")
        let sum = try all.lines.map { try JSON(parsing: $0)["total_packets"].int ?? 0 }.reduce(0, +)
        let analysis = try Command.run("analyze", "--key", "five-tuple", "--format", "ndjson", Command.sample)
        #expect(try analysis.lines.map { try JSON(parsing: $0)["packets"].int ?? 0 }.reduce(0, +) == sum)
    }

    @Test(arguments: [
        (["-i", "lo", "--read", "x"], "exclude each other"), (["--speed", "max"], "needs --read"),
        (["--interval", "1"], "--interval"), (["--count", "0"], "--count"), (["--once", "--count", "2"], "exclude"),
        (["--view", "flows", "--sort", "flows"], "--sort"), (["--read", "-"], "standard input"),
        (["-i", "lo", "-i", "lo"], "twice"),
    ])
    func whatCannotBeIsSaid(arguments: [String], message: String) throws {
        let outcome = try Command.run(["top"] + arguments)
        #expect(outcome.code == 2 && outcome.errors.contains(message) && outcome.output.isEmpty)
    }
}
