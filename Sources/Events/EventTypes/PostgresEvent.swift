import Octets

/// A query that a PostgreSQL server was given.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 6 |
/// | 16 | 4 | `pid` | |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 4 | `query_length` | octets of `query`: 0 ... 256 |
/// | 44 | 4 | `reserved` | 0 |
/// | 48 | … | `query` | its first octets |
public struct PostgresEvent: Event {
    public static let recordType = RecordType.postgres
    public static let queryOctetsMax = 256
    static let fixedOctets = 48

    public var info: BaseInfo
    public var query: [UInt8]

    public init(info: BaseInfo, query: [UInt8]) {
        self.info = info
        self.query = query
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let header = try RecordHeader(record, as: Self.recordType, fixed: Self.fixedOctets, at: offset)
        try header.requirePayload(
            record.littleEndian32(at: 40), behind: Self.fixedOctets, max: Self.queryOctetsMax, at: offset)
        info = BaseInfo(processOf: record, header, clock)
        query = []
        query.append(contentsOf: record.extracting(Self.fixedOctets...))
    }

    public func encode(into buffer: inout OctetBuffer) {
        let kept = query.span.extracting(0..<min(query.count, Self.queryOctetsMax))
        let length = Self.fixedOctets + kept.count
        buffer.write(atMost: length) { output in
            output.append(header: Self.recordType, length: length, time: info.time)
            output.append(process: info)
            output.append(littleEndian: UInt32(kept.count))
            output.append(zeros: 4)
            output.append(contentsOf: kept)
        }
    }

    public var baseInfo: BaseInfo { info }
    public var payload: [UInt8] { query }

    /// `PID=1 Comm=postgres Query=SELECT …`; the whole query, where the original cuts it at 100 octets.
    public func appendText(to buffer: inout OctetBuffer) {
        appendHead(to: &buffer)
        buffer.append(payload: query.span)
    }

    public func appendHex(to buffer: inout OctetBuffer) {
        appendHead(to: &buffer)
        buffer.append("\n")
        buffer.append(hexDump: query.span)
    }

    private func appendHead(to buffer: inout OctetBuffer) {
        buffer.append("PID=\(info.pid) Comm=")
        buffer.append(terminal: info.comm)
        buffer.append(" Query=")
    }
}
