import Flows

/// The time that a snapshot is about, nanoseconds since 1970 UTC.
struct AlertSpan: Equatable {
    var start: Int64
    var end: Int64
    /// Too little of an interval to say what is usual in a whole one: the first or the last of a run.
    var isShort: Bool

    /// `nil` where no time has passed.
    var seconds: Double? {
        end > start ? (Double(end) - Double(start)) / 1e9 : nil
    }

    /// - Parameters:
    ///   - interval: at whose multiples snapshots are cut; `nil` for one snapshot of everything.
    ///   - before: the end of the snapshot before.
    init(of snapshot: Snapshot, interval: Int64?, before: Int64?) {
        end = snapshot.time
        isShort = false
        guard let interval else {
            start = min(before ?? Self.firstSeen(snapshot) ?? end, end)
            return
        }
        let past = end % interval
        let passed = past > 0 ? past : past + interval
        start = end.subtractingReportingOverflow(passed).overflow ? .min : end - passed
        if before == nil, let first = Self.firstSeen(snapshot), first > start, first < end { start = first }
        isShort = Double(end) - Double(start) < Double(interval) / 2
    }

    /// An interval without a packet, which has no snapshot.
    init(emptyFrom start: Int64, to end: Int64) {
        self.start = start
        self.end = end
        isShort = false
    }

    /// The earliest packet's time, of the task with the fewest rows; `nil` where only sketches were counted.
    private static func firstSeen(_ snapshot: Snapshot) -> Int64? {
        guard let result = snapshot.results.min(by: { $0.rows.count < $1.rows.count }) else { return nil }
        var first = result.other?.firstSeen
        AlertResult.exact(result).forEachRow(nil) { row in
            if case .row(let record, _) = row { first = min(first ?? .max, record.firstSeen) }
        }
        return first
    }
}
