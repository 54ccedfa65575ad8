import Octets

/// A 48-bit IEEE 802 address in the low bits of the raw value, first octet highest.
public struct MACAddress: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64
    @inline(always) public init(rawValue: UInt64) { self.rawValue = rawValue & 0xFFFF_FFFF_FFFF }

    public static let broadcast = MACAddress(rawValue: 0xFFFF_FFFF_FFFF)

    /// Appends the six octets.
    public func emit(into out: inout [UInt8]) {
        out.appendBigEndian(UInt16(truncatingIfNeeded: rawValue >> 32))
        out.appendBigEndian(UInt32(truncatingIfNeeded: rawValue))
    }
}

extension Span where Element == UInt8 {
    /// The address in the six octets from `offset`. Traps outside the span.
    @inline(always) public func macAddress(at offset: Int) -> MACAddress {
        MACAddress(rawValue: UInt64(bigEndian16(at: offset)) << 32 | UInt64(bigEndian32(at: offset + 2)))
    }
}
