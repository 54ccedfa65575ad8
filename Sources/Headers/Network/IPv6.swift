import Octets

/// An IPv6 header where it lies in the capture (RFC 8200 § 3).
///
///      0    4            12                     31
///     |ver | class       | flow label            |
///     | payload length   | next header | hops    |
///     | source address (16)                      |
///     | destination address (16)                 |
///
/// - Invariant: `octets` starts with at least `byteCount` octets.
public struct IPv6View: ~Escapable {
    public static let byteCount = 40
    public let octets: Span<UInt8>

    @inline(always) @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCount, .ipv6, at: offset)
        self.octets = octets
    }

    @inline(always) public var version: UInt8 { octets[0] >> 4 }
    @inline(always) public var trafficClass: UInt8 { UInt8(truncatingIfNeeded: octets.bigEndian16(at: 0) >> 4) }
    @inline(always) public var flowLabel: UInt32 { octets.bigEndian32(at: 0) & 0xF_FFFF }
    /// 0 in jumbograms (RFC 2675 § 3) and where the network card was to segment the packet.
    @inline(always) public var payloadLength: UInt16 { octets.bigEndian16(at: 4) }
    @inline(always) public var nextHeader: IPProtocol { IPProtocol(rawValue: octets[6]) }
    @inline(always) public var hopLimit: UInt8 { octets[7] }
    @inline(always) public var source: IPAddress {
        IPAddress(v6: octets.bigEndian64(at: 8), octets.bigEndian64(at: 16))
    }
    @inline(always) public var destination: IPAddress {
        IPAddress(v6: octets.bigEndian64(at: 24), octets.bigEndian64(at: 32))
    }
}

/// What an IPv6 header says, as a value.
public struct IPv6Fields: Equatable, Sendable {
    public var trafficClass: UInt8 = 0
    /// 20 bits
    public var flowLabel: UInt32 = 0
    public var nextHeader: IPProtocol
    public var hopLimit: UInt8 = 64
    public var source: IPAddress
    public var destination: IPAddress

    public init(source: IPAddress, destination: IPAddress, nextHeader: IPProtocol) {
        self.source = source
        self.destination = destination
        self.nextHeader = nextHeader
    }

    /// Appends the header.
    ///
    /// - Parameter payloadLength: octets that follow the header; beyond 65,535 the field is 0, as in a jumbogram.
    public func emit(into out: inout [UInt8], payloadLength: Int) {
        out.appendBigEndian(UInt32(6) << 28 | UInt32(trafficClass) << 20 | flowLabel & 0xF_FFFF)
        out.appendBigEndian(UInt16(exactly: payloadLength) ?? 0)
        out.append(nextHeader.rawValue)
        out.append(hopLimit)
        out.appendBigEndian(source.high)
        out.appendBigEndian(source.low)
        out.appendBigEndian(destination.high)
        out.appendBigEndian(destination.low)
    }
}

extension Walk {
    @inline(always) mutating func ipv6(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.ipv6)
        let header = try IPv6View(rest(of: frame), at: offset)
        let payloadLength = Int(header.payloadLength)
        let nextHeader = header.nextHeader
        places?.append(AddressPlace(kind: .ipv6, offset: offset))
        adopt(header.source, header.destination, nextHeader, .whole)
        let start = offset
        skip(IPv6View.byteCount)
        // A length of 0 bounds nothing: the packet is a jumbogram or ends with the frame.
        if payloadLength != 0 { limit(to: payloadLength) }
        noteIPOctets(from: start)
        if nextHeader.isIPv6Extension {
            try extensions(from: nextHeader, frame)
        } else {
            next = .ipProtocol(nextHeader)
        }
    }
}
