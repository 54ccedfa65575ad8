import Octets

/// Headers of mirrored frames in GRE (draft-foschiano-erspan-03 § 4): eight octets in type II, twelve in type III,
/// which may add a platform-specific eight.
///
///      0    4                16        22         32
///     |ver | VLAN            | …       | session   |     both
///     | index or time stamp                        |     both
///     | security group | P| frame type | … |O|     |     type III
extension Walk {
    mutating func erspan2(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.erspan)
        try rest(of: frame).require(8, .erspan, at: offset)
        skip(8)
        next = .ethernet
    }

    mutating func erspan3(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.erspan)
        let rest = rest(of: frame)
        try rest.require(12, .erspan, at: offset)
        let length = rest[11] & 1 != 0 ? 20 : 12
        try rest.require(length, .erspan, at: offset)
        skip(length)
        // Frame type 0 is Ethernet, 2 an IP packet.
        switch rest[10] >> 2 & 0x1F {
        case 0: next = .ethernet
        case 2: next = .ip(.none)
        default: next = .end
        }
    }
}
