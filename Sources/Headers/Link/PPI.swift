import Octets

/// A Per-Packet Information header (LINKTYPE_PPI; all numbers little-endian): metadata, then a frame.
///
///      0         1       2        4           8            length
///     | version | flags | length | link type | fields …     |
extension Walk {
    mutating func ppi(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ppi)
        let rest = rest(of: frame)
        try rest.require(8, .ppi, at: offset)
        let length = Int(rest.littleEndian16(at: 2))
        guard length >= 8 else {
            throw DecodeFailure(.ppi, .lengthBelowHeader, at: offset, needed: 8, available: length)
        }
        try rest.require(length, .ppi, at: offset)
        let linkType = rest.littleEndian32(at: 4)
        skip(length)
        next = Walk.first(of: LinkType(rawValue: UInt16(clamping: linkType))) ?? .end
    }
}
