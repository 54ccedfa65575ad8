import Events
import Octets

/// One direction of an HTTP/1 connection: a machine that takes octets cut anywhere.
///
/// Heads, chunk-size lines and trailers wait unconsumed until they are whole (what was searched is not searched again);
/// bodies are consumed as they come.
struct HTTP1Stream {
    enum State: Equatable {
        /// Between messages.
        case start
        /// The start line is known, the head's end is not.
        case head
        case fixedBody(remaining: UInt64)
        case bodyUntilClose
        case chunkSize
        case chunkData(remaining: UInt64)
        case chunkEnd
        case trailers
        /// Behind damage or a gap: looks for the next start line.
        case searching(Malformation)
    }

    enum Progress: Equatable {
        /// Go on with what follows.
        case advanced
        case needMore
        case switches(to: ConnectionProtocol)
    }

    // First what a piece of a body needs: with many connections all this is far from the processor.

    /// Of the octets that were given last; all are of one as long as a message is open.
    var direction: Direction
    /// A message is being received; some of it may have been shown.
    var isOpen = false
    /// Nobody knows when it ends: what came is shown at every pause.
    var isStreamed = false
    /// A request that sends its body when it is told to (`Expect`).
    var expectsContinue = false
    /// Parts were shown before the end, or something is missing: for the transaction.
    var isDamaged = false
    var odd: LineScan.Oddities = []
    var state = State.start
    /// Octets at the unconsumed front that were searched already.
    var scanned = 0
    /// Where, in the unconsumed front, the first line begins that was not read yet.
    var lineStart = 0
    /// Body octets so far, and as `Content-Length` has it.
    var bodySeen: UInt64 = 0
    var bodyAnnounced: UInt64?
    /// What the head holds of a message whose body is being received.
    private var headOctets = 0
    var collector = BodyCollector()
    var message = Message()
    /// The request line at the front, read when it was found to be one.
    private var requestLine: HTTP1StartLine?
    /// The number of the exchange's entry this message belongs to.
    var number: UInt32?
    /// The last request, while it decides what comes next in this direction.
    var undecided: UInt32?

    init(_ direction: Direction) { self.direction = direction }

    /// Nothing is held that the next octet needs.
    var isIdle: Bool {
        switch state {
        case .start: scanned == 0 && !isOpen && undecided == nil
        case .searching, .head, .fixedBody, .bodyUntilClose, .chunkSize, .chunkData, .chunkEnd, .trailers: false
        }
    }

