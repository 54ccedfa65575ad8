import Foundation
import Glibc
import Testing

extension TraceTests {
    /// The two processes of a trace: what each may do, and what becomes of one without the other.
    @Suite struct TraceProcessTests {
        private static let library = Tracing.library ?? ""
        /// A name that no other test's processes have.
        private static let command = "ns-processes"
        private static let arguments = ["--library", library, "--comm", command]

        /// The process that parses.
        private func reader(of trace: Int32) throws -> Int32 {
            let text = try Command.shell("pgrep -P \(trace)").text
            return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        }

        private func status(_ process: Int32) throws -> [String: String] {
            let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let pairs = text.split(separator: "\n").map { $0.split(separator: ":", maxSplits: 1) }
            return Dictionary(
                pairs.compactMap { $0.count == 2 ? (String($0[0]), $0[1].trimmingCharacters(in: .whitespaces)) : nil },
                uniquingKeysWith: { first, _ in first })
        }

        private static func fetch(_ path: String, _ port: Int) -> String {
            "d=$(mktemp -d); ln -s $(command -v curl) $d/\(command); "
                + "$d/\(command) -sk -o /dev/null https://127.0.0.1:\(port)/\(path); rm -r $d"
        }

        private func waitForEnd(of process: Int32) -> Bool {
            for _ in 0..<500 {
                if kill(process, 0) != 0 { return true }
                usleep(20_000)
            }
            return false
        }

        @Test func whatParsesHasNoPrivilegesBeforeAnythingIsAttached() throws {
            let doctor = try JSON(parsing: try Command.run("doctor", "--json").text)
            let seccomp = doctor["checks"].array.first { $0["check"].string == "seccomp" }
            let outcome = try Tracing.run(Self.arguments) { trace in
                let status = try status(try reader(of: trace))
                for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
                    #expect(status[set].flatMap { UInt64($0, radix: 16) } == 0, "\(set)")
                }
                #expect(status["NoNewPrivs"] == "1")
                #expect(status["Seccomp"] == (seccomp?["found"].string == "none" ? "0" : "2"))
                // The other one keeps what it needs to attach.
                let kept = try self.status(trace)["CapEff"]
                #expect(kept.flatMap { UInt64($0, radix: 16) } != 0)
            }
            #expect(outcome.code == 0, "\(outcome.errors)")
        }

        @Test func withoutConfinementItIsTwoProcessesAllTheSame() throws {
            try Tracing.withServer { _, port in
                let outcome = try Tracing.run(Self.arguments + ["--no-sandbox", "--format", "ndjson"]) { trace in
                    #expect(try status(try reader(of: trace))["Seccomp"] == "0")
                    _ = try Command.shell(Self.fetch("10", port))
                }
                #expect(outcome.code == 0 && outcome.text.contains("\"target\":\"/10\""), "\(outcome.errors)")
            }
        }

        /// With as many threads as can be, all of which ask for memory of their own.
        @Test(arguments: [SIGTERM, SIGINT]) func confinedItDoesAllItsWork(signal: Int32) throws {
            try Tracing.withServer { folder, port in
                let (messages, events) = (folder.path + "/out.ndjson", folder.path + "/events.nsr")
                let arguments =
                    Self.arguments + [
                        "--format", "ndjson", "--workers", "16", "-o", messages, "--record", events, "--body-limit",
                        "1KiB",
                    ]
                let outcome = try Tracing.run(arguments, signal: signal) { _ in
                    for path in ["20", "100000"] { _ = try Command.shell(Self.fetch(path, port)) }
                }
                #expect(outcome.code == 0, "\(outcome.errors)")
                let text = try String(contentsOfFile: messages, encoding: .utf8)
                let objects = try text.split(separator: "\n").map { try JSON(parsing: $0) }
                #expect(objects.filter { $0["type"].string == "http_response" }.count == 2)
                #expect(text.contains("sha256"), "digests need a library that reads files")
                #expect(objects.last?["ledger"]["balanced"].bool == true)
                let replayed = try Command.run("replay", "--format", "ndjson", "--body-limit", "1KiB", events)
                #expect(replayed.lines.count == objects.count)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(!names.contains { $0.hasSuffix(".tmp") })
            }
        }

