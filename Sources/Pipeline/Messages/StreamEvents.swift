import Events
import Headers
import KernelIO
import Streams
import TLS

/// Makes events of what a reassembler tells, and hands them on in runs.
struct StreamEvents: StreamSink, ~Copyable {
    private let entrance: any EventEntrance
    /// Where the frames lie that are being read: octets that are found in it stay there.
    private var lent: PayloadChunk?
    /// Events that are still to be written; their payloads lie in `lent`.
    private var waiting: [LentEvent] = []
    /// As many as are taken in one go.
    private static let waitingMax = 128
    /// By `StreamID.slot`.
    private var heads: [EventHead] = []
    /// Which stream TLS is being taken off, and when.
    var current = (stream: StreamID(serial: 0, slot: 0), time: Int64(0))
    /// The processor takes no more events.
    private(set) var isClosed = false

    init(_ entrance: any EventEntrance) { self.entrance = entrance }

    /// Has the octets of a batch of frames lie in memory that events may share; the batch gets other memory.
    mutating func lend(_ window: inout MappedArray<UInt8>) -> SharedOctets {
        let chunk = entrance.takeChunk(octets: PayloadChunk.octets)
        chunk.memory.fill { swap(&$0, &window) }
        lent = chunk
        return chunk.memory
    }

    /// Ends what `lend` began: all of its events are handed on.
    mutating func endLending() {
        writeWaiting()
        if let lent { entrance.release(lent) }
        lent = nil
    }

    mutating func opened(_ connection: StreamConnection) {
        while heads.count <= connection.id.slot { heads.append(EventHead()) }
        var head = EventHead()
        // 0 would mean that the socket is not known.
        head.sock = connection.id.serial + 1
        head.source = connection.opener
        head.sourcePort = connection.openerPort
        head.destination = connection.responder
        head.destinationPort = connection.responderPort
        heads[connection.id.slot] = head
    }

    mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64) {
        // An event holds as much as a record may.
        var start = 0
        while start < octets.count {
            let end = min(start + DataRecordView.dataOctetsMax, octets.count)
            write(.data, direction, stream, time, octets.extracting(start..<end))
            start = end
        }
    }

    mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64) {
        write(.gap, direction, stream, time, Span(), missing: gap.octets.map { UInt64($0) } ?? EventHead.unknown)
    }

    mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64) {
        write(.closed, direction, stream, time, Span())
    }

    mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64) {}

    mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64) {
        write(.destroyed, .sent, stream, time, Span())
    }

    /// What is public of the TLS connection in a stream.
    mutating func tls(_ summary: TLSSummary, of stream: StreamID, at time: Int64) {
        write(.tls, .sent, stream, time, summary.encoded.span)
    }

    private mutating func write(
        _ kind: EventHead.Kind, _ direction: Direction, _ stream: StreamID, _ time: Int64, _ octets: Span<UInt8>,
        missing: UInt64 = 0
    ) {
        guard let range = lentRange(of: octets) else {
            writeWaiting()
            var head = heads[stream.slot]
            head.tell(kind, direction, time, missing)
            if entrance.write(head, octets) == .closed { isClosed = true }
            return
        }
        waiting.append(LentEvent(heads[stream.slot], range))
        waiting[waiting.count - 1].head.tell(kind, direction, time, missing)
        if waiting.count == Self.waitingMax { writeWaiting() }
    }

    /// Where octets lie in the memory that is lent; `nil`: elsewhere, as they were decrypted or have waited.
    private func lentRange(of octets: Span<UInt8>) -> Range<Int>? {
        guard let memory = lent?.memory else { return nil }
        return octets.isEmpty ? 0..<0 : memory.span.indices(of: octets)
    }

    private mutating func writeWaiting() {
        guard let lent, !waiting.isEmpty else { return }
        if entrance.write(waiting, in: lent) == .closed { isClosed = true }
        waiting.removeAll(keepingCapacity: true)
    }
}

extension EventHead {
    /// Makes an event of a connection's head, which names the opener as the source.
    @inline(__always)
    fileprivate mutating func tell(_ kind: Kind, _ direction: Direction, _ time: Int64, _ missing: UInt64) {
        self.kind = kind
        self.direction = direction
        self.time = time
        self.missing = missing
        guard direction == .received else { return }
        swap(&source, &destination)
        swap(&sourcePort, &destinationPort)
    }
}

/// What comes out of TLS goes on as if it had come from the stream that is `current`.
extension StreamEvents: TLSSink {
    mutating func plaintext(_ octets: Span<UInt8>, _ direction: Direction) {
        data(octets, direction, of: current.stream, at: current.time)
    }

    mutating func missing(_ octets: Int?, _ direction: Direction) {
        write(
            .gap, direction, current.stream, current.time, Span(),
            missing: octets.map { UInt64($0) } ?? EventHead.unknown)
    }

    mutating func closed(_ direction: Direction) { closed(direction, of: current.stream, at: current.time) }

    mutating func unwrapped(_ octets: Span<UInt8>, _ direction: Direction) { plaintext(octets, direction) }
}
