import AppProtocols
import Events

/// Stands before redaction and the recorder, and lets only pass what is wanted; the rest is counted.
final class FilteringSink: MessageSink {
    private let filter: MessageFilter
    private let recorder: MessageRecorder
    private let sink: any MessageSink

    init(_ filter: MessageFilter, _ recorder: MessageRecorder, before sink: any MessageSink) {
        self.filter = filter
        self.recorder = recorder
        self.sink = sink
    }

    func receive(_ message: borrowing Message) {
        guard filter.matches(message), isWanted(message.direction, at: message.time) else {
            recorder.counts.filteredMessages += 1
            return
        }
        sink.receive(message)
    }

    func receive(_ transaction: borrowing Transaction) {
        guard filter.matches(transaction), isWanted(transaction.direction, at: transaction.requestTime) else {
            recorder.counts.filteredTransactions += 1
            return
        }
        sink.receive(transaction)
    }

    func count(_ malformation: Malformation, octets: UInt64) { sink.count(malformation, octets: octets) }

    /// Whether the connection is.
    private func isWanted(_ direction: Direction, at time: Int64) -> Bool {
        filter.matches(recorder.base(direction, at: time))
    }
}
