import Octets

/// The header of OpenBSD's packet filter log (LINKTYPE_PFLOG): its own length, the address family, then the IP packet
/// at the next multiple of four.
extension Walk {
    mutating func pflog(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.pflog)
        let rest = rest(of: frame)
        try rest.require(4, .pflog, at: offset)
        let length = (Int(rest[0]) + 3) & ~3
        guard length >= 4 else {
            throw DecodeFailure(.pflog, .lengthBelowHeader, at: offset, needed: 4, available: length)
        }
        try rest.require(length, .pflog, at: offset)
        skip(length)
        next = .ip(rest[1] == 2 ? .v4 : .v6)
    }
}
