import Events

/// A request with its response: what was asked, what came back, how long it took.
public struct Transaction: Sendable {
    /// Which kind the request was: `http1Request` or `http2Request`; gRPC calls are `grpc`.
    public var kind = MessageKind.http1Request
    public var streamID: UInt32 = 0
    /// Who asked: `sent` when the observed program is the client.
    public var direction = Direction.sent
    public var method: [UInt8] = []
    public var host: [UInt8] = []
    public var target: [UInt8] = []
    /// 0 where no response was seen.
    public var status: UInt16 = 0
    /// gRPC: the status code of the trailers.
    public var grpcStatus: UInt32?
    /// Body octets on the wire, as `MessageBody.length`.
    public var requestLength: UInt64 = 0
    public var responseLength: UInt64 = 0
    /// First octet of the request, nanoseconds since 1970.
    public var requestTime: Int64 = 0
    public var requestEndTime: Int64 = 0
    /// First octet of the (final) response; 0 where none was seen.
    public var responseTime: Int64 = 0
    public var responseEndTime: Int64 = 0
    /// False where the request or the response was not seen whole.
    public var isComplete = true

    public init() {}

    /// Gives it to a sink, as `Message.give` does.
    mutating func give(to sink: any MessageSink) { sink.receive(self) }

    /// Octets that the value holds.
    @inline(__always) var heldOctets: Int { method.count + host.count + target.count }

    /// From the request's last octet to the response's first, in nanoseconds; `nil` without both.
    public var latency: Int64? { responseTime == 0 || requestEndTime == 0 ? nil : responseTime - requestEndTime }
}
