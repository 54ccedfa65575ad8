import Octets

/// Any record as a value. The pipeline reads plaintext with `DataRecordView` instead, which copies nothing.
public enum EventRecord: Equatable, Sendable {
    case sslData(SSLDataEvent)
    case gnutlsData(GnutlsDataEvent)
    case nsprData(NsprDataEvent)
    case connData(ConnDataEvent)
    case masterSecret(MasterSecretEvent)
    case bash(BashEvent)
    case mysqld(MysqldEvent)
    case postgres(PostgresEvent)
    case packet(PacketEvent)
    case socketDestroyed(SocketDestroyedEvent)
    case closed(ClosedEvent)
    case directionClosed(DirectionClosedEvent)
    /// A type that is not known here, of a later version: to be counted and left out.
    case unknown(RecordType)

    /// Reads a record that fills `record`.
    /// - Parameters:
    ///   - clock: turns the record's time into nanoseconds since 1970.
    ///   - offset: where the record starts in its buffer or file; only the failure says it.
    public init(_ record: Span<UInt8>, clock: ClockOffset = .none, at offset: Int64 = 0) throws(EventFailure) {
        let header = try RecordHeader(record, at: offset)
        switch header.type {
        case .sslData: self = .sslData(try SSLDataEvent(record: record, clock: clock, at: offset))
        case .gnutlsData: self = .gnutlsData(try GnutlsDataEvent(record: record, clock: clock, at: offset))
        case .nsprData: self = .nsprData(try NsprDataEvent(record: record, clock: clock, at: offset))
        case .connData: self = .connData(try ConnDataEvent(record: record, clock: clock, at: offset))
        case .masterSecret: self = .masterSecret(try MasterSecretEvent(record: record, clock: clock, at: offset))
        case .bash: self = .bash(try BashEvent(record: record, clock: clock, at: offset))
        case .mysqld: self = .mysqld(try MysqldEvent(record: record, clock: clock, at: offset))
        case .postgres: self = .postgres(try PostgresEvent(record: record, clock: clock, at: offset))
        case .packet: self = .packet(try PacketEvent(record: record, clock: clock, at: offset))
        case .socketDestroyed:
            self = .socketDestroyed(try SocketDestroyedEvent(record: record, clock: clock, at: offset))
        case .closed: self = .closed(try ClosedEvent(record: record, clock: clock, at: offset))
        case .directionClosed:
            self = .directionClosed(try DirectionClosedEvent(record: record, clock: clock, at: offset))
        default:
            try header.requireWhole(record, fixed: RecordHeader.octets, at: offset)
            self = .unknown(header.type)
        }
    }

    /// The event; `nil` for the records that steer the pipeline and for unknown ones.
    public var event: (any Event)? {
        switch self {
        case .sslData(let event): event
        case .gnutlsData(let event): event
        case .nsprData(let event): event
        case .connData(let event): event
        case .masterSecret(let event): event
        case .bash(let event): event
        case .mysqld(let event): event
        case .postgres(let event): event
        case .packet(let event): event
        case .socketDestroyed, .closed, .directionClosed, .unknown: nil
        }
    }

    /// Appends the record; nothing for an unknown one.
    public func encode(into buffer: inout OctetBuffer) {
        switch self {
        case .socketDestroyed(let event): event.encode(into: &buffer)
        case .closed(let event): event.encode(into: &buffer)
        case .directionClosed(let event): event.encode(into: &buffer)
        default: event?.encode(into: &buffer)
        }
    }
}
