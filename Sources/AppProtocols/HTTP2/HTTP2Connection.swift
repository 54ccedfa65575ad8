import Events
import Octets

/// What both directions of an HTTP/2 connection share, and what is done with their octets: one value, so that octets
/// that come take one access to the parser.
struct HTTP2Connection: ~Copyable {
    let context: ParserContext
    /// Which direction the client's frames go; `nil` until something tells.
    var client: Direction?
    var ends = HTTP2Ends()
    /// Streams with an unfinished message or transaction.
    var streams = HTTP2Streams()
    /// Streams that were reset lately: what is still under way for them is no message. A ring.
    var resetIDs: [8 of UInt32] = [0, 0, 0, 0, 0, 0, 0, 0]
    var resetCount = 0
    /// GOAWAY with an error was seen: what stays open did not end because of it.
    var connectionError: UInt32?
    /// For frames, where they are shown.
    var frameMessage: Message?

    /// - Parameter upgrade: the HTTP/1 request that the connection began with, if it did.
    init(_ context: ParserContext, _ upgrade: ProtocolHandover? = nil) {
        self.context = context
        guard let upgrade, upgrade.to == .http2, !upgrade.method.isEmpty else { return }
        client = upgrade.client
        // Its answer comes on stream 1 (RFC 7540 § 3.2).
        let place = streams.open(1)
        streams[place].ask(upgrade)
    }

    // MARK: Octets to frames

    mutating func receive(
        _ octets: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> ParserStep {
        if arrival.mayBeAnother {
            switch beginAnother(octets, side) {
            case .yes: return ParserStep(consumed: 0, .another)
            case .needMore: return ParserStep(consumed: 0)
            case .no: break
            }
        }
        var at = 0
        while at < octets.count || (side.phase == .payload && side.remaining == 0) {
            switch side.phase {
            case .start:
                guard let taken = start(octets, &side, arrival, to: sink) else { return ParserStep(consumed: 0) }
                at = taken
            case .header:
                guard octets.count - at >= HTTP2FrameHeader.octetCount else { return ParserStep(consumed: at) }
                let header = HTTP2FrameHeader(octets, at: at)
                guard isAcceptable(header, from: side.direction) else {
                    loseTrack(of: &side, .frameSize, arrival, to: sink)
                    continue
                }
                if side.block != nil, header.type != .continuation {
                    // Nothing may come in between (§ 4.3).
                    sink.count(.frameOrder, octets: 0)
                    abandonBlock(&side, .malformed(.frameOrder), arrival, to: sink)
                }
                side.begin(header, at: at == 0 ? arrival.firstTime : arrival.time, context)
                at += HTTP2FrameHeader.octetCount
            case .payload:
                at += takePayload(octets.extracting(at...), &side, arrival, to: sink)
            case .searching:
                let taken = search(octets.extracting(at...), &side, arrival, to: sink)
                at += taken
                if side.phase == .searching { return ParserStep(consumed: at) }
            }
        }
        return ParserStep(consumed: at)
    }

    /// Whether octets begin another connection: a client's preface comes once (RFC 9113 § 3.4), and where a frame is to
    /// begin, none looks like a line of HTTP/1.
    private func beginAnother(_ octets: Span<UInt8>, _ side: borrowing HTTP2Side) -> Detection {
        switch side.phase {
        case .start: return .no
        case .header:
            let preface = HTTP2FrameFinder.preface(octets)
            return preface == .no ? HTTP1Parser.detect(octets, side.direction) : preface
        case .payload, .searching: return HTTP2FrameFinder.preface(octets)
        }
    }

    /// Takes what a direction starts with.
    /// - Returns: octets taken; `nil` where they are too few to tell.
    private mutating func start(
        _ octets: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> Int? {
        switch HTTP2FrameFinder.preface(octets) {
        case .needMore: return nil
        case .yes:
            client = side.direction
            ends[side.direction].isFromStart = true
            ends[side.direction].isSeen = true
            side.phase = .header
            return HTTP2FrameFinder.preface.count
        case .no: break
        }
        guard octets.count >= HTTP2FrameHeader.octetCount else { return nil }
        let header = HTTP2FrameHeader(octets, at: 0)
        side.phase = .header
        ends[side.direction].isSeen = true
        if header.type == .settings, header.streamID == 0, !header.isAcknowledgement {
            ends[side.direction].isFromStart = true
        } else {
            side.forgetTable()
            if !header.isPlausible(lengthMax: (1 << 24) - 1) { loseTrack(of: &side, nil, arrival, to: sink) }
        }
        return 0
    }

    /// Whether a frame may be this long. Longer ones are most likely no frames at all.
    private func isAcceptable(_ header: HTTP2FrameHeader, from direction: Direction) -> Bool {
        if header.length <= HTTP2FrameHeader.lengthMaxInitial { return true }
        let peer = ends[direction.opposite]
        if peer.isFromStart { return header.length <= peer.frameLengthAnnounced }
        return header.isPlausible(lengthMax: (1 << 24) - 1)
    }

    /// Takes what of `octets` belongs to the current frame.
    private mutating func takePayload(
        _ octets: Span<UInt8>, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> Int {
        let count = min(octets.count, side.remaining)
        let piece = octets.extracting(0..<count)
        if side.frame.type == .data {
            side.remaining -= count
            receiveData(piece, &side, arrival, to: sink)
            if side.remaining == 0 {
                side.phase = .header
                endData(side, arrival, to: sink)
            }
        } else if count == side.frame.length, !side.isCut {
            // Most frames are there as a whole.
            side.remaining = 0
            side.phase = .header
            receiveFrame(piece, &side, arrival, to: sink)
        } else {
            side.remaining -= count
            let room = max(0, context.settings.headOctetsMax + 1_024 - side.payload.count)
            side.payload.append(contentsOf: piece.extracting(0..<min(room, count)))
            if count > room { side.isCut = true }
            if side.remaining == 0 { endPayload(&side, arrival, to: sink) }
        }
        return count
    }

    /// A frame that came in pieces is there.
    mutating func endPayload(_ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        side.phase = .header
        var payload: [UInt8] = []
        swap(&payload, &side.payload)
        receiveFrame(payload.span, &side, arrival, to: sink)
        payload.removeAll(keepingCapacity: payload.capacity <= 16_384)
        swap(&payload, &side.payload)
    }

    // MARK: Silence

    mutating func pause(
        _ pause: Pause, _ side: inout HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) {
        switch pause {
        case .idle:
            for place in openStreams(arrival.direction)
            where streams[place][arrival.direction].isEventStream {
                showPart(of: place, arrival, to: sink)
            }
        case .longIdle, .memory:
            showSkipped(&side, arrival, to: sink)
            let reason: MessageNote? = pause == .memory ? .memoryLimited : nil
            for place in openStreams(arrival.direction) {
                if let grpc = streams[place][arrival.direction].grpc, pause == .memory {
                    grpc.release(at: arrival.time, to: sink)
                }
                showPart(of: place, arrival, for: reason, to: sink)
            }
        case .closed, .aborted:
            close(&side, arrival, to: sink)
        }
        side.trim()
        if streams.isEmpty {
            streams.trim()
            frameMessage = nil
        }
    }

    /// Where streams with an unfinished message in a direction stand, the oldest first.
    mutating func openStreams(_ direction: Direction) -> [Int] {
        guard ends[direction].openMessages > 0 else { return [] }
        return streams.places { $0.hasMessage(direction) }
    }
}
