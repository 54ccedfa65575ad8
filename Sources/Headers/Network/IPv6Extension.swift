import Octets

/// An IPv6 extension header that is not the last word on the packet's protocol: hop-by-hop options (0), routing (43),
/// fragment (44), destination options (60) (RFC 8200 § 4).
///
///      0             8                16
///     | next header | length in 8 - 1 | …      the fragment header has no length: it is 8 octets
///
/// - Invariant: `octets` starts with at least `headerLength` octets.
public struct IPv6ExtensionView: ~Escapable {
    public static let byteCountMin = 8
    public let octets: Span<UInt8>
    public let kind: IPProtocol

    @_lifetime(copy octets)
    public init(_ kind: IPProtocol, _ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .ipv6Extension, at: offset)
        self.octets = octets
        self.kind = kind
        try octets.require(headerLength, .ipv6Extension, at: offset)
    }

    public var nextHeader: IPProtocol { IPProtocol(rawValue: octets[0]) }
    public var headerLength: Int { kind == .fragment ? 8 : 8 + 8 * Int(octets[1]) }
    /// In units of eight octets. Only of the fragment header (§ 4.5).
    public var fragmentOffset: UInt16 { octets.bigEndian16(at: 2) >> 3 }
    /// Only of the fragment header.
    public var moreFragments: Bool { octets[3] & 1 != 0 }
    /// Only of the fragment header.
    public var identification: UInt32 { octets.bigEndian32(at: 4) }

    /// Only of the fragment header. One with offset 0 and nothing to come is «atomic»: the packet is whole (RFC 6946).
    public var fragment: FragmentState {
        fragmentOffset != 0 ? .later : moreFragments ? .first : .whole
    }
}

/// What an extension header says, as a value.
public struct IPv6ExtensionFields: Equatable, Sendable {
    public var nextHeader: IPProtocol
    /// What follows the two octets of next header and length; padded with Pad1 options to a multiple of eight.
    public var content: [UInt8]

    public init(nextHeader: IPProtocol, content: [UInt8] = []) {
        self.nextHeader = nextHeader
        self.content = content
    }

    /// A fragment header.
    ///
    /// - Parameter offset: in units of eight octets.
    public static func fragment(
        nextHeader: IPProtocol, offset: UInt16, moreFragments: Bool, identification: UInt32
    ) -> IPv6ExtensionFields {
        var content: [UInt8] = []
        content.appendBigEndian(offset << 3 | (moreFragments ? 1 : 0))
        content.appendBigEndian(identification)
        return IPv6ExtensionFields(nextHeader: nextHeader, content: content)
    }

    public func emit(into out: inout [UInt8]) {
        let padding = (8 - (content.count + 2) & 7) & 7
        out.append(nextHeader.rawValue)
        out.append(UInt8(truncatingIfNeeded: (content.count + 2 + padding) / 8 - 1))
        out.append(contentsOf: content)
        out.append(contentsOf: repeatElement(0, count: padding))
    }
}

extension Walk {
    /// Follows the chain to the packet's protocol. Each header consumes at least eight octets, so it ends.
    mutating func extensions(from first: IPProtocol, _ frame: Span<UInt8>) throws(DecodeFailure) {
        var kind = first
        while kind.isIPv6Extension {
            // Cut or not, the first octet says what would follow.
            if isKeyOpen, offset < end { info.protocol = IPProtocol(rawValue: frame[offset]) }
            let header = try IPv6ExtensionView(kind, rest(of: frame), at: offset)
            let fragment = kind == .fragment ? header.fragment : .whole
            kind = header.nextHeader
            if isKeyOpen {
                if fragment != .whole { info.fragment = fragment }
                if fragment == .later { info.marks.insert(.laterFragment) }
            }
            skip(header.headerLength)
            if fragment != .whole {
                locateFragment(
                    of: kind, identification: header.identification, fragmentOffset: header.fragmentOffset,
                    moreFragments: header.moreFragments)
            }
            if fragment == .later {
                finish(.fragment)
                return
            }
        }
        next = .ipProtocol(kind)
    }
}
