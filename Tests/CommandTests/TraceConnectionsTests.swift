import Foundation
import Glibc
import Testing

/// Which connection, which process: never another one's, whatever is reused, copied or handed on.
@Suite(
    .serialized,
    .enabled(if: Peers.obstacle == nil, Comment(rawValue: "no traces here: \(Peers.obstacle ?? "")")))
struct TraceConnectionsTests {
    private func objects(_ outcome: Command.Outcome) throws -> [JSON] {
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try outcome.lines.map { try JSON(parsing: $0) }
    }

    /// Each request, and its answer, has the port that the client itself says.
    private func expectPorts(_ objects: [JSON], _ said: [String], port: Int) throws {
        #expect(objects.last?["ledger"]["balanced"].bool == true && objects.last?["octets_missing"].int == 0)
        let messages = objects.filter { $0["type"].string?.hasPrefix("http") == true }
        #expect(messages.count == 2 * said.count)
        for line in said {
            let words = line.split(separator: " ")
            let (client, server) = ("127.0.0.1:\(words[1])", "127.0.0.1:\(port)")
            let request = try #require(messages.first { $0["target"].string == "/\(words[0])" }, "\(line)")
            let response = try #require(messages.first { $0["body"].string == "answer /\(words[0])\n" }, "\(line)")
            #expect(request["src"].string == client && request["dst"].string == server, "\(line)")
            #expect(response["src"].string == server && response["dst"].string == client, "\(line)")
            #expect(response["pid"].int == request["pid"].int, "\(line)")
        }
    }

    /// The test itself is the process that is named: everything that it starts is followed.
    private static let following = ["--pid", "\(getpid())", "--follow", "--format", "ndjson"]

    @Test func reusedCopiedAndInheritedDescriptors() throws {
        try Peers.withNginx { server in
            var said: [String] = []
            let outcome = try Tracing.run(Self.following) { _ in
                let client = try Command.shell(
                    "python3 client.py ns-sockets \(server.port) sockets", folder: server.folder)
                said = client.lines
                #expect(said.count == 27, "\(client.errors)")
            }
            let mine = try objects(outcome).filter { $0["comm"].string == "ns-sockets" || !$0["comm"].exists }
            try expectPorts(mine, said, port: server.port)
            func descriptors(_ prefix: String) -> [Int?] {
                mine.filter { $0["target"].string?.hasPrefix(prefix) == true }.map { $0["fd"].int }
            }
            #expect(descriptors("/reused-").count == 20 && Set(descriptors("/reused-")).count == 1)
            #expect(descriptors("/moved") == [200])
        }
    }

    @Test func acceptedSockets() throws {
        try Peers.withNginx { server in
            var said: [String] = []
            let outcome = try Tracing.run(["--pid", "\(server.pid)", "--format", "ndjson"]) { _ in
                said = try Command.shell(
                    "python3 client.py ns-accepted \(server.port) sockets", folder: server.folder
                ).lines
            }
            let objects = try objects(outcome)
            #expect(said.count == 27 && objects.dropLast().allSatisfy { $0["pid"].int == server.pid })
            try expectPorts(objects, said, port: server.port)
        }
    }

