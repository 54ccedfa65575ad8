import Octets

/// A backbone service instance tag, «MAC in MAC» (IEEE 802.1Q § 9.7): four octets, then the customer's Ethernet frame.
///
///      0  3 4 5   8                          31
///     |PCP|D|U|res|    service identifier      |
extension Walk {
    mutating func backboneTag(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.backboneTag)
        try rest(of: frame).require(4, .backboneTag, at: offset)
        skip(4)
        next = .ethernet
    }
}
