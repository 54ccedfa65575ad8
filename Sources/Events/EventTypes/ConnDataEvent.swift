import Headers
import Octets

/// A connection began or ended: which ends the socket has, and who owns it.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 2 |
/// | 16 | 4 | `pid` | |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 8 | `sock` | the kernel's address of the socket |
/// | 48 | 4 | `fd` | signed; -1: not known |
/// | 52 | 2 | `source_port` | |
/// | 54 | 2 | `destination_port` | |
/// | 56 | 16 | `source` | network order; IPv4 in the first four octets |
/// | 72 | 16 | `destination` | likewise |
/// | 88 | 2 | `family` | 2: IPv4, 10: IPv6 (`AF_INET`, `AF_INET6`) |
/// | 90 | 1 | `is_destroy` | 1: the socket is gone |
/// | 91 | 5 | `reserved` | 0 |
public struct ConnDataEvent: Event {
    public static let recordType = RecordType.connData
    static let octets = 96

    /// Who and when; the addresses are there.
    public var info: BaseInfo
    public var isDestroy: Bool

    public init(info: BaseInfo, isDestroy: Bool) {
        self.info = info
        self.isDestroy = isDestroy
    }

    public init(record: Span<UInt8>, clock: ClockOffset, at offset: Int64) throws(EventFailure) {
        let header = try RecordHeader(record, as: Self.recordType, fixed: Self.octets, at: offset)
        try header.requirePayload(0, behind: Self.octets, max: 0, at: offset)
        let family = record.littleEndian16(at: 88)
        guard family == AddressFamily.inet || family == AddressFamily.inet6, record[90] <= 1 else {
            throw EventFailure(.connData, .invalidField, at: offset)
        }
        info = BaseInfo(processOf: record, header, clock)
        info.sock = record.littleEndian64(at: 40)
        info.fd = Int32(bitPattern: record.littleEndian32(at: 48))
        info.sourcePort = record.littleEndian16(at: 52)
        info.destinationPort = record.littleEndian16(at: 54)
        info.source = AddressFamily.address(record, at: 56, family)
        info.destination = AddressFamily.address(record, at: 72, family)
        isDestroy = record[90] == 1
    }

    /// Both addresses must be there.
    public func encode(into buffer: inout OctetBuffer) {
        buffer.write(atMost: Self.octets) { output in
            output.append(header: Self.recordType, length: Self.octets, time: info.time)
            output.append(process: info)
            output.append(littleEndian: info.sock)
            output.append(littleEndian: UInt32(bitPattern: info.fd))
            output.append(littleEndian: info.sourcePort)
            output.append(littleEndian: info.destinationPort)
            output.append(recordAddress: info.source)
            output.append(recordAddress: info.destination)
            output.append(littleEndian: AddressFamily.code(info))
            output.append(isDestroy ? 1 : 0)
            output.append(zeros: 5)
        }
    }

    public var baseInfo: BaseInfo { info }
    /// The tuple's text.
    public var payload: [UInt8] { Array(info.tupleText.utf8) }

    /// `PID:1, TID:2, Comm:curl, FD:5, Tuple:10.0.0.7:51837-93.184.216.34:443, Sock:0xffff…, opened`
    public func appendText(to buffer: inout OctetBuffer) {
        buffer.append("PID:\(info.pid), TID:\(info.tid), Comm:")
        buffer.append(terminal: info.comm)
        buffer.append(", FD:\(info.fd), Tuple:")
        buffer.append(tupleOf: info)
        buffer.append(", Sock:0x\(String(info.sock, radix: 16)), \(isDestroy ? "destroyed" : "opened")\n")
    }

    public func appendHex(to buffer: inout OctetBuffer) { appendText(to: &buffer) }
}
