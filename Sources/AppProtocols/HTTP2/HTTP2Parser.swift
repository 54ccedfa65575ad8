import Events
import Octets

/// HTTP/2 on one connection (RFC 9113, RFC 7541): frames of both directions become requests and responses, and gRPC
/// messages.
///
/// It follows what it sees and ends nothing: a frame that breaks a rule is noted, counted and passed over. It may join
/// midway and go on behind gaps; header fields it cannot know are then marked as unknown. Either end may be the client.
/// DATA is taken as it comes; other frames are taken whole, up to a limit.
///
/// A transaction is given once both its messages ended, or cannot end any more; not for a response whose request
/// was never seen.
public final class HTTP2Parser: ProtocolParser {
    // Apart from each other and from what they share: octets that come change one of them, and that.
    private(set) var sentSide = HTTP2Side(.sent)
    private(set) var receivedSide = HTTP2Side(.received)
    private var connection: HTTP2Connection

    /// Streams with an unfinished message or transaction.
    var openStreams: Int { connection.streams.count }

    /// - Parameters:
    ///   - context: whose pool state objects come from and go to.
    ///   - upgrade: what the HTTP/1 messages said that switched to HTTP/2 (`Upgrade: h2c`).
    public init(_ context: ParserContext, _ upgrade: ProtocolHandover? = nil) {
        connection = HTTP2Connection(context, upgrade)
    }

    public static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection {
        switch HTTP2FrameFinder.preface(prefix) {
        case .yes: .yes
        case .needMore: .needMore
        case .no: HTTP2FrameFinder.frame(prefix, at: 0)
        }
    }

    public func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        arrival.direction == .sent
            ? connection.receive(octets, &sentSide, arrival, to: sink)
            : connection.receive(octets, &receivedSide, arrival, to: sink)
    }

    public func skip(_ octets: UInt64?, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep.Outcome {
        if arrival.direction == .sent {
            connection.skip(octets, &sentSide, arrival, to: sink)
        } else {
            connection.skip(octets, &receivedSide, arrival, to: sink)
        }
        return .needMore
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        if arrival.direction == .sent {
            connection.pause(pause, &sentSide, arrival, to: sink)
        } else {
            connection.pause(pause, &receivedSide, arrival, to: sink)
        }
    }

    public func isWaiting(_ direction: Direction) -> Bool {
        connection.ends[direction].openMessages > 0
            || (direction == .sent ? sentSide.isWaiting : receivedSide.isWaiting)
    }

    public var heldOctets: Int { sentSide.heldOctets + receivedSide.heldOctets + connection.streams.heldOctets }
}
