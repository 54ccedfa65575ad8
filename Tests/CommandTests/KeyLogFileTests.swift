import Foundation
import Glibc
import Testing

/// The file that `trace tls --mode keylog` writes, and what becomes of it where something is wrong.
@Suite(
    .serialized,
    .enabled(if: Tracing.obstacle == nil, Comment(rawValue: "no traces here: \(Tracing.obstacle ?? "")")))
struct KeyLogFileTests {
    private func fetch(_ name: String, from port: Int, in folder: URL) throws {
        let fetched = try Command.shell(
            "ln -sf $(command -v curl) \(name); ./\(name) -sk -o /dev/null https://127.0.0.1:\(port)/10",
            folder: folder)
        #expect(fetched.code == 0)
    }

    private func mode(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// Lines are there while the trace goes on, for whoever follows the file; a second trace appends.
    @Test func theFileIsItsOwnersAndGrowsAsItHappens() throws {
        try Tracing.withServer { folder, port in
            let log = folder.path + "/keys"
            for round in 1...2 {
                let outcome = try Tracing.run(["--mode", "keylog", "--keylog", log, "--comm", "ns-grows"]) { _ in
                    try fetch("ns-grows", from: port, in: folder)
                    var lines = 0
                    for _ in 0..<1_000 where lines < round * 5 {
                        lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count
                        usleep(10_000)
                    }
                    #expect(lines == round * 5)
                }
                #expect(outcome.code == 0)
                #expect(outcome.errors.contains("5 secrets of 1 connection, 5 written\n"), "\(outcome.errors)")
            }
            #expect(try mode(of: log) == 0o600)
        }
    }

    @Test func standardOutputTakesLinesToo() throws {
        try Tracing.withServer { folder, port in
            let outcome = try Tracing.run(["--mode", "keylog", "--keylog", "-", "--comm", "ns-prints"]) { _ in
                try fetch("ns-prints", from: port, in: folder)
            }
            let labels = Set(outcome.lines.compactMap { $0.split(separator: " ").first.map(String.init) })
            let expected: Set = [
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
                "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
            ]
            #expect(outcome.code == 0 && outcome.lines.count == 5 && labels == expected)
        }
    }

    @Test func aFullDiskEndsItWithItsCode() throws {
        try Tracing.withServer { folder, port in
            let outcome = try Tracing.run(["--mode", "keylog", "--keylog", "/dev/full", "--comm", "ns-full"]) { _ in
                try fetch("ns-full", from: port, in: folder)
            }
            #expect(outcome.code == 74 && outcome.errors.contains("lost (not written)"), "\(outcome.errors)")
        }
    }

    /// Who reads a connection's secrets reads the connection.
    @Test func aFileThatOthersMayReadIsRefused() throws {
        try Command.withFolder { folder in
            let log = folder.appending(path: "keys")
            try Data("# mine\n".utf8).write(to: log)
            unsafe chmod(log.path, 0o644)
            let outcome = try Command.run("trace", "--mode", "keylog", "--keylog", log.path, "tls")
            #expect(outcome.code == 73 && outcome.errors.contains("others may read"), "\(outcome.errors)")
            #expect(try String(contentsOf: log, encoding: .utf8) == "# mine\n")
        }
    }

    @Test func whatGivesNoSecretsIsRefused() throws {
        try Command.withFolder { folder in
            let options = ["--mode", "keylog", "--keylog", folder.path + "/keys"]
            let none = try Command.run(["trace"] + options + ["--binary", "/bin/true", "tls"])
            #expect(none.code == 69 && none.errors.contains("/bin/true"), "\(none.errors)")
            // It tells connections apart; their keys are derived in the other library.
            let half = try Command.run(["trace"] + options + ["--library", Tracing.library ?? "", "tls"])
            #expect(half.code == 69 && half.errors.contains("libcrypto"), "\(half.errors)")
        }
    }
}

/// What is told before anything is opened: on any machine.
@Suite struct KeyLogOptionTests {
    @Test(arguments: [
        ["--mode", "keylog"], ["--keylog", "keys"], ["--mode", "keylog", "--keylog", "keys", "--format", "ndjson"],
        ["--mode", "keylog", "--keylog", "keys", "--record", "events"], ["--mode", "other"],
    ])
    func wrongOptionsAreRefused(options: [String]) throws {
        let outcome = try Command.run(["trace"] + options + ["tls"])
        #expect(outcome.code == 2 && outcome.errors.contains(options.count > 2 ? options[4] : "--"))
    }

    @Test func aFolderThatDoesNotExistIsNamed() throws {
        let outcome = try Command.run("trace", "--mode", "keylog", "--keylog", "/nowhere/keys", "tls")
        #expect(outcome.code == 73 && outcome.errors.contains("/nowhere/keys"), "\(outcome.errors)")
    }
}
