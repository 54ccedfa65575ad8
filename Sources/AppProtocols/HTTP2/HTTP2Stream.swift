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

    /// What `heldOctets` was when the parser counted it last.
    var countedOctets = 0

    var heldOctets: Int { transaction.heldOctets + (sent?.heldOctets ?? 0) + (received?.heldOctets ?? 0) }

    subscript(direction: Direction) -> HTTP2Assembly? {
        get { direction == .sent ? sent : received }
        set { if direction == .sent { sent = newValue } else { received = newValue } }
    }

    func reset(_ id: UInt32) {
        self.id = id
        request = .unseen
        response = .unseen
        transaction.kind = .http2Request
        transaction.streamID = id
        transaction.method.removeAll(keepingCapacity: true)
        transaction.host.removeAll(keepingCapacity: true)
        transaction.target.removeAll(keepingCapacity: transaction.target.capacity <= 1_024)
        transaction.status = 0
        transaction.grpcStatus = nil
        transaction.requestLength = 0
        transaction.responseLength = 0
        transaction.requestTime = 0
        transaction.requestEndTime = 0
        transaction.responseTime = 0
        transaction.responseEndTime = 0
        transaction.isComplete = true
        sent = nil
        received = nil
    }
}

/// One message of a stream while it is received.
final class HTTP2Assembly {
    var message = Message()
    var collector = BodyCollector()
    /// Cuts messages out of the body of a gRPC call.
    var grpc: GRPCAssembly?
    /// A stream of events (HTML § 9.2): shown as far as it came whenever the connection falls silent.
    var isEventStream = false
    /// Something came since a part was shown.
    var hasNews = false

    var heldOctets: Int { message.heldOctets + collector.heldOctets + (grpc?.heldOctets ?? 0) }
}

/// State objects for reuse, by all connections of a thread if it gives them one pool.
public final class HTTP2Pool {
    private var assemblies: [HTTP2Assembly] = []
    private var streams: [HTTP2Stream] = []
    private var blocks: [HTTP2HeaderBlock] = []
    private let spareMax: Int

    /// - Parameter spareMax: objects of a kind kept for reuse.
    public init(spareMax: Int = 64) { self.spareMax = spareMax }

    func takeAssembly() -> HTTP2Assembly { assemblies.popLast() ?? HTTP2Assembly() }
    func takeBlock() -> HTTP2HeaderBlock { blocks.popLast() ?? HTTP2HeaderBlock() }

    func takeStream(_ id: UInt32) -> HTTP2Stream {
        let stream = streams.popLast() ?? HTTP2Stream()
        stream.reset(id)
        return stream
    }

    func give(_ assembly: HTTP2Assembly) {
        guard assemblies.count < spareMax else { return }
        assembly.grpc = nil
        assembly.message.reset(.raw, .received, at: 0)
        assemblies.append(assembly)
    }

    func give(_ block: HTTP2HeaderBlock) {
        guard blocks.count < 4 else { return }
        block.reset()
        blocks.append(block)
    }

    func give(_ stream: HTTP2Stream) {
        if streams.count < spareMax { streams.append(stream) }
    }

    /// Frees what is kept for reuse.
    func trim() {
        assemblies = []
        streams = []
        blocks = []
    }
}
