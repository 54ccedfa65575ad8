/// What a message carries after its head: the decoded octets up to a limit, and how many there were.
public struct MessageBody: Sendable {
    /// The decoded octets, at most `ParserSettings.bodyOctetsMax`. HTTP/2 frames: the payload without padding.
    public var octets: [UInt8] = []
    /// Octets of the body on the wire, after chunk framing and padding were taken off, before content codings were.
    /// HTTP/2 frames: the length their header says, padding included.
    public var length: UInt64 = 0
    /// Octets after content codings were taken off; beyond `octets.count` they were counted and not kept.
    public var decodedLength: UInt64 = 0
    /// SHA-256 of the decoded octets, all of them; empty where it was not asked for.
    public var digest: [UInt8] = []
    /// The codings that were taken off, in the order they had been applied.
    public var codings: [ContentCoding] = []

    public init() {}

    /// True where `octets` is all there was.
    public var isKeptWhole: Bool { UInt64(octets.count) == decodedLength }

    /// Memory that stays with the value for its next body.
    static let keptOctets = 128 << 10

    public mutating func removeAll() {
        // Nearly always some of them are empty, and to empty an array takes longer than to see that it is.
        if !octets.isEmpty { octets.removeAll(keepingCapacity: octets.capacity <= Self.keptOctets) }
        length = 0
        decodedLength = 0
        if !digest.isEmpty { digest.removeAll(keepingCapacity: true) }
        if !codings.isEmpty { codings.removeAll(keepingCapacity: true) }
    }
}
