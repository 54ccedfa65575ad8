import Octets

/// A Cisco HDLC header (RFC 1547 § 4.3.1): address, control, EtherType.
///
///      0         1         2           4
///     | address | control | protocol    |
extension Walk {
    mutating func ciscoHDLC(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ciscoHDLC)
        let rest = rest(of: frame)
        try rest.require(4, .ciscoHDLC, at: offset)
        skip(4)
        next = .etherType(EtherType(rawValue: rest.bigEndian16(at: 2)))
    }
}
