import Octets

extension InternetChecksum {
    /// Adds the pseudo-header that TCP, UDP and ICMPv6 are checked with (RFC 9293 § 3.1, RFC 8200 § 8.1).
    ///
    /// - Parameter length: octets of the transport header and its payload.
    public mutating func addPseudoHeader(
        source: IPAddress, destination: IPAddress, protocol: IPProtocol, length: Int
    ) {
        add(source)
        add(destination)
        add(UInt16(`protocol`.rawValue))
        add(UInt16(truncatingIfNeeded: length >> 16))
        add(UInt16(truncatingIfNeeded: length))
    }

    /// An IPv4 address has only zeros above its 32 bits, so all words of either family can be added.
    private mutating func add(_ address: IPAddress) {
        for word in [address.high, address.low] {
            for shift in stride(from: 48, through: 0, by: -16) {
                add(UInt16(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }
}

extension [UInt8] {
    /// Writes a checksum into its place.
    mutating func put(_ checksum: UInt16, at offset: Int) {
        self[offset] = UInt8(truncatingIfNeeded: checksum >> 8)
        self[offset + 1] = UInt8(truncatingIfNeeded: checksum)
    }
}
