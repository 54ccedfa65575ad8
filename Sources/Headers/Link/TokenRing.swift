import Octets

/// A Token Ring header (IEEE 802.5): access and frame control, destination, source, an optional route, then LLC.
extension Walk {
    mutating func tokenRing(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.tokenRing)
        let rest = rest(of: frame)
        try rest.require(14, .tokenRing, at: offset)
        var length = 14
        // The first bit of the source says that a route follows; its first octet has the route's length.
        if rest[8] & 0x80 != 0 {
            try rest.require(16, .tokenRing, at: offset)
            length += Int(rest[14] & 0x1F)
        }
        try rest.require(length, .tokenRing, at: offset)
        skip(length)
        next = rest[1] & 0xC0 == 0x40 ? .llc : .end
    }
}
