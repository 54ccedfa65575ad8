import Foundation
import TestSupport
import Testing

/// Help texts, version, completions, and the manual page that is made of the help.
@Suite struct HelpTests {
    @Test(arguments: [
        "", "analyze", "capture", "top", "messages", "trace", "doctor", "replay", "edit", "show", "query", "generate",
    ])
    func helpText(subcommand: String) throws {
        let arguments = subcommand.isEmpty ? [] : [subcommand]
        let outcome = try Command.run(arguments + ["--help"])
        let name = "Command/help\(subcommand.isEmpty ? "" : "-" + subcommand).txt"
        let expected = try Golden.expectation(name, current: Array(outcome.output))
        #expect(outcome.text == String(decoding: expected, as: UTF8.self))
        #expect(outcome.code == 0 && outcome.errors == "")
        #expect(outcome.lines.allSatisfy { $0.count <= 80 })
        #expect(try Command.run(["help"] + arguments).text == outcome.text)
    }

    @Test func withoutArgumentsItHelps() throws {
        let outcome = try Command.run()
        #expect(outcome.code == 0)
        #expect(outcome.text == (try Command.run("--help")).text)
    }

    @Test func version() throws {
        let outcome = try Command.run("--version")
        #expect(outcome.code == 0 && outcome.text.contains(/^\d+\.\d+\.\d+\n$/))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let outcome = try Command.run("--generate-completion-script", shell)
        #expect(outcome.code == 0 && outcome.text.contains("snapshot-interval"))
        if shell == "bash" {
            try Command.withFolder { folder throws in
                try outcome.output.write(to: folder.appending(path: "script"))
                #expect(try Command.shell("bash -n \(folder.path)/script").code == 0)
            }
        }
    }

    /// docs/netspectra.1 says what the help says. `UPDATE_GOLDEN=1` writes it anew.
    @Test func theManualPageIsThatOfTheHelp() throws {
        let dump = try JSON(parsing: Command.run("--experimental-dump-help").text)
        let page = ManualPage(dump["command"], version: try Command.run("--version").text).text
        let path = Command.root.appending(path: "docs/netspectra.1")
        if Golden.environment("UPDATE_GOLDEN") == "1" { try Data(page.utf8).write(to: path) }
        #expect(try String(contentsOf: path, encoding: .utf8) == page)
        let checked = try Command.shell(
            "command -v man >/dev/null || exit 0; man --warnings -l docs/netspectra.1 >/dev/null")
        #expect(checked.errors == "")
    }
}
