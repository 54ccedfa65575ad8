import Headers
import Octets

/// Addresses in records: 16 octets in network order, of which IPv4 has the first four, and Linux's number for the
/// family.
@usableFromInline enum AddressFamily {
    @usableFromInline static let none: UInt16 = 0
    /// `AF_INET`, `AF_INET6` of include/linux/socket.h.
    @usableFromInline static let inet: UInt16 = 2
    @usableFromInline static let inet6: UInt16 = 10

    @inlinable @inline(__always) static func isKnown(_ family: UInt16) -> Bool {
        family == inet || family == inet6 || family == none
    }

    static func code(_ info: BaseInfo) -> UInt16 {
        switch info.source.family {
        case .none: none
        case .v4: inet
        case .v6: inet6
        }
    }

    /// Traps unless 16 octets are there.
    @inlinable @inline(__always) static func address(_ record: Span<UInt8>, at offset: Int, _ family: UInt16)
        -> IPAddress
    {
        switch family {
        case inet: IPAddress(v4: record.bigEndian32(at: offset))
        case inet6: IPAddress(v6: record.bigEndian64(at: offset), record.bigEndian64(at: offset + 8))
        default: .none
        }
    }
}

extension OctetWriter {
    @_lifetime(self: copy self)
    mutating func append(recordAddress address: IPAddress) {
        switch address.family {
        case .none: append(zeros: 16)
        case .v4:
            append(bigEndian: UInt32(truncatingIfNeeded: address.low))
            append(zeros: 12)
        case .v6:
            append(bigEndian: address.high)
            append(bigEndian: address.low)
        }
    }
}

extension BaseInfo {
    /// Reads what records of a process begin with; traps unless the first 40 octets are there.
    init(processOf record: Span<UInt8>, _ header: RecordHeader, _ clock: ClockOffset) {
        self.init()
        time = clock.unix(header.time)
        pid = record.littleEndian32(at: 16)
        tid = record.littleEndian32(at: 20)
        comm = CommandName(record, at: 24)
    }
}
