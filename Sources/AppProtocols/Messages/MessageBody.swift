import Octets

/// What a message carries after its head: the decoded octets up to a limit, and how many there were.
public struct MessageBody: Sendable {
    /// The decoded octets, at most `ParserSettings.bodyOctetsMax`. HTTP/2 frames: the payload without padding.
    public var octets: [UInt8] = [] {
        // Whoever changes them by other means than `append` leaves open what they are.
        didSet { lineOctets = -1 }
    }
    /// So many of `octets`, from the first on, were looked at as they came, and are printable lines; -1: not known.
    private var lineOctets = -1
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

    /// Whether all of `octets` is 0x20 ... 0x7E, TAB or LF. Of octets that came by `append` it is known.
    public var isPrintableLines: Bool { lineOctets == octets.count || octets.span.isPrintableLines }

    /// Appends a copy, and looks at the octets while they are at hand: when the body is shown, its first ones have left
    /// the processor's cache.
    mutating func append(_ more: Span<UInt8>) {
        guard !more.isEmpty else { return }
        let areLines = octets.isEmpty || lineOctets == octets.count
        if areLines, octets.append(linesOf: more) {
            lineOctets = octets.count
        } else if !areLines {
            octets.append(contentsOf: more)
        }
    }

    /// Keeps memory ready for `more` octets that come now: in few pieces where doubling would take several; never more
    /// than eight times what has come.
    /// - Parameter whole: octets of the whole body.
    mutating func reserve(_ more: Int, of whole: Int) {
        let lineOctets = lineOctets
        octets.reserve(more, of: whole)
        self.lineOctets = lineOctets
    }

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
