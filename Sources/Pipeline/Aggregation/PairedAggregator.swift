import KernelIO

/// Gives every packet to two aggregators, whose cuts lie at the same packet.
public final class PairedAggregator<First: Aggregator, Second: Aggregator>: Aggregator {
    /// What both hand over.
    public struct Cut: Sendable {
        public let first: First.Cut
        public let second: Second.Cut
    }

    private let first: First
    private let second: Second
    /// Cuts of one whose partner the other's last worker has still to bring.
    private let waiting = Monitor((first: [First.Cut](), second: [Second.Cut]()))

    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    public func input(_ batch: borrowing PacketBatch, worker: Int) {
        first.input(batch, worker: worker)
        second.input(batch, worker: worker)
    }

    /// The last worker of the one aggregator need not be that of the other. Nobody is through the next cut of either
    /// before all are through this one, so the oldest two that wait belong together.
    public func cut(worker: Int) -> Cut? {
        let parts = (first.cut(worker: worker), second.cut(worker: worker))
        return waiting.withLock { waiting in
            if let part = parts.0 { waiting.first.append(part) }
            if let part = parts.1 { waiting.second.append(part) }
            guard parts.0 != nil || parts.1 != nil, !waiting.first.isEmpty, !waiting.second.isEmpty else { return nil }
            return Cut(first: waiting.first.removeFirst(), second: waiting.second.removeFirst())
        }
    }
}
