import Events
import Octets

/// The life of streams, and what is given out at its end.
extension HTTP2Parser {
    // MARK: Streams

    /// Streams kept for a response while that direction was never seen at all.
    private static let unansweredMax = 64

    /// The stream of this number, if it is open.
    func openStream(_ id: UInt32) -> HTTP2Stream? {
        if let recent, recent.id == id { return recent }
        return streams[id]
    }

    /// The stream of this number, opened if need be.
    func stream(_ id: UInt32, _ arrival: Arrival, to sink: any MessageSink) -> HTTP2Stream {
        if let stream = openStream(id) { return stream }
        while streams.count >= max(1, settings.openStreamsMax), let oldest = oldestStream(where: { _ in true }) {
            abort(oldest, .endNotSeen, arrival, to: sink)
        }
        let stream = pool.takeStream(id)
        streams[id] = stream
        order.append(id)
        return stream
    }

    /// The stream opened first of those that fit.
    private func oldestStream(where fits: (HTTP2Stream) -> Bool) -> HTTP2Stream? {
        while orderStart < order.count, streams[order[orderStart]] == nil { orderStart += 1 }
        if orderStart > 64, orderStart > order.count / 2 {
            order.removeSubrange(0..<orderStart)
            orderStart = 0
        }
        for id in order[orderStart...] {
            if let stream = streams[id], fits(stream) { return stream }
        }
        return nil
    }

    private func remove(_ stream: HTTP2Stream) {
        streams[stream.id] = nil
        uncount(stream)
        if streams.isEmpty {
            order.removeAll(keepingCapacity: true)
            orderStart = 0
        } else if order.count > 2 * streams.count + 64 {
            // Most of them are gone: a constant cost per stream.
            order = order[orderStart...].filter { streams[$0] != nil }
            orderStart = 0
        }
        pool.give(stream)
    }

    func isReset(_ id: UInt32) -> Bool {
        for index in resetIDs.indices where resetIDs[index] == id { return true }
        return false
    }

    // MARK: Messages

    /// A message ends.
    /// - Parameter note: why its end was not seen; `nil` if it was.
    func finish(
        _ stream: HTTP2Stream, _ direction: Direction, _ note: MessageNote?, _ arrival: Arrival,
        to sink: any MessageSink
    ) {
        guard let assembly = stream[direction] else { return }
        stream[direction] = nil
        side(direction).openMessages -= 1
        let share = assembly.parts.finish(note, at: arrival.time, to: sink)
        stream.end(share, at: arrival.time)
        pool.give(assembly)
        turn(to: stream)
        removeIfDone(stream, direction, to: sink)
    }

    private func removeIfDone(_ stream: HTTP2Stream, _ direction: Direction, to sink: any MessageSink) {
        // Where both ends answer the same stream, the other one's message still goes on.
        guard stream[direction.opposite] == nil else { return }
        switch (stream.request, stream.response) {
        case (.ended, .ended): conclude(stream, to: sink)
        case (.unseen, .ended):
            // The request may still come if it was overtaken, but only where the other direction is followed.
            if !side(direction.opposite).isFromStart { conclude(stream, to: sink) }
        case (.ended, .unseen):
            if !side(direction.opposite).isSeen, streams.count > Self.unansweredMax,
                let oldest = oldestStream(where: { $0[.sent] == nil && $0[.received] == nil })
            {
                conclude(oldest, to: sink)
            }
        default: break
        }
    }

    /// Shows an unfinished message as far as it came; the rest goes on.
    /// - Parameter reason: noted besides.
    func showPart(
        of stream: HTTP2Stream, _ arrival: Arrival, for reason: MessageNote? = nil, to sink: any MessageSink
    ) {
        guard let assembly = stream[arrival.direction], assembly.parts.hasNews else { return }
        assembly.parts.hasNews = false
        assembly.parts.message.endTime = arrival.time
        assembly.parts.decodeWaiting()
        assembly.parts.message.markIncomplete(.soFar(seen: assembly.parts.message.body.length, announced: nil))
        if let reason { assembly.parts.message.note(reason) }
        assembly.parts.message.give(to: sink)
        let kind = assembly.parts.message.kind
        if kind == .http2Request {
            stream.transaction.requestLength += assembly.parts.message.body.length
        } else {
            stream.transaction.responseLength += assembly.parts.message.body.length
        }
        let status = assembly.parts.message.status
        let codings = assembly.parts.message.body.codings
        assembly.parts.message.releaseShown()
        assembly.parts.message.reset(kind, arrival.direction, at: arrival.time)
        assembly.parts.message.version = 20
        assembly.parts.message.streamID = stream.id
        assembly.parts.message.status = status
        assembly.parts.message.body.codings = codings
        assembly.parts.message.isContinuation = true
        turn(to: stream)
    }

    // MARK: Transactions

    /// Both messages of a stream ended before their time.
    func abort(_ stream: HTTP2Stream, _ note: MessageNote, _ arrival: Arrival, to sink: any MessageSink) {
        let id = stream.id
        let directions: [Direction] =
            stream.transaction.direction == .sent ? [.sent, .received] : [.received, .sent]
        for direction in directions { finish(stream, direction, note, arrival, to: sink) }
        if let stream = streams[id] { conclude(stream, to: sink) }
    }

    /// Nothing more comes for a stream: gives its transaction, if there was a request.
    func conclude(_ stream: HTTP2Stream, to sink: any MessageSink) {
        if stream.request != .unseen {
            if stream.request != .ended || stream.response != .ended { stream.transaction.isComplete = false }
            stream.transaction.give(to: sink)
        }
        remove(stream)
    }

    // MARK: Ends that are told

    /// RST_STREAM (§ 6.4).
    func receiveReset(_ id: UInt32, _ code: UInt32, _ arrival: Arrival, to sink: any MessageSink) {
        resetIDs[resetCount & 7] = id
        resetCount &+= 1
        if let stream = streams[id] { abort(stream, .reset(code: code), arrival, to: sink) }
    }

    /// GOAWAY (§ 6.8): later streams of the other end will not be answered.
    func receiveGoAway(
        _ lastID: UInt32, _ code: UInt32, _ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        if code != 0 { connectionError = code }
        guard let client else { return }
        let parity: UInt32 = side.direction == client ? 0 : 1
        let refused = streams.values.filter { $0.id > lastID && $0.id & 1 == parity }.sorted { $0.id < $1.id }
        for stream in refused { abort(stream, .reset(code: code), arrival, to: sink) }
    }
}
