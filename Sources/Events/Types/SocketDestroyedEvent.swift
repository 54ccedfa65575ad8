import Octets

/// A socket is gone: both directions of its connection end.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 16 |
/// | 16 | 4 | `pid` | 0: not known |
/// | 20 | 4 | `reserved` | 0 |
/// | 24 | 8 | `sock` | the kernel's address of the socket |
public struct SocketDestroyedEvent: Equatable, Sendable {
    static let octets = 32

    /// Nanoseconds since 1970.
    public var time: Int64
    /// 0: not known; the socket alone says which connections end.
    public var pid: UInt32
    public var sock: UInt64

    public init(time: Int64, pid: UInt32 = 0, sock: UInt64) {
        self.time = time
        self.pid = pid
        self.sock = sock
    }

    /// Reads a record that fills `record`.
    public init(record: Span<UInt8>, clock: ClockOffset = .none, at offset: Int64 = 0) throws(EventFailure) {
        let header = try RecordHeader(record, as: .socketDestroyed, fixed: Self.octets, at: offset)
        try header.requirePayload(0, behind: Self.octets, max: 0, at: offset)
        time = clock.unix(header.time)
        pid = record.littleEndian32(at: 16)
        sock = record.littleEndian64(at: 24)
    }

    public func encode(into buffer: inout OctetBuffer) {
        buffer.write(atMost: Self.octets) { output in
            output.append(header: .socketDestroyed, length: Self.octets, time: time)
            output.append(littleEndian: pid)
            output.append(zeros: 4)
            output.append(littleEndian: sock)
        }
    }
}
