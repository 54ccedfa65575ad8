/// What parsers are asked to keep and where they stop: one value for all connections.
public struct ParserSettings: Sendable {
    /// Body octets kept of a message, decoded.
    public var bodyOctetsMax = 1 << 20
    /// Octets a body may decode to before decoding stops.
    public var decodedOctetsMax: UInt64 = 64 << 20
    /// Octets of a head (HTTP/1) or of a decoded header list as RFC 9113 § 6.5.2 counts it (HTTP/2).
    public var headOctetsMax = 256 << 10
    /// Fields of one header list.
    public var headerFieldsMax = 2_000
    /// Messages that are open at once on one HTTP/2 connection.
    public var openStreamsMax = 1_000
    /// Raw octets shown as one message.
    public var rawOctetsMax = 64 << 10
    /// Keep the octets as captured (`--hex`), at most so many of a message.
    public var keepsWire = false
    public var wireOctetsMax = 1 << 20
    /// Compute a digest of every body; otherwise only of those larger than `bodyOctetsMax`.
    public var digestsBodies = false
    /// Give a message for each HTTP/2 frame, too.
    public var showsFrames = false
    /// Which messages are wanted: what answers a request is marked by it (`Message.isWanted`).
    public var filter: MessageFilter?

    public init() {}
}
