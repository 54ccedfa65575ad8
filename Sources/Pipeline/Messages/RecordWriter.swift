import KernelIO

/// What becomes of a batch that all threads are done with: its events are told to an observer, and the records that
/// they gave are written, in order.
///
/// It is used by one thread at a time, as the processor sees to: that is why it may change threads.
final class RecordWriter: @unchecked Sendable {
    private let observer: (any EventObserver)?
    private let output: @Sendable (Span<UInt8>) throws(SystemFailure) -> Void
    private var merger = RecordMerger()

    init(_ observer: (any EventObserver)?, _ output: @escaping @Sendable (Span<UInt8>) throws(SystemFailure) -> Void) {
        self.observer = observer
        self.output = output
    }

    func write(_ batch: EventBatch) throws(SystemFailure) {
        try observe(batch)
        try merger.write(batch.outputs, output)
    }

    private func observe(_ batch: EventBatch) throws(SystemFailure) {
        guard let observer else { return }
        for entry in batch.entries {
            guard !entry.payload.isEmpty else {
                try observer.observe(entry.head, Span())
                continue
            }
            let memory = batch.chunks[entry.chunk].memory
            try observer.observe(entry.head, memory.span.extracting(entry.payload))
        }
    }
}
