import Octets

/// Teredo (RFC 4380 § 5.1.1): IPv6 in UDP, behind an optional authentication and an optional origin indication.
///
///     | 0x0001 | id length | auth length | id … auth … | nonce (8) | confirmation |
///     | 0x0000 | origin port | origin address |
extension Walk {
    mutating func teredo(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.teredo)
        var rest = rest(of: frame)
        try rest.require(2, .teredo, at: offset)
        if rest.bigEndian16(at: 0) == 1 {
            try rest.require(4, .teredo, at: offset)
            let length = 13 + Int(rest[2]) + Int(rest[3])
            try rest.require(length, .teredo, at: offset)
            skip(length)
            rest = self.rest(of: frame)
            try rest.require(2, .teredo, at: offset)
        }
        if rest.bigEndian16(at: 0) == 0 {
            try rest.require(8, .teredo, at: offset)
            skip(8)
            rest = self.rest(of: frame)
        }
        // Bubbles end after their IPv6 header; other versions are not Teredo.
        next = rest.count > 0 && rest[0] >> 4 == 6 ? .ip(.v6) : .end
    }
}
