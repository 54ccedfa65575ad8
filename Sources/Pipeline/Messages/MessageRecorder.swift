import AppProtocols
import Events
import Octets
import TLS

/// Takes the messages of a shard's connections, has them rendered, and counts them.
final class MessageRecorder: MessageSink {
    private let renderer: any MessageRenderer
    /// One, which is out while it is changed, so that accesses to the object need no checks as the program runs.
    private var state = [State()]
    /// Whose messages come next: the slot of its worker.
    var slot: Int32 = -1
    /// Which place records have that come next.
    var place = RecordPlace(event: 0, due: .max, serial: 0)

    private struct State {
        var counts = MessageCounts()
        /// Who is behind the connections, by the slots of their workers.
        var speakers: [Speakers] = []
        /// Those of the output that is filled.
        var records = GroupOutput.Records()
        /// Records that were there when its turn came.
        var recordsBefore: UInt64 = 0

        mutating func append(
            _ message: borrowing Message, of base: BaseInfo, at place: RecordPlace, by renderer: any MessageRenderer
        ) {
            counts.add(message)
            renderer.append(message, of: base, to: &records.octets)
            records.end(at: place)
        }

        mutating func append(
            _ transaction: borrowing Transaction, of base: BaseInfo, at place: RecordPlace,
            by renderer: any MessageRenderer
        ) {
            counts.transactions += 1
            renderer.append(transaction, of: base, to: &records.octets)
            records.end(at: place)
        }

        mutating func append(at place: RecordPlace, _ body: (inout OctetBuffer) -> Void) {
            body(&records.octets)
            records.end(at: place)
        }
    }

    init(_ renderer: any MessageRenderer) { self.renderer = renderer }

    var connection: Int { Int(slot) }

    var counts: MessageCounts {
        get { state[0].counts }
        _modify {
            var own: [State] = []
            swap(&own, &state)
            defer { swap(&own, &state) }
            yield &own[0].counts
        }
    }

    @inline(__always) private func change(_ body: (inout State) -> Void) {
        var own: [State] = []
        swap(&own, &state)
        defer { swap(&own, &state) }
        body(&own[0])
    }

    /// Records go into this output, until `end` gives it what was made.
    func begin(_ output: GroupOutput) {
        change { state in
            output.exchange(&state.records)
            state.records.beginShard()
            state.recordsBefore = state.records.count
        }
    }

    func end(_ output: GroupOutput) {
        change { state in
            state.counts.records += state.records.count - state.recordsBefore
            output.exchange(&state.records)
        }
    }

    /// A slot is another connection's now.
    func forget(_ slot: Int32) {
        change { state in
            if Int(slot) == state.speakers.count {
                state.speakers.append(Speakers())
            } else {
                state.speakers[Int(slot)] = Speakers()
            }
        }
    }

    /// Notes who an event shows to be behind a connection.
    func note(_ head: EventHead, of slot: Int32) { change { $0.speakers[Int(slot)].note(head) } }

    /// Who is behind the messages that come next.
    func base(_ direction: Direction, at time: Int64) -> BaseInfo {
        let own = state
        return own[0].speakers[Int(slot)].base(direction, at: time)
    }

    func receive(_ message: borrowing Message) {
        var own: [State] = []
        swap(&own, &state)
        let base = own[0].speakers[Int(slot)].base(message.direction, at: message.time)
        own[0].append(message, of: base, at: place, by: renderer)
        swap(&own, &state)
    }

    func receive(_ transaction: borrowing Transaction) {
        var own: [State] = []
        swap(&own, &state)
        let base = own[0].speakers[Int(slot)].base(transaction.direction, at: transaction.requestTime)
        own[0].append(transaction, of: base, at: place, by: renderer)
        swap(&own, &state)
    }

    func count(_ malformation: Malformation, octets: UInt64) {
        counts.malformations += 1
        counts.malformedOctets[Int(malformation.rawValue)] += octets
    }

    func append(_ summary: TLSSummary, _ base: BaseInfo) {
        change { $0.append(at: place) { octets in renderer.append(summary, of: base, to: &octets) } }
    }

    func append(text: Span<UInt8>, _ base: BaseInfo) {
        change { $0.append(at: place) { octets in renderer.append(text: text, of: base, to: &octets) } }
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
