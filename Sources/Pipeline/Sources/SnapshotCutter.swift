import KernelIO

/// Decides where periodic snapshots are cut.
///
/// Intervals are counted from 1970 UTC, so snapshots of different captures line up. An interval without a frame gives
/// no snapshot, unless somebody is to hear of silence, and it was seen whole. By packet time, a cut falls before the
/// first frame that reaches the end of the interval; a later frame with an earlier time counts where it stands, and so
/// does one without a time.
struct SnapshotCutter {
    private let interval: Int64?
    private let clock: CaptureSource.SnapshotClock
    private let cutsSilence: Bool
    /// The current interval was seen from its beginning.
    private var isWhole = false
    /// The end of the current interval; `nil` before the first frame.
    private var boundary: Int64?
    /// Before the first frame with a time: any frame stops, until one without a time (0) was met.
    private var firstStop = Int64.min
    /// No 64-bit time reaches the end of the current interval.
    private var isOpenEnded = false
    private(set) var lastCut: SnapshotCut?
    /// The wall clock; where that is set back, intervals follow each other as before.
    private var wall = SteadyClock()

    /// - Parameter cutsSilence: an interval without a frame gives a snapshot, too, where the wall clock says that it is
    ///   over.
    init(interval: Int64?, clock: CaptureSource.SnapshotClock, cutsSilence: Bool = false) {
        self.interval = interval
        self.clock = clock
        self.cutsSilence = cutsSilence && clock == .wall
    }

    /// Frames from this time on are to wait.
    var stop: Int64? {
        guard interval != nil, clock == .capture, !isOpenEnded else { return nil }
        return boundary ?? firstStop
    }

    /// A frame at or after `stop` comes next.
    mutating func stopped(at time: Int64) {
        // A record without a time must not start the intervals in 1970.
        if boundary == nil, time == 0 { firstStop = 1 } else { pass(time, hasFrames: true) }
    }

    /// - Parameter hasFrames: whether a frame was given out since the last cut.
    mutating func lookAtWallClock(hasFrames: Bool) {
        guard interval != nil, clock == .wall else { return }
        lookAtWallClock(hasFrames: hasFrames, wall: Clock.wallNanoseconds, monotonic: Clock.monotonicNanoseconds)
    }

    /// What it does where the machine's clocks say so.
    mutating func lookAtWallClock(hasFrames: Bool, wall time: Int64, monotonic: Int64) {
        let now = wall.now(wall: time, monotonic: monotonic)
        if boundary == nil || now >= boundary! { pass(now, hasFrames: hasFrames) }
    }

    /// Nanoseconds until the wall clock ends the current interval, if it is the one to say.
    mutating func untilWallBoundary() -> Int64? {
        guard clock == .wall, let boundary else { return nil }
        return boundary - wall.now()
    }

    private mutating func pass(_ time: Int64, hasFrames: Bool) {
        guard let interval else { return }
        if let boundary {
            if hasFrames || cutsSilence && isWhole {
                lastCut = SnapshotCut(time: boundary, number: (lastCut?.number ?? 0) + 1)
            }
            isWhole = true
        }
        let past = time % interval
        let (end, overflow) = time.addingReportingOverflow(past < 0 ? -past : interval - past)
        isOpenEnded = overflow
        boundary = overflow ? .max : end
    }
}
