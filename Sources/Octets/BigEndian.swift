/// Integers in network byte order, read from a span.
///
/// Every read is bounds-checked: it traps outside the span. Callers check the length once, before a run of reads;
/// the optimiser then drops the per-read checks.
extension Span where Element == UInt8 {
    @inlinable @inline(__always) public func bigEndian16(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
    }

    @inlinable @inline(__always) public func bigEndian32(at offset: Int) -> UInt32 {
        littleEndian32(at: offset).byteSwapped
    }

    @inlinable @inline(__always) public func bigEndian64(at offset: Int) -> UInt64 {
        littleEndian64(at: offset).byteSwapped
    }

    @inlinable @inline(__always) public func littleEndian16(at offset: Int) -> UInt16 {
        UInt16(self[offset + 1]) << 8 | UInt16(self[offset])
    }

    @inlinable @inline(__always) public func littleEndian32(at offset: Int) -> UInt32 {
        UInt32(self[offset &+ 3]) << 24 | UInt32(self[offset &+ 2]) << 16
            | UInt32(self[offset &+ 1]) << 8 | UInt32(self[offset])
    }

    @inlinable @inline(__always) public func littleEndian64(at offset: Int) -> UInt64 {
        // One check for all; in a loop that has made it, `word` does without.
        precondition(offset >= 0 && offset <= count &- 8, "eight octets are read at once")
        return word(at: offset)
    }
}

/// Integers appended in network byte order or little-endian.
extension [UInt8] {
    @inlinable @inline(__always) public mutating func appendBigEndian(_ value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    @inlinable @inline(__always) public mutating func appendBigEndian(_ value: UInt32) {
        appendBigEndian(UInt16(truncatingIfNeeded: value >> 16))
        appendBigEndian(UInt16(truncatingIfNeeded: value))
    }

    @inlinable @inline(__always) public mutating func appendBigEndian(_ value: UInt64) {
        appendBigEndian(UInt32(truncatingIfNeeded: value >> 32))
        appendBigEndian(UInt32(truncatingIfNeeded: value))
    }

    @inlinable @inline(__always) public mutating func appendLittleEndian(_ value: UInt16) {
        appendBigEndian(value.byteSwapped)
    }
    @inlinable @inline(__always) public mutating func appendLittleEndian(_ value: UInt32) {
        appendBigEndian(value.byteSwapped)
    }
    @inlinable @inline(__always) public mutating func appendLittleEndian(_ value: UInt64) {
        appendBigEndian(value.byteSwapped)
    }
}
