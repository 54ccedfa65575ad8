import Octets

/// The order of the octets of a number in a capture: that of the machine that wrote it.
public enum ByteOrder: UInt8, Sendable, Hashable {
    case littleEndian
    case bigEndian
}

/// Reads and appends for code that learns the order at run time. With a constant order they fold into single loads.
extension ByteOrder {
    @inline(always) func uint16(_ octets: Span<UInt8>, at offset: Int) -> UInt16 {
        self == .bigEndian ? octets.bigEndian16(at: offset) : octets.littleEndian16(at: offset)
    }

    @inline(always) func uint32(_ octets: Span<UInt8>, at offset: Int) -> UInt32 {
        self == .bigEndian ? octets.bigEndian32(at: offset) : octets.littleEndian32(at: offset)
    }

    @inline(always) func uint64(_ octets: Span<UInt8>, at offset: Int) -> UInt64 {
        self == .bigEndian ? octets.bigEndian64(at: offset) : octets.littleEndian64(at: offset)
    }

    func append(_ value: UInt16, to octets: inout [UInt8]) {
        if self == .bigEndian { octets.appendBigEndian(value) } else { octets.appendLittleEndian(value) }
    }

    func append(_ value: UInt32, to octets: inout [UInt8]) {
        if self == .bigEndian { octets.appendBigEndian(value) } else { octets.appendLittleEndian(value) }
    }

    func append(_ value: UInt64, to octets: inout [UInt8]) {
        if self == .bigEndian { octets.appendBigEndian(value) } else { octets.appendLittleEndian(value) }
    }
}
