import Events
import Octets

/// Going on behind what is missing or cannot be read.
extension HTTP2Connection {
    /// Octets are missing: how many, if known.
    mutating func skip(
        _ octets: UInt64?, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        if let octets, side.phase == .payload, octets <= UInt64(side.remaining) {
            return skip(inside: Int(octets), &side, arrival, to: sink)
        }
        loseTrack(of: &side, nil, arrival, to: sink)
        sink.receive(gap: octets, arrival)
    }

    /// Octets of the current frame's payload are missing.
    private mutating func skip(
        inside octets: Int, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        side.remaining -= octets
        // What stood behind the gap is not put beside what stood before it.
        side.isCut = true
        if side.frame.type == .data {
            // Where the octet is lost that says how much of the frame is padding, what is shown may contain some.
            let prefix = side.padding < 0 && octets > 0 ? 1 : 0
            side.padding = max(0, side.padding)
            let missing = octets - prefix - max(0, side.padding - side.remaining)
            side.padding = min(side.padding, side.remaining)
            if missing > 0, let place = streams.place(of: side.frame.streamID),
                streams[place].hasMessage(side.direction)
            {
                streams[place][side.direction].skip(UInt64(missing), at: arrival.time, to: sink)
            } else {
                sink.receive(gap: UInt64(octets), arrival)
            }
            if side.remaining == 0 {
                side.phase = .header
                endData(side, arrival, to: sink)
            }
        } else {
            // A header block's message tells that it is not whole.
            let isBlock = side.frame.type == .headers || side.frame.type == .pushPromise || side.block != nil
            if !isBlock { sink.receive(gap: UInt64(octets), arrival) }
            if side.remaining == 0 { endPayload(&side, arrival, to: sink) }
        }
    }

    /// Frames cannot be followed from here on: looks for the next.
    /// Anything may be missing: of every open message, and of the header table.
    /// - Parameter malformation: what was wrong; `nil` where octets are missing.
    mutating func loseTrack(
        of side: inout HTTP2Side, _ malformation: Malformation?, _ arrival: Arrival, to sink: any MessageSink
    ) {
        side.phase = .searching
        ends[side.direction].isSeen = true
        side.payload.removeAll(keepingCapacity: true)
        if let malformation { sink.count(malformation, octets: 0) }
        abandonBlock(&side, .gap(octets: nil), arrival, to: sink)
        side.forgetTable()
        for place in openStreams(side.direction) {
            streams[place][side.direction].skip(nil, at: arrival.time, to: sink)
        }
        side.remaining = 0
    }

    /// Looks for the next frame; what is passed over is shown raw.
    /// - Returns: octets passed over. The phase tells whether a frame starts behind them.
    mutating func search(
        _ octets: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> Int {
        let peer = ends[side.direction.opposite]
        let lengthMax = peer.isFromStart ? peer.frameLengthAnnounced : HTTP2FrameHeader.lengthMaxInitial
        var at = 0
        search: while at < octets.count {
            let found = HTTP2FrameFinder.frame(octets, at: at, lengthMax: lengthMax)
            // However much of what follows is there, or the answer would depend on how the octets were cut.
            if found == .yes || isForOpenStream(octets, at, side.direction, lengthMax) {
                side.phase = .header
                break search
            }
            if found == .needMore { break search }
            at += 1
        }
        pass(over: octets.extracting(0..<at), &side, arrival, to: sink)
        if side.phase == .header { showSkipped(&side, arrival, to: sink) }
        return at
    }

    /// Whether these octets look like DATA for a stream of which a message is open: reason enough, whatever follows.
    private mutating func isForOpenStream(
        _ octets: Span<UInt8>, _ at: Int, _ direction: Direction, _ lengthMax: Int
    ) -> Bool {
        let typeAt = at + 3
        guard octets.count - at >= HTTP2FrameHeader.octetCount, octets[typeAt] == HTTP2FrameType.data.rawValue else {
            return false
        }
        let header = HTTP2FrameHeader(octets, at: at)
        guard header.isPlausible(lengthMax: lengthMax), let place = streams.place(of: header.streamID) else {
            return false
        }
        return streams[place].hasMessage(direction)
    }

    private func pass(
        over octets: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        var at = 0
        while at < octets.count {
            if side.skipped.isEmpty { side.skippedTime = arrival.firstTime }
            let count = min(octets.count - at, max(1, context.settings.rawOctetsMax - side.skipped.count))
            side.skipped.append(contentsOf: octets.extracting(at..<(at + count)))
            at += count
            if side.skipped.count >= context.settings.rawOctetsMax { showSkipped(&side, arrival, to: sink) }
        }
    }

    /// Shows octets that no frame was found in.
    func showSkipped(_ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        guard !side.skipped.isEmpty else { return }
        sink.count(.frameOrder, octets: UInt64(side.skipped.count))
        var message = Message()
        message.reset(.raw, side.direction, at: side.skippedTime)
        message.endTime = arrival.time
        message.isComplete = false
        message.note(.malformed(.frameOrder))
        message.body.length = UInt64(side.skipped.count)
        message.body.decodedLength = message.body.length
        if context.settings.keepsWire {
            message.wire = Array(side.skipped.prefix(context.settings.wireOctetsMax))
        }
        swap(&message.body.octets, &side.skipped)
        sink.receive(message)
        side.skipped = []
    }

    // MARK: The end

    /// A direction ends: so do its messages, and the transactions that cannot go on.
    mutating func close(_ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        ends[side.direction].isClosed = true
        showSkipped(&side, arrival, to: sink)
        abandonBlock(&side, .endNotSeen, arrival, to: sink)
        for place in openStreams(side.direction) {
            if let connectionError {
                streams[place][side.direction].message.markIncomplete(.reset(code: connectionError))
            }
            finish(place, side.direction, .endNotSeen, arrival, to: sink)
        }
        side.payload = []
        side.remaining = 0
        if side.phase != .start { side.phase = .searching }
        side.forgetTable()
        // A response that was not begun would have come against the request.
        for place in streams.places(where: { !$0.hasMessages }) {
            let isAnswerable =
                streams[place].state.response == .unseen && streams[place].transaction.direction == side.direction
                && !ends[side.direction.opposite].isClosed
            if !isAnswerable { conclude(place, to: sink) }
        }
    }
}
