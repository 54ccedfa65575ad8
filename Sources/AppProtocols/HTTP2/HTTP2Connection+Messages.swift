import Events
import Octets

/// The life of streams, and what is given out at its end.
extension HTTP2Connection {
    // MARK: Streams

    /// Streams kept for a response while that direction was never seen at all.
    private static let unansweredMax = 64

    /// Where the stream of this number stands, opened if need be.
    mutating func stream(_ id: UInt32, _ arrival: Arrival, to sink: any MessageSink) -> Int {
        if let place = streams.place(of: id) { return place }
        while streams.count >= max(1, context.settings.openStreamsMax),
            let oldest = streams.oldest(where: { _ in true })
        {
            abort(oldest, .endNotSeen, arrival, to: sink)
        }
        return streams.open(id)
    }

    func isReset(_ id: UInt32) -> Bool {
        for index in resetIDs.indices where resetIDs[index] == id { return true }
        return false
    }

    // MARK: Messages

    /// A message ends.
    /// - Parameter note: why its end was not seen; `nil` if it was.
    mutating func finish(
        _ place: Int, _ direction: Direction, _ note: MessageNote?, _ arrival: Arrival, to sink: any MessageSink
    ) {
        guard streams[place].hasMessage(direction) else { return }
        var box = streams[place].take(direction)
        ends[direction].openMessages -= 1
        let share = box[0].finish(note, at: arrival.time, to: sink)
        streams[place].end(share, at: arrival.time)
        context.http2.give(consume box)
        streams.turn(to: place)
        removeIfDone(place, direction, to: sink)
    }

    private mutating func removeIfDone(_ place: Int, _ direction: Direction, to sink: any MessageSink) {
        // Where both ends answer the same stream, the other one's message still goes on.
        guard !streams[place].hasMessage(direction.opposite) else { return }
        switch streams[place].state {
        case (.ended, .ended): conclude(place, to: sink)
        case (.unseen, .ended):
            // The request may still come if it was overtaken, but only where the other direction is followed.
            if !ends[direction.opposite].isFromStart { conclude(place, to: sink) }
        case (.ended, .unseen):
            if !ends[direction.opposite].isSeen, streams.count > Self.unansweredMax,
                let oldest = streams.oldest(where: { !$0.hasMessages })
            {
                conclude(oldest, to: sink)
            }
        default: break
        }
    }

    /// Shows an unfinished message as far as it came; the rest goes on.
    /// - Parameter reason: noted besides.
    mutating func showPart(
        of place: Int, _ arrival: Arrival, for reason: MessageNote? = nil, to sink: any MessageSink
    ) {
        let direction = arrival.direction
        guard streams[place].hasMessage(direction), streams[place][direction].hasNews else { return }
        let shown = streams[place][direction].showPart(at: arrival.time, for: reason, to: sink)
        if shown.kind == .http2Request {
            streams[place].transaction.requestLength += shown.length
        } else {
            streams[place].transaction.responseLength += shown.length
        }
        streams.turn(to: place)
    }

    // MARK: Transactions

    /// Both messages of a stream ended before their time.
    mutating func abort(_ place: Int, _ note: MessageNote, _ arrival: Arrival, to sink: any MessageSink) {
        let id = streams[place].number
        let first = streams[place].transaction.direction
        finish(place, first, note, arrival, to: sink)
        finish(place, first.opposite, note, arrival, to: sink)
        if let place = streams.place(of: id) { conclude(place, to: sink) }
    }

    /// Nothing more comes for a stream: gives its transaction, if there was a request.
    mutating func conclude(_ place: Int, to sink: any MessageSink) {
        streams[place].conclude(to: sink)
        streams.remove(place)
    }

    // MARK: Ends that are told

    /// RST_STREAM (§ 6.4).
    mutating func receiveReset(_ id: UInt32, _ code: UInt32, _ arrival: Arrival, to sink: any MessageSink) {
        resetIDs[resetCount & 7] = id
        resetCount &+= 1
        if let place = streams.place(of: id) { abort(place, .reset(code: code), arrival, to: sink) }
    }

    /// GOAWAY (§ 6.8): later streams of the other end will not be answered.
    mutating func receiveGoAway(
        _ lastID: UInt32, _ code: UInt32, _ direction: Direction, _ arrival: Arrival, to sink: any MessageSink
    ) {
        if code != 0 { connectionError = code }
        guard let client else { return }
        let parity: UInt32 = direction == client ? 0 : 1
        for place in streams.places(where: { $0.number > lastID && $0.number & 1 == parity }) {
            abort(place, .reset(code: code), arrival, to: sink)
        }
    }
}
