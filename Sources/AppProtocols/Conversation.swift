import Events
import Octets

/// What one connection says: finds out which protocol it speaks, keeps what no parser could take yet, and follows the
/// connection from one protocol to the next.
///
/// Used by one thread at a time. Any split of the octets into calls gives the same messages. A value, to be kept at one
/// place and used there: of a copy the parsers would be the same.
public struct Conversation {
    /// Why octets are shown raw in a direction.
    private enum Mode {
        /// Too few octets so far to tell the protocol, or none.
        case undecided
        /// The connection's parser reads them.
        case parsed
        /// No parser understands them.
        case raw
    }

    /// Whether the next octets of a direction may belong to another connection.
    private enum Doubt {
        case none
        /// They are the first behind what the other side said.
        case turn
        /// They are the first behind a silence.
        case silence
    }

    /// One direction.
    private struct Side {
        var mode = Mode.undecided
        /// Stays until one of the octets in question is consumed.
        var doubt = Doubt.none
        /// Received and not consumed.
        var held: [UInt8] = []
        /// When the first of `held` was seen.
        var heldTime: Int64 = 0
    }

    /// More octets than this cannot be needed to tell a protocol.
    static let detectionOctetsMax = 4_096

    private let context: ParserContext
    /// By direction (`subscript`).
    private var sides: InlineArray<2, Side> = [Side(), Side()]
    private var parser: (any ProtocolParser)?
    private var raw: (any ProtocolParser)?
    /// Who spoke last: a turn is where a protocol may begin.
    private var lastSpeaker: Direction?
    /// Who spoke first: the client, as a rule.
    private var firstSpeaker: Direction?
    /// False where nobody tells when the connection ends (a descriptor whose socket is not known).
    private let hasKnownEnd: Bool

    public private(set) var spoken = ConnectionProtocol.raw

    /// - Parameters:
    ///   - context: shared by conversations that no two threads use at once.
    ///   - hasKnownEnd: false where another connection may follow, of which nothing but its octets tells.
    public init(_ context: ParserContext, hasKnownEnd: Bool = true) {
        self.context = context
        self.hasKnownEnd = hasKnownEnd
    }

    /// Takes the next octets of a direction.
    /// - Returns: `heldOctets` then.
    @discardableResult
    public mutating func receive(
        _ octets: Span<UInt8>, _ direction: Direction, at time: Int64, to sink: any MessageSink
    ) -> Int {
        if !octets.isEmpty { take(octets, direction, at: time, sink) }
        return heldOctets
    }

    private mutating func take(
        _ octets: Span<UInt8>, _ direction: Direction, at time: Int64, _ sink: any MessageSink
    ) {
        if lastSpeaker != direction {
            if firstSpeaker == nil { firstSpeaker = direction }
            lastSpeaker = direction
            turn(to: direction, at: time, sink)
        }
        if self[direction].held.isEmpty {
            let consumed = parse(octets, Arrival(direction, time: time, firstTime: time), sink)
            if consumed < octets.count {
                self[direction].held.append(contentsOf: octets.extracting(consumed...))
                self[direction].heldTime = time
            }
        } else {
            var held = takeHeld(direction)
            let firstTime = self[direction].heldTime
            held.append(contentsOf: octets)
            let consumed = parse(held.span, Arrival(direction, time: time, firstTime: firstTime), sink)
            keep(&held, droppingFirst: consumed, Arrival(direction, time: time, firstTime: firstTime))
        }
    }

    /// Octets are missing before what comes next: how many, if known.
    public mutating func skip(_ octets: UInt64?, _ direction: Direction, at time: Int64, to sink: any MessageSink) {
        settle(direction, at: time, sink)
        let held = takeHeld(direction)
        let arrival = Arrival(direction, time: time, firstTime: held.isEmpty ? time : self[direction].heldTime)
        // A direction that begins with a gap speaks what the other one does: the parser has to know of its gap.
        if self[direction].mode == .undecided, parser != nil, self[direction.opposite].mode == .parsed {
            self[direction].mode = .parsed
        }
        switch self[direction].mode {
        case .parsed:
            guard let parser else { return }
            // What was received before the gap can complete nothing any more.
            if !held.isEmpty {
                showRaw(held.span, arrival, sink)
                raw?.pause(.idle, arrival, to: sink)
            }
            if parser.skip(octets, arrival, to: sink) == .lost { self[direction].mode = .raw }
        case .undecided, .raw:
            showRaw(held.span, arrival, sink)
            _ = rawParser().skip(octets, arrival, to: sink)
            self[direction].mode = .undecided
        }
    }

    /// The same of both directions, the client's first: a request stands before what answers it.
    public mutating func pause(_ pause: Pause, at time: Int64, to sink: any MessageSink) {
        let first = firstSpeaker ?? .sent
        self.pause(pause, first, at: time, to: sink)
        self.pause(pause, first.opposite, at: time, to: sink)
    }

