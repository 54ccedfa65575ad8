import Events
import Octets

/// Stands before another sink and redacts what goes there. A message that holds no secret is handed on as it is.
public final class RedactingSink: MessageSink {
    private let redactor: Redactor
    private let sink: any MessageSink
    /// How raw octets ended that ended within a line with a secret, or what may become one; of few connections.
    private var lines: [Place: OpenLine] = [:]
    /// Whether there are such; asked for each message.
    private var hasLines = false

    private struct Place: Hashable {
        var connection: Int
        var direction: Direction
    }

    public init(_ redactor: Redactor, before sink: any MessageSink) {
        self.redactor = redactor
        self.sink = sink
    }

    public func receive(_ message: borrowing Message) {
        let before = hasLines ? lines[place(of: message)] : nil
        guard redactor.concerns(message) || before != nil else { return sink.receive(message) }
        var redacted = copy message
        guard message.kind == .raw || before != nil || redactor.isCut(message) else {
            redactor.redact(&redacted)
            return sink.receive(redacted)
        }
        var line = before ?? .plain
        redactor.redact(&redacted, after: &line)
        lines[place(of: message)] = line == .plain ? nil : line
        hasLines = !lines.isEmpty
        sink.receive(redacted)
    }

    private func place(of message: borrowing Message) -> Place {
        Place(connection: sink.connection, direction: message.direction)
    }

    public func receive(_ transaction: borrowing Transaction) {
        guard redactor.redactsTransactions else { return sink.receive(transaction) }
        var redacted = copy transaction
        redactor.redact(&redacted)
        sink.receive(redacted)
    }

    public func count(_ malformation: Malformation, octets: UInt64) { sink.count(malformation, octets: octets) }

    /// The number is another connection's now.
    public func forget(connection: Int) {
        guard hasLines else { return }
        for direction in Direction.allCases { lines[Place(connection: connection, direction: direction)] = nil }
    }
}
