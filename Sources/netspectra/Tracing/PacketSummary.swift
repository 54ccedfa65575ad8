import Outputs
import Pipeline
import Probes

/// What became of packets and secrets while a capture was written.
struct PacketSummary {
    let ledger: LedgerReport
    /// What is to be known besides, a sentence each.
    let problems: [String]
    private let packets: TracedPackets.Counts
    private let file: CaptureFileWriter.Counts

    init(
        _ packets: TracedPackets, _ file: CaptureFileWriter.Counts, _ interfaces: [InterfaceReport],
        _ secrets: SecretRecords, _ counters: ProbeCounters?
    ) {
        let keys = KeyLogSummary(secrets, written: secrets.delivered, unwritten: 0, counters)
        let counts = packets.counts
        var stages = interfaces.map { LedgerReport.Stage($0) }
        stages.append(
            .init(
                name: "packets", unit: "packets", seen: counts.packets, delivered: counts.written,
                filtered: counts.untraced > 0 ? [.init("not of a traced connection", counts.untraced)] : [],
                inFlight: packets.waiting))
        stages.append(.packets(file))
        ledger = LedgerReport(stages: stages + keys.ledger.stages)
        problems =
            keys.problems
            + interfaces.compactMap { interface in interface.failure.map { "\(interface.name): \($0)" } }
            + (counts.early > 0
                ? ["\(counts.early) packets were written before their secrets could be waited for: too many came"] : [])
        self.packets = counts
        self.file = file
    }

    /// One line: seen, written, left out, lost.
    var text: String {
        var parts = [
            Self.count(packets.packets, "packet"), "\(HumanUnits.grouped(file.written)) written",
            "\(Self.count(packets.helloConnections, "TLS connection")) "
                + "(\(HumanUnits.grouped(packets.tracedConnections)) with secrets)",
        ]
        if file.files > 1 { parts.append(Self.count(UInt64(file.files), "file")) }
        for stage in ledger.stages {
            parts += stage.filtered.map { "\(HumanUnits.grouped($0.count)) \($0.name)" }
        }
        for stage in ledger.stages {
            parts += stage.lost.map { "\(HumanUnits.grouped($0.count)) lost (\($0.name))" }
        }
        return parts.joined(separator: ", ")
    }

    private static func count(_ number: UInt64, _ noun: String) -> String {
        "\(HumanUnits.grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }
}
