import ArgumentParser
import KernelIO

/// The command and its subcommands.
struct NetSpectra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "netspectra",
        abstract: "How much goes between whom: exact flow statistics of captures.",
        discussion: """
            Examples:
              netspectra analyze capture.pcapng
              netspectra analyze --key SrcIP,DstIP --bidirectional --top 20 *.pcap.gz
              tcpdump -w - | netspectra analyze --format ndjson -

            Exit codes: 0 done; 1 done, but the input was damaged; 2 usage; 65 no capture; 66 cannot open or read an \
            input; 73 cannot create an output; 74 cannot write an output; 78 configuration; 130 interrupted.
            """,
        version: "0.1.0",
        subcommands: [Analyze.self, Show.self, Generate.self])
}

/// How the program ends: what tests and scripts can rely on (docs: README, «Exit codes»).
enum Exit {
    static let damaged = ExitCode(1)
    static let usage = ExitCode(2)
    static let noCapture = ExitCode(65)
    static let cannotOpen = ExitCode(66)
    static let defect = ExitCode(70)
    static let system = ExitCode(71)
    static let cannotCreate = ExitCode(73)
    static let cannotWrite = ExitCode(74)
    static let configuration = ExitCode(78)
    static let interrupted = ExitCode(130)

    /// A sentence for the person, and the code for the script.
    static func fail(_ code: ExitCode, _ message: String) -> ExitCode {
        StandardError.write("netspectra: \(message)\n")
        return code
    }
}

@main
enum Program {
    static func main() {
        do {
            var command = try NetSpectra.parseAsRoot()
            try command.run()
        } catch {
            // The library's code for usage errors is another than the one promised.
            let code = NetSpectra.exitCode(for: error)
            guard code == .validationFailure else { NetSpectra.exit(withError: error) }
            StandardError.write(NetSpectra.fullMessage(for: error) + "\n")
            NetSpectra.exit(withError: Exit.usage)
        }
    }
}
