import Octets

/// The header of BSD loopback captures: a protocol family of four octets.
///
/// LINKTYPE_NULL has it in the byte order of the machine that captured, LINKTYPE_LOOP in network byte order. Families
/// differ between systems; an EtherType in the field (some drivers write one) is taken as such.
extension Walk {
    mutating func null(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.null)
        try rest(of: frame).require(4, .null, at: offset)
        let value = rest(of: frame).littleEndian32(at: 0)
        skip(4)
        // A family fits into the low half: whichever order leaves the high half empty is the right one.
        family(value >> 16 == 0 ? value : value.byteSwapped)
    }

    mutating func loop(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.loop)
        try rest(of: frame).require(4, .null, at: offset)
        let value = rest(of: frame).bigEndian32(at: 0)
        skip(4)
        family(value)
    }

    private mutating func family(_ value: UInt32) {
        switch value {
        case 2: next = .ip(.v4)
        // Linux; NetBSD and OpenBSD; FreeBSD; Darwin.
        case 10, 24, 28, 30: next = .ip(.v6)
        case UInt32(EtherType.lengthMax) + 1...0xFFFF:
            next = .etherType(EtherType(rawValue: UInt16(truncatingIfNeeded: value)))
        default: next = .end
        }
    }
}
