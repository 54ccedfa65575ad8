import Octets

extension OctetWriter {
    /// The longest text of an address: eight groups of four digits and seven colons.
    public static let addressOctetsMax = 39

    /// Appends an address as text: dotted quad, or IPv6 in the canonical form of RFC 5952 § 4; nothing without a
    /// family.
    @inline(always)
    @_lifetime(self: copy self)
    public mutating func append(address: IPAddress) {
        switch address.family {
        case .none: return
        case .v4: append(dottedQuad: UInt32(truncatingIfNeeded: address.low))
        case .v6: append(ipv6: address.high, address.low)
        }
    }

    @_lifetime(self: copy self)
    @usableFromInline mutating func append(ipv6 high: UInt64, _ low: UInt64) {
        // IPv4-mapped addresses are printed with their dotted quad (RFC 5952 § 5).
        if high == 0, low >> 32 == 0xFFFF {
            append(word: 0x3A66_6666_663A_3A, count: 7)  // "::ffff:"
            append(dottedQuad: UInt32(truncatingIfNeeded: low))
            return
        }
        let gap = longestZeroRun(high, low)
        var index = 0
        while index < 8 {
            if index == gap.lowerBound, !gap.isEmpty {
                append(word: 0x3A3A, count: 2)
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound || gap.isEmpty { append(0x3A) }
            append(hexadecimal: group(index, high, low))
            index += 1
        }
    }
}

@inline(always) private func group(_ index: Int, _ high: UInt64, _ low: UInt64) -> UInt16 {
    UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)))
}

/// The longest run of two or more zero groups, the first of equals (RFC 5952 § 4.2.3); empty if there is none.
@inline(always) private func longestZeroRun(_ high: UInt64, _ low: UInt64) -> Range<Int> {
    var longest = 0..<0
    var start = 0
    for index in 0..<8 {
        if group(index, high, low) != 0 {
            start = index + 1
        } else if index + 1 - start > max(longest.count, 1) {
            longest = start..<(index + 1)
        }
    }
    return longest
}
