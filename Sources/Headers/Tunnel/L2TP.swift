import Octets

/// An L2TP version 2 header where it lies in the capture (RFC 2661 § 3.1).
///
///      0 1     4   6 7      12    16              31
///     |T|L|…  |S| |O|P| …   |ver  | [length if L]  |
///     | tunnel                    | session        |
///     | [next sent if S           | next received] |
///     | [offset size if O, then so many octets]    |
///
/// - Invariant: `octets` starts with at least `headerLength` octets, offset padding aside.
public struct L2TPView: ~Escapable {
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(6, .l2tp, at: offset)
        self.octets = octets
        try octets.require(headerLength, .l2tp, at: offset)
    }

    public var isControl: Bool { octets[0] & 0x80 != 0 }
    public var version: UInt8 { octets[1] & 0x0F }
    private var hasLength: Bool { octets[0] & 0x40 != 0 }
    private var hasSequence: Bool { octets[0] & 0x08 != 0 }
    public var hasOffset: Bool { octets[0] & 0x02 != 0 }
    /// The whole message, where the header says it.
    public var length: UInt16? { hasLength ? octets.bigEndian16(at: 2) : nil }
    public var headerLength: Int { 6 + (hasLength ? 2 : 0) + (hasSequence ? 4 : 0) + (hasOffset ? 2 : 0) }
    /// Octets of padding behind the header.
    public var offsetSize: Int { hasOffset ? Int(octets.bigEndian16(at: headerLength - 2)) : 0 }
}

extension Walk {
    /// Version 3 does not say how long its cookie is nor what it carries, so only version 2 is followed.
    mutating func l2tp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.l2tp)
        next = .end
        let header = try L2TPView(rest(of: frame), at: offset)
        guard header.version == 2, !header.isControl else { return }
        if let length = header.length { limit(to: Int(length)) }
        skip(header.headerLength + header.offsetSize)
        next = .ppp
    }
}
