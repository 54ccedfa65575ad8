import Foundation
import Testing

/// `netspectra doctor`, on whatever machine this is.
@Suite struct DoctorTests {
    private func report(_ outcome: Command.Outcome) throws -> JSON {
        let report = try JSON(parsing: outcome.text)
        #expect(report["type"].string == "doctor")
        #expect(outcome.code == (report["works"].bool == true ? 0 : outcome.code == 77 ? 77 : 69))
        return report
    }

    @Test func whatItFindsIsOneObject() throws {
        let report = try report(try Command.run("doctor", "--json"))
        let checks = report["checks"].array
        for id in [
            "kernel", "btf", "privileges", "tracefs", "ring_buffer", "uprobes", "seccomp", "landlock", "sandbox",
        ] {
            let check = checks.first { $0["check"].string == id }
            #expect(["ok", "note", "problem"].contains(check?["verdict"].string ?? ""), "\(id)")
        }
        for library in report["libraries"].array {
            #expect(!library["processes"].array.isEmpty)
            #expect(["yes", "named", "no"].contains(library["key_log"].string ?? ""))
            #expect(library["verdict"].string == "covered" || library["reason"].string?.isEmpty == false)
        }
    }

    /// From inside, no file can be opened, no program executed and no port reached: by either layer, if there.
    @Test func nothingGetsOutOfTheConfinement() throws {
        let checks = try report(try Command.run("doctor", "--json"))["checks"].array
        func found(_ id: String) -> String { checks.first { $0["check"].string == id }?["found"].string ?? "" }
        let all = "refuses to open a file, execute a program, connect to a port"
        if found("seccomp") != "none" {
            #expect(found("seccomp") == all)
            #expect(found("sandbox").hasSuffix(all))
        }
        // Ports are Landlock's since version 4.
        if let version = found("landlock").firstMatch(of: /version (\d+)/).flatMap({ Int($0.1) }) {
            #expect(found("landlock").hasSuffix(version >= 4 ? all : "refuses to open a file, execute a program"))
        }
    }

    @Test func aTableFitsInto80Columns() throws {
        let outcome = try Command.run(["doctor"], environment: ["COLUMNS": "80"])
        #expect(outcome.text.contains("This machine") && outcome.text.contains("TLS of running programs"))
        #expect(outcome.lines.last?.hasPrefix("Traces ") == true)
        // Paths are not cut: they are to be copied.
        for line in outcome.lines where !line.contains("/") { #expect(line.count <= 80, "\(line)") }
    }

    @Test(.enabled(if: geteuid() == 0, "taking privileges away needs root"))
    func withoutPrivilegesItSaysSo() throws {
        let outcome = try Command.unprivileged("$U doctor --json")
        #expect(outcome.code == 77, "\(outcome.errors)")
        let report = try JSON(parsing: outcome.text)
        let privileges = report["checks"].array.first { $0["check"].string == "privileges" }
        #expect(report["works"].bool == false && privileges?["verdict"].string == "problem")
        #expect(privileges?["advice"].string?.contains("CAP_BPF") == true)
    }
}

extension Command {
    /// A line of a shell, in a folder of its own, where `$U` runs the program as nobody with these capabilities: `bpf`.
    /// Other users may not reach the build directory: a copy does.
    static func unprivileged(_ script: String, capabilities: [String] = []) throws -> Outcome {
        let set = (["-all"] + capabilities.map { "+" + $0 }).joined(separator: ",")
        return try shell(
            """
            copy=$(mktemp -d)
            chmod 777 $copy
            cp $N $copy/netspectra
            cd $copy
            U="setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=\(set) --inh-caps=\(set)"
            U="$U --ambient-caps=\(set) $copy/netspectra"
            \(script)
            code=$?
            cd /
            rm -r $copy
            exit $code
            """)
    }
}
