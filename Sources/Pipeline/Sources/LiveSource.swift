import CaptureFiles
import KernelIO
import LiveCapture

/// Hands out the frames of live interfaces to workers, batch by batch, until it is stopped or all interfaces are gone.
///
/// Its sockets stand in lanes, one lane for each part of the fan-out, and each lane serves its share of the workers:
/// one of them takes frames at a time, while the others count theirs. Snapshots are cut by the wall clock.
///
/// When stopped, the kernel lets no further frame in; what it had received by then is handed out before the end.
public final class LiveSource: FrameSource {
    private let lanes: [Monitor<LiveLane>]
    private let state: Monitor<LiveState>
    private let stopped = WakeUp()
    private let hasFilter: Bool

    /// Nobody sleeps for longer: workers of other lanes may have met a cut.
    private static let waitMilliseconds: Int32 = 100

    /// Opens all interfaces.
    ///
    /// - Parameters:
    ///   - interval: nanoseconds between snapshots; `nil` for one at the end.
    ///   - cutsSilence: an interval without a frame gives a snapshot, too.
    ///   - limit: frames after which to end; `nil` for no limit.
    ///   - onEnd: called when an interface gives nothing any more, with its name and the reason.
    public init(
        interfaces: [String], settings: InterfaceSettings, interval: Int64? = nil, cutsSilence: Bool = false,
        limit: UInt64? = nil, onEnd: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) throws(InterfaceFailure) {
        lanes = try InterfaceCapture.open(interfaces, settings: settings).map { Monitor(LiveLane($0)) }
        state = Monitor(LiveState(interval: interval, cutsSilence: cutsSilence, limit: limit, onEnd: onEnd))
        hasFilter = !settings.filter.isEmpty
    }

    public func next(_ batch: inout FrameBatch, cutsMade: Int, worker: Int) -> SourceTurn {
        batch.lane = worker % lanes.count
        let lane = lanes[batch.lane]
        while true {
            // Also declares a cut whose time has come.
            let isNews = state.withLock { $0.look(cutsMade: cutsMade) }
            if !isNews {
                let step = lane.wait { lane -> LiveLane.Step? in
                    // Who waits for frames wakes the others by and by; cuts and the end are news to all.
                    if state.withLock({ $0.hasNews(cutsMade: cutsMade) }) { return .lookAgain }
                    return lane.isAwaited ? nil : take(from: &lane, &batch)
                }
                switch step {
                case .frames: return .frames
                case .lookAgain: continue
                case .over: break
                case .wait(let captures):
                    wait(for: captures, cutsMade: cutsMade)
                    lane.update { $0.isAwaited = false }
                    return .idle
                }
            }
            return state.withLock { $0.end(cutsMade: cutsMade) }
        }
    }

    /// With the lane's lock: frames of one of its sockets, if there are any.
    private func take(from lane: inout LiveLane, _ batch: inout FrameBatch) -> LiveLane.Step {
        if batch.frames.capacity < FrameBatch.frameCapacity {
            batch.frames = FrameList(capacity: FrameBatch.frameCapacity)
        }
        let (quota, isStopped, isFull) = state.withLock { $0.reserve(FrameBatch.frameCapacity) }
        if isStopped || isFull { lane.close(drains: !isFull) }
        guard quota > 0, !lane.isOver else { return lane.isOver ? .over : lane.waitStep() }
        let octets = lane.read(&batch, limit: quota) { name, reason in state.withLock { $0.note(name, reason) } }
        state.withLock { $0.took(UInt64(batch.frames.count), octets: octets, of: quota, lost: lane.lostNow()) }
        if !batch.frames.isEmpty {
            batch.number = lane.nextBatch()
            return .frames
        }
        return lane.isOver ? .over : lane.waitStep()
    }

    private func wait(for captures: [InterfaceCapture], cutsMade: Int) {
        let boundary = state.withLock { $0.untilBoundary() } ?? .max
        let milliseconds = min(max(boundary, 0) / 1_000_000 + 1, Int64(Self.waitMilliseconds))
        let wakeUp = state.withLock { $0.isStopped } ? nil : stopped
        InterfaceCapture.wait(for: captures, orUntil: wakeUp, milliseconds: Int32(milliseconds))
        _ = state.withLock { $0.look(cutsMade: cutsMade) }
    }

    public func stop() {
        state.withLock { $0.isStopped = true }
        stopped.raise()
    }

    /// Lets no further frame in, in a process that does not read them.
    public func close() {
        for lane in lanes { lane.update { $0.close(drains: true) } }
    }

    public var progress: SourceProgress { state.withLock { $0.progress } }

