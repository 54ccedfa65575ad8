import Events

/// A stream whose request or response is not finished (RFC 9113 § 5).
struct HTTP2Stream {
    enum Part { case unseen, open, ended }

    /// 0: it is not open.
    private var id: UInt32 = 0
    private var request = Part.unseen
    private var response = Part.unseen
    /// What is known of both; sizes add up over the parts of a message that was shown in parts.
    var transaction = Transaction()
    /// Messages being received.
    private var sent: HTTP2AssemblyBox = []
    private var received: HTTP2AssemblyBox = []

    /// What was held when it was counted last.
    private var countedOctets = 0

    // What follows is mutating only in name: what is not is asked of a copy, whose references are counted.

    var number: UInt32 {
        mutating get { id }
    }

    /// What is held beyond what was counted; less than nothing if less is.
    var uncountedOctets: Int {
        mutating get {
            transaction.heldOctets + Self.heldOctets(&sent) + Self.heldOctets(&received) - countedOctets
        }
    }

    private static func heldOctets(_ box: inout HTTP2AssemblyBox) -> Int { box.isEmpty ? 0 : box[0].countOctets() }

    /// The message of a direction. There must be one.
    subscript(direction: Direction) -> HTTP2Assembly {
        @inline(__always) _read { if direction == .sent { yield sent[0] } else { yield received[0] } }
        @inline(__always) _modify { if direction == .sent { yield &sent[0] } else { yield &received[0] } }
    }

    mutating func hasMessage(_ direction: Direction) -> Bool { direction == .sent ? !sent.isEmpty : !received.isEmpty }

    var hasMessages: Bool {
        mutating get { !sent.isEmpty || !received.isEmpty }
    }

    /// How far request and response have come.
    var state: (request: Part, response: Part) {
        mutating get { (request, response) }
    }

    /// A message begins.
    mutating func begin(
        _ box: consuming HTTP2AssemblyBox, _ kind: MessageKind, _ direction: Direction, at time: Int64
    ) {
        if direction == .sent { sent = box } else { received = box }
        if kind == .http2Request {
            request = .open
            transaction.direction = direction
            transaction.requestTime = time
        } else {
            response = .open
            if request == .unseen { transaction.direction = direction.opposite }
            transaction.responseTime = time
        }
    }

    /// The message that began in a direction has a head.
    mutating func takeHead(
        _ kind: MessageKind, _ direction: Direction, _ block: inout HTTP2HeaderBlock, _ head: HTTP2Head,
        _ context: ParserContext
    ) {
        if direction == .sent {
            sent[0].begin(kind, direction, with: &block, head, &transaction, context)
        } else {
            received[0].begin(kind, direction, with: &block, head, &transaction, context)
        }
    }

    /// Gives up the message of a direction: it ends.
    @inline(__always)
    mutating func take(_ direction: Direction) -> HTTP2AssemblyBox {
        var taken: HTTP2AssemblyBox = []
        if direction == .sent { swap(&taken, &sent) } else { swap(&taken, &received) }
        return taken
    }

    /// One of its messages has ended.
    mutating func end(_ share: HTTP2Assembly.Share, at time: Int64) {
        if share.kind == .http2Request { request = .ended } else { response = .ended }
        transaction.end(share.kind, share.length, isComplete: share.isComplete, at: time)
    }

    /// The response was an interim one; the final one follows.
    mutating func awaitResponse() {
        response = .unseen
        transaction.status = 0
        transaction.responseTime = 0
    }

    /// The request was asked in HTTP/1, and is whole.
    mutating func ask(_ upgrade: ProtocolHandover) {
        request = .ended
        transaction.direction = upgrade.client
        transaction.name(method: upgrade.method.span, host: upgrade.host.span, target: upgrade.target.span)
        transaction.requestTime = upgrade.requestTime
        transaction.requestEndTime = upgrade.requestEndTime
        transaction.requestLength = upgrade.requestLength
    }

    /// A promise came in a direction, which is a whole request.
    mutating func promise(_ direction: Direction, from start: Int64, to end: Int64, isComplete: Bool) {
        request = .ended
        transaction.direction = direction.opposite
        transaction.requestTime = start
        transaction.requestEndTime = end
        if !isComplete { transaction.isComplete = false }
    }

    /// Nothing more comes: gives its transaction, if there was a request.
    mutating func conclude(to sink: any MessageSink) {
        guard request != .unseen else { return }
        if request != .ended || response != .ended { transaction.isComplete = false }
        transaction.give(to: sink)
    }

    /// - Precondition: it is new or closed.
    mutating func open(_ id: UInt32) {
        self.id = id
        transaction.begin(streamID: id)
    }

    /// Counts what is held.
    /// - Returns: how much more that is than before.
    mutating func count() -> Int {
        let octets = uncountedOctets
        countedOctets += octets
        return octets
    }

    /// Makes it ready for the next one, and keeps its memory if it is little.
    /// - Returns: its number, and what was counted.
    mutating func close() -> (id: UInt32, countedOctets: Int) {
        defer { countedOctets = 0 }
        let id = id
        self.id = 0
        request = .unseen
        response = .unseen
        sent = []
        received = []
        if transaction.keptOctets > Self.keptOctets { transaction = Transaction() }
        return (id, countedOctets)
    }

    private static let keptOctets = 1_024
}

