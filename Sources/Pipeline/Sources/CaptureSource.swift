import KernelIO

/// Hands out the frames of one or several captures to workers, in batches, one worker at a time.
///
/// It also decides where snapshots are cut: at the first frame, in the order of the files, that reaches the next
/// multiple of the interval, by its own time or by the wall clock.
public final class CaptureSource: FrameSource {
    /// Whether periodic snapshots follow packet time or the wall clock.
    public enum SnapshotClock: String, Sendable, CaseIterable {
        case wall, capture
    }

    private let state: Monitor<SourceState>
    private let isStopped = Monitor(false)
    /// For the worker that waits for a pipe.
    private let stopped = WakeUp()

    /// - Parameters:
    ///   - merge: frames of all files in order of time, instead of file after file.
    ///   - interval: nanoseconds between snapshots; `nil` for one at the end.
    ///   - keepsSecrets: key logs in the files are kept, to be taken with `takeSecrets`.
    ///   - speed: seconds of the capture per second, as which it is played; `nil` for as fast as can be.
    public init(
        paths: [String], merge: Bool = false, interval: Int64? = nil, clock: SnapshotClock = .capture,
        keepsSecrets: Bool = false, speed: Double? = nil
    ) {
        var frames: any FrameStream =
            merge
            ? MergedFiles(paths: paths, keepsSecrets: keepsSecrets)
            : FileSequence(paths: paths, keepsSecrets: keepsSecrets)
        if let speed { frames = PacedFrames(frames, speed: speed) }
        state = Monitor(SourceState(frames: frames, cutter: SnapshotCutter(interval: interval, clock: clock)))
    }

    public func next(_ batch: inout FrameBatch, cutsMade: Int, worker: Int) -> SourceTurn {
        var hasWaited = false
        while true {
            switch step(&batch, cutsMade: cutsMade, hasWaited: hasWaited) {
            case .turn(let turn): return turn
            case .idle(let input, let nanoseconds):
                if let input {
                    _ = input.file.waitUntilReadable(orUntil: stopped, nanoseconds: nanoseconds)
                } else {
                    stopped.wait(nanoseconds: nanoseconds ?? 0)
                }
                hasWaited = true
            }
        }
    }

    /// - Parameter hasWaited: this worker is the one that has waited for a pipe.
    private func step(_ batch: inout FrameBatch, cutsMade: Int, hasWaited: Bool) -> SourceStep {
        // Most of the time goes into copying octets out of the kernel, so that happens before the lock.
        let piece = state.withLock { $0.reservePiece(cutsMade: cutsMade) }
        if let piece { batch.readAhead(piece) }
        // Who goes on waiting for a pipe has no news for the others.
        return state.waitShortly(waking: \.isTurn) { state -> SourceStep? in
            if state.isAwaitingInput, !hasWaited { return nil }
            state.isAwaitingInput = false
            if let piece, !state.frames.isTurn(of: piece) { return nil }
            if isStopped.withLock({ $0 }) { state.isAtEnd = true }
            // Nobody may wait for a piece that will not be used.
            if piece != nil, batch.ahead == nil { state.frames.voidReservations() }
            let step = state.next(&batch, cutsMade: cutsMade)
            if batch.ahead != nil { state.frames.voidReservations() }
            batch.ahead = nil
            return step
        }
    }

    /// The files' reports as far as they have been read, in order.
    public var reports: [CaptureReport] { state.withLock { $0.frames.reports } }

    /// The TLS key logs that stood in the files among the frames so far, and were not taken yet.
    func takeSecrets() -> [UInt8] { state.withLock { $0.frames.takeSecrets() } }

    public var progress: SourceProgress { state.withLock { $0.progress } }

    /// Ends the input after the batches handed out so far.
    public func stop() {
        isStopped.withLock { $0 = true }
        stopped.raise()
    }
}

/// What a worker is to do next.
private enum SourceStep {
    case turn(SourceTurn)
    /// Wait for this pipe, or just for time to pass, on behalf of all, for so many nanoseconds at most.
    case idle(SharedInputFile?, nanoseconds: Int64?)

