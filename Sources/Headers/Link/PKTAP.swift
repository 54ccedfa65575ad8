import Octets

/// The header of Darwin's packet tap (LINKTYPE_PKTAP, little-endian): its length, record type, the frame's link type.
///
///      0         4              8           12         length
///     | length  | record type  | link type | …          |
extension Walk {
    mutating func pktap(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.pktap)
        let rest = rest(of: frame)
        try rest.require(12, .pktap, at: offset)
        let length = Int(rest.littleEndian32(at: 0))
        guard length >= 12 else {
            throw DecodeFailure(.pktap, .lengthBelowHeader, at: offset, needed: 12, available: length)
        }
        try rest.require(length, .pktap, at: offset)
        let linkType = rest.littleEndian32(at: 8)
        skip(length)
        next = Walk.first(of: LinkType(rawValue: UInt16(clamping: linkType))) ?? .end
    }
}