    /// What has become of each interface so far, in their order.
    public var reports: [InterfaceReport] {
        let isFull = state.withLock { $0.isFull }
        let failures = state.withLock { $0.failures }
        var reports: [InterfaceReport] = []
        for lane in lanes {
            let parts = lane.withLock { lane in
                lane.captures.map { InterfaceReport($0, isFull: isFull, isOver: lane.isOver, hasFilter: hasFilter) }
            }
            if reports.isEmpty {
                reports = parts
            } else {
                for index in parts.indices { reports[index].add(parts[index]) }
            }
        }
        for index in reports.indices { reports[index].failure = failures[reports[index].name] }
        return reports
    }
}

/// What all lanes share.
private struct LiveState {
    private var cutter: SnapshotCutter
    private let limit: UInt64?
    private let onEnd: @Sendable (String, String) -> Void
    /// Frames handed out, or promised to a lane that is reading just now.
    private var reserved: UInt64 = 0
    private var hasFramesSinceCut = false
    /// Once a worker was told of the end there are no more cuts: it would not take part in them.
    private var isAtEnd = false
    var isStopped = false
    private(set) var progress = SourceProgress()
    /// Why interfaces ended, by name.
    private(set) var failures: [String: String] = [:]

    init(
        interval: Int64?, cutsSilence: Bool, limit: UInt64?, onEnd: @escaping @Sendable (String, String) -> Void
    ) {
        cutter = SnapshotCutter(interval: interval, clock: .wall, cutsSilence: cutsSilence)
        self.limit = limit
        self.onEnd = onEnd
    }

    var isFull: Bool { limit.map { progress.frames >= $0 } ?? false }

    func hasNews(cutsMade: Int) -> Bool { (cutter.lastCut?.number ?? 0) > cutsMade }

    /// Declares a cut if its time has come; only who has made the last one may.
    mutating func look(cutsMade: Int) -> Bool {
        if !hasNews(cutsMade: cutsMade), !isAtEnd, !isStopped {
            cutter.lookAtWallClock(hasFrames: hasFramesSinceCut)
            if hasNews(cutsMade: cutsMade) { hasFramesSinceCut = false }
        }
        return hasNews(cutsMade: cutsMade)
    }

    /// The cut that the worker has not made yet, or the end.
    mutating func end(cutsMade: Int) -> SourceTurn {
        if let cut = cutter.lastCut, cut.number > cutsMade { return .cut(cut) }
        isAtEnd = true
        return .end
    }

    mutating func untilBoundary() -> Int64? { cutter.untilWallBoundary() }

    /// How many frames a lane may read.
    mutating func reserve(_ count: Int) -> (quota: Int, isStopped: Bool, isFull: Bool) {
        let left = limit.map { $0 - reserved } ?? .max
        let quota = Int(min(left, UInt64(count)))
        reserved += UInt64(quota)
        return (quota, isStopped, isFull)
    }

    mutating func took(_ count: UInt64, octets: UInt64, of quota: Int, lost: UInt64) {
        reserved -= UInt64(quota) - count
        progress.frames += count
        progress.octetsRead += Int64(octets)
        progress.framesLost += lost
        if count > 0 { hasFramesSinceCut = true }
    }

    mutating func note(_ name: String, _ reason: String) {
        guard failures[name] == nil else { return }
        failures[name] = reason
        onEnd(name, reason)
    }
}

extension InterfaceReport {
    /// - Parameter isOver: nothing more is read; what is left has a reason.
    fileprivate init(_ capture: InterfaceCapture, isFull: Bool, isOver: Bool, hasFilter: Bool) {
        let counters = capture.counters
        let done = capture.framesRead + counters.dropped
        let rest = counters.received > done ? counters.received - done : 0
        self.init(
            name: capture.name, linkType: capture.linkType, hasNanoseconds: capture.hasNanoseconds, counters: counters,
            droppedByInterface: capture.droppedByInterface, frames: capture.framesRead, leftOut: nil, inFlight: rest,
            failure: nil)
        guard rest > 0, isOver else { return }
        let cause: LeftOut? =
            isFull ? .beyondLimit : capture.leavesOutSecondSight ? .secondSight : hasFilter ? .filter : nil
        guard let cause else { return }
        leftOut = (cause, rest)
        inFlight = 0
    }

    fileprivate mutating func add(_ other: InterfaceReport) {
        counters.received += other.counters.received
        counters.dropped += other.counters.dropped
        // Every socket of the interface is told the same number.
        droppedByInterface = [droppedByInterface, other.droppedByInterface].compactMap { $0 }.max()
        frames += other.frames
        inFlight += other.inFlight
        if let more = other.leftOut { leftOut = (more.cause, more.frames + (leftOut?.frames ?? 0)) }
    }
}
