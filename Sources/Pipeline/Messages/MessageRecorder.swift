import AppProtocols
import Events
import TLS

/// Takes the messages of a shard's connections, has them rendered, and counts them.
final class MessageRecorder: MessageSink {
    private let renderer: any MessageRenderer
    /// Whose messages come next.
    var worker: EventWorker?
    /// Where records go, and which place they have there.
    var output: GroupOutput?
    var place = RecordPlace(event: 0, due: .max, serial: 0)
    var counts = MessageCounts()

    init(_ renderer: any MessageRenderer) { self.renderer = renderer }

    func receive(_ message: borrowing Message) {
        counts.add(message)
        guard let worker, let output else { return }
        let base = worker.base(message.direction, at: message.time)
        output.append(message, of: base, at: place, by: renderer)
    }

    func receive(_ transaction: borrowing Transaction) {
        counts.transactions += 1
        guard let worker, let output else { return }
        let base = worker.base(transaction.direction, at: transaction.requestTime)
        output.append(transaction, of: base, at: place, by: renderer)
    }

    func count(_ malformation: Malformation, octets: UInt64) {
        counts.malformations += 1
        counts.malformedOctets[Int(malformation.rawValue)] += octets
    }

    func append(_ summary: TLSSummary, _ base: BaseInfo) {
        guard let output else { return }
        output.append(at: place) { octets in renderer.append(summary, of: base, to: &octets) }
    }

    func append(text: Span<UInt8>, _ base: BaseInfo) {
        guard let output else { return }
        output.append(at: place) { octets in renderer.append(text: text, of: base, to: &octets) }
    }
}

extension BaseInfo {
    /// What an event's head says.
    init(_ head: EventHead) {
        self.init()
        time = head.time
        pid = head.pid
        tid = head.tid
        fd = head.fd
        sock = head.sock
        direction = head.direction
        comm = head.comm
        source = head.source
        destination = head.destination
        sourcePort = head.sourcePort
        destinationPort = head.destinationPort
    }
}
