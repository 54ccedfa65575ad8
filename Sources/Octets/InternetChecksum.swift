/// The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words.
public struct InternetChecksum: Sendable {
    private var sum: UInt64 = 0
    private var odd = false

    public init() {}

    /// Adds octets. Runs may be cut anywhere: an odd octet pairs with the first octet of the next run.
    public mutating func add(_ octets: Span<UInt8>) {
        var index = 0
        if odd, !octets.isEmpty {
            sum &+= UInt64(octets[0])
            odd = false
            index = 1
        }
        // Words of 32 bits fold to the same sum as their halves (RFC 1071 § 2 (C)), and 64 bits do not overflow below
        // 2^34 octets.
        while octets.count - index >= 4 {
            sum &+= UInt64(octets.bigEndian32(at: index))
            index += 4
        }
        while index < octets.count {
            sum &+= odd ? UInt64(octets[index]) : UInt64(octets[index]) << 8
            odd.toggle()
            index += 1
        }
    }

    /// Adds one 16-bit word, as pseudo-headers need. Only valid at an even position.
    public mutating func add(_ word: UInt16) { sum &+= UInt64(word) }

    /// The checksum as it stands in a header.
    public var value: UInt16 {
        var folded = sum
        while folded >> 16 != 0 { folded = (folded & 0xFFFF) + (folded >> 16) }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}
