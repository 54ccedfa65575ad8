import KernelIO
import LiveCapture

/// Sockets that share their workers: one per interface.
struct LiveLane {
    /// What a worker is to do next.
    enum Step {
        case frames
        /// Wait for these on behalf of the lane's workers.
        case wait([InterfaceCapture])
        /// Something else has come up.
        case lookAgain
        case over
    }

    let captures: [InterfaceCapture]
    /// By capture: it gives nothing any more.
    private var hasEnded: [Bool]
    /// The one to be asked first.
    private var turn = 0
    /// One worker waits for frames, without the lock.
    var isAwaited = false
    /// When the sockets were closed (monotonic), to be read until they are drained.
    private var closed: Int64?
    private(set) var isOver = false
    private var lastCount: Int64 = 0
    private var batches = 0
    private var lost: UInt64 = 0
    private var lostTold: UInt64 = 0

    init(_ captures: [InterfaceCapture]) {
        self.captures = captures
        hasEnded = captures.map { _ in false }
    }

    /// Lets no further frame in.
    ///
    /// - Parameter drains: what has been received is still to be read.
    mutating func close(drains: Bool) {
        if closed == nil {
            closed = Clock.monotonicNanoseconds
            for capture in captures { capture.close() }
        }
        if !drains { isOver = true }
    }

    /// Frames of the next socket that has any. Returns how many octets they are.
    mutating func read(_ batch: inout FrameBatch, limit: Int, onEnd: (String, String) -> Void) -> UInt64 {
        count()
        for offset in captures.indices {
            let index = (turn + offset) % captures.count
            guard !hasEnded[index] else { continue }
            let capture = captures[index]
            let before = capture.octetsRead
            switch capture.read(
                into: &batch.window, frames: &batch.frames, interface: UInt16(clamping: index), limit: limit)
            {
            case .frames:
                turn = (index + 1) % captures.count
                return capture.octetsRead - before
            case .idle: continue
            case .ended(let reason):
                hasEnded[index] = true
                onEnd(capture.name, reason)
            }
        }
        if hasEnded.allSatisfy(\.self) || isDrained { isOver = true }
        return 0
    }

    /// The place of a batch with frames among those of the lane.
    mutating func nextBatch() -> Int {
        defer { batches += 1 }
        return batches
    }

    /// Nothing is there just now.
    mutating func waitStep() -> Step {
        isAwaited = true
        return .wait(captures)
    }

    /// Nothing was there just now, and nothing can come.
    private var isDrained: Bool {
        guard let closed else { return false }
        if captures.allSatisfy(\.isDrained) { return true }
        return Clock.monotonicNanoseconds - closed > InterfaceCapture.patienceNanoseconds
    }

    /// Asks the kernel for its counters once a second: libpcap's own have 32 bits.
    private mutating func count() {
        let now = Clock.monotonicNanoseconds
        guard now - lastCount > 1_000_000_000 else { return }
        lastCount = now
        lost = captures.reduce(0) { $0 + $1.counters.dropped }
    }

    /// Frames lost that were not told yet.
    mutating func lostNow() -> UInt64 {
        defer { lostTold = lost }
        return lost - lostTold
    }
}