    /// Nothing more comes for now, or for good.
    public mutating func pause(_ pause: Pause, _ direction: Direction, at time: Int64, to sink: any MessageSink) {
        settle(direction, at: time, sink)
        let arrival = Arrival(direction, time: time, firstTime: time)
        let isFinal = pause == .closed || pause == .aborted
        if self[direction].mode != .parsed || isFinal {
            let held = takeHeld(direction)
            if !held.isEmpty {
                showRaw(held.span, Arrival(direction, time: time, firstTime: self[direction].heldTime), sink)
                if self[direction].mode == .undecided { self[direction].mode = .raw }
            }
        }
        if self[direction].mode == .parsed || isFinal { parser?.pause(pause, arrival, to: sink) }
        raw?.pause(pause, arrival, to: sink)
        // After a silence a direction that nobody understood may start anew.
        if self[direction].mode == .raw { self[direction].mode = .undecided }
        doubt(direction, .silence)
    }

    /// Whether something unfinished waits in a direction.
    public func isWaiting(_ direction: Direction) -> Bool {
        !self[direction].held.isEmpty || parser?.isWaiting(direction) == true || raw?.isWaiting(direction) == true
    }

    /// Octets held for what is not finished, both directions together.
    public var heldOctets: Int {
        sides[0].held.count + sides[1].held.count + (parser?.heldOctets ?? 0) + (raw?.heldOctets ?? 0)
    }

    // MARK: - The next connection

    /// Whether octets in question begin a conversation of their own: a descriptor may have been given to another
    /// connection, of which nothing but its first octets tells. What only a parser can tell it says itself.
    private func beginAnother(_ octets: Span<UInt8>, _ direction: Direction) -> Detection {
        guard parser != nil, spoken != .raw, self[direction].doubt != .none else { return .no }
        let preface = spoken == .http2 ? .no : HTTP2FrameFinder.preface(octets)
        guard preface == .no, self[direction].doubt == .silence else { return preface }
        switch context.registry.detect(octets, direction) {
        case .found(let found): return found != spoken ? .yes : .no
        case .needMore: return octets.count < Self.detectionOctetsMax ? .needMore : .no
        case .none: return .no
        }
    }

    /// Octets that come next are the first behind a turn or a silence.
    private mutating func doubt(_ direction: Direction, _ doubt: Doubt) {
        guard !hasKnownEnd, self[direction].mode == .parsed, self[direction].held.isEmpty else { return }
        self[direction].doubt = doubt
    }

    /// What was said before is done with: the descriptor was given to another connection, so the one before it ended.
    private mutating func startAnew(with arrival: Arrival, _ sink: any MessageSink) {
        pause(.closed, at: arrival.time, to: sink)
        self = Conversation(context, hasKnownEnd: hasKnownEnd)
        firstSpeaker = arrival.direction
        lastSpeaker = arrival.direction
    }

    /// What is held of octets in question belongs to the connection as it was: it is given to the parser.
    private mutating func settle(_ direction: Direction, at time: Int64, _ sink: any MessageSink) {
        guard self[direction].doubt != .none else { return }
        self[direction].doubt = .none
        guard self[direction].mode == .parsed, !self[direction].held.isEmpty else { return }
        var held = takeHeld(direction)
        let arrival = Arrival(direction, time: time, firstTime: self[direction].heldTime)
        let consumed = parse(held.span, arrival, sink)
        keep(&held, droppingFirst: consumed, arrival)
    }

    // MARK: - One direction's octets

    /// Runs octets through whatever reads this direction; returns how many were consumed.
    private mutating func parse(_ octets: Span<UInt8>, _ arrival: Arrival, _ sink: any MessageSink) -> Int {
        let direction = arrival.direction
        var consumed = 0
        while consumed < octets.count {
            let rest = octets.extracting(consumed...)
            var arrival = consumed == 0 ? arrival : Arrival(direction, time: arrival.time, firstTime: arrival.time)
            switch self[direction].mode {
            case .undecided:
                guard detect(rest, direction) else { return consumed }
            case .raw:
                showRaw(rest, arrival, sink)
                return octets.count
            case .parsed:
                let isInDoubt = self[direction].doubt != .none
                if isInDoubt {
                    switch beginAnother(rest, direction) {
                    case .yes:
                        startAnew(with: arrival, sink)
                        continue
                    case .needMore: return consumed
                    case .no: arrival.mayBeAnother = true
                    }
                }
                // Out of its place and back: no reference is counted.
                guard let current = parser.take() else { return consumed }
                let step = current.receive(rest, arrival, to: sink)
                parser = consume current
                consumed += step.consumed
                if isInDoubt, step.consumed > 0 { self[direction].doubt = .none }
                switch step.outcome {
                case .needMore: return consumed
                case .lost: self[direction].mode = .raw
                case .another: startAnew(with: arrival, sink)
                case .switches(let next): change(to: next, from: direction, arrival, sink)
                }
            }
        }
        return consumed
    }

