import Octets

/// The header of Linux's netfilter log (LINKTYPE_NFLOG): family, version, resource, then attributes, one of which is
/// the IP packet. Numbers in attributes are in the byte order of the machine; little-endian is assumed, as Wireshark
/// does.
extension Walk {
    /// NFULA_PAYLOAD (linux/netfilter/nfnetlink_log.h).
    private static let payloadAttribute: UInt16 = 9

    mutating func nflog(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.nflog)
        try rest(of: frame).require(4, .nflog, at: offset)
        let family: IPFamily = frame[offset] == 2 ? .v4 : frame[offset] == 10 ? .v6 : .none
        skip(4)
        next = .end
        // By the length on the wire, so that a capture cut between two attributes counts as cut.
        while offset < wireEnd {
            let rest = rest(of: frame)
            try rest.require(4, .nflog, at: offset)
            let length = Int(rest.littleEndian16(at: 0))
            guard length >= 4 else {
                throw DecodeFailure(.nflog, .lengthBelowHeader, at: offset, needed: 4, available: length)
            }
            if rest.littleEndian16(at: 2) & 0x7FFF == Self.payloadAttribute {
                limit(to: length)
                skip(4)
                next = .ip(family)
                return
            }
            skip((length + 3) & ~3)
        }
    }
}
