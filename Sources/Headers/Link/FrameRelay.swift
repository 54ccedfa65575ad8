import Octets

/// A Frame Relay header: a Q.922 address of two to four octets, then RFC 2427's control and protocol identifier, or
/// Cisco's EtherType.
///
///      0            2         3        4
///     | address    | control | NLPID  |     RFC 2427 § 3 (a pad octet 0 may precede the NLPID)
///     | address    | EtherType        |     Cisco
extension Walk {
    mutating func frameRelay(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.frameRelay)
        let rest = rest(of: frame)
        // The last address octet has its lowest bit set.
        var position = 0
        repeat {
            try rest.require(position + 1, .frameRelay, at: offset)
            position += 1
        } while rest[position - 1] & 1 == 0 && position < 4
        try rest.require(position + 2, .frameRelay, at: offset)
        guard rest[position] == 0x03 else {
            skip(position + 2)
            next = .etherType(EtherType(rawValue: rest.bigEndian16(at: position)))
            return
        }
        position += 1
        if rest[position] == 0 { position += 1 }
        try rest.require(position + 1, .frameRelay, at: offset)
        skip(position + 1)
        try networkIdentifier(rest[position], frame)
    }

    /// ISO/IEC TR 9577 identifiers of what follows.
    private mutating func networkIdentifier(_ identifier: UInt8, _ frame: Span<UInt8>) throws(DecodeFailure) {
        switch identifier {
        case 0xCC: next = .ip(.v4)
        case 0x8E: next = .ip(.v6)
        case 0x80:
            let rest = rest(of: frame)
            try rest.require(5, .frameRelay, at: offset)
            skip(5)
            snap(rest.bigEndian32(at: 0) >> 8, rest.bigEndian16(at: 3))
        default: next = .end
        }
    }
}
