import KernelIO

/// What went wrong first where several threads write: after it nothing more is tried.
final class FirstFailure: Sendable {
    private let failure = Monitor(SystemFailure?.none)

    /// Runs `body` unless something has failed already.
    func attempt(_ body: () throws(SystemFailure) -> Void) {
        guard failure.withLock({ $0 == nil }) else { return }
        do throws(SystemFailure) {
            try body()
        } catch {
            failure.withLock { $0 = $0 ?? error }
        }
    }

    /// Whether nothing has failed yet.
    var isClear: Bool { failure.withLock { $0 == nil } }

    func check() throws(SystemFailure) {
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
