import Events
import KernelIO
import Octets

/// Where sources put their events: the processor, or something before it.
public protocol EventEntrance: Sendable {
    /// Takes an event; its payload is copied.
    func write(_ head: EventHead, _ payload: Span<UInt8>) -> EventProcessor.Answer
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
        contents.withLock { contents in
            contents.buffer.append(event: head, payload)
            if contents.buffer.count >= Self.pieceOctets { contents.flush() }
        }
        return next.write(head, payload)
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
