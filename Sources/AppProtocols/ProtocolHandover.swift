import Events

/// What the next parser of a connection has to know of the message that switched protocols (`Upgrade`, `CONNECT`).
public struct ProtocolHandover: Sendable, Equatable {
    /// `raw` stands for anything: a tunnel, or a protocol nobody here knows. Detect it anew.
    public var to: ConnectionProtocol
    /// The direction in which the request went.
    public var client: Direction
    /// Method, target and host of the request; empty where it was not seen.
    public var method: [UInt8] = []
    public var target: [UInt8] = []
    public var host: [UInt8] = []
    /// When its first and last octets were seen, and how long its body was.
    public var requestTime: Int64 = 0
    public var requestEndTime: Int64 = 0
    public var requestLength: UInt64 = 0
    /// WebSocket: the server agreed on permessage-deflate (RFC 7692); `nil` where the 101 was not seen.
    public var permessageDeflate: Bool?
    /// Each message of the server, or the client, is compressed by itself (RFC 7692 § 7.1.1).
    public var serverTakesNoContext = false
    public var clientTakesNoContext = false

    public init(to: ConnectionProtocol, client: Direction) {
        self.to = to
        self.client = client
    }
}
