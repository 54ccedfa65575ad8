/// What a record holds. Any 16-bit value is legal; only some have names. The values are part of the format.
public struct RecordType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inline(always) public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let sslData = RecordType(rawValue: 1)
    public static let connData = RecordType(rawValue: 2)
    public static let masterSecret = RecordType(rawValue: 3)
    public static let bash = RecordType(rawValue: 4)
    public static let mysqld = RecordType(rawValue: 5)
    public static let postgres = RecordType(rawValue: 6)
    public static let gnutlsData = RecordType(rawValue: 7)
    public static let nsprData = RecordType(rawValue: 8)
    public static let packet = RecordType(rawValue: 9)
    /// A socket is gone: nothing more comes of its connection.
    public static let socketDestroyed = RecordType(rawValue: 16)
    /// The pipeline was closed here.
    public static let closed = RecordType(rawValue: 17)
    /// One direction of a connection was closed in order.
    public static let directionClosed = RecordType(rawValue: 18)
    /// Text that went straight to the writer, as it was shown: what a run that read shell lines or queries records.
    public static let text = RecordType(rawValue: 19)

    /// What is public of a TLS connection, when it has ended: its payload is a `TLSSummary` as that encodes itself.
    public static let tls = RecordType(rawValue: 20)

    /// Whether the record has the layout of `DataRecordView`.
    @inline(always) public var isData: Bool {
        self == .sslData || self == .gnutlsData || self == .nsprData || self == .text || self == .tls
    }

    /// - Returns: `nil` for a type without a name and for the records that steer the pipeline.
    public var route: EventRoute? {
        switch self {
        case .sslData, .gnutlsData, .nsprData: .eventProcessor
        case .connData, .masterSecret, .packet: .moduleData
        case .bash, .mysqld, .postgres, .text: .output
        default: nil
        }
    }

    /// The layer that failures of this type name.
    @usableFromInline var layer: EventFailure.Layer {
        switch self {
        case .sslData: .sslData
        case .gnutlsData: .gnutlsData
        case .nsprData: .nsprData
        case .connData: .connData
        case .masterSecret: .masterSecret
        case .bash: .bash
        case .mysqld: .mysqld
        case .postgres: .postgres
        case .packet: .packet
        case .socketDestroyed: .socketDestroyed
        case .closed: .closed
        case .directionClosed: .directionClosed
        default: .recordHeader
        }
    }
}
