import Events
import Octets

/// Header lists and DATA to messages and transactions (RFC 9113 § 8.1).
extension HTTP2Parser {
    // MARK: Header lists

    /// A list begins a message, ends one (trailers), or is an interim response.
    func receiveList(
        _ block: inout HTTP2HeaderBlock.Parts, _ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        let head = HTTP2Head(block.list)
        let direction = side.direction
        learnClient(head, block.streamID, direction)
        var stream = stream(block.streamID, arrival, to: sink)
        let isHead = head.isRequest || head.isResponse
        if stream[direction] != nil {
            if isHead {
                // Another message begins although this one did not end.
                finish(stream, direction, .malformed(.frameOrder), arrival, to: sink)
                stream = self.stream(block.streamID, arrival, to: sink)
            } else {
                takeTrailers(&block, head, stream, direction)
                turn(to: stream)
                if block.isEndStream { finish(stream, direction, nil, arrival, to: sink) }
                return
            }
        }
        // Trailers have no pseudo-fields; where names are unknown that cannot be told.
        let isTrailers = !isHead && !head.hasUnknownName && block.isEndStream
        let kind: MessageKind =
            head.isRequest || (!head.isResponse && isClient(direction)) ? .http2Request : .http2Response
        let assembly = begin(kind, stream, direction, at: block.time)
        if isTrailers {
            assembly.parts.message.markIncomplete(.beginningNotSeen)
            takeTrailers(&block, head, stream, direction)
        } else {
            takeHead(&block, head, stream, assembly)
        }
        if 100..<200 ~= head.status, !isTrailers, !block.isEndStream {
            showInterim(stream, direction, arrival, to: sink)
        } else if block.isEndStream {
            finish(stream, direction, nil, arrival, to: sink)
        } else {
            turn(to: stream)
        }
    }

    private func isClient(_ direction: Direction) -> Bool { direction == client ?? .sent }

    private func learnClient(_ head: HTTP2Head, _ streamID: UInt32, _ direction: Direction) {
        guard client == nil else { return }
        // Promised requests come by another way.
        if head.isRequest { client = direction } else if head.isResponse { client = direction.opposite }
    }

    private func begin(
        _ kind: MessageKind, _ stream: HTTP2Stream, _ direction: Direction, at time: Int64
    ) -> HTTP2Assembly {
        let assembly = pool.takeAssembly()
        assembly.parts.begin(kind, direction, streamID: stream.id, at: time)
        stream[direction] = assembly
        side(direction).openMessages += 1
        if kind == .http2Request {
            stream.request = .open
            stream.transaction.direction = direction
            stream.transaction.requestTime = time
        } else {
            stream.response = .open
            if stream.request == .unseen { stream.transaction.direction = direction.opposite }
            stream.transaction.responseTime = time
        }
        return assembly
    }

    private func takeHead(
        _ block: inout HTTP2HeaderBlock.Parts, _ head: HTTP2Head, _ stream: HTTP2Stream, _ assembly: HTTP2Assembly
    ) {
        assembly.parts.takeHead(&block, head, &stream.transaction, settings, tools)
    }

    private func takeTrailers(
        _ block: inout HTTP2HeaderBlock.Parts, _ head: HTTP2Head, _ stream: HTTP2Stream, _ direction: Direction
    ) {
        let assembly = stream[direction]!
        swap(&assembly.parts.message.trailers, &block.list)
        block.addNotes(to: &assembly.parts.message)
        keepWire(block.wire.span, in: assembly)
        assembly.parts.hasNews = true
        if let status = head.grpcStatus { stream.transaction.grpcStatus = status }
    }

    private func keepWire(_ octets: Span<UInt8>, in assembly: HTTP2Assembly) {
        guard settings.keepsWire else { return }
        let room = max(0, settings.wireOctetsMax - assembly.parts.message.wire.count)
        assembly.parts.message.wire.append(contentsOf: octets.extracting(0..<min(room, octets.count)))
    }

