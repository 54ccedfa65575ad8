import Events
import Octets

/// Header lists and DATA to messages and transactions (RFC 9113 § 8.1).
extension HTTP2Connection {
    // MARK: Header lists

    /// A list begins a message, ends one (trailers), or is an interim response.
    mutating func receiveList(
        _ block: inout HTTP2HeaderBlock, _ direction: Direction, _ arrival: Arrival, to sink: any MessageSink
    ) {
        let head = HTTP2Head(block.list)
        learnClient(head, direction)
        var place = stream(block.streamID, arrival, to: sink)
        let isHead = head.isRequest || head.isResponse
        if streams[place].hasMessage(direction) {
            if isHead {
                // Another message begins although this one did not end.
                finish(place, direction, .malformed(.frameOrder), arrival, to: sink)
                place = stream(block.streamID, arrival, to: sink)
            } else {
                takeTrailers(&block, head, place, direction)
                streams.turn(to: place)
                if block.isEndStream { finish(place, direction, nil, arrival, to: sink) }
                return
            }
        }
        // Trailers have no pseudo-fields; where names are unknown that cannot be told.
        let isTrailers = !isHead && !head.hasUnknownName && block.isEndStream
        let kind: MessageKind =
            head.isRequest || (!head.isResponse && isClient(direction)) ? .http2Request : .http2Response
        begin(kind, place, direction, at: block.time)
        if isTrailers {
            streams[place][direction].begin(kind, direction, streamID: block.streamID, at: block.time)
            streams[place][direction].message.markIncomplete(.beginningNotSeen)
            takeTrailers(&block, head, place, direction)
        } else {
            streams[place].takeHead(kind, direction, &block, head, context)
        }
        if 100..<200 ~= head.status, !isTrailers, !block.isEndStream {
            showInterim(place, direction, arrival, to: sink)
        } else if block.isEndStream {
            finish(place, direction, nil, arrival, to: sink)
        } else {
            streams.turn(to: place)
        }
    }

    private func isClient(_ direction: Direction) -> Bool { direction == client ?? .sent }

    private mutating func learnClient(_ head: HTTP2Head, _ direction: Direction) {
        guard client == nil else { return }
        // Promised requests come by another way.
        if head.isRequest { client = direction } else if head.isResponse { client = direction.opposite }
    }

    /// A message begins on a stream: what is in it is for the caller to say.
    private mutating func begin(_ kind: MessageKind, _ place: Int, _ direction: Direction, at time: Int64) {
        streams[place].begin(context.http2.takeAssembly(), kind, direction, at: time)
        ends[direction].openMessages += 1
    }

    private mutating func takeTrailers(
        _ block: inout HTTP2HeaderBlock, _ head: HTTP2Head, _ place: Int, _ direction: Direction
    ) {
        guard streams[place].hasMessage(direction) else { return }
        swap(&streams[place][direction].message.trailers, &block.list)
        block.addNotes(to: &streams[place][direction].message)
        streams[place][direction].keepWire(block.wire.span, context)
        streams[place][direction].hasNews = true
        if let status = head.grpcStatus { streams[place].transaction.grpcStatus = status }
    }

    /// Shows an interim response (RFC 9110 § 15.2); the final one follows.
    private mutating func showInterim(
        _ place: Int, _ direction: Direction, _ arrival: Arrival, to sink: any MessageSink
    ) {
        guard streams[place].hasMessage(direction) else { return }
        var box = streams[place].take(direction)
        box[0].message.endTime = arrival.time
        box[0].endInterim(to: sink)
        ends[direction].openMessages -= 1
        streams[place].awaitResponse()
        context.http2.give(consume box)
        streams.turn(to: place)
    }

