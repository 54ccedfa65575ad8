import Octets

/// One direction of a connection was closed in order (a FIN of TCP): a body that lasts until then is complete.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 18 |
/// | 16 | 4 | `pid` | 0: not known |
/// | 20 | 4 | `tid` | 0: not known |
/// | 24 | 8 | `sock` | as in records of plaintext; 0: not known |
/// | 32 | 4 | `fd` | signed; -1: not known |
/// | 36 | 1 | `data_type` | 0 received, 1 sent |
/// | 37 | 3 | `reserved` | 0 |
public struct DirectionClosedEvent: Equatable, Sendable {
    static let octets = 40

    /// Nanoseconds since 1970.
    public var time: Int64
    public var pid: UInt32
    public var tid: UInt32
    public var sock: UInt64
    public var fd: Int32
    public var direction: Direction

    public init(time: Int64, pid: UInt32, tid: UInt32, sock: UInt64, fd: Int32, direction: Direction) {
        self.time = time
        self.pid = pid
        self.tid = tid
        self.sock = sock
        self.fd = fd
        self.direction = direction
    }

    /// Reads a record that fills `record`.
    public init(record: Span<UInt8>, clock: ClockOffset = .none, at offset: Int64 = 0) throws(EventFailure) {
        let header = try RecordHeader(record, as: .directionClosed, fixed: Self.octets, at: offset)
        try header.requirePayload(0, behind: Self.octets, max: 0, at: offset)
        guard record[36] <= 1 else { throw EventFailure(.directionClosed, .invalidField, at: offset) }
        time = clock.unix(header.time)
        pid = record.littleEndian32(at: 16)
        tid = record.littleEndian32(at: 20)
        sock = record.littleEndian64(at: 24)
        fd = Int32(bitPattern: record.littleEndian32(at: 32))
        direction = record[36] == 0 ? .received : .sent
    }

    public func encode(into buffer: inout OctetBuffer) {
        buffer.write(atMost: Self.octets) { output in
            output.append(header: .directionClosed, length: Self.octets, time: time)
            output.append(littleEndian: pid)
            output.append(littleEndian: tid)
            output.append(littleEndian: sock)
            output.append(littleEndian: UInt32(bitPattern: fd))
            output.append(direction.rawValue)
            output.append(zeros: 3)
        }
    }
}
