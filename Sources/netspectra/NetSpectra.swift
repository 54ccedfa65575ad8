import ArgumentParser

@main
struct NetSpectra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "netspectra", abstract: "How much goes between whom, and what is being said.", version: "0.1.0",
        subcommands: [Generate.self])
}
