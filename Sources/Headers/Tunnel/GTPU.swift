import Octets

/// A GTP-U header where it lies in the capture (3GPP TS 29.281 § 5.1).
///
///      0    3  4  5 6 7 8               16              31
///     |ver |PT|r |E|S|N| message type  | length         |
///     | tunnel endpoint identifier                      |
///     | [sequence number | N-PDU number | next extension] |   if any of E, S, N
///
/// - Invariant: `octets` starts with at least `headerLength` octets, extension headers aside.
public struct GTPUView: ~Escapable {
    public static let byteCountMin = 8
    public let octets: Span<UInt8>

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, at offset: Int) throws(DecodeFailure) {
        try octets.require(Self.byteCountMin, .gtp, at: offset)
        self.octets = octets
        try octets.require(headerLength, .gtp, at: offset)
    }

    public var version: UInt8 { octets[0] >> 5 }
    /// Not GTP', which shares the header but carries charging records.
    public var isGTP: Bool { octets[0] & 0x10 != 0 }
    /// 255 is a user's packet; everything else is signalling.
    public var messageType: UInt8 { octets[1] }
    /// Octets behind the first eight.
    public var length: UInt16 { octets.bigEndian16(at: 2) }
    public var endpoint: UInt32 { octets.bigEndian32(at: 4) }
    private var hasOptions: Bool { octets[0] & 0x07 != 0 }
    public var headerLength: Int { hasOptions ? 12 : 8 }
    /// The type of the first extension header; 0 for none.
    public var nextExtension: UInt8 { octets[0] & 0x04 != 0 ? octets[11] : 0 }
}

/// What a plain GTP-U header of a user's packet says, as a value.
public struct GTPUFields: Equatable, Sendable {
    public var endpoint: UInt32

    public init(endpoint: UInt32) {
        self.endpoint = endpoint
    }

    public func emit(into out: inout [UInt8], payloadLength: Int) {
        out.append(0x30)
        out.append(255)
        out.appendBigEndian(UInt16(truncatingIfNeeded: payloadLength))
        out.appendBigEndian(endpoint)
    }
}

extension Walk {
    private static let userPacket: UInt8 = 255

    mutating func gtp(_ frame: Span<UInt8>) throws(DecodeFailure) {
        path.append(.gtp)
        next = .end
        let header = try GTPUView(rest(of: frame), at: offset)
        guard header.version == 1, header.isGTP, header.messageType == Self.userPacket else { return }
        limit(to: GTPUView.byteCountMin + Int(header.length))
        skip(header.headerLength)
        var kind = header.nextExtension
        // Each extension is at least four octets long, so the chain ends with the packet.
        while kind != 0 { kind = try gtpExtension(frame) }
        try userPlane(frame)
    }

    /// Skips one extension header (§ 5.2): its length in words, the content, the type of the next.
    private mutating func gtpExtension(_ frame: Span<UInt8>) throws(DecodeFailure) -> UInt8 {
        let rest = rest(of: frame)
        try rest.require(1, .gtp, at: offset)
        let length = Int(rest[0]) * 4
        guard length > 0 else {
            throw DecodeFailure(.gtp, .lengthBelowHeader, at: offset, needed: 4, available: 0)
        }
        try rest.require(length, .gtp, at: offset)
        skip(length)
        return rest[length - 1]
    }

    /// The header does not say what it carries: IP by its version, else PPP, as Wireshark guesses.
    private mutating func userPlane(_ frame: Span<UInt8>) throws(DecodeFailure) {
        let rest = rest(of: frame)
        try rest.require(1, .gtp, at: offset)
        switch rest[0] {
        case 0x45...0x4E: next = .ip(.v4)
        case 0x60...0x6F: next = .ip(.v6)
        default: next = .ppp
        }
    }
}