    var isTurn: Bool { if case .turn = self { true } else { false } }
}

/// How far a source has come.
public struct SourceProgress: Sendable {
    /// Octets read from disk, before decompression.
    public var octetsRead: Int64 = 0
    /// Octets of all files; `nil` if one of them is a pipe.
    public var octetsInAll: Int64?
    public var frames: UInt64 = 0
    /// Frames of live interfaces for which there was no room, as far as that is known yet.
    public var framesLost: UInt64 = 0
}

/// Frames in order, batch by batch.
protocol FrameStream: AnyObject {
    /// Fills the batch; the first frame at or after `stop`, and all that follow it, wait for another call.
    func next(_ batch: inout FrameBatch, before stop: Int64?) -> FrameTurn<Void>
    var reports: [CaptureReport] { get }
    /// The key logs read so far, and not taken yet.
    func takeSecrets() -> [UInt8]
    var progress: SourceProgress { get }

    /// A piece of the file that the caller may read on its own, without a lock; it is used when its turn has come.
    func reservePiece() -> ReservedPiece?
    func isTurn(of piece: ReservedPiece) -> Bool
    func voidReservations()

    /// Nanoseconds until a frame of this time, which comes next, is due; `nil` where it is.
    func untilDue(_ time: Int64) -> Int64?
}

extension FrameStream {
    func reservePiece() -> ReservedPiece? { nil }
    func isTurn(of piece: ReservedPiece) -> Bool { true }
    func voidReservations() {}
    func untilDue(_ time: Int64) -> Int64? { nil }
}

private final class SourceState {
    let frames: any FrameStream
    private var cutter: SnapshotCutter
    private var framesGiven: UInt64 = 0
    private var batchesGiven = 0
    private var hasFramesSinceCut = false
    /// Once a worker was told of the end there are no more cuts: it would not take part in them.
    var isAtEnd = false
    /// One worker waits for a pipe, without the lock; nobody else takes frames meanwhile.
    var isAwaitingInput = false

    init(frames: any FrameStream, cutter: SnapshotCutter) {
        self.frames = frames
        self.cutter = cutter
    }

    var progress: SourceProgress {
        var progress = frames.progress
        progress.frames = framesGiven
        return progress
    }

    /// `nil` also where the worker will be told something else than to take frames.
    func reservePiece(cutsMade: Int) -> ReservedPiece? {
        if isAtEnd || isAwaitingInput || (cutter.lastCut?.number ?? 0) > cutsMade { return nil }
        return frames.reservePiece()
    }

    func next(_ batch: inout FrameBatch, cutsMade: Int) -> SourceStep {
        while true {
            if let cut = cutter.lastCut, cut.number > cutsMade {
                hasFramesSinceCut = false
                return .turn(.cut(cut))
            }
            if isAtEnd { return .turn(.end) }
            // The caller has made the last cut, so all workers have heard of it, and the next one may be told.
            cutter.lookAtWallClock(hasFrames: hasFramesSinceCut)
            if let cut = cutter.lastCut, cut.number > cutsMade { continue }
            switch frames.next(&batch, before: cutter.stop) {
            case .frames:
                framesGiven += UInt64(batch.frames.count)
                batch.number = batchesGiven
                batchesGiven += 1
                hasFramesSinceCut = true
                return .turn(.frames)
            case .stopped(let time):
                guard let nanoseconds = frames.untilDue(time) else {
                    // A frame that was early has become due meanwhile.
                    if let stop = cutter.stop, time >= stop { cutter.stopped(at: time) }
                    continue
                }
                isAwaitingInput = true
                let wall = hasFramesSinceCut ? cutter.untilWallBoundary() : nil
                return .idle(nil, nanoseconds: min(nanoseconds, wall ?? .max))
            case .idle(let input):
                isAwaitingInput = true
                return .idle(input, nanoseconds: hasFramesSinceCut ? cutter.untilWallBoundary() : nil)
            case .ended: isAtEnd = true
            }
        }
    }
}
