/// What becomes of snapshots as they get older. Ages count from the newest snapshot in the database, not from the
/// machine's clock: an old capture keeps its detail, and a clock that jumps deletes nothing.
public struct Retention: Equatable, Sendable {
    /// Nanoseconds after which snapshots are deleted; `nil` for never.
    public var keep: Int64?
    /// From which age on snapshots are merged to one per minute, hour and day.
    public var minutesAfter: Int64
    public var hoursAfter: Int64
    public var daysAfter: Int64

    /// Minutes after an hour, hours after a day, days after a week.
    public init(
        keep: Int64? = nil, minutesAfter: Int64 = 3_600_000_000_000, hoursAfter: Int64 = 86_400_000_000_000,
        daysAfter: Int64 = 7 * 86_400_000_000_000
    ) {
        self.keep = keep
        self.minutesAfter = minutesAfter
        self.hoursAfter = hoursAfter
        self.daysAfter = daysAfter
    }

    /// What is to be done with a database's snapshots.
    public struct Work: Equatable, Sendable {
        /// Deleted without a trace.
        public var expired: [StoredSnapshot] = []
        /// Merged: each group into one snapshot of its level, with the time of its last.
        public var merged: [(level: SnapshotLevel, snapshots: [StoredSnapshot])] = []

        public static func == (a: Self, b: Self) -> Bool {
            a.expired == b.expired
                && a.merged.elementsEqual(b.merged) { $0.level == $1.level && $0.snapshots == $1.snapshots }
        }
    }

    /// - Parameter snapshots: in order of time.
    public func work(_ snapshots: [StoredSnapshot]) -> Work {
        guard let newest = snapshots.last?.time else { return Work() }
        var work = Work()
        var groups: [GroupName: [StoredSnapshot]] = [:]
        let cutoff = keep.map { newest &- $0 } ?? .min
        for (run, snapshots) in Dictionary(grouping: snapshots, by: \.run) {
            let firstKept = snapshots.firstIndex { $0.time >= cutoff } ?? snapshots.count
            // What a cumulative count was before the range is taken away from it: so its last old snapshot stays.
            let expired = run.isCumulative && firstKept < snapshots.count ? max(firstKept - 1, 0) : firstKept
            work.expired += snapshots[..<expired]
            for snapshot in snapshots[expired...] {
                let level = level(age: newest &- snapshot.time)
                guard level > .raw, level >= snapshot.level else { continue }
                let span = level.nanoseconds
                // A snapshot's time is its end, so one at the very end of an hour belongs to it.
                let (quotient, rest) = (snapshot.time &- 1).quotientAndRemainder(dividingBy: span)
                groups[GroupName(run: run, level: level, number: rest < 0 ? quotient - 1 : quotient), default: []]
                    .append(snapshot)
            }
        }
        for (name, group) in groups where group.count > 1 || group[0].level < name.level {
            work.merged.append((name.level, group))
        }
        work.expired.sort { ($0.time, $0.id) < ($1.time, $1.id) }
        work.merged.sort { ($0.snapshots[0].time, $0.snapshots[0].id) < ($1.snapshots[0].time, $1.snapshots[0].id) }
        return work
    }

    private func level(age: Int64) -> SnapshotLevel {
        age >= daysAfter ? .day : age >= hoursAfter ? .hour : age >= minutesAfter ? .minute : .raw
    }

    private struct GroupName: Hashable {
        var run: StoredRun
        var level: SnapshotLevel
        var number: Int64
    }
}
