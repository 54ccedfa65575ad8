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
    let settings: ParserSettings
    let tools: any BodyTools
    let pool: HTTP2Pool
    private let ownsPool: Bool
    let sentSide = HTTP2Side(.sent)
    let receivedSide = HTTP2Side(.received)
    /// Which direction the client's frames go; `nil` until something tells.
    var client: Direction?

    /// Streams with an unfinished message or transaction.
    var streams: [UInt32: HTTP2Stream] = [:]
    /// Their identifiers, the oldest first, and some that are gone.
    var order: [UInt32] = []
    var orderStart = 0
    /// Streams that were reset lately: what is still under way for them is no message. A ring.
    var resetIDs: [8 of UInt32] = [0, 0, 0, 0, 0, 0, 0, 0]
    var resetCount = 0
    /// GOAWAY with an error was seen: what stays open did not end because of it.
    var connectionError: UInt32?
    /// The stream that something came for last, if it is still there: found without a search, and its octets are
    /// counted when another one's turn comes.
    private(set) var recent: HTTP2Stream?
    /// Octets held by all streams but `recent`, and those of that one which are counted.
    private var streamOctets = 0
    /// For frames, where they are shown.
    var frameMessage: Message?

    /// - Parameter pool: where state objects come from and go to; may be shared by all parsers of a thread.
    public init(_ settings: ParserSettings, _ tools: any BodyTools, pool: HTTP2Pool? = nil) {
        self.settings = settings
        self.tools = tools
        self.pool = pool ?? HTTP2Pool()
        ownsPool = pool == nil
    }

    @inline(always)
    func side(_ direction: Direction) -> HTTP2Side { direction == .sent ? sentSide : receivedSide }

    public static func detect(_ prefix: Span<UInt8>, _ direction: Direction) -> Detection {
        switch HTTP2FrameFinder.preface(prefix) {
        case .yes: .yes
        case .needMore: .needMore
        case .no: HTTP2FrameFinder.frame(prefix, at: 0)
        }
    }

    // MARK: Octets to frames

    public func receive(_ octets: Span<UInt8>, _ arrival: Arrival, to sink: any MessageSink) -> ParserStep {
        let side = side(arrival.direction)
        var at = 0
        while at < octets.count || (side.phase == .payload && side.remaining == 0) {
            switch side.phase {
            case .start:
                guard let taken = start(octets, side, arrival, to: sink) else { return ParserStep(consumed: 0) }
                at = taken
            case .header:
                guard octets.count - at >= HTTP2FrameHeader.octetCount else { return ParserStep(consumed: at) }
                let header = HTTP2FrameHeader(octets, at: at)
                guard isAcceptable(header, on: side) else {
                    loseTrack(of: side, .frameSize, arrival, to: sink)
                    continue
                }
                if side.block != nil, header.type != .continuation {
                    // Nothing may come in between (§ 4.3).
                    sink.count(.frameOrder, octets: 0)
                    abandonBlock(side, .malformed(.frameOrder), arrival, to: sink)
                }
                begin(header, on: side, at: at == 0 ? arrival.firstTime : arrival.time)
                at += HTTP2FrameHeader.octetCount
            case .payload:
                at += takePayload(octets.extracting(at...), side, arrival, to: sink)
            case .searching:
                let taken = search(octets.extracting(at...), side, arrival, to: sink)
                at += taken
                if side.phase == .searching { return ParserStep(consumed: at) }
            }
        }
        return ParserStep(consumed: at)
    }

    /// Takes what a direction starts with.
    /// - Returns: octets taken; `nil` where they are too few to tell.
    private func start(
        _ octets: Span<UInt8>, _ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> Int? {
        switch HTTP2FrameFinder.preface(octets) {
        case .needMore: return nil
        case .yes:
            client = side.direction
            side.isFromStart = true
            side.phase = .header
            return HTTP2FrameFinder.preface.count
        case .no: break
        }
        guard octets.count >= HTTP2FrameHeader.octetCount else { return nil }
        let header = HTTP2FrameHeader(octets, at: 0)
        side.phase = .header
        if header.type == .settings, header.streamID == 0, !header.isAcknowledgement {
            side.isFromStart = true
        } else {
            side.forgetTable()
            if !header.isPlausible(lengthMax: (1 << 24) - 1) { loseTrack(of: side, nil, arrival, to: sink) }
        }
        return 0
    }

    /// Whether a frame may be this long. Longer ones are most likely no frames at all.
    private func isAcceptable(_ header: HTTP2FrameHeader, on side: HTTP2Side) -> Bool {
        if header.length <= HTTP2FrameHeader.lengthMaxInitial { return true }
        let peer = self.side(side.direction.opposite)
        if peer.isFromStart { return header.length <= peer.frameLengthAnnounced }
        return header.isPlausible(lengthMax: (1 << 24) - 1)
    }

    private func begin(_ header: HTTP2FrameHeader, on side: HTTP2Side, at time: Int64) {
        side.frame = header
        side.frameTime = time
        side.remaining = header.length
        side.isCut = false
        side.phase = .payload
        guard header.type == .data else { return }
        side.isUnreadable = false
        side.padding = header.isPadded && header.length > 0 ? -1 : 0
        // These two are filled where frames or octets are shown only.
        if settings.showsFrames {
            side.content.removeAll(keepingCapacity: side.content.capacity <= 16_384)
            side.contentLength = 0
        }
        if settings.keepsWire { side.dataWire.removeAll(keepingCapacity: side.dataWire.capacity <= 16_384) }
    }

    /// Takes what of `octets` belongs to the current frame.
    private func takePayload(
        _ octets: Span<UInt8>, _ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink
    ) -> Int {
        let count = min(octets.count, side.remaining)
        let piece = octets.extracting(0..<count)
        if side.frame.type == .data {
            side.remaining -= count
            receiveData(piece, side, arrival, to: sink)
            if side.remaining == 0 {
                side.phase = .header
                endData(side, arrival, to: sink)
            }
        } else if count == side.frame.length, !side.isCut {
            // Most frames are there as a whole.
            side.remaining = 0
            side.phase = .header
            receiveFrame(piece, side, arrival, to: sink)
        } else {
            side.remaining -= count
            let room = max(0, settings.headOctetsMax + 1_024 - side.payload.count)
            side.payload.append(contentsOf: piece.extracting(0..<min(room, count)))
            if count > room { side.isCut = true }
            if side.remaining == 0 { endPayload(side, arrival, to: sink) }
        }
        return count
    }

    /// A frame that came in pieces is there.
    func endPayload(_ side: HTTP2Side, _ arrival: Arrival, to sink: any MessageSink) {
        side.phase = .header
        var payload: [UInt8] = []
        swap(&payload, &side.payload)
        receiveFrame(payload.span, side, arrival, to: sink)
        payload.removeAll(keepingCapacity: payload.capacity <= 16_384)
        swap(&payload, &side.payload)
    }

    // MARK: Memory

    public var heldOctets: Int {
        sentSide.heldOctets + receivedSide.heldOctets + streamOctets + (recent?.uncountedOctets ?? 0)
    }

    /// Something of a stream comes, is shown, or is gone.
    func turn(to stream: HTTP2Stream) {
        guard recent !== stream else { return }
        if let recent {
            let octets = recent.uncountedOctets
            recent.countedOctets += octets
            streamOctets += octets
        }
        recent = stream
    }

    /// A stream is gone.
    func uncount(_ stream: HTTP2Stream) {
        streamOctets -= stream.countedOctets
        stream.countedOctets = 0
        if recent === stream { recent = nil }
    }

    // MARK: Silence and the end

    public func isWaiting(_ direction: Direction) -> Bool {
        let side = side(direction)
        return side.openMessages > 0 || side.block != nil || !side.skipped.isEmpty
    }

    public func pause(_ pause: Pause, _ arrival: Arrival, to sink: any MessageSink) {
        let side = side(arrival.direction)
        switch pause {
        case .idle:
            for stream in openStreams(arrival.direction) where stream[arrival.direction]!.parts.isEventStream {
                showPart(of: stream, arrival, to: sink)
            }
        case .longIdle, .memory:
            showSkipped(side, arrival, to: sink)
            let reason: MessageNote? = pause == .memory ? .memoryLimited : nil
            for stream in openStreams(arrival.direction) {
                if let grpc = stream[arrival.direction]?.parts.grpc, pause == .memory {
                    grpc.release(at: arrival.time, to: sink)
                }
                showPart(of: stream, arrival, for: reason, to: sink)
            }
        case .closed, .aborted:
            close(side, arrival, to: sink)
        }
        side.trim()
        if streams.isEmpty { trim() }
    }

    /// Streams with an unfinished message in a direction, the oldest first.
    func openStreams(_ direction: Direction) -> [HTTP2Stream] {
        guard side(direction).openMessages > 0 else { return [] }
        return streams.values.filter { $0[direction] != nil }.sorted { $0.id < $1.id }
    }

    private func trim() {
        assert(streamOctets == 0, "octets of streams that are gone are counted")
        streams = [:]
        recent = nil
        order = []
        orderStart = 0
        frameMessage = nil
        if ownsPool { pool.trim() }
    }
}