        @Test func withoutTheReaderTheTraceEnds() throws {
            try Command.withFolder { folder in
                let outcome = try Tracing.run(Self.arguments + ["-o", folder.path + "/out"]) { trace in
                    kill(try reader(of: trace), SIGKILL)
                }
                #expect(outcome.code == 71 && outcome.errors.contains("ended by signal 9"), "\(outcome.errors)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            }
        }

        @Test func withoutTheOtherOneTheReaderShowsWhatItHas() throws {
            try Tracing.withServer { folder, port in
                let output = folder.path + "/out"
                let outcome = try Tracing.run(Self.arguments + ["-o", output]) { trace in
                    _ = try Command.shell(Self.fetch("20", port))
                    let reader = try reader(of: trace)
                    usleep(300_000)
                    kill(trace, SIGKILL)
                    #expect(waitForEnd(of: reader))
                }
                #expect(outcome.errors.contains("the process that holds the probes has ended"), "\(outcome.errors)")
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                let left = try #require(names.first { $0.hasPrefix("out.") && $0.hasSuffix(".tmp") })
                #expect(
                    try String(contentsOfFile: folder.path + "/" + left, encoding: .utf8).contains("GET /20 HTTP/1.1"))
            }
        }

        /// Nobody reads its output, so it cannot write what it has: the first interrupt waits, the second one does not.
        @Test func aSecondInterruptEndsAtOnce() throws {
            try Tracing.withServer { folder, port in
                let outcome = try Command.shell(
                    """
                    mkfifo pipe; sleep 100 <pipe & sleeper=$!
                    exec 3>pipe
                    $N trace \(Self.arguments.joined(separator: " ")) --no-redact tls >&3 2>err & trace=$!
                    for i in $(seq 200); do grep -q 'Ctrl-C ends' err && break; sleep 0.1; done
                    reader=$(pgrep -P $trace)
                    \(Self.fetch("1000000", port))
                    sleep 0.5; kill -TERM $trace; sleep 1
                    kill -0 $trace && echo waits
                    kill -TERM $trace; wait $trace; echo code $?
                    sleep 0.2; [[ $(ps -o stat= -p $reader) == [^Z]* ]] || echo gone
                    exec 3>&-; kill -9 $sleeper
                    """, folder: folder)
                #expect(outcome.lines == ["waits", "code 143", "gone"], "\(outcome.text) \(outcome.errors)")
            }
        }

        // MARK: - Privileges

        /// What docs/security.md names as the least. Before Linux 6.6 probes are set in another way, which takes more.
        private static let privileges: [String] = {
            let release = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
            let numbers = release.split { $0 == "." || $0 == "-" }.prefix(2).compactMap { Int($0) }
            let least = ["bpf", "perfmon", "sys_ptrace"]
            return numbers.lexicographicallyPrecedes([6, 6]) ? least + ["sys_admin"] : least
        }()

        /// As nobody with exactly these, other users' processes are traced.
        @Test func theLeastPrivilegesAreEnough() throws {
            try Tracing.withServer { _, port in
                let outcome = try Command.unprivileged(
                    """
                    $U trace --comm \(TraceProcessTests.command) --format ndjson tls >out 2>err & trace=$!
                    for i in $(seq 100); do grep -q 'Ctrl-C ends' err && break; sleep 0.1; done
                    \(Self.fetch("30", port))
                    sleep 0.4
                    kill -TERM $trace
                    wait $trace; code=$?
                    cat out
                    cat err >&2
                    (exit $code)
                    """, capabilities: Self.privileges)
                #expect(outcome.code == 0 && outcome.text.contains("\"target\":\"/30\""), "\(outcome.errors)")
            }
        }

        @Test(arguments: privileges.filter { $0 != "sys_ptrace" })
        func oneLessIsNotEnough(missing: String) throws {
            let rest = Self.privileges.filter { $0 != missing }
            // CAP_SYS_ADMIN stands for the others.
            guard missing == "sys_admin" || !rest.contains("sys_admin") else { return }
            let outcome = try Command.unprivileged("$U trace --list tls", capabilities: rest)
            #expect(outcome.code == 77 && outcome.errors.contains("CAP_"), "\(outcome.errors)")
        }

        /// Newer kernels show CAP_PERFMON the mappings of other users' processes, but not their files.
        @Test func withoutPtraceOtherUsersProcessesAreNotTraced() throws {
            try Tracing.withServer { _, port in
                let pid = try Command.shell("ss -Hltnp 'sport = :\(port)' | grep -o 'pid=[0-9]*' | tr -dc 0-9").text
                let rest = Self.privileges.filter { $0 != "sys_ptrace" }
                let outcome = try Command.unprivileged("$U trace --list --pid \(pid) tls", capabilities: rest)
                #expect(outcome.code == 77 && outcome.errors.contains("CAP_SYS_PTRACE"), "\(outcome.errors)")
            }
        }
    }
}
