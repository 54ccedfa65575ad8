import Octets

/// A GENEVE header where it lies in the capture (RFC 8926 § 3.4).
///
///      0   2         8                16              31
///     |ver| options/4|O|C| reserved   | protocol type  |
///     | network identifier            | reserved       |
///     | options …                                      |
///
/// - Invariant: `octets` starts with at least `headerLength` octets.
public struct GENEVEView: ~Escapable {
    public static let byteCountMin = 8
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .geneve, at: offset)
        self.octets = octets
        try octets.require(headerLength, .geneve, at: offset)
    }

    public var version: UInt8 { octets[0] >> 6 }
    public var headerLength: Int { Self.byteCountMin + Int(octets[0] & 0x3F) * 4 }
    public var protocolType: EtherType { EtherType(rawValue: octets.bigEndian16(at: 2)) }
    public var identifier: UInt32 { octets.bigEndian32(at: 4) >> 8 }
}

/// What a GENEVE header without options says, as a value.
public struct GENEVEFields: Equatable, Sendable {
    public var protocolType: EtherType
    /// 24 bits
    public var identifier: UInt32

    public init(protocolType: EtherType = .bridgedEthernet, identifier: UInt32) {
        self.protocolType = protocolType
        self.identifier = identifier
    }

    public func emit(into out: inout [UInt8]) {
        out.appendBigEndian(UInt16(0))
        out.appendBigEndian(protocolType.rawValue)
        out.appendBigEndian(identifier << 8)
    }
}

extension Walk {
    mutating func geneve(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.geneve)
        let header = try GENEVEView(rest(of: frame), at: offset)
        skip(header.headerLength)
        next = .etherType(header.protocolType)
    }
}
