import Outputs

/// A ledger as rows of a table, and back.
struct LedgerEntry: Equatable {
    enum Kind: String { case seen, delivered, filtered, lost, inFlight = "in_flight", noted }

    /// From 0.
    var stage: Int
    var name: String
    var unit: String
    var kind: Kind
    /// Empty where the kind needs none.
    var cause: String
    var count: UInt64

    static func entries(of ledger: LedgerReport) -> [LedgerEntry] {
        ledger.stages.enumerated().flatMap { index, stage in
            func entry(_ kind: Kind, _ count: UInt64, _ cause: String = "") -> LedgerEntry {
                LedgerEntry(stage: index, name: stage.name, unit: stage.unit, kind: kind, cause: cause, count: count)
            }
            return [entry(.seen, stage.seen), entry(.delivered, stage.delivered), entry(.inFlight, stage.inFlight)]
                + stage.filtered.map { entry(.filtered, $0.count, $0.name) }
                + stage.lost.map { entry(.lost, $0.count, $0.name) }
                + stage.noted.map { entry(.noted, $0.count, $0.name) }
        }
    }

    /// - Parameter entries: of one run, by stage.
    static func ledger(of entries: [LedgerEntry]) -> LedgerReport {
        var report = LedgerReport()
        for entry in entries {
            if entry.stage != report.stages.count - 1 {
                report.stages.append(
                    LedgerReport.Stage(name: entry.name, unit: entry.unit, seen: 0, delivered: 0))
            }
            report.stages[report.stages.count - 1].add(entry)
        }
        return report
    }
}

extension LedgerReport.Stage {
    fileprivate mutating func add(_ entry: LedgerEntry) {
        let cause = LedgerReport.Cause(entry.cause, entry.count)
        switch entry.kind {
        case .seen: seen = entry.count
        case .delivered: delivered = entry.count
        case .inFlight: inFlight = entry.count
        case .filtered: filtered.append(cause)
        case .lost: lost.append(cause)
        case .noted: noted.append(cause)
        }
    }
}
