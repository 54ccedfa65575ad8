import Events
import Octets

/// Cuts the messages of a gRPC call out of the body of its request or response.
///
/// Each is preceded by a compressed flag and its length in four octets (gRPC over HTTP/2, Length-Prefixed-Message).
/// Nothing is reserved by that length.
final class GRPCAssembly {
    private var message = Message()
    private var collector = BodyCollector()
    private let direction: Direction
    private let streamID: UInt32
    /// The call: the request's `:path`.
    private let target: [UInt8]
    private let coding: ContentCoding?
    private let isWanted: Bool

    private var prefix: [5 of UInt8] = [0, 0, 0, 0, 0]
    private var prefixCount = 0
    /// Octets of the message to come; meaningful once the prefix is there.
    private var remaining = 0
    private var announced: UInt64 = 0
    /// Where the next message starts is not known any more.
    private var isLost = false

    /// - Parameter coding: what `grpc-encoding` names; `nil` where it names none, or one nobody knows.
    /// - Parameter isWanted: whether the call is.
    init(_ direction: Direction, streamID: UInt32, target: [UInt8], coding: ContentCoding?, isWanted: Bool = true) {
        self.isWanted = isWanted
        self.direction = direction
        self.streamID = streamID
        self.target = target
        self.coding = coding
    }

    var heldOctets: Int { message.heldOctets + collector.heldOctets }

    /// Takes octets of the body.
    func append(
        _ octets: Span<UInt8>, at time: Int64, _ context: ParserContext,
        to sink: any MessageSink
    ) {
        var at = 0
        while at < octets.count {
            if isLost { return }
            if prefixCount < 5 {
                if prefixCount == 0 {
                    message.reset(.grpc, direction, at: time)
                    message.isWanted = isWanted
                }
                prefix[prefixCount] = octets[at]
                prefixCount += 1
                at += 1
                if prefixCount == 5 {
                    begin(context)
                    if message.flags & 0x7E != 0 {
                        // Only gRPC-Web has a flag besides the lowest, for trailers.
                        isLost = true
                        prefixCount = 0
                        sink.count(.grpcPrefix, octets: UInt64(octets.count - at + 5))
                        return
                    }
                }
            } else {
                let count = min(remaining, octets.count - at)
                collector.append(octets.extracting(at..<(at + count)), to: &message, context)
                remaining -= count
                at += count
            }
            if prefixCount == 5, remaining == 0 { end(isWhole: true, at: time, to: sink) }
        }
    }

    /// Octets of the body are missing.
    func skip(_ octets: UInt64?, at time: Int64, to sink: any MessageSink) {
        guard !isLost else { return }
        if let octets, prefixCount == 5, octets <= UInt64(remaining) {
            remaining -= Int(octets)
            collector.skip(octets, in: &message)
            if remaining == 0 { end(isWhole: false, at: time, to: sink) }
        } else {
            if prefixCount == 5 { collector.skip(octets, in: &message) }
            finish(at: time, to: sink)
            isLost = true
        }
    }

    /// The body ends: a message that is not whole is shown as far as it came.
    func finish(at time: Int64, to sink: any MessageSink) {
        guard prefixCount == 5 else {
            if prefixCount > 0 { sink.count(.grpcPrefix, octets: UInt64(prefixCount)) }
            prefixCount = 0
            return
        }
        message.markIncomplete(.bodyShort(seen: message.body.length, announced: announced))
        end(isWhole: false, at: time, to: sink)
    }

    private func begin(_ context: ParserContext) {
        announced = UInt64(prefix.span.bigEndian32(at: 1))
        remaining = Int(announced)
        message.streamID = streamID
        message.version = 20
        message.flags = prefix[0]
        let target = target
        message.target = message.headers.append(target.span)
        let codings: [ContentCoding?] = prefix[0] & 1 == 1 ? [coding] : []
        collector.begin(codings, in: &message, context)
    }

    private func end(isWhole: Bool, at time: Int64, to sink: any MessageSink) {
        message.endTime = time
        collector.end(isWhole: isWhole, in: &message)
        sink.receive(message)
        message.releaseShown()
        prefixCount = 0
    }

    /// Shows a message as far as it came, for the memory it takes: the next one is cut out where it starts.
    func release(at time: Int64, to sink: any MessageSink) {
        guard prefixCount == 5, message.body.length > 0 else { return }
        message.endTime = time
        message.markIncomplete(.soFar(seen: message.body.length, announced: announced))
        message.note(.memoryLimited)
        sink.receive(message)
        message.beginContinuation()
    }
}
