import Octets

/// EtherIP (RFC 3378 § 3): a version nibble of 3, twelve reserved bits, then an Ethernet frame.
extension Walk {
    mutating func etherIP(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.etherIP)
        try rest(of: frame).require(2, .etherIP, at: offset)
        skip(2)
        next = .ethernet
    }
}
