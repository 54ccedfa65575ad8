import Octets

/// Appends entries to a stream: each is a `LogEntry` message behind its length as a varint.
public struct LogEntryWriter: Sendable {
    public let schema: EventSchema

    public init(schema: EventSchema = .standard) { self.schema = schema }

    /// - Throws: for an entry of 2 GiB or more, which protobuf does not have.
    public func append(_ entry: LogEntry, to buffer: inout OctetBuffer) throws(ProtobufFailure) {
        let octets = try entry.serialized(schema)
        buffer.write(atMost: 10) { output in
            var rest = UInt64(octets.count)
            while rest >= 0x80 {
                output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            output.append(UInt8(truncatingIfNeeded: rest))
        }
        buffer.append(contentsOf: octets.span)
    }
}
