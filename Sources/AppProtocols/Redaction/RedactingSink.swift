import Octets

/// Stands before another sink and redacts what goes there. A message that holds no secret is handed on as it is.
public final class RedactingSink: MessageSink {
    private let redactor: Redactor
    private let sink: any MessageSink

    public init(_ redactor: Redactor, before sink: any MessageSink) {
        self.redactor = redactor
        self.sink = sink
    }

    public func receive(_ message: borrowing Message) {
        guard redactor.concerns(message) else { return sink.receive(message) }
        var redacted = copy message
        redactor.redact(&redacted)
        sink.receive(redacted)
    }

    public func receive(_ transaction: borrowing Transaction) {
        guard redactor.redactsTransactions else { return sink.receive(transaction) }
        var redacted = copy transaction
        redactor.redact(&redacted)
        sink.receive(redacted)
    }

    public func count(_ malformation: Malformation, octets: UInt64) { sink.count(malformation, octets: octets) }
}
