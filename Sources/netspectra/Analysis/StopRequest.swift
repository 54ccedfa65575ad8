import KernelIO
import Pipeline

/// The end of a run before its source ends by itself: asked for by signals and by time, from their threads.
final class StopRequest: Sendable {
    private struct State {
        var source: (any FrameSource)?
        var isRaised = false
        var isInterrupted = false
    }

    private let state = Monitor(State())

    /// Whether somebody interrupted the run, as against time that is over.
    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    /// What is to be stopped; at once where that was asked for already.
    func apply(to source: any FrameSource) {
        state.withLock { $0.source = source }
        if state.withLock({ $0.isRaised }) { source.stop() }
    }

    func raise(isInterrupt: Bool) {
        let source = state.update { state in
            state.isRaised = true
            if isInterrupt { state.isInterrupted = true }
            return state.source
        }
        source?.stop()
    }

    /// Raises it by itself after so long. Where the system has no thread for that, it is not bounded by time.
    func raise(after nanoseconds: Int64) {
        _ = try? WorkerThread(name: "duration") { [self] in
            _ = state.wait(nanoseconds: nanoseconds) { $0.isRaised ? () : nil }
            raise(isInterrupt: false)
        }
    }
}
