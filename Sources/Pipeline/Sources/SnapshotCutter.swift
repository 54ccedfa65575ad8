import KernelIO

/// Decides where periodic snapshots are cut.
///
/// Intervals are counted from 1970 UTC, so snapshots of different captures line up. An interval without a frame gives no
/// snapshot. By packet time, a cut falls before the first frame that reaches the end of the interval; a later frame with
/// an earlier time counts where it stands.
struct SnapshotCutter {
    private let interval: Int64?
    private let clock: CaptureSource.SnapshotClock
    /// The end of the current interval; `nil` before the first frame.
    private var boundary: Int64?
    private(set) var lastCut: SnapshotCut?

    init(interval: Int64?, clock: CaptureSource.SnapshotClock) {
        self.interval = interval
        self.clock = clock
    }

    /// Frames from this time on are to wait.
    var stop: Int64? {
        guard interval != nil, clock == .capture else { return nil }
        // Before the first frame: have any frame told first.
        return boundary ?? .min
    }

    /// A frame at or after `stop` comes next.
    mutating func stopped(at time: Int64) { pass(time) }

    mutating func lookAtWallClock() {
        guard interval != nil, clock == .wall else { return }
        let now = Clock.wallNanoseconds
        if boundary == nil || now >= boundary! { pass(now) }
    }

    private mutating func pass(_ time: Int64) {
        guard let interval else { return }
        if let boundary { lastCut = SnapshotCut(time: boundary, number: (lastCut?.number ?? 0) + 1) }
        let passed = time >= 0 ? time / interval : (time + 1) / interval - 1
        let (end, overflow) = (passed + 1).multipliedReportingOverflow(by: interval)
        boundary = overflow ? .max : end
    }
}
