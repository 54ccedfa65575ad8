import Octets

/// The header of a frame (RFC 6455 § 5.2).
///
///      0               1               2 … 3 or 9              then 4
///     |F|RSV| opcode  |M| length      | length, if 126 or 127 | masking key, if M |
struct WebSocketFrameHeader {
    static let continuation: UInt8 = 0, text: UInt8 = 1, binary: UInt8 = 2
    static let close: UInt8 = 8, ping: UInt8 = 9, pong: UInt8 = 10
    /// § 5.5: more is no control frame.
    static let controlOctetsMax: UInt64 = 125

    var isFinal: Bool
    /// RSV1: the message is compressed (RFC 7692 § 6).
    var isCompressed: Bool
    /// RSV2 or RSV3: no extension that anybody uses.
    var hasReservedBits: Bool
    var opcode: UInt8
    var isMasked: Bool
    /// The masking key, first octet lowest.
    var key: UInt32
    var length: UInt64
    /// The length is written in more octets than it needs, or beyond 2⁶³.
    var hasOddLength: Bool
    /// Octets of the header itself: 2 ... 14.
    var byteCount: Int

    var isControl: Bool { opcode >= 8 }

    /// § 5.2, § 5.5: what no endpoint sends.
    var isValid: Bool {
        guard !hasReservedBits, !hasOddLength else { return false }
        if isControl { return opcode <= 10 && isFinal && !isCompressed && length <= Self.controlOctetsMax }
        return opcode <= 2
    }

    /// `nil` until all of it is there.
    init?(_ octets: Span<UInt8>, at start: Int) {
        let available = octets.count - start
        guard available >= 2 else { return nil }
        let first = octets[start], second = octets[start + 1]
        isMasked = second & 0x80 != 0
        let short = second & 0x7F
        let lengthOctets = short < 126 ? 0 : short == 126 ? 2 : 8
        byteCount = 2 + lengthOctets + (isMasked ? 4 : 0)
        guard available >= byteCount else { return nil }
        isFinal = first & 0x80 != 0
        isCompressed = first & 0x40 != 0
        hasReservedBits = first & 0x30 != 0
        opcode = first & 0x0F
        switch short {
        case 126:
            length = UInt64(octets.bigEndian16(at: start + 2))
            hasOddLength = length < 126
        case 127:
            length = octets.bigEndian64(at: start + 2)
            hasOddLength = length < 65_536 || length > UInt64(Int64.max)
        default:
            length = UInt64(short)
            hasOddLength = false
        }
        key = isMasked ? octets.littleEndian32(at: start + byteCount - 4) : 0
    }
}
