import Events

/// A stream whose request or response is not finished (RFC 9113 § 5).
final class HTTP2Stream {
    enum Part { case unseen, open, ended }

    var id: UInt32 = 0
    var request = Part.unseen
    var response = Part.unseen
    /// What is known of both; sizes add up over the parts of a message that was shown in parts.
    var transaction = Transaction()
    /// Messages being received.
    private var sent: HTTP2Assembly?
    private var received: HTTP2Assembly?

    /// What was held when the parser counted it last.
    var countedOctets = 0
    /// What is held beyond that; less than nothing if less is.
    var uncountedOctets: Int {
        transaction.heldOctets + (sent?.heldOctets ?? 0) + (received?.heldOctets ?? 0) - countedOctets
    }

    subscript(direction: Direction) -> HTTP2Assembly? {
        get { direction == .sent ? sent : received }
        set { if direction == .sent { sent = newValue } else { received = newValue } }
    }

    /// Whether a message is being received; without counting a reference to it.
    func hasMessage(_ direction: Direction) -> Bool { direction == .sent ? sent != nil : received != nil }

    /// One of its messages has ended.
    func end(_ share: HTTP2Assembly.Parts.Share, at time: Int64) {
        if share.kind == .http2Request { request = .ended } else { response = .ended }
        transaction.end(share.kind, share.length, isComplete: share.isComplete, at: time)
    }

    /// Whether it keeps little memory.
    var isSmall: Bool { transaction.keptOctets <= 1_024 }

    func reset(_ id: UInt32) {
        self.id = id
        request = .unseen
        response = .unseen
        transaction.begin(streamID: id)
        sent = nil
        received = nil
    }
}

/// One message of a stream while it is received.
final class HTTP2Assembly {
    var parts = Parts()

    /// Looked at in its place: what is asked for is asked of a copy otherwise.
    var heldOctets: Int { parts.countOctets() }

    /// One value, so that what is done with a message takes one access to the object.
    struct Parts {
        var message = Message()
        var collector = BodyCollector()
        /// Cuts messages out of the body of a gRPC call.
        var grpc: GRPCAssembly?
        /// A stream of events (HTML § 9.2): shown as far as it came whenever the connection falls silent.
        var isEventStream = false
        /// Something came since a part was shown.
        var hasNews = false

        /// Octets held. Mutating only in name.
        mutating func countOctets() -> Int { message.heldOctets + collector.heldOctets + (grpc?.heldOctets ?? 0) }
    }
}

extension HTTP2Assembly.Parts {
    typealias Share = (kind: MessageKind, length: UInt64, isComplete: Bool)

    /// - Precondition: it is new or retired.
    mutating func begin(_ kind: MessageKind, _ direction: Direction, streamID: UInt32, at time: Int64) {
        message.kind = kind
        message.direction = direction
        message.time = time
        message.endTime = time
        message.version = 20
        message.streamID = streamID
        isEventStream = false
        hasNews = true
    }

    /// Makes it ready for the next message and keeps its memory.
    /// - Parameter keepsBody: asked for a body larger than such memory usually may be.
    mutating func retire(keepsBody: (_ capacity: Int) -> Bool) {
        grpc = nil
        let capacity = message.body.octets.capacity
        if capacity > MessageBody.keptOctets {
            if keepsBody(capacity) {
                message.body.octets.removeAll(keepingCapacity: true)
            } else {
                message.body.octets = []
            }
        }
        message.reset(.raw, .received, at: 0)
    }

    /// Takes octets of the body.
    mutating func append(
        _ content: Span<UInt8>, at time: Int64, _ settings: ParserSettings, _ tools: any BodyTools,
        to sink: any MessageSink
    ) {
        hasNews = true
        collector.append(content, to: &message, settings, tools)
        grpc?.append(content, at: time, settings, tools, to: sink)
    }

    /// Octets of the body are missing: so many, if known.
    mutating func skip(_ octets: UInt64?, at time: Int64, to sink: any MessageSink) {
        collector.skip(octets, in: &message)
        grpc?.skip(octets, at: time, to: sink)
        hasNews = true
    }

    /// Gives the message.
    /// - Parameter note: why its end was not seen; `nil` if it was.
    /// - Returns: what the message, or the part of it that was given, counts for in its transaction.
    mutating func finish(_ note: MessageNote?, at time: Int64, to sink: any MessageSink) -> Share {
        grpc?.finish(at: time, to: sink)
        message.endTime = time
        if let note { message.markIncomplete(note) }
        collector.end(isWhole: note == nil, in: &message)
        message.give(to: sink)
        return (message.kind, message.body.length, message.isComplete)
    }

    /// The beginning was not seen.
    mutating func beginUnseen(_ settings: ParserSettings, _ tools: any BodyTools) {
        message.markIncomplete(.beginningNotSeen)
        collector.begin([], in: &message, settings, tools)
    }

    mutating func decodeWaiting() { collector.decodeWaiting(in: &message) }

    /// Gives an interim response, which is whole.
    mutating func endInterim(to sink: any MessageSink) {
        collector.end(isWhole: true, in: &message)
        message.give(to: sink)
    }

