import Octets

/// A radiotap header before an 802.11 frame (radiotap.org; all numbers little-endian).
///
///      0         1     2        4                        length
///     | version | pad | length | present words, fields … |
///
/// - Invariant: `octets` starts with at least `headerLength` octets.
public struct RadiotapView: ~Escapable {
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(8, .radiotap, at: offset)
        self.octets = octets
        guard headerLength >= 8 else {
            throw DecodeFailure(.radiotap, .lengthBelowHeader, at: offset, needed: 8, available: headerLength)
        }
        try octets.require(headerLength, .radiotap, at: offset)
    }

    public var headerLength: Int { Int(octets.littleEndian16(at: 2)) }

    /// The octet of flags, 0 where the header has none.
    public var flags: UInt8 {
        let present = octets.littleEndian32(at: 4)
        guard present & 2 != 0 else { return 0 }
        // Present words continue while their highest bit is set; fields start behind the last one.
        var position = 4
        while position + 4 <= headerLength, octets[position + 3] & 0x80 != 0 { position += 4 }
        position += 4
        // The time stamp before the flags is aligned to eight octets.
        if present & 1 != 0 { position = (position + 7) & ~7 + 8 }
        return position < headerLength ? octets[position] : 0
    }
}

extension Walk {
    mutating func radiotap(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.radiotap)
        let header = try RadiotapView(rest(of: frame), at: offset)
        skip(header.headerLength)
        let flags = header.flags
        hasPaddedHeaders = flags & 0x20 != 0
        // 0x10: the frame check sequence is captured at the end.
        if flags & 0x10 != 0 { limit(to: wireRest - 4) }
        next = .ieee80211(swappedControl: false)
    }
}
