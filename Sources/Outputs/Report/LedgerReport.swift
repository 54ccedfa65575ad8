/// What every stage saw and what became of it:
///
///     seen = delivered + filtered (by cause) + lost (by cause) + in flight
public struct LedgerReport: Equatable, Sendable {
    public struct Cause: Equatable, Sendable {
        public var name: String
        public var count: UInt64

        public init(_ name: String, _ count: UInt64) {
            self.name = name
            self.count = count
        }
    }

    public struct Stage: Equatable, Sendable {
        public var name: String
        /// What is counted: `packets`, `bytes`, `records`.
        public var unit: String
        public var seen: UInt64
        public var delivered: UInt64
        /// Left out on purpose.
        public var filtered: [Cause]
        /// Left out although it was wanted.
        public var lost: [Cause]
        public var inFlight: UInt64
        /// What else is to be known. No part of the sum, and one thing may be counted under several.
        public var noted: [Cause]

        public init(
            name: String, unit: String, seen: UInt64, delivered: UInt64, filtered: [Cause] = [], lost: [Cause] = [],
            inFlight: UInt64 = 0, noted: [Cause] = []
        ) {
            self.name = name
            self.unit = unit
            self.seen = seen
            self.delivered = delivered
            self.filtered = filtered
            self.lost = lost
            self.inFlight = inFlight
            self.noted = noted
        }

        public var filteredCount: UInt64 { filtered.reduce(0) { $0 &+ $1.count } }
        public var lostCount: UInt64 { lost.reduce(0) { $0 &+ $1.count } }
        public var isBalanced: Bool { seen == delivered &+ filteredCount &+ lostCount &+ inFlight }
    }

    public var stages: [Stage]

    public init(stages: [Stage] = []) { self.stages = stages }

    public var isBalanced: Bool { stages.allSatisfy(\.isBalanced) }
}

extension LedgerReport {
    /// Appends the ledger as one JSON object.
    public func append(to json: inout JSONText) {
        json.object { json in
            json.member("balanced", isBalanced)
            json.name("stages")
            json.array(stages) { json, stage in stage.append(to: &json) }
        }
    }
}

extension LedgerReport.Stage {
    fileprivate func append(to json: inout JSONText) {
        func causes(_ name: String, _ causes: [LedgerReport.Cause], _ json: inout JSONText) {
            json.name(name)
            json.object { json in
                for cause in causes { json.member(cause.name, cause.count) }
            }
        }
        json.object { json in
            json.member("stage", name)
            json.member("unit", unit)
            json.member("seen", seen)
            json.member("delivered", delivered)
            causes("filtered", filtered, &json)
            causes("lost", lost, &json)
            json.member("in_flight", inFlight)
            json.member("balanced", isBalanced)
            causes("noted", noted, &json)
        }
    }
}
