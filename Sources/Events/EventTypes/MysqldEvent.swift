import Octets

/// A query that a MySQL or MariaDB server was given.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 5 |
/// | 16 | 4 | `pid` | |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 4 | `full_length` | octets of the query as it was given |
/// | 44 | 4 | `query_length` | octets of `query`: 0 ... 256, at most `full_length` |
/// | 48 | 4 | `return_value` | signed: `Status` |
/// | 52 | 4 | `reserved` | 0 |
/// | 56 | … | `query` | its first octets |
public struct MysqldEvent: Event {
    /// What `dispatch_command` returned. Any value is legal.
    public struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// The names of `enum dispatch_command_return` in MariaDB; -2 is how the original marks a MySQL 5.7 failure.
        public var description: String {
            switch rawValue {
            case -2: "DISPATCH_COMMAND_V57_FAILED"
            case -1: "DISPATCH_COMMAND_NOEXECUTED"
            case 0: "DISPATCH_COMMAND_SUCCESS"
            case 1: "DISPATCH_COMMAND_CLOSE_CONNECTION"
            case 2: "DISPATCH_COMMAND_WOULDBLOCK"
            default: "\(rawValue)"
            }
        }
    }

    public static let recordType = RecordType.mysqld
    public static let queryOctetsMax = 256
    static let fixedOctets = 56

    public var info: BaseInfo
    public var query: [UInt8]
    /// Octets of the query as it was given.
    public var fullLength: UInt32
    public var status: Status

    public init(info: BaseInfo, query: [UInt8], fullLength: UInt32, status: Status) {
        self.info = info
        self.query = query
        self.fullLength = fullLength
        self.status = status
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let header = try RecordHeader(record, as: Self.recordType, fixed: Self.fixedOctets, at: offset)
        let captured = record.littleEndian32(at: 44)
        try header.requirePayload(captured, behind: Self.fixedOctets, max: Self.queryOctetsMax, at: offset)
        fullLength = record.littleEndian32(at: 40)
        guard captured <= fullLength else {
            throw EventFailure(
                .mysqld, .inconsistentLength, at: offset, needed: Int(captured), available: Int(fullLength))
        }
        info = BaseInfo(processOf: record, header, clock)
        status = Status(rawValue: Int32(bitPattern: record.littleEndian32(at: 48)))
        query = []
        query.append(contentsOf: record.extracting(Self.fixedOctets...))
    }

    public func encode(into buffer: inout OctetBuffer) {
        let kept = query.span.extracting(0..<min(query.count, Self.queryOctetsMax))
        let length = Self.fixedOctets + kept.count
        buffer.write(atMost: length) { output in
            output.append(header: Self.recordType, length: length, time: info.time)
            output.append(process: info)
            output.append(littleEndian: max(fullLength, UInt32(kept.count)))
            output.append(littleEndian: UInt32(kept.count))
            output.append(littleEndian: UInt32(bitPattern: status.rawValue))
            output.append(zeros: 4)
            output.append(contentsOf: kept)
        }
    }

    public var baseInfo: BaseInfo { info }
    public var payload: [UInt8] { query }

    /// `MySQL Query[PID=1, Comm=mysqld, Len=20/300, Status=DISPATCH_COMMAND_SUCCESS]: SELECT …`
    public func appendText(to buffer: inout OctetBuffer) {
        appendHead(to: &buffer)
        buffer.append(" ")
        buffer.append(payload: query.span)
    }

    public func appendHex(to buffer: inout OctetBuffer) {
        appendHead(to: &buffer)
        buffer.append("\n")
        buffer.append(hexDump: query.span)
    }

    private func appendHead(to buffer: inout OctetBuffer) {
        buffer.append("MySQL Query[PID=\(info.pid), Comm=")
        buffer.append(terminal: info.comm)
        buffer.append(", Len=\(query.count)/\(fullLength), Status=\(status)]:")
    }
}
