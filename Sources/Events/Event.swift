import Octets

/// Something a probe saw: a value that is read from and written as a record.
public protocol Event: Sendable, Equatable {
    /// The type of its records. Where events of this type go: `recordType.route`.
    static var recordType: RecordType { get }

    /// Reads a record that fills `record`.
    /// - Parameters:
    ///   - clock: turns the record's time into nanoseconds since 1970.
    ///   - offset: where the record starts in its buffer or file; only the failure says it.
    init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure)

    /// Appends the record, with its time in nanoseconds since 1970. What is longer than the format allows is cut.
    func encode(into buffer: inout OctetBuffer)

    /// Who and when.
    var baseInfo: BaseInfo { get }

    /// What the event is about: the plaintext, the line, the query, the frame. Secrets have none.
    var payload: [UInt8] { get }

    /// Appends the text for people, a line's end included; `payload` and names are escaped.
    func appendText(to buffer: inout OctetBuffer)

    /// The same with the payload as a hex dump.
    func appendHex(to buffer: inout OctetBuffer)
}

extension Event {
    public init(record: Span<UInt8>) throws(EventFailure) { try self.init(record: record, clock: .none, at: 0) }

    public var route: EventRoute? { Self.recordType.route }

    /// The record's octets.
    public var encoded: [UInt8] {
        var buffer = OctetBuffer()
        encode(into: &buffer)
        return [UInt8](buffer)
    }

    public var text: String {
        var buffer = OctetBuffer()
        appendText(to: &buffer)
        return buffer.description
    }

    public var hex: String {
        var buffer = OctetBuffer()
        appendHex(to: &buffer)
        return buffer.description
    }
}