    /// As `receive`, and tells whether nothing of this connection is left in it, so that another may use it; and how
    /// many octets it holds.
    mutating func receiveAndTrim(
        _ octets: Span<UInt8>, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> (step: ParserStep, isIdle: Bool, heldOctets: Int) {
        direction = environment.arrival.direction
        let step = receive(octets, &exchange, environment)
        let isIdle = isIdle
        if isIdle { trim() }
        return (step, isIdle, heldOctets)
    }

    /// The same for `pause`.
    mutating func pauseAndTrim(
        _ pause: Pause, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> Bool {
        self.pause(pause, &exchange, environment)
        let isIdle = isIdle
        if isIdle { trim() }
        return isIdle
    }

    /// Forgets the last message before another connection uses this one, and keeps its memory up to a bound.
    private mutating func trim() {
        enter(.start)
        isStreamed = false
        isDamaged = false
        number = nil
        if message.body.octets.capacity > Self.keptOctets { message.body.octets = [] }
        if message.wire.capacity > Self.keptOctets { message.wire = [] }
    }

    /// Of those in a pool.
    private static let keptOctets = 256 << 10

    /// A message, or the beginning of one, waits for its end.
    var isWaiting: Bool {
        switch state {
        case .start: scanned > 0
        case .searching: !message.body.octets.isEmpty
        default: true
        }
    }

    /// Octets held: of the message that is being received, or was last. Inlined, for it would be called on a copy of
    /// all.
    @inline(__always) var heldOctets: Int {
        let message =
            switch state {
            case .fixedBody, .bodyUntilClose, .chunkSize, .chunkData, .chunkEnd: headOctets + message.heldBodyOctets
            case .start, .head, .trailers, .searching: message.heldOctets
            }
        return message + collector.heldOctets
    }

    /// The head was read, and what follows is its message's body.
    mutating func enterBody(_ next: State) {
        headOctets = message.headers.heldOctets
        enter(next)
    }

    mutating func receive(
        _ octets: Span<UInt8>, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> ParserStep {
        var offset = 0
        if isOpen, environment.arrival.mayBeAnother || expectsContinue,
            let step = beginAnother(octets, &exchange, environment)
        {
            return step
        }
        while true {
            // What the caller gives again may be less than what it once held back.
            if scanned > octets.count - offset { restartFront() }
            let progress: Progress
            switch state {
            case .start: progress = start(octets, &offset, &exchange, environment)
            case .head: progress = head(octets, &offset, &exchange, environment)
            case .fixedBody(let remaining):
                progress = fixedBody(octets, &offset, remaining, &exchange, environment)
            case .bodyUntilClose:
                appendBody(octets, offset..<octets.count, environment)
                offset = octets.count
                progress = .needMore
            case .chunkSize: progress = chunkSize(octets, &offset, &exchange, environment)
            case .chunkData(let remaining): progress = chunkData(octets, &offset, remaining, environment)
            case .chunkEnd: progress = chunkEnd(octets, &offset, &exchange, environment)
            case .trailers: progress = trailers(octets, &offset, &exchange, environment)
            case .searching(let cause): progress = search(octets, &offset, cause, environment)
            }
            switch progress {
            case .advanced: continue
            case .needMore: return ParserStep(consumed: offset)
            case .switches(let next): return ParserStep(consumed: offset, .switches(to: next))
            }
        }
    }

    /// Forgets what was searched of the unconsumed front.
    mutating func restartFront() {
        scanned = 0
        lineStart = 0
        odd = []
        if state == .head { state = .start }
        if state == .trailers { message.trailers.removeAll() }
    }

    /// Enters a state at a new front.
    mutating func enter(_ next: State) {
        state = next
        scanned = 0
        lineStart = 0
        odd = []
    }

    // MARK: Heads

    private mutating func start(
        _ octets: Span<UInt8>, _ offset: inout Int, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        // Empty lines between messages mean nothing (RFC 9112 § 2.2).
        while offset < octets.count, octets[offset] == LineScan.cr || octets[offset] == LineScan.lf {
            offset += 1
            scanned = 0
        }
        guard offset < octets.count else { return .needMore }
        requestLine = nil
        let detection = HTTP1StartLine.detect(octets, at: offset, scanned: &scanned, line: &requestLine)
        if let undecided {
            let mayHold = detection != .yes && octets.count - offset <= HTTP1StartLine.octetsMax
            if mayHold, exchange.isUndecided(undecided) { return .needMore }
            if detection != .needMore { self.undecided = nil }
        }
        switch detection {
        case .needMore: return .needMore
        case .no:
            beginSkipping(.startLine, at: offset == 0 ? environment.arrival.firstTime : environment.arrival.time)
            return .advanced
        case .yes:
            let time = offset == 0 ? environment.arrival.firstTime : environment.arrival.time
            message.reset(.raw, direction, at: time)
            enter(.head)
            return .advanced
        }
    }

    private mutating func head(
        _ octets: Span<UInt8>, _ offset: inout Int, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        let front = octets.extracting(offset...)
        let end = readFields(of: .head, front, environment.parser.context)
        let octetsMax = environment.parser.context.settings.headOctetsMax
        guard let end, end <= octetsMax else {
            // One line more than the limit decides, wherever the octets were cut.
            guard end != nil || front.count > octetsMax + 1 else { return .needMore }
            return endLimitedHead(octets, &offset, &exchange, environment)
        }
        message.headers.octets.append(contentsOf: front.extracting(0..<end))
        keepWire(octets, offset..<(offset + end), environment.parser.context)
        offset += end
        readStartLine()
        noteOddities(limited: environment.parser.context.settings.headerFieldsMax)
        return beginMessage(&exchange, environment)
    }

    /// A head that is larger than the limit: what is within it is shown, the rest is searched for the next message.
    private mutating func endLimitedHead(
        _ octets: Span<UInt8>, _ offset: inout Int, _ exchange: inout HTTP1Exchange,
        _ environment: borrowing Environment
    ) -> Progress {
        let end = environment.parser.context.settings.headOctetsMax
        let range = offset..<(offset + end)
        // Read again without what lies behind the limit, which may or may not have been here already.
        message.headers.removeAll()
        restartFront()
        _ = readFields(of: .head, octets.extracting(range), environment.parser.context)
        message.headers.octets.append(contentsOf: octets.extracting(range))
        keepWire(octets, range, environment.parser.context)
        offset += end
        readStartLine()
        message.markIncomplete(.headLimited(octets: UInt64(end)))
        let isRequest = message.kind == .http1Request
        message.host = Self.host(of: message, HTTP1Framing(message.headers))
        isOpen = true
        isDamaged = true
        if isRequest {
            number = exchange.ask(message, mayUpgrade: false, to: environment.sink)
        } else if let filter = environment.parser.context.settings.filter {
            message.isWanted = exchange.isWanted(exchange.waiting(for: direction, at: message.time)?.number, by: filter)
        }
        if !isRequest {
            if let entry = exchange.waiting(for: direction, at: message.time) {
                number = entry.number
                exchange.answer(entry.number, message)
            } else {
                exchange.answerMissing(by: direction)
            }
        }
        collector.begin([], in: &message, environment.parser.context)
        finish(isWhole: false, &exchange, environment)
        beginSkipping(.headTooLarge, at: environment.arrival.time)
        return .advanced
    }

    /// Reads lines until an empty one: a head, whose first line is the start line, or trailers.
    /// - Returns: where the octets behind the empty line begin; `nil` until it is there.
    mutating func readFields(of section: Section, _ front: Span<UInt8>, _ context: ParserContext) -> Int? {
        switch section {
        case .head: Self.readFields(front, true, &message.headers, &scanned, &lineStart, &odd, context)
        case .trailers: Self.readFields(front, false, &message.trailers, &scanned, &lineStart, &odd, context)
        }
    }

    enum Section { case head, trailers }

    private static func readFields(
        _ front: Span<UInt8>, _ hasStartLine: Bool, _ list: inout HeaderList, _ scanned: inout Int,
        _ lineStart: inout Int, _ odd: inout LineScan.Oddities, _ context: ParserContext
    ) -> Int? {
        var position = max(scanned, lineStart)
        var start = lineStart
        var seen = odd
        defer { odd = seen }
        while let line = LineScan.line(front, from: &position, &seen) {
            if line.end == start { return line.next }
            if start > 0 || !hasStartLine {
                HTTP1Field.read(
                    front, start..<line.end, into: &list, &seen, fieldsMax: context.settings.headerFieldsMax)
            }
            start = line.next
            position = start
        }
        lineStart = start
        scanned = position
        return nil
    }

    private mutating func readStartLine() {
        guard let line = requestLine ?? Self.startLine(message.headers) else { return }
        message.kind = line.isRequest ? .http1Request : .http1Response
        message.version = line.version
        message.status = line.status
        message.method = HeaderList.Extent(line.method)
        message.target = HeaderList.Extent(line.target)
        message.reason = HeaderList.Extent(line.reason)
        if line.isOdd { message.note(.malformed(.startLine)) }
    }

    private static func startLine(_ headers: borrowing HeaderList) -> HTTP1StartLine? {
        let octets = headers.octets.span
        var position = 0
        var odd: LineScan.Oddities = []
        let end = LineScan.line(octets, from: &position, &odd)?.end ?? octets.count
        return HTTP1StartLine.parse(octets, 0..<end)
    }

    private mutating func noteOddities(limited fieldsMax: Int) {
        if odd.contains(.lineEnd) { message.note(.malformed(.lineEnd)) }
        if odd.contains(.control) { message.note(.malformed(.headerField)) }
        if odd.contains(.tooMany) { message.markIncomplete(.fieldsLimited(max: fieldsMax)) }
    }
}

extension HeaderList.Extent {
    init(_ range: Range<Int>) { self.init(start: range.lowerBound, count: range.count) }
}
