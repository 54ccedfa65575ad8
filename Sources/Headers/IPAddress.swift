import Octets

/// Which Internet protocol an address or packet belongs to. The raw value is the version field of the IP header.
@frozen public enum IPFamily: UInt8, Sendable, Hashable {
    case none = 0
    case v4 = 4
    case v6 = 6
}

/// An IPv4 or IPv6 address as two 64-bit words in numeric order.
///
/// IPv4: `high` is 0 and `low` holds the 32-bit address. IPv6: `high` holds the first eight octets.
@frozen public struct IPAddress: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64
    public var family: IPFamily

    @inlinable @inline(__always) public init(family: IPFamily, high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        self.family = family
    }

    @inlinable @inline(__always) public init(v4 address: UInt32) {
        self.init(family: .v4, high: 0, low: UInt64(address))
    }
    @inlinable @inline(__always) public init(v6 high: UInt64, _ low: UInt64) {
        self.init(family: .v6, high: high, low: low)
    }

    /// No address: the field of a key that does not ask for one.
    public static let none = IPAddress(family: .none, high: 0, low: 0)
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by numeric value.
    @inline(always) public static func < (a: Self, b: Self) -> Bool {
        if a.family != b.family { return a.family.rawValue < b.family.rawValue }
        return a.high != b.high ? a.high < b.high : a.low < b.low
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var text: [UInt8] = []
        text.append(address: self)
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Appends an address as text: dotted quad, or IPv6 in the canonical form of RFC 5952 § 4.
    public mutating func append(address: IPAddress) {
        append(atMost: OctetWriter.addressOctetsMax) { $0.append(address: address) }
    }
}