    /// Decides what a direction that starts with `octets` speaks; false: too few to tell.
    private mutating func detect(_ octets: Span<UInt8>, _ direction: Direction) -> Bool {
        if let parser, type(of: parser).detect(octets, direction) == .yes {
            self[direction].mode = .parsed
            return true
        }
        // Among lines that nobody understood an empty one is such a line, and no message's forerunner.
        if raw != nil, octets[0] == LineScan.cr || octets[0] == LineScan.lf {
            self[direction].mode = .raw
            return true
        }
        switch context.registry.detect(octets, direction) {
        case .found(let found):
            if parser == nil || found != spoken { start(found, after: nil) }
            self[direction].mode = .parsed
        case .none:
            // The other direction knows better: whoever joins late may have seen its message's start.
            self[direction].mode = parser != nil && self[direction.opposite].mode == .parsed ? .parsed : .raw
        case .needMore:
            guard octets.count >= Self.detectionOctetsMax else { return false }
            self[direction].mode = .raw
        }
        return true
    }

    private mutating func start(_ next: ConnectionProtocol, after previous: (any ProtocolParser)?) {
        parser = context.registry.makeParser(next, context, after: previous)
        spoken = next
    }

    /// Both directions speak another protocol from here on; what the other one holds is read anew.
    private mutating func change(
        to next: ConnectionProtocol, from direction: Direction, _ arrival: Arrival, _ sink: any MessageSink
    ) {
        let mode: Mode
        if next == .raw {
            // A tunnel: anything may be inside, also a protocol known here.
            parser = nil
            spoken = .raw
            mode = .undecided
        } else {
            start(next, after: parser)
            mode = .parsed
        }
        self[direction].mode = mode
        let other = direction.opposite
        self[other].mode = mode
        var held = takeHeld(other)
        guard !held.isEmpty else { return }
        let otherArrival = Arrival(other, time: arrival.time, firstTime: self[other].heldTime)
        let consumed = parse(held.span, otherArrival, sink)
        keep(&held, droppingFirst: consumed, otherArrival)
    }

    /// The other end has spoken before: raw octets are shown up to there, and a protocol may begin.
    private mutating func turn(to direction: Direction, at time: Int64, _ sink: any MessageSink) {
        let other = direction.opposite
        settle(other, at: time, sink)
        if self[other].mode == .undecided, !self[other].held.isEmpty,
            !context.registry.expectsMore(self[other].held.span, other)
        {
            // What the other side answers is no request, and what was held before it is not either.
            if !self[direction].held.isEmpty, self[direction].mode == .undecided { showHeld(direction, sink) }
            showHeld(other, sink)
        }
        raw?.pause(.idle, Arrival(other, time: time, firstTime: time), to: sink)
        if self[direction].mode == .raw { self[direction].mode = .undecided }
        doubt(direction, .turn)
    }

    /// Shows as raw octets what was held to tell the protocol.
    private mutating func showHeld(_ direction: Direction, _ sink: any MessageSink) {
        let held = takeHeld(direction)
        let time = self[direction].heldTime
        showRaw(held.span, Arrival(direction, time: time, firstTime: time), sink)
    }

    private mutating func showRaw(_ octets: Span<UInt8>, _ arrival: Arrival, _ sink: any MessageSink) {
        guard !octets.isEmpty else { return }
        _ = rawParser().receive(octets, arrival, to: sink)
    }

    private mutating func rawParser() -> any ProtocolParser {
        if let raw { return raw }
        let made = context.registry.makeParser(.raw, context, after: nil)
        raw = made
        return made
    }

    // MARK: - What is held

    private mutating func takeHeld(_ direction: Direction) -> [UInt8] {
        var held: [UInt8] = []
        swap(&held, &self[direction].held)
        return held
    }

    private mutating func hold(_ held: [UInt8], since time: Int64, _ direction: Direction) {
        self[direction].held = held
        self[direction].heldTime = time
    }

    private mutating func keep(_ held: inout [UInt8], droppingFirst consumed: Int, _ arrival: Arrival) {
        guard consumed < held.count else { return }
        if consumed > 0 { held.removeFirst(consumed) }
        hold(held, since: consumed > 0 ? arrival.time : arrival.firstTime, arrival.direction)
    }

    private subscript(direction: Direction) -> Side {
        @inline(__always) _read { yield sides[direction == .received ? 0 : 1] }
        @inline(__always) _modify { yield &sides[direction == .received ? 0 : 1] }
    }
}
