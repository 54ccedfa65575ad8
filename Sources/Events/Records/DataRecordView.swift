import Headers
import Octets

/// A record of plaintext where it lies in its buffer: what `SSLDataEvent`, `GnutlsDataEvent` and `NsprDataEvent` share.
/// Reading it allocates nothing; the plaintext is borrowed.
///
/// | offset | octets | field | meaning |
/// |---|---|---|---|
/// | 0 | 16 | header | `RecordHeader`; type 1, 7, 8 or 19 |
/// | 16 | 4 | `pid` | |
/// | 20 | 4 | `tid` | |
/// | 24 | 16 | `comm` | up to the first 0 |
/// | 40 | 8 | `sock` | the kernel's address of the socket; 0: not known |
/// | 48 | 4 | `fd` | signed; -1: not known; below: a number that stands for it, the connection's own |
/// | 52 | 4 | `data_length` | octets of `data`: 0 ... 16,384 |
/// | 56 | 4 | `missing` | octets of this direction lost right before `data`; 0xFFFFFFFF: some, nobody knows how many |
/// | 60 | 2 | `tls_version` | `TLSVersion`; 0: not known |
/// | 62 | 1 | `data_type` | 0 received, 1 sent |
/// | 63 | 1 | `family` | 0: no tuple, 2: IPv4, 10: IPv6 (`AF_INET`, `AF_INET6`) |
/// | 64 | 16 | `source` | network order; IPv4 in the first four octets |
/// | 80 | 16 | `destination` | likewise |
/// | 96 | 2 | `source_port` | |
/// | 98 | 2 | `destination_port` | |
/// | 100 | 4 | `reserved` | 0 |
/// | 104 | … | `data` | |
///
/// - Invariant: `octets` is one whole record whose lengths agree, so no accessor can trap.
public struct DataRecordView: ~Escapable {
    /// Where the plaintext starts.
    public static let fixedOctets = 104
    /// The largest TLS record's plaintext (RFC 8446 § 5.1).
    public static let dataOctetsMax = 16_384

    public let octets: Span<UInt8>

    /// - Parameters:
    ///   - record: one whole record and nothing else.
    ///   - offset: where it starts in its buffer or file; only the failure says it.
    @inline(always)
    @_lifetime(copy record)
    public init(_ record: Span<UInt8>, at offset: Int64 = 0) throws(EventFailure) {
        let header = try RecordHeader(record, at: offset)
        guard header.type.isData else {
            throw EventFailure(.sslData, .wrongType, at: offset, available: Int(header.type.rawValue))
        }
        try header.requireWhole(record, fixed: Self.fixedOctets, at: offset)
        try header.requirePayload(
            record.littleEndian32(at: 52), behind: Self.fixedOctets, max: Self.dataOctetsMax, at: offset)
        guard record[62] <= 1, AddressFamily.isKnown(UInt16(record[63])) else {
            throw EventFailure(header.type.layer, .invalidField, at: offset)
        }
        octets = record
    }

    @inline(always) public var type: RecordType { RecordType(rawValue: octets.littleEndian16(at: 4)) }
    /// As written: see `RecordHeader.time`.
    @inline(always) public var time: UInt64 { octets.littleEndian64(at: 8) }
    @inline(always) public var pid: UInt32 { octets.littleEndian32(at: 16) }
    @inline(always) public var tid: UInt32 { octets.littleEndian32(at: 20) }
    @inline(always) public var commandName: CommandName { CommandName(octets, at: 24) }
    @inline(always) public var sock: UInt64 { octets.littleEndian64(at: 40) }
    @inline(always) public var fd: Int32 { Int32(bitPattern: octets.littleEndian32(at: 48)) }
    @inline(always) public var dataLength: Int { octets.count - Self.fixedOctets }
    /// Octets of this direction that were lost right before the data: `nil`: some, nobody knows how many.
    @inline(always) public var missing: UInt64? {
        let count = octets.littleEndian32(at: 56)
        return count == .max ? nil : UInt64(count)
    }
    @inline(always) public var tlsVersion: TLSVersion { TLSVersion(rawValue: octets.littleEndian16(at: 60)) }
    @inline(always) public var direction: Direction { octets[62] == 0 ? .received : .sent }
    @inline(always) public var hasTuple: Bool { octets[63] != 0 }
    @inline(always) public var source: IPAddress { AddressFamily.address(octets, at: 64, UInt16(octets[63])) }
    @inline(always) public var destination: IPAddress { AddressFamily.address(octets, at: 80, UInt16(octets[63])) }
    @inline(always) public var sourcePort: UInt16 { octets.littleEndian16(at: 96) }
    @inline(always) public var destinationPort: UInt16 { octets.littleEndian16(at: 98) }

    @inline(always) public var connectionKey: ConnectionKey {
        ConnectionKey(pid: pid, tid: tid, fd: fd, sock: sock)
    }

    /// The plaintext, in the record's buffer.
    @inline(always) public var data: Span<UInt8> {
        @_lifetime(copy self) get { octets.extracting(Self.fixedOctets...) }
    }

    /// Who and when, as a value.
    public func baseInfo(_ clock: ClockOffset = .none) -> BaseInfo {
        var info = BaseInfo()
        info.time = clock.unix(time)
        info.pid = pid
        info.tid = tid
        info.comm = commandName
        info.fd = fd
        info.direction = direction
        info.source = source
        info.destination = destination
        info.sourcePort = sourcePort
        info.destinationPort = destinationPort
        info.sock = sock
        return info
    }
}

extension OctetBuffer {
    /// Appends a record of plaintext. Data longer than `DataRecordView.dataOctetsMax` becomes several records, which
    /// mean the same.
    /// - Parameters:
    ///   - type: one of those with `isData`.
    ///   - missing: octets of this direction lost right before `data`; `nil`: some, nobody knows how many.
    public mutating func append(
        data: Span<UInt8>, of info: BaseInfo, as type: RecordType = .sslData,
        tlsVersion: TLSVersion = .none, missing: UInt64? = 0
    ) {
        precondition(type.isData, "a type of record without plaintext")
        var start = 0
        repeat {
            let piece = data.extracting(start..<min(start + DataRecordView.dataOctetsMax, data.count))
            append(
                piece: piece, of: info, as: type, tlsVersion: tlsVersion,
                missing: start > 0 ? 0 : missing.map { UInt32(min($0, 0xFFFF_FFFE)) } ?? .max)
            start += piece.count
        } while start < data.count
    }

    private mutating func append(
        piece: Span<UInt8>, of info: BaseInfo, as type: RecordType, tlsVersion: TLSVersion, missing: UInt32
    ) {
        let length = DataRecordView.fixedOctets + piece.count
        write(atMost: length) { output in
            output.append(header: type, length: length, time: info.time)
            output.append(process: info)
            output.append(littleEndian: info.sock)
            output.append(littleEndian: UInt32(bitPattern: info.fd))
            output.append(littleEndian: UInt32(piece.count))
            output.append(littleEndian: missing)
            output.append(littleEndian: tlsVersion.rawValue)
            output.append(info.direction.rawValue)
            output.append(UInt8(AddressFamily.code(info)))
            output.append(recordAddress: info.source)
            output.append(recordAddress: info.destination)
            output.append(littleEndian: info.sourcePort)
            output.append(littleEndian: info.destinationPort)
            output.append(zeros: 4)
            output.append(contentsOf: piece)
        }
    }
}
