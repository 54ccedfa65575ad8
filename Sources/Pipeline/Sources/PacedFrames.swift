import KernelIO

/// Frames at the pace at which they were captured, or a multiple of it, instead of all at once.
///
/// The first frame with a time starts the clock; from then on a frame is given out once as much time has passed as the
/// capture says, divided by the speed. Frames without a time, and those whose time steps back, come with the frame
/// before them.
final class PacedFrames: FrameStream {
    private let frames: any FrameStream
    private let speed: Double
    /// When the first frame was given out (monotonic), and its time.
    private var start: (clock: Int64, time: Int64)?

    /// No wait is shorter: finer steps would cost more than they show.
    private static let grainNanoseconds: Int64 = 5_000_000

    /// - Parameter speed: seconds of the capture per second, above 0.
    init(_ frames: any FrameStream, speed: Double) {
        self.frames = frames
        self.speed = speed
    }

    func next(_ batch: inout FrameBatch, before stop: Int64?) -> FrameTurn<Void> {
        while true {
            let due = due(at: Clock.monotonicNanoseconds)
            // The last time there is comes before no other.
            let turn = frames.next(&batch, before: due == .max ? stop : min(due, stop ?? .max))
            guard case .stopped(let time) = turn, start == nil else { return turn }
            if let stop, time >= stop { return turn }
            start = (Clock.monotonicNanoseconds, time)
        }
    }

    func untilDue(_ time: Int64) -> Int64? {
        guard let start else { return nil }
        let (elapsed, overflow) = time.subtractingReportingOverflow(start.time)
        // Far below 64 bits; what is due later is looked at again now and then.
        let due = overflow ? 1e18 : min(Double(elapsed) / speed, 1e18)
        let wait = Int64(due) - (Clock.monotonicNanoseconds - start.clock)
        return wait <= 0 ? nil : max(wait, Self.grainNanoseconds)
    }

    /// Frames before this time may be given out. Before the clock runs, those without a time (0).
    private func due(at clock: Int64) -> Int64 {
        guard let start else { return 1 }
        let elapsed = (Double(clock - start.clock) * speed).rounded()
        guard elapsed < 9e18 else { return .max }
        let (time, overflow) = start.time.addingReportingOverflow(Int64(elapsed))
        // Beyond the last time there is nothing to wait for. The frame of just this time is due.
        return overflow || time == .max ? .max : time + 1
    }

    var reports: [CaptureReport] { frames.reports }
    func takeSecrets() -> [UInt8] { frames.takeSecrets() }
    var progress: SourceProgress { frames.progress }
}
