import Foundation
import Testing

/// The unit for systemd in `contrib`.
@Suite struct ServiceUnitTests {
    private static let path = "contrib/netspectra-trace.service"

    /// The values of a setting, one for each line that has it.
    private func values(_ name: String) throws -> [String] {
        String(decoding: try Command.contents(Self.path), as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    @Test func itHasThePrivilegesThatTheDocumentationNames() throws {
        let named = String(decoding: try Command.contents("docs/security.md"), as: UTF8.self)
            .matches(of: /(?m)^\| `(CAP_[A-Z_]+)`/).map { String($0.1) }.filter { $0 != "CAP_SYS_ADMIN" }
        #expect(named.count == 5)
        for setting in ["AmbientCapabilities", "CapabilityBoundingSet"] {
            #expect(try values(setting) == [named.joined(separator: " ")])
        }
        #expect(try values("NoNewPrivileges") == ["yes"])
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"), "no systemd here"))
    func systemdUnderstandsIt() throws {
        try Command.withFolder { folder in
            // The program need not be installed for this.
            let text = String(decoding: try Command.contents(Self.path), as: UTF8.self)
                .replacing("/usr/local/bin/netspectra", with: Command.program.path)
            try Data(text.utf8).write(to: folder.appending(path: "netspectra-trace.service"))
            let outcome = try Command.shell("systemd-analyze verify \(folder.path)/netspectra-trace.service")
            #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
    }
}
