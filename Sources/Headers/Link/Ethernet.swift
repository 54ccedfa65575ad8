import Octets

/// An Ethernet header where it lies in the capture (IEEE 802.3 § 3.1.1).
///
///      0                   6                  12          14
///     | destination       | source           | type/length |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct EthernetView: ~Escapable {
    public static let byteCount = 14
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .ethernet, at: offset)
        self.octets = octets
    }

    @inline(always) public var destination: MACAddress { octets.macAddress(at: 0) }
    @inline(always) public var source: MACAddress { octets.macAddress(at: 6) }
    /// A length up to `EtherType.lengthMax`, a type above.
    @inline(always) public var typeOrLength: UInt16 { octets.bigEndian16(at: 12) }
}

/// What an Ethernet header says, as a value.
public struct EthernetFields: Equatable, Sendable {
    public var destination: MACAddress
    public var source: MACAddress
    public var typeOrLength: UInt16

    public init(destination: MACAddress, source: MACAddress, type: EtherType) {
        self.destination = destination
        self.source = source
        typeOrLength = type.rawValue
    }

    public init(_ view: EthernetView) {
        destination = view.destination
        source = view.source
        typeOrLength = view.typeOrLength
    }

    public func emit(into out: inout [UInt8]) {
        destination.emit(into: &out)
        source.emit(into: &out)
        out.appendBigEndian(typeOrLength)
    }
}

extension Walk {
    @inline(always) mutating func ethernet(_ frame: Span<UInt8>) throws(DecodeFailure) {
        let header = try EthernetView(rest(of: frame), at: offset)
        skip(EthernetView.byteCount)
        let typeOrLength = header.typeOrLength
        if typeOrLength > EtherType.lengthMax {
            path.append(.ethernet)
            next = .etherType(EtherType(rawValue: typeOrLength))
        } else {
            path.append(.ieee8023)
            lengthField(typeOrLength, frame)
        }
    }

    /// IEEE 802.3 or 802.1Q with a length instead of a type: LLC follows, unless it is Novell's raw IPX.
    mutating func lengthField(_ length: UInt16, _ frame: Span<UInt8>) {
        limit(to: Int(length))
        let rest = rest(of: frame)
        let isRawIPX = rest.count >= 2 && rest[0] == 0xFF && rest[1] == 0xFF
        next = isRawIPX ? .end : .llc
    }
}