/// One message of a stream while it is received.
struct HTTP2Assembly {
    var message = Message()
    var collector = BodyCollector()
    /// Cuts messages out of the body of a gRPC call.
    var grpc: GRPCAssembly?
    /// Octets of the body, and as `Content-Length` has it, where that says how many come.
    private var bodySeen: UInt64 = 0
    private var bodyAnnounced: UInt64?
    /// A stream of events (HTML § 9.2): shown as far as it came whenever the connection falls silent.
    var isEventStream = false
    /// Something came since a part was shown.
    var hasNews = false

    /// Octets held. Mutating only in name.
    mutating func countOctets() -> Int { message.heldOctets + collector.heldOctets + (grpc?.heldOctets ?? 0) }
}

extension HTTP2Assembly {
    typealias Share = (kind: MessageKind, length: UInt64, isComplete: Bool)

    /// A message begins with its head.
    /// - Precondition: it is new or retired.
    mutating func begin(
        _ kind: MessageKind, _ direction: Direction, with block: inout HTTP2HeaderBlock, _ head: HTTP2Head,
        _ transaction: inout Transaction, _ context: ParserContext
    ) {
        begin(kind, direction, streamID: block.streamID, at: block.time)
        takeHead(&block, head, &transaction, context)
    }

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
        bodySeen = 0
        bodyAnnounced = nil
    }

    /// Makes it ready for the next message and keeps its memory.
    /// - Returns: how much of that is the body's.
    mutating func retire() -> Int {
        grpc = nil
        if !message.body.octets.isEmpty { message.body.octets.removeAll(keepingCapacity: true) }
        message.reset(.raw, .received, at: 0)
        return message.body.octets.capacity
    }

    /// Takes octets of the body.
    mutating func append(
        _ content: Span<UInt8>, at time: Int64, _ context: ParserContext,
        to sink: any MessageSink
    ) {
        hasNews = true
        bodySeen += UInt64(content.count)
        collector.append(content, to: &message, context)
        grpc?.append(content, at: time, context, to: sink)
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
        if let note { message.markIncomplete(note) } else { checkLength() }
        collector.end(isWhole: note == nil, in: &message)
        message.give(to: sink)
        return (message.kind, message.body.length, message.isComplete)
    }

    /// A body of another length than announced makes the message malformed (RFC 9113 § 8.1.1).
    private mutating func checkLength() {
        guard let bodyAnnounced, bodySeen != bodyAnnounced, message.isComplete else { return }
        if bodySeen < bodyAnnounced {
            message.markIncomplete(.bodyShort(seen: bodySeen, announced: bodyAnnounced))
        } else {
            message.note(.malformed(.contentLength))
        }
    }

    /// Whether the length is that of the body that comes: an answer to HEAD, and one that says that nothing has
    /// changed, has none (RFC 9110 § 8.6). Of an answer alone nobody knows.
    private func isLengthOfBody(_ transaction: borrowing Transaction) -> Bool {
        guard message.kind == .http2Response else { return true }
        let method = transaction.methodOctets
        return !method.isEmpty && !LineScan.equals(method, method.indices, "head") && message.status != 304
    }

    /// Gives the message as far as it came; the rest goes on.
    /// - Parameter reason: noted besides.
    /// - Returns: what was given counts for so much in its transaction.
    mutating func showPart(
        at time: Int64, for reason: MessageNote?, to sink: any MessageSink
    ) -> (kind: MessageKind, length: UInt64) {
        hasNews = false
        message.endTime = time
        decodeWaiting()
        message.markIncomplete(.soFar(seen: message.body.length, announced: nil))
        if let reason { message.note(reason) }
        message.give(to: sink)
        let (kind, length) = (message.kind, message.body.length)
        let (direction, streamID, status) = (message.direction, message.streamID, message.status)
        let codings = message.body.codings
        message.releaseShown()
        message.reset(kind, direction, at: time)
        message.version = 20
        message.streamID = streamID
        message.status = status
        message.body.codings = codings
        message.isContinuation = true
        return (kind, length)
    }

    /// The beginning was not seen.
    mutating func beginUnseen(_ context: ParserContext) {
        message.markIncomplete(.beginningNotSeen)
        collector.begin([], in: &message, context)
    }

    /// Keeps octets as they were captured, where that is asked for.
    mutating func keepWire(_ octets: Span<UInt8>, _ context: ParserContext) {
        guard context.settings.keepsWire else { return }
        message.keepWire(octets, context.settings)
    }

    mutating func decodeWaiting() { collector.decodeWaiting(in: &message) }

    /// Gives an interim response, which is whole.
    mutating func endInterim(to sink: any MessageSink) {
        collector.end(isWhole: true, in: &message)
        message.give(to: sink)
    }

    /// Takes the list that begins the message.
    private mutating func takeHead(
        _ block: inout HTTP2HeaderBlock, _ head: HTTP2Head, _ transaction: inout Transaction,
        _ context: ParserContext
    ) {
        message.fill(from: &block, head)
        isEventStream = head.isEventStream
        if message.kind == .http2Request { describe(&transaction) } else { transaction.status = head.status }
        if isLengthOfBody(transaction) { bodyAnnounced = head.contentLength }
        let isWanted = context.settings.filter?.wantsRequest(of: transaction) ?? true
        if message.kind == .http2Response { message.isWanted = isWanted }
        collector.begin(head.contentCodings, in: &message, context)
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
        transaction.name(
            method: message.headers.span(of: message.method), host: message.headers.span(of: message.host),
            target: message.headers.span(of: message.target))
    }
}

extension Transaction {
    fileprivate mutating func begin(streamID: UInt32) {
        kind = .http2Request
        self.streamID = streamID
        forgetNames()
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
    mutating func fill(from block: inout HTTP2HeaderBlock, _ head: HTTP2Head) {
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