    /// Shows an interim response (RFC 9110 § 15.2); the final one follows.
    private func showInterim(
        _ stream: HTTP2Stream, _ direction: Direction, _ arrival: Arrival, to sink: any MessageSink
    ) {
        let assembly = stream[direction]!
        assembly.parts.message.endTime = arrival.time
        assembly.parts.endInterim(to: sink)
        stream[direction] = nil
        side(direction).openMessages -= 1
        stream.response = .unseen
        stream.transaction.status = 0
        stream.transaction.responseTime = 0
        pool.give(assembly)
        turn(to: stream)
    }

    /// A promised request (§ 8.4.1): it comes from the server and is whole with its list.
    func receivePromise(
        _ block: inout HTTP2HeaderBlock.Parts, _ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        let head = HTTP2Head(block.list)
        if client == nil { client = side.direction.opposite }
        let stream = stream(block.promisedID, arrival, to: sink)
        let assembly = pool.takeAssembly()
        assembly.parts.begin(.http2Request, side.direction, streamID: block.promisedID, at: block.time)
        assembly.parts.message.endTime = arrival.time
        assembly.parts.message.fill(from: &block, head)
        assembly.parts.describe(&stream.transaction)
        stream.request = .ended
        stream.transaction.direction = side.direction.opposite
        stream.transaction.requestTime = block.time
        stream.transaction.requestEndTime = arrival.time
        if !assembly.parts.message.isComplete { stream.transaction.isComplete = false }
        assembly.parts.message.give(to: sink)
        pool.give(assembly)
        turn(to: stream)
    }

    // MARK: DATA

    /// Takes what came of a DATA frame (§ 6.1); `side.remaining` octets of it are still to come.
    func receiveData(_ octets: Span<UInt8>, _ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        if settings.keepsWire {
            let room = max(0, settings.wireOctetsMax - side.dataWire.count)
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
        if settings.showsFrames, start < end {
            let room = max(0, settings.bodyOctetsMax - side.content.count)
            side.content.append(contentsOf: octets.extracting(start..<min(end, start + room)))
            side.contentLength += UInt64(end - start)
        }
        guard settings.keepsWire || start < end, let stream = streamForData(side, arrival, to: sink) else { return }
        if settings.keepsWire, let assembly = stream[side.direction] {
            if octets.count + side.remaining == side.frame.length {
                var header: [UInt8] = []
                side.frame.append(to: &header)
                keepWire(header.span, in: assembly)
            }
            keepWire(octets, in: assembly)
        }
        if start < end {
            let content = octets.extracting(start..<end)
            stream[side.direction]?.parts.append(content, at: arrival.time, settings, tools, to: sink)
        }
        turn(to: stream)
    }

    /// The stream whose open message a DATA frame belongs to. If none is open, one whose beginning was not seen is
    /// begun; `nil` where the stream was reset.
    private func streamForData(_ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) -> HTTP2Stream? {
        let id = side.frame.streamID
        if let stream = openStream(id), stream.hasMessage(side.direction) { return stream }
        if isReset(id) { return nil }
        let stream = stream(id, arrival, to: sink)
        let isRequest = isClient(side.direction) && id & 1 == 1
        let assembly = begin(
            isRequest ? .http2Request : .http2Response, stream, side.direction, at: side.frameTime)
        assembly.parts.beginUnseen(settings, tools)
        return stream
    }

    /// A DATA frame is there, or what came of it.
    func endData(_ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        let id = side.frame.streamID
        if id == 0 { return reject(Span(), .frameStream, side, arrival, to: sink) }
        if side.isUnreadable || side.padding < 0 || (side.frame.isPadded && side.frame.length == 0) {
            if let assembly = openStream(id)?[side.direction] {
                assembly.parts.message.markIncomplete(.malformed(.framePadding))
            }
            reject(Span(), .framePadding, side, arrival, to: sink)
        } else if isReset(id), openStream(id) == nil {
            sink.count(.frameStream, octets: UInt64(HTTP2FrameHeader.octetCount + side.frame.length))
            if settings.showsFrames { showFrame(Span(), side, arrival, to: sink) }
            return
        } else if settings.showsFrames {
            showFrame(Span(), side, arrival, to: sink)
        }
        guard side.frame.isEndStream, let stream = streamForData(side, arrival, to: sink) else { return }
        finish(stream, side.direction, nil, arrival, to: sink)
    }
}
