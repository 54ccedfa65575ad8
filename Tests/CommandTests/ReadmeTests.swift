import Foundation
import TestSupport
import Testing

/// What README.md and docs show of the program is what it prints: blocks behind `<!-- output -->` hold commands, each
/// behind a `$`, and their output. `UPDATE_GOLDEN=1` writes the output anew.
@Suite(.serialized) struct ReadmeTests {
    @Test(arguments: ["README.md"])
    func outputIsReal(document: String) throws {
        let path = Command.root.appending(path: document)
        let text = try String(contentsOf: path, encoding: .utf8)
        let current = try Command.withFolder { folder throws in
            // Commands may write, so they get a copy.
            try FileManager.default.copyItem(
                at: Command.root.appending(path: "Examples"), to: folder.appending(path: "Examples"))
            return try Self.withFreshOutput(text, folder: folder)
        }
        if Golden.environment("UPDATE_GOLDEN") == "1" { try Data(current.utf8).write(to: path) }
        #expect(try String(contentsOf: path, encoding: .utf8) == current)
        #expect(text.components(separatedBy: "<!-- output -->").count > 5)
    }

    private static func withFreshOutput(_ text: String, folder: URL) throws -> String {
        var result: [String] = []
        var isOutput = false
        var awaitsFence = false
        for line in text.components(separatedBy: "\n") {
            if isOutput, line == "```" { isOutput = false }
            if isOutput {
                guard line.hasPrefix("$ ") else { continue }
                result.append(line)
                let command = "netspectra() { \"$N\" \"$@\"; }; export COLUMNS=112; { \(line.dropFirst(2)); } 2>&1"
                result += try Command.shell(command, folder: folder).text.split(
                    separator: "\n", omittingEmptySubsequences: false
                ).dropLast().map(String.init)
                continue
            }
            if awaitsFence, line.hasPrefix("```") { isOutput = true }
            awaitsFence = line == "<!-- output -->"
            result.append(line)
        }
        return result.joined(separator: "\n")
    }

    /// Every option and exit code stands in the README.
    @Test func readmeIsComplete() throws {
        let readme = try String(contentsOf: Command.root.appending(path: "README.md"), encoding: .utf8)
        let command = try JSON(parsing: Command.run("--experimental-dump-help").text)["command"]
        for subcommand in command["subcommands"].array where subcommand["commandName"].string != "help" {
            for argument in subcommand["arguments"].array {
                for name in argument["names"].array where name["kind"].string == "long" {
                    let option = "--" + (name["name"].string ?? "?")
                    #expect(readme.contains(option) == true, "\(option)")
                }
            }
        }
        for code in try Command.run("--help").text.matches(of: /(?m)^  (\d+) +\S/) {
            #expect(readme.contains("| \(code.1) |"), "exit code \(code.1)")
        }
    }
}
