import Octets

/// An IEEE 802.1Q tag without its tag protocol identifier, which stands in the header before (IEEE 802.1Q § 9.6).
///
///      0  3 4          16                    31
///     |PCP|D| identifier |    type/length      |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct VLANView: ~Escapable {
    public static let byteCount = 4
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .vlan, at: offset)
        self.octets = octets
    }

    @inline(always) public var priority: UInt8 { octets[0] >> 5 }
    @inline(always) public var dropEligible: Bool { octets[0] & 0x10 != 0 }
    /// 0 (priority only) ... 4095 (reserved).
    @inline(always) public var identifier: UInt16 { octets.bigEndian16(at: 0) & 0x0FFF }
    @inline(always) public var typeOrLength: UInt16 { octets.bigEndian16(at: 2) }
}

/// What a VLAN tag says, as a value.
public struct VLANFields: Equatable, Sendable {
    /// 0 ... 7
    public var priority: UInt8
    public var dropEligible: Bool
    /// 0 ... 4095
    public var identifier: UInt16
    public var typeOrLength: UInt16

    public init(identifier: UInt16, type: EtherType, priority: UInt8 = 0, dropEligible: Bool = false) {
        self.priority = priority
        self.dropEligible = dropEligible
        self.identifier = identifier
        typeOrLength = type.rawValue
    }

    public init(_ view: VLANView) {
        priority = view.priority
        dropEligible = view.dropEligible
        identifier = view.identifier
        typeOrLength = view.typeOrLength
    }

    public func emit(into out: inout [UInt8]) {
        out.appendBigEndian(UInt16(priority & 7) << 13 | (dropEligible ? 0x1000 : 0) | identifier & 0x0FFF)
        out.appendBigEndian(typeOrLength)
    }
}

extension Walk {
    @inline(always) mutating func vlan(_ type: EtherType, _ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(type == .serviceVLAN ? .serviceVLAN : .vlan)
        let tag = try VLANView(rest(of: frame), at: offset)
        skip(VLANView.byteCount)
        let identifier = tag.identifier
        if !hasKey, info.vlan == 0 { info.vlan = identifier }
        let typeOrLength = tag.typeOrLength
        if typeOrLength > EtherType.lengthMax {
            next = .etherType(EtherType(rawValue: typeOrLength))
        } else {
            lengthField(typeOrLength, frame)
        }
    }
}
