/// Why a protobuf stream could not be read on, or an entry not be written.
public struct ProtobufFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: Equatable, Sendable {
        /// The stream ends inside an entry, or inside its length.
        case truncated
        /// A length that no entry has.
        case badLength
        /// The octets are no entry.
        case malformed
        /// The stream has the numbering of the other schema.
        case otherSchema(EventSchema)
        /// An entry too large to be written.
        case tooLarge
    }

    public let reason: Reason
    /// Octets from the start of the stream to the entry.
    public let offset: Int64

    public init(_ reason: Reason, at offset: Int64) {
        self.reason = reason
        self.offset = offset
    }

    public var description: String {
        switch reason {
        case .truncated: "at octet \(offset): the stream ends inside an entry"
        case .badLength: "at octet \(offset): no entry has this length"
        case .malformed: "at octet \(offset): this is no log entry"
        case .otherSchema(let schema):
            "at octet \(offset): the events are numbered as in the schema `\(schema.rawValue)`: read them with "
                + "--event-schema \(schema.rawValue)"
        case .tooLarge: "the entry is too large"
        }
    }
}
