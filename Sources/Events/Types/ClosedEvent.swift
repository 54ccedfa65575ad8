import Octets

/// The pipeline was closed here: everything before it is drained. The record is a header alone, of type 17.
public struct ClosedEvent: Equatable, Sendable {
    /// Nanoseconds since 1970.
    public var time: Int64

    public init(time: Int64) { self.time = time }

    /// Reads a record that fills `record`.
    public init(record: Span<UInt8>, clock: ClockOffset = .none, at offset: Int64 = 0) throws(EventFailure) {
        let header = try RecordHeader(record, as: .closed, fixed: RecordHeader.octets, at: offset)
        try header.requirePayload(0, behind: RecordHeader.octets, max: 0, at: offset)
        time = clock.unix(header.time)
    }

    public func encode(into buffer: inout OctetBuffer) {
        buffer.write(atMost: RecordHeader.octets) { output in
            output.append(header: .closed, length: RecordHeader.octets, time: time)
        }
    }
}
