import Octets

/// The random octets of a ClientHello (RFC 8446 § 4.1.2), by which key logs name a connection.
struct ClientRandom: Hashable, Sendable {
    static let octets = 32
    private let words: SIMD4<UInt64>

    /// - Precondition: there are 32 octets from `offset` on.
    init(_ octets: Span<UInt8>, at offset: Int) {
        words = SIMD4(
            octets.bigEndian64(at: offset), octets.bigEndian64(at: offset + 8), octets.bigEndian64(at: offset + 16),
            octets.bigEndian64(at: offset + 24))
    }

    /// - Returns: `nil` where it is no client's random.
    init?(_ octets: [UInt8]) {
        guard octets.count == Self.octets else { return nil }
        self.init(octets.span, at: 0)
    }

    /// That of a ClientHello which begins a segment, in a record of its own or one that goes on in the next segment:
    /// type, version and length of the record, type and length of the message, version, and then the random (§ 4.1.2,
    /// § 5.1).
    init?(segment: Span<UInt8>) {
        guard segment.count >= 11 + Self.octets, segment[0] == 22, segment[1] == 3, segment[5] == 1, segment[9] == 3
        else { return nil }
        self.init(segment, at: 11)
    }
}
