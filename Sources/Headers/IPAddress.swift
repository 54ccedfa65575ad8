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

    @inlinable @inline(__always) public init(v4 address: UInt32) { self.init(family: .v4, high: 0, low: UInt64(address)) }
    @inlinable @inline(__always) public init(v6 high: UInt64, _ low: UInt64) { self.init(family: .v6, high: high, low: low) }

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
        switch address.family {
        case .none: return
        case .v4: appendDottedQuad(UInt32(truncatingIfNeeded: address.low))
        case .v6: appendIPv6(address.high, address.low)
        }
    }

    private mutating func appendDottedQuad(_ address: UInt32) {
        append(octet: UInt8(truncatingIfNeeded: address >> 24))
        append(0x2E)
        append(octet: UInt8(truncatingIfNeeded: address >> 16))
        append(0x2E)
        append(octet: UInt8(truncatingIfNeeded: address >> 8))
        append(0x2E)
        append(octet: UInt8(truncatingIfNeeded: address))
    }

    @inline(always) private mutating func append(octet: UInt8) {
        if octet >= 100 { append(0x30 | octet / 100) }
        if octet >= 10 { append(0x30 | octet / 10 % 10) }
        append(0x30 | octet % 10)
    }

    private mutating func appendIPv6(_ high: UInt64, _ low: UInt64) {
        // IPv4-mapped addresses are printed with their dotted quad (RFC 5952 § 5).
        if high == 0, low >> 32 == 0xFFFF {
            append(contentsOf: [0x3A, 0x3A, 0x66, 0x66, 0x66, 0x66, 0x3A])
            appendDottedQuad(UInt32(truncatingIfNeeded: low))
            return
        }
        @inline(always) func group(_ index: Int) -> UInt16 {
            let word = index < 4 ? high : low
            return UInt16(truncatingIfNeeded: word >> UInt64(48 - 16 * (index & 3)))
        }
        // The longest run of two or more zero groups is shortened, the first of equals (§ 4.2.3).
        var longestStart = 8
        var longest = 1
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, group(end) == 0 { end += 1 }
            if end - index > longest {
                longest = end - index
                longestStart = index
            }
            index = Swift.max(end, index) + 1
        }
        index = 0
        while index < 8 {
            if index == longestStart {
                append(0x3A)
                append(0x3A)
                index += longest
                continue
            }
            if index > 0, index != longestStart + longest || longestStart == 8 { append(0x3A) }
            append(hexadecimal: group(index))
            index += 1
        }
    }

    @inline(always) private mutating func append(hexadecimal value: UInt16) {
        var started = false
        var shift = 12
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> UInt16(shift)) & 15
            if digit != 0 || started || shift == 0 {
                append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                started = true
            }
            shift -= 4
        }
    }
}
