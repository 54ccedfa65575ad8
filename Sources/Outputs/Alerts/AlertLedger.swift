import Alerts

extension LedgerReport.Stage {
    /// What became of keys that began or ceased to fire.
    public init(_ counts: AlertCounts) {
        let filtered: [(String, UInt64)] = [
            ("limit of the rule", counts.limitedByRule), ("limit of all rules", counts.limitedByAll),
            ("over, and its beginning was not told", counts.untoldBefore),
        ]
        func causes(_ all: [(String, UInt64)]) -> [LedgerReport.Cause] {
            all.filter { $0.1 > 0 }.map { LedgerReport.Cause($0.0, $0.1) }
        }
        self.init(
            name: "alerts", unit: "keys", seen: counts.begun + counts.ended + counts.noRoom, delivered: counts.told,
            filtered: causes(filtered), lost: causes([("no room for the key", counts.noRoom)]),
            noted: causes([("messages", counts.messages), ("not remembered", counts.notRemembered)]))
    }
}
