import ArgumentParser
import Configuration
import Flows
import KernelIO
import LiveCapture
import Outputs

/// What `top` is to do, checked.
struct TopOptions {
    var input: AnalysisInput
    var filter: PacketFilter?
    var view: TopView
    var order: TopOrder
    var find: String
    /// Nanoseconds.
    var interval: Int64
    /// Intervals to print; `nil`: no end.
    var count: Int?
    /// Of each interval.
    var rows: Int
    var format: TopFormat
    /// A screen is drawn, and keys are read.
    var isInteractive: Bool
    var isConfined: Bool

    static let interfaceDefault = "any"
    private static let intervalRange: ClosedRange<Int64> = 100_000_000...3_600_000_000_000

    init(_ command: Top) throws {
        input = try Self.input(command)
        filter = try command.where.map(AnalysisOptions.packetFilter)
        view = command.view
        guard command.view.orders.contains(command.sort) else {
            let orders = command.view.orders.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--sort \(command.sort.rawValue): \(command.view.rawValue) have \(orders)")
        }
        order = command.sort
        find = command.find
        guard let interval = DurationText.nanoseconds(command.interval), Self.intervalRange.contains(interval) else {
            throw ValidationError("--interval: '\(command.interval)' is no time between 100ms and 1h; write it like 1s")
        }
        self.interval = interval
        if command.once, command.count ?? 1 != 1 { throw ValidationError("--once and --count exclude each other") }
        count = command.once ? 1 : command.count
        if let count, count < 1 { throw ValidationError("--count: \(count) is not above 0") }
        if command.rows < 0 { throw ValidationError("--rows: \(command.rows) rows cannot be; 0 means all") }
        rows = command.rows == 0 ? .max : command.rows
        format = command.format ?? .table
        isInteractive =
            count == nil && command.format == nil && Terminal.isTerminal(0) && Terminal.isTerminal(1)
            && Terminal.environment("TERM") != "dumb"
        isConfined = !command.noSandbox
    }

    private static func input(_ command: Top) throws -> AnalysisInput {
        guard command.read.isEmpty else {
            if !command.interface.isEmpty { throw ValidationError("-i and --read exclude each other") }
            if command.filter != nil { throw ValidationError("--filter needs -i; for --read there is --where") }
            if command.read.contains("-") { throw ValidationError("--read -: standard input is for keys") }
            return .files(command.read, merge: false, speed: try AnalysisInput.pace(command.speed ?? "1x"))
        }
        if command.speed != nil { throw ValidationError("--speed needs --read") }
        var settings = InterfaceSettings()
        settings.filter = command.filter ?? ""
        settings.isPromiscuous = !command.noPromiscuous
        let names = command.interface.isEmpty ? [interfaceDefault] : command.interface
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw ValidationError("-i \(name) is given twice")
        }
        return .interfaces(names, settings, limit: nil, duration: nil)
    }
}