    /// A promised request (§ 8.4.1): it comes from the server and is whole with its list.
    mutating func receivePromise(
        _ block: inout HTTP2HeaderBlock, _ direction: Direction, _ arrival: Arrival, to sink: any MessageSink
    ) {
        let head = HTTP2Head(block.list)
        if client == nil { client = direction.opposite }
        let place = stream(block.promisedID, arrival, to: sink)
        var box = context.http2.takeAssembly()
        box[0].begin(.http2Request, direction, streamID: block.promisedID, at: block.time)
        box[0].message.endTime = arrival.time
        box[0].message.fill(from: &block, head)
        box[0].describe(&streams[place].transaction)
        streams[place].promise(direction, from: block.time, to: arrival.time, isComplete: box[0].message.isComplete)
        box[0].message.give(to: sink)
        context.http2.give(consume box)
        streams.turn(to: place)
    }

    // MARK: DATA

    /// Takes what came of a DATA frame (§ 6.1); `side.remaining` octets of it are still to come.
    mutating func receiveData(
        _ octets: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        if context.settings.keepsWire {
            let room = max(0, context.settings.wireOctetsMax - side.dataWire.count)
            side.dataWire.append(contentsOf: octets.extracting(0..<min(room, octets.count)))
        }
        guard !octets.isEmpty, side.frame.streamID != 0 else { return }
        var start = 0
        if side.padding < 0 {
            side.padding = Int(octets[0])
            start = 1
            if side.padding > octets.count - 1 + side.remaining { side.isUnreadable = true }
        }
        guard !side.isUnreadable else { return }
        let end = min(octets.count, octets.count + side.remaining - side.padding)
        if context.settings.showsFrames, start < end {
            let room = max(0, context.settings.bodyOctetsMax - side.content.count)
            side.content.append(contentsOf: octets.extracting(start..<min(end, start + room)))
            side.contentLength += UInt64(end - start)
        }
        guard context.settings.keepsWire || start < end, let place = streamForData(side, arrival, to: sink) else {
            return
        }
        if context.settings.keepsWire {
            if octets.count + side.remaining == side.frame.length {
                var header: [UInt8] = []
                side.frame.append(to: &header)
                streams[place][side.direction].keepWire(header.span, context)
            }
            streams[place][side.direction].keepWire(octets, context)
        }
        if start < end {
            let content = octets.extracting(start..<end)
            streams[place][side.direction].append(content, at: arrival.time, context, to: sink)
        }
        streams.turn(to: place)
    }

    /// Where the stream stands whose open message a DATA frame belongs to. If none is open, one whose beginning was not
    /// seen is begun; `nil` where the stream was reset.
    private mutating func streamForData(
        _ side: borrowing HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> Int? {
        let id = side.frame.streamID
        if let place = streams.place(of: id), streams[place].hasMessage(side.direction) { return place }
        if isReset(id) { return nil }
        let place = stream(id, arrival, to: sink)
        let isRequest = isClient(side.direction) && id & 1 == 1
        let kind: MessageKind = isRequest ? .http2Request : .http2Response
        begin(kind, place, side.direction, at: side.frameTime)
        streams[place][side.direction].begin(kind, side.direction, streamID: id, at: side.frameTime)
        streams[place][side.direction].beginUnseen(context)
        return place
    }

    /// A DATA frame is there, or what came of it.
    mutating func endData(_ side: borrowing HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        let id = side.frame.streamID
        if id == 0 { return reject(Span(), .frameStream, side, arrival, to: sink) }
        if side.isUnreadable || side.padding < 0 || (side.frame.isPadded && side.frame.length == 0) {
            if let place = streams.place(of: id), streams[place].hasMessage(side.direction) {
                streams[place][side.direction].message.markIncomplete(.malformed(.framePadding))
            }
            reject(Span(), .framePadding, side, arrival, to: sink)
        } else if isReset(id), streams.place(of: id) == nil {
            sink.count(.frameStream, octets: UInt64(HTTP2FrameHeader.octetCount + side.frame.length))
            if context.settings.showsFrames { showFrame(Span(), side, arrival, to: sink) }
            return
        } else if context.settings.showsFrames {
            showFrame(Span(), side, arrival, to: sink)
        }
        guard side.frame.isEndStream, let place = streamForData(side, arrival, to: sink) else { return }
        finish(place, side.direction, nil, arrival, to: sink)
    }
}
