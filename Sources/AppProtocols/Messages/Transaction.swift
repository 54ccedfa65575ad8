import Events
import Octets

/// A request with its response: what was asked, what came back, how long it took.
public struct Transaction: Sendable {
    /// Which kind the request was: `http1Request` or `http2Request`; gRPC calls are `grpc`.
    public var kind = MessageKind.http1Request
    public var streamID: UInt32 = 0
    /// Who asked: `sent` when the observed program is the client.
    public var direction = Direction.sent
    /// Method, host and target, one behind the other: one memory, filled in one go.
    private var names: [UInt8] = []
    private var methodCount = 0
    private var hostCount = 0
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
    @inline(__always) var heldOctets: Int { names.count }

    /// Memory that stays with the value for the next request.
    @inline(__always) var keptOctets: Int { names.capacity }

    /// From the request's last octet to the response's first, in nanoseconds; `nil` without both.
    public var latency: Int64? { responseTime == 0 || requestEndTime == 0 ? nil : responseTime - requestEndTime }
}

/// What the request named.
extension Transaction {
    public var method: [UInt8] {
        get { Array(copying: methodOctets) }
        set { name(method: newValue.span, host: host.span, target: target.span) }
    }
    public var host: [UInt8] {
        get { Array(copying: hostOctets) }
        set { name(method: method.span, host: newValue.span, target: target.span) }
    }
    public var target: [UInt8] {
        get { Array(copying: targetOctets) }
        set { name(method: method.span, host: host.span, target: newValue.span) }
    }

    // The same where it stands.
    public var methodOctets: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { names.span.extracting(0..<methodCount) }
    }
    public var hostOctets: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { names.span.extracting(methodCount..<(methodCount + hostCount)) }
    }
    public var targetOctets: Span<UInt8> {
        @_lifetime(borrow self) borrowing get { names.span.extracting((methodCount + hostCount)...) }
    }

    /// Names the request.
    mutating func name(method: Span<UInt8>, host: Span<UInt8>, target: Span<UInt8>) {
        forgetNames()
        methodCount = method.count
        hostCount = host.count
        names.append(addingCapacity: method.count + host.count + target.count) { output in
            for index in method.indices { output.append(method[index]) }
            for index in host.indices { output.append(host[index]) }
            for index in target.indices { output.append(target[index]) }
        }
    }

    mutating func forgetNames() {
        methodCount = 0
        hostCount = 0
        if !names.isEmpty { names.removeAll(keepingCapacity: true) }
    }
}

extension [UInt8] {
    fileprivate init(copying octets: Span<UInt8>) {
        self.init(capacity: octets.count) { output in
            for index in octets.indices { output.append(octets[index]) }
        }
    }
}
