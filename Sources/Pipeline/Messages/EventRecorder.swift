import Events
import KernelIO
import Octets

/// Where sources put their events: the processor, or something before it.
public protocol EventEntrance: Sendable {
    /// Takes an event; its payload is copied.
    func write(_ head: EventHead, _ payload: Span<UInt8>) -> EventProcessor.Answer

    /// Memory of at least so many octets for payloads, which a source fills before it writes the events in it.
    func takeChunk(octets: Int) -> PayloadChunk
    /// Takes events whose payloads lie in a chunk that `takeChunk` gave, and are changed no more: they need not be
    /// copied.
    /// - Returns: `.closed` if any of them was not wanted any more; else `.dropped` if any was dropped.
    func write(_ events: [LentEvent], in chunk: PayloadChunk) -> EventProcessor.Answer
    /// The source is done with a chunk that `takeChunk` gave.
    func release(_ chunk: PayloadChunk)
}

/// For those that copy all payloads.
extension EventEntrance {
    public func takeChunk(octets: Int) -> PayloadChunk { PayloadChunk(octets: octets) }

    public func write(_ events: [LentEvent], in chunk: PayloadChunk) -> EventProcessor.Answer {
        let memory = chunk.memory
        var answer = EventProcessor.Answer.accepted
        for event in events {
            let next = write(event.head, memory.span.extracting(event.payload))
            if next == .closed || answer == .accepted { answer = next }
        }
        return answer
    }

    public func release(_ chunk: PayloadChunk) {}
}

extension EventProcessor: EventEntrance {}

/// Writes every event into a record file on its way to the processor, so that the run can be replayed.
public final class EventRecorder: EventEntrance {
    /// The file, and what is not written to it yet.
    private final class Contents {
        var file: OutputFile?
        var buffer = OctetBuffer()
        var failure: SystemFailure?

        init(_ file: consuming OutputFile, at time: Int64, isInOrder: Bool) {
            self.file = consume file
            buffer.append(recordFileHeaderAt: time, isInOrder: isInOrder)
        }

        /// After a failure nothing more is written: what is there stays good.
        func flush() {
            defer { buffer.removeAll() }
            guard failure == nil else { return }
            do throws(SystemFailure) {
                try file?.write(buffer.octets)
            } catch {
                failure = error
            }
        }
    }

    private let next: EventProcessor
    private let contents: Monitor<Contents>

    private static let pieceOctets = 256 << 10

    /// - Parameters:
    ///   - time: when the file is begun, nanoseconds since 1970.
    ///   - isInOrder: events are written in the order in which they belong.
    public init(_ file: consuming OutputFile, at time: Int64, isInOrder: Bool = false, before next: EventProcessor) {
        self.next = next
        contents = Monitor(Contents(file, at: time, isInOrder: isInOrder))
    }

    public func write(_ head: EventHead, _ payload: Span<UInt8>) -> EventProcessor.Answer {
        record(head, payload)
        return next.write(head, payload)
    }

    public func takeChunk(octets: Int) -> PayloadChunk { next.takeChunk(octets: octets) }

    public func write(_ events: [LentEvent], in chunk: PayloadChunk) -> EventProcessor.Answer {
        let memory = chunk.memory
        for event in events { record(event.head, memory.span.extracting(event.payload)) }
        return next.write(events, in: chunk)
    }

    public func release(_ chunk: PayloadChunk) { next.release(chunk) }

    private func record(_ head: EventHead, _ payload: Span<UInt8>) {
        contents.withLock { contents in
            contents.buffer.append(event: head, payload)
            if contents.buffer.count >= Self.pieceOctets { contents.flush() }
        }
    }

    /// Ends the file: it appears under its name.
    /// - Throws: the first failure of writing it.
    public func close() throws(SystemFailure) {
        try contents.withLock { (contents) throws(SystemFailure) in
            contents.flush()
            if let failure = contents.failure { throw failure }
            guard let file = contents.file.take() else { return }
            try file.commit()
        }
    }
}

extension OctetBuffer {
    /// Appends an event as a record.
    fileprivate mutating func append(event head: EventHead, _ payload: Span<UInt8>) {
        switch head.kind {
        case .data, .gap, .text:
            let missing = head.missing == EventHead.unknown ? nil : head.missing
            append(
                data: payload, of: BaseInfo(head), as: head.kind == .text ? .text : .sslData,
                tlsVersion: head.tlsVersion, missing: missing)
        case .tls: append(data: payload, of: BaseInfo(head), as: .tls, tlsVersion: head.tlsVersion)
        case .destroyed, .aborted:
            SocketDestroyedEvent(time: head.time, pid: head.pid, sock: head.sock).encode(into: &self)
        case .closed:
            DirectionClosedEvent(
                time: head.time, pid: head.pid, tid: head.tid, sock: head.sock, fd: head.fd, direction: head.direction
            ).encode(into: &self)
        }
    }
}