    /// Processes of one number, one after the other, which leave their connections as they are. Without randomization
    /// their objects lie at the same addresses.
    @Test(

        .enabled(
            if: FileManager.default.isWritableFile(atPath: "/proc/sys/kernel/ns_last_pid"),
            "the next process's number cannot be chosen here"))
    func reusedProcessNumbers() throws {
        try Peers.withNginx { server in
            var said: [String] = []
            var pids: [Int] = []
            let outcome = try Tracing.run(["--comm", "ns-once", "--format", "ndjson"]) { _ in
                // A process of this number may be there by then, so a few are tried.
                let client = try Command.shell(
                    """
                    python3 - <<'END'
                    import os, subprocess
                    def run(number, wanted):
                        with open('/proc/sys/kernel/ns_last_pid', 'w') as file: file.write(str(wanted - 1))
                        child = os.fork()
                        if child == 0:
                            os.execvp('setarch', ['setarch', '-R', 'python3', 'client.py', 'ns-once', '\(server.port)',
                                                  'once', str(number)])
                        os.waitpid(child, 0)
                        return child
                    done = 0
                    # Numbers begin anew at pid_max.
                    with open('/proc/sys/kernel/pid_max') as file: end = int(file.read())
                    wanted = os.getpid() + 2000
                    if wanted >= end: wanted -= end - 3000
                    for attempt in range(40):
                        if run(attempt, wanted) == wanted: done += 1
                        if done == 4: break
                    END
                    """, folder: server.folder)
                said = client.lines
                #expect(client.code == 0, "\(client.errors)")
            }
            let objects = try objects(outcome)
            try expectPorts(objects, said, port: server.port)
            pids = objects.filter { $0["type"].string == "http_request" }.compactMap { $0["pid"].int }
            let most = Dictionary(grouping: pids) { $0 }.values.map(\.count).max()
            #expect((most ?? 0) >= 4, "processes: \(pids)")
        }
    }

    /// Children are followed from the moment they are forked, and only those of the named process.
    @Test func onlyTheChildrenOfTheNamedProcessAreFollowed() throws {
        try Peers.withNginx { server in
            let script = { (path: String) in
                """
                ln -s /usr/bin/curl ns-\(path)
                while [ ! -e started ]; do sleep 0.02; done
                (./ns-\(path) -sk https://127.0.0.1:\(server.port)/\(path) >\(path).fetched; touch \(path).done)
                sleep 30
                """
            }
            let followed = try Peers.start(script("followed"), in: server.folder)
            let other = try Peers.start(script("other"), in: server.folder)
            defer { for process in [followed, other] { Peers.end(process) } }
            let outcome = try Tracing.run(["--pid", "\(followed.processIdentifier)", "--follow", "--format", "ndjson"])
            { _ in
                try Data().write(to: server.folder.appending(path: "started"))
                for path in ["followed", "other"] { try Peers.wait(for: "\(path).done", in: server.folder) }
            }
            let targets = try objects(outcome).compactMap { $0["target"].string }
            #expect(targets == ["/followed"])
        }
    }

    @Test func childrenThatRunAlreadyAreFollowed() throws {
        try Peers.withNginx { server in
            let outcome = try Tracing.run(["--pid", "\(server.parent)", "--follow", "--format", "ndjson"]) { _ in
                _ = try Command.shell("curl -sk https://127.0.0.1:\(server.port)/to-the-worker")
            }
            let requests = try objects(outcome).filter { $0["target"].string == "/to-the-worker" }
            #expect(requests.map { $0["pid"].int } == [server.pid])
        }
    }

    /// The mount point of the control groups of version 2, where a group can be made.
    private static let controlGroups: String? = {
        let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        let mount = mounts.split(separator: "\n").first { $0.split(separator: " ").dropFirst(2).first == "cgroup2" }
        let path = mount.map { String($0.split(separator: " ")[1]) }
        return path.flatMap { FileManager.default.isWritableFile(atPath: $0) ? $0 : nil }
    }()

    @Test(

        .enabled(if: controlGroups != nil, "there are no control groups of version 2 here, or none can be made"))
    func onlyTheNamedControlGroupIsTraced() throws {
        try Peers.withNginx { server in
            let group = "\(Self.controlGroups ?? "")/netspectra-test-\(getpid())"
            let made = try Command.shell("mkdir -p \(group)/below/deep")
            try #require(made.code == 0, "\(made.errors)")
            defer { _ = try? Command.shell("rmdir \(group)/below/deep \(group)/below \(group)") }
            let outcome = try Tracing.run(["--cgroup", group + "/below", "--format", "ndjson"]) { _ in
                _ = try Command.shell(
                    """
                    for name in '' /below /below/deep; do
                        (echo $BASHPID >\(group)$name/cgroup.procs
                        curl -sk https://127.0.0.1:\(server.port)/in$name)
                    done
                    """)
            }
            let targets = try objects(outcome).compactMap { $0["target"].string }
            #expect(targets == ["/in/below", "/in/below/deep"], "\(outcome.errors)")
        }
    }
}