    /// Takes the list that begins the message.
    mutating func takeHead(
        _ block: inout HTTP2HeaderBlock.Parts, _ head: HTTP2Head, _ transaction: inout Transaction,
        _ settings: ParserSettings, _ tools: any BodyTools
    ) {
        message.fill(from: &block, head)
        isEventStream = head.isEventStream
        if message.kind == .http2Request { describe(&transaction) } else { transaction.status = head.status }
        let isWanted = settings.filter?.wantsRequest(of: transaction) ?? true
        if message.kind == .http2Response { message.isWanted = isWanted }
        collector.begin(head.contentCodings, in: &message, settings, tools)
        if head.isGRPC {
            transaction.kind = .grpc
            grpc = GRPCAssembly(
                message.direction, streamID: message.streamID, target: transaction.target,
                coding: head.grpcCodings.count == 1 ? head.grpcCodings[0] : nil, isWanted: isWanted)
        }
        if let status = head.grpcStatus { transaction.grpcStatus = status }
    }

    /// Names the request.
    mutating func describe(_ transaction: inout Transaction) {
        transaction.method.append(contentsOf: message.headers.span(of: message.method))
        transaction.host.append(contentsOf: message.headers.span(of: message.host))
        transaction.target.append(contentsOf: message.headers.span(of: message.target))
    }
}

/// State objects for reuse, by all connections of a thread if it gives them one pool.
public final class HTTP2Pool {
    /// One value, so that taking or giving takes one access to the object.
    private var spares: Spares

    /// - Parameter spareMax: objects of a kind kept for reuse; of streams, which are small and wait for an answer by
    ///   the thousand, 64 times as many.
    public init(spareMax: Int = 64) { spares = Spares(max: spareMax) }

    func takeAssembly() -> HTTP2Assembly { spares.assemblies.popLast() ?? HTTP2Assembly() }
    func takeBlock() -> HTTP2HeaderBlock { spares.blocks.popLast() ?? HTTP2HeaderBlock() }

    func takeStream(_ id: UInt32) -> HTTP2Stream {
        let stream = spares.streams.popLast() ?? HTTP2Stream()
        stream.reset(id)
        return stream
    }

    func give(_ assembly: consuming HTTP2Assembly) { spares.give(assembly) }
    func give(_ block: consuming HTTP2HeaderBlock) { spares.give(block) }
    func give(_ stream: consuming HTTP2Stream) { spares.give(stream) }

    /// Frees what is kept for reuse.
    func trim() { spares = Spares(max: spares.max) }
}

private struct Spares {
    var assemblies: [HTTP2Assembly] = []
    var streams: [HTTP2Stream] = []
    var blocks: [HTTP2HeaderBlock] = []
    let max: Int
    private let streamsMax: Int

    init(max: Int) {
        self.max = max
        streamsMax = 64 * max
    }

    mutating func give(_ assembly: consuming HTTP2Assembly) {
        guard assemblies.count < max else { return }
        assembly.parts.retire(keepsBody: mayKeepBody)
        assemblies.append(assembly)
    }

    /// The memory of one large body stays for the next: to have it anew takes longer than to fill it.
    private func mayKeepBody(_ capacity: Int) -> Bool {
        capacity <= Self.largeBodyOctetsMax
            && assemblies.allSatisfy { $0.parts.message.body.octets.capacity <= MessageBody.keptOctets }
    }

    /// A body of the usual limit, in memory that grew by doubling.
    private static let largeBodyOctetsMax = 4 << 20

    mutating func give(_ block: consuming HTTP2HeaderBlock) {
        if blocks.count < 4 { blocks.append(block) }
    }

    mutating func give(_ stream: consuming HTTP2Stream) {
        if streams.count < streamsMax, stream.isSmall { streams.append(stream) }
    }
}

extension Transaction {
    fileprivate var keptOctets: Int { method.capacity + host.capacity + target.capacity }

    fileprivate mutating func begin(streamID: UInt32) {
        kind = .http2Request
        self.streamID = streamID
        method.removeAll(keepingCapacity: true)
        host.removeAll(keepingCapacity: true)
        target.removeAll(keepingCapacity: true)
        status = 0
        grpcStatus = nil
        requestLength = 0
        responseLength = 0
        requestTime = 0
        requestEndTime = 0
        responseTime = 0
        responseEndTime = 0
        isComplete = true
    }

    fileprivate mutating func end(_ kind: MessageKind, _ length: UInt64, isComplete: Bool, at time: Int64) {
        if kind == .http2Request {
            requestLength += length
            requestEndTime = time
        } else {
            responseLength += length
            responseEndTime = time
        }
        if !isComplete { self.isComplete = false }
    }
}

extension Message {
    /// Moves a list here, and names its parts.
    mutating func fill(from block: inout HTTP2HeaderBlock.Parts, _ head: HTTP2Head) {
        swap(&headers, &block.list)
        method = head.method
        // CONNECT names an authority and no path (RFC 9113 § 8.5).
        target = head.path.isEmpty ? head.authority : head.path
        host = head.authority.isEmpty ? head.host : head.authority
        status = head.status
        block.addNotes(to: &self)
        swap(&wire, &block.wire)
    }
}
