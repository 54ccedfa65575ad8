import KernelIO

/// Gathers what the workers hand over at a cut.
final class CutCollector<Part: Sendable>: Sendable {
    private let state: Monitor<[Part?]>
    private let workers: Int

    init(workers: Int) {
        self.workers = workers
        state = Monitor(Array(repeating: nil, count: workers))
    }

    /// Returns all parts to the last worker. A worker that is a cut ahead waits for the others.
    func collect(_ part: Part, of worker: Int) -> [Part]? {
        state.wait { parts in
            guard parts[worker] == nil else { return nil }
            parts[worker] = part
            let all = parts.compactMap(\.self)
            guard all.count == self.workers else { return .some(nil) }
            parts = Array(repeating: nil, count: self.workers)
            return .some(all)
        }
    }
}
