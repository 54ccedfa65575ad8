import ArgumentParser
import KernelIO

/// The command and its subcommands.
struct NetSpectra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "netspectra",
        abstract: "Who talks to whom, how much, and what is said: flows and messages.",
        discussion: """
            analyze counts the packets of captures exactly, by any key; capture those on live interfaces, and top \
            shows them as they come. messages puts TCP connections together and prints what they say: HTTP, \
            WebSocket, gRPC, raw octets. replay does so with recorded events, trace with what programs on this \
            machine say over TLS; doctor says whether that works here. query answers questions from a database that \
            analyze or capture --store has filled.

            Examples:
              netspectra analyze capture.pcapng
              netspectra analyze --key SrcIP,DstIP --top 20 *.pcap.gz
              tcpdump -w - | netspectra analyze --format ndjson -
              netspectra messages capture.pcapng
              netspectra messages --transactions capture.pcapng

            Exit codes:
              0    done
              1    done, but the input is damaged: what could be read is there
              2    the command line is wrong
              65   an input is no capture or recording, or not what netspectra wrote
              66   an input or interface cannot be opened or read
              69   trace: a library, a function or a feature of the kernel is missing
              70   the counts do not add up: a defect of netspectra
              71   the system gave no thread or process, or ended one
              73   an output cannot be created
              74   an output cannot be written
              77   trace, capture: the system does not permit it
              78   the configuration is wrong
              130  interrupted: what was read is counted and printed
              141  whoever read standard output is gone
            """,
        version: "0.1.0",
        subcommands: [
            Analyze.self, Capture.self, Top.self, Messages.self, Trace.self, Doctor.self, Replay.self, Edit.self,
            Show.self,
            Query.self, Generate.self,
        ])
}

/// How the program ends: what tests and scripts can rely on (docs: README, «Exit codes»).
enum Exit {
    static let damaged = ExitCode(1)
    static let usage = ExitCode(2)
    static let noCapture = ExitCode(65)
    static let cannotOpen = ExitCode(66)
    static let unavailable = ExitCode(69)
    static let defect = ExitCode(70)
    static let system = ExitCode(71)
    static let cannotCreate = ExitCode(73)
    static let cannotWrite = ExitCode(74)
    static let notPermitted = ExitCode(77)
    static let configuration = ExitCode(78)
    static let interrupted = ExitCode(130)
    /// As if SIGPIPE had ended it, for those who ignore that signal.
    static let brokenPipe = ExitCode(141)

    /// A sentence for the person, and the code for the script.
    static func fail(_ code: ExitCode, _ message: String) -> ExitCode {
        StandardError.write("netspectra: \(message)\n")
        return code
    }

    /// Says what could not be written. Where the reader of a pipe is gone that is no news to anybody.
    static func output(_ failure: SystemFailure) -> ExitCode {
        if failure.isBrokenPipe { return brokenPipe }
        return fail(failure.operation.hasPrefix("create") ? cannotCreate : cannotWrite, "\(failure)")
    }
}

/// What a command prints that is no result of a run: help, lists, examples.
enum StandardOutput {
    /// - Throws: the code to end with where it could not be written, once that was said.
    static func write(_ text: String) throws {
        do throws(SystemFailure) {
            try DescriptorWriter(descriptor: 1, name: "standard output").write(Array(text.utf8).span)
        } catch {
            throw Exit.output(error)
        }
    }
}

@main
enum Program {
    static func main() {
        var command: any ParsableCommand
        do {
            command = try NetSpectra.parseAsRoot(ProgramArguments.all)
        } catch {
            // The library's code for usage errors is another than the one promised.
            if NetSpectra.exitCode(for: error) == .validationFailure { fail(NetSpectra.fullMessage(for: error)) }
            exit(with: error)
        }
        do {
            try command.run()
        } catch let error as ValidationError {
            // The library would name the command without its subcommand here.
            let name = type(of: command).configuration.commandName ?? ""
            fail("\(error.message)\n  See 'netspectra \(name) --help' for more information.")
        } catch {
            exit(with: error)
        }
    }

    /// Ends the program as the library would, but says where help, the version or a script for a shell could not be
    /// written.
    private static func exit(with error: any Error) -> Never {
        guard !(error is ExitCode), NetSpectra.exitCode(for: error).isSuccess else { NetSpectra.exit(withError: error) }
        do {
            try StandardOutput.write(NetSpectra.fullMessage(for: error) + "\n")
            NetSpectra.exit()
        } catch {
            NetSpectra.exit(withError: error)
        }
    }

    /// Ends the program over its command line, in the form of its other messages.
    private static func fail(_ message: String) -> Never {
        let prefix = "Error: "
        StandardError.write(
            "netspectra: \(message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message)\n")
        NetSpectra.exit(withError: Exit.usage)
    }
}
