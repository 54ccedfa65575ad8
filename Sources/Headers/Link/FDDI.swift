import Octets

/// An FDDI header (ANSI X3.139): frame control, destination, source, then LLC.
extension Walk {
    mutating func fddi(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.fddi)
        let rest = rest(of: frame)
        try rest.require(13, .fddi, at: offset)
        skip(13)
        // Only LLC frames (control 01Lx 0xxx) carry data.
        next = rest[0] & 0xF0 == 0x50 || rest[0] & 0xF0 == 0xD0 ? .llc : .end
    }
}
