import ArgumentParser
import Configuration
import Flows
import IPFIX
import Outputs

/// Options of commands that make flow records.
struct FlowRecordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Also write flow records, one JSON object per line, as flows end; - is standard output, which then has \
            nothing else.
            """, valueName: "file"),
        completion: .file())
    var records: String?

    @Option(
        help: ArgumentHelp(
            """
            Also export flow records to this collector, as IPFIX: ipfix://host:port over UDP, ipfix+tcp://host:port \
            over TCP. The port is 4739 unless given. Repeatable.
            """, valueName: "collector"))
    var export: [String] = []

    @Flag(
        help: """
            Export both directions of a flow in one record (RFC 5103), for collectors that read it. Else each has its \
            own.
            """)
    var biflows = false

    @Option(
        help: ArgumentHelp(
            "End a flow record after this time, though the flow goes on. Default: 60s.", valueName: "time"))
    var activeTimeout: String?

    @Option(
        help: ArgumentHelp("End a flow that was silent for longer than this. Default: 15s.", valueName: "time"))
    var idleTimeout: String?

    @Option(
        help: ArgumentHelp(
            """
            Flows that are kept at a time for flow records, in some 350 bytes each; beyond, the one silent for longest \
            ends. Default: 524288.
            """, valueName: "number"))
    var maxFlows: Int?

    /// What the options say, checked; `nil` where no flow records are wanted.
    func settings() throws -> FlowRecordSettings? {
        guard records != nil || !export.isEmpty else {
            for (name, isGiven) in [
                ("--biflows", biflows), ("--active-timeout", activeTimeout != nil),
                ("--idle-timeout", idleTimeout != nil), ("--max-flows", maxFlows != nil),
            ] where isGiven { throw ValidationError("\(name) needs --records or --export") }
            return nil
        }
        if biflows, export.isEmpty { throw ValidationError("--biflows needs --export") }
        var meter = FlowMeterSettings()
        if let activeTimeout {
            meter.activeNanoseconds = try StoreOptions.duration(activeTimeout, option: "--active-timeout")
        }
        if let idleTimeout { meter.idleNanoseconds = try StoreOptions.duration(idleTimeout, option: "--idle-timeout") }
        if let maxFlows {
            guard 1...Int(Int32.max) ~= maxFlows else {
                throw ValidationError("--max-flows: \(maxFlows) is not between 1 and \(Int32.max)")
            }
            meter.flowsMax = maxFlows
        }
        return FlowRecordSettings(
            meter: meter, file: records, collectors: try export.map(Self.collector),
            directions: biflows ? .together : .apart)
    }

    private static func collector(_ text: String) throws -> ExportAddress {
        guard let address = ExportAddress(text) else {
            throw ValidationError(
                "--export: '\(text)' is no collector; write it like ipfix://host:4739 or ipfix+tcp://host:4739")
        }
        return address
    }
}

/// Which flow records are made, and where they go.
struct FlowRecordSettings {
    var meter: FlowMeterSettings
    var file: String?
    var collectors: [ExportAddress]
    var directions: FlowDirections

    /// Standard output is the records'.
    var takesOutput: Bool { file == "-" }
}
