import ArgumentParser
import Pipeline

@main
struct NetSpectra: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "netspectra", abstract: "How much goes between whom, and what is being said.", version: "0.1.0")
    @Argument var file: String
    @Flag var bi = false
    func run() throws { try proto(file, bidirectional: bi) }
}
