import Outputs
import Pipeline
import Probes

/// What became of the secrets that were derived while a key log was written.
struct KeyLogSummary {
    let ledger: LedgerReport
    /// What is to be known besides, a sentence each.
    let problems: [String]
    private let connections: UInt64

    /// - Parameter counters: what the kernel's programs have counted; `nil`: nobody knows.
    init(_ secrets: SecretRecords, written: UInt64, unwritten: UInt64, _ counters: ProbeCounters?) {
        func causes(_ all: [(String, UInt64)]) -> [LedgerReport.Cause] {
            all.filter { $0.1 > 0 }.map { LedgerReport.Cause($0.0, $0.1) }
        }
        let read = secrets.records - secrets.damaged
        var stages: [LedgerReport.Stage] = [
            .init(
                name: "ring", unit: "records", seen: counters?.writtenSecrets ?? secrets.records, delivered: read,
                lost: causes([("damaged", secrets.damaged)])),
            .init(
                name: "key log", unit: "secrets", seen: read, delivered: written,
                filtered: causes([("written before", secrets.repeated)]),
                lost: causes([("another one is known", secrets.conflicting), ("not written", unwritten)])),
        ]
        var problems: [String] = []
        if let counters {
            let probes = LedgerReport.Stage(
                name: "probes", unit: "secrets", seen: counters.secrets, delivered: counters.writtenSecrets,
                lost: causes([
                    ("client random not known", counters.secretsWithoutRandom), ("ring full", counters.ringFullSecrets),
                    ("memory not readable", counters.unreadableSecrets),
                ]))
            stages.insert(probes, at: 0)
            if counters.unfollowedCalls > 0 {
                problems.append(
                    "\(counters.unfollowedCalls) calls were not followed (begun before the probes were there, too many "
                        + "threads, or calls within calls): what they derived is not known")
            }
            if counters.unfollowedChildren > 0 {
                problems.append("\(counters.unfollowedChildren) children were not followed: there were too many")
            }
        }
        ledger = LedgerReport(stages: stages)
        self.problems = problems
        connections = secrets.connections
    }

    /// One line: seen, written, left out, lost.
    var text: String {
        let seen = ledger.stages.first?.seen ?? 0
        let written = ledger.stages.last?.delivered ?? 0
        var parts = [
            "\(Self.count(seen, "secret")) of \(Self.count(connections, "connection"))",
            "\(HumanUnits.grouped(written)) written",
        ]
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
