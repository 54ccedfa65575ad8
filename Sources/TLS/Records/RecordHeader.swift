import Octets

/// What stands before each record (RFC 8446 § 5.1): type, a version that only tells TLS from other things, a length.
public struct RecordHeader: Equatable, Sendable {
    public static let octets = 5
    /// The most octets of an encrypted record up to TLS 1.2 (RFC 5246 § 6.2.3); later versions allow fewer.
    public static let lengthMax = 1 << 14 + 2_048

    public var type: ContentType
    public var version: UInt16
    public var length: Int

    public init(type: ContentType, version: UInt16, length: Int) {
        self.type = type
        self.version = version
        self.length = length
    }

    /// Reads the header at `offset`; `nil` where no record can begin so.
    ///
    /// - Precondition: five octets are there.
    init?(_ octets: Span<UInt8>, at offset: Int) {
        type = ContentType(rawValue: octets[offset])
        version = octets.bigEndian16(at: offset + 1)
        length = Int(octets.bigEndian16(at: offset + 3))
        // Fragments of handshake messages and alerts have at least an octet (RFC 8446 § 5.1).
        guard 20...24 ~= type.rawValue, version >> 8 == 3, version & 0xFF <= 4, length <= Self.lengthMax,
            length > 0 || type == .applicationData
        else { return nil }
    }

    /// Octets of the whole record.
    public var recordOctets: Int { Self.octets + length }
}
