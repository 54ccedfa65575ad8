import Events

/// One message of a connection: an HTTP request or response, a WebSocket or gRPC message, a stretch of raw octets, a
/// gap.
///
/// Parsers fill one value and use it again, so a message costs no allocation once buffers have grown. What a sink wants
/// to keep it copies.
public struct Message: Sendable {
    public var kind = MessageKind.raw
    public var direction = Direction.received
    /// When its first octet was seen: nanoseconds since 1970.
    public var time: Int64 = 0
    /// When its last octet was seen.
    public var endTime: Int64 = 0
    public var body = MessageBody()

    /// HTTP: major × 10 + minor as written (9, 10, 11, 20), 0 if none.
    public var version: UInt8 = 0
    /// HTTP/2: the stream; 0 elsewhere.
    public var streamID: UInt32 = 0
    /// HTTP responses: 100 ... 599 (or what three digits were sent). WebSocket: the code of a close frame (RFC 6455
    /// § 7.4). Else 0.
    public var status: UInt16 = 0

    /// HTTP/1: the head as it was on the wire, start line and line ends included. HTTP/2: names and values.
    public var headers = HeaderList()
    public var trailers = HeaderList()
    /// In `headers.octets`: of a request.
    public var method = HeaderList.Extent.none
    /// In `headers.octets`: the request target (RFC 9110 § 7.1); of WebSocket and gRPC messages that of their request.
    public var target = HeaderList.Extent.none
    /// In `headers.octets`: the host the request names (`Host`, `:authority`, or the target's authority).
    public var host = HeaderList.Extent.none
    /// In `headers.octets`: a response's reason phrase.
    public var reason = HeaderList.Extent.none

    /// WebSocket: the opcode (RFC 6455 § 5.2). HTTP/2 frames: the type. Else 0.
    public var code: UInt8 = 0
    /// HTTP/2 frames: the flags. gRPC: the compressed flag. WebSocket: number of frames the message came in, at most
    /// 255.
    public var flags: UInt8 = 0
    /// Gaps: how many octets are missing; `nil` if nobody knows.
    public var gapLength: UInt64?

    /// False where the end was not seen, octets are missing, or a part could not be decoded: `notes` says which.
    public var isComplete = true
    /// This goes on with a message of which an earlier part was shown already (a stream of events, a slow download):
    /// the head stood there.
    public var isContinuation = false
    public var notes: [MessageNote] = []
    /// Responses and gRPC messages: whether the request that they belong to is wanted (`ParserSettings.filter`). One
    /// whose request was not seen is not, where requests are asked for.
    public var isWanted = true

    /// The octets as captured, where `ParserSettings.keepsWire` asks for them: at most `wireOctetsMax`.
    public var wire: [UInt8] = []

    public init() {}

    /// Makes the value ready for the next message and keeps its memory.
    public mutating func reset(_ kind: MessageKind, _ direction: Direction, at time: Int64) {
        self.kind = kind
        self.direction = direction
        self.time = time
        endTime = time
        version = 0
        streamID = 0
        status = 0
        headers.removeAll()
        trailers.removeAll()
        method = .none
        target = .none
        host = .none
        reason = .none
        body.removeAll()
        code = 0
        flags = 0
        gapLength = nil
        isComplete = true
        isContinuation = false
        isWanted = true
        if !notes.isEmpty { notes.removeAll(keepingCapacity: true) }
        if !wire.isEmpty { wire.removeAll(keepingCapacity: wire.capacity <= 16_384) }
    }

    /// Makes what was shown so far count as shown: the head, the notes and the octets are not shown again.
    mutating func beginContinuation() {
        isContinuation = true
        notes.removeAll(keepingCapacity: true)
        releaseShown()
        body.length = 0
        body.decodedLength = 0
        time = endTime
    }

    /// Gives it to a sink. A property of an object given as an argument would be copied; what is mutated is not.
    mutating func give(to sink: any MessageSink) { sink.receive(self) }

    /// Drops octets that were shown, and their memory if it is much: who was silent once may be so again.
    mutating func releaseShown() {
        body.octets.removeAll(keepingCapacity: body.octets.capacity <= Self.keptOctets)
        wire.removeAll(keepingCapacity: wire.capacity <= Self.keptOctets)
    }

    private static let keptOctets = 4_096

    /// Octets that the value holds. Inlined, for it would be called on a copy of all.
    @inline(__always) var heldOctets: Int { headers.heldOctets + trailers.heldOctets + heldBodyOctets }

    /// The same without what the heads hold.
    @inline(__always) var heldBodyOctets: Int { body.octets.count + wire.count }

    /// Adds a note that takes nothing away from completeness.
    public mutating func note(_ note: MessageNote) {
        if !notes.contains(note) { notes.append(note) }
    }

    /// Keeps octets as they were captured, as far as the limit allows.
    mutating func keepWire(_ octets: Span<UInt8>, _ settings: ParserSettings) {
        let room = max(0, settings.wireOctetsMax - wire.count)
        wire.append(contentsOf: octets.extracting(first: room))
        if octets.count > room { note(.wireLimited(shown: UInt64(settings.wireOctetsMax))) }
    }

    /// Adds a note and marks the message incomplete.
    public mutating func markIncomplete(_ note: MessageNote) {
        isComplete = false
        self.note(note)
    }
}
