import Events
import Octets

/// Behind damage and gaps: what cannot be understood is shown raw, until a start line comes.
extension HTTP1Stream {
    mutating func beginSkipping(_ cause: Malformation, at time: Int64) {
        message.reset(.raw, direction, at: time)
        enter(.searching(cause))
    }

    /// Goes line by line. Of a line that is longer than any start line only the end is looked at.
    mutating func search(
        _ octets: Span<UInt8>, _ offset: inout Int, _ cause: Malformation, _ environment: borrowing Environment
    ) -> Progress {
        let window = HTTP1StartLine.octetsMax
        while true {
            guard let lineFeed = LineScan.lineFeed(octets, from: offset + scanned) else {
                let held = octets.count - offset
                if held > window { skipOver(octets, &offset, to: octets.count - window, environment) }
                scanned = octets.count - offset
                return .needMore
            }
            let start = max(offset, lineFeed + 1 - window)
            let hasReturn = lineFeed > start && octets[lineFeed - 1] == LineScan.cr
            let line = start..<(hasReturn ? lineFeed - 1 : lineFeed)
            if let found = HTTP1StartLine.candidate(octets, line) {
                skipOver(octets, &offset, to: found, environment)
                showSkipped(environment)
                enter(.start)
                return .advanced
            }
            skipOver(octets, &offset, to: lineFeed + 1, environment)
            scanned = 0
        }
    }

    /// Moves octets into the raw message, which is shown whenever it is full.
    private mutating func skipOver(
        _ octets: Span<UInt8>, _ offset: inout Int, to end: Int, _ environment: borrowing Environment
    ) {
        while offset < end {
            if message.body.octets.isEmpty, message.body.length == 0 { message.endTime = environment.arrival.time }
            let room = max(1, environment.parser.context.settings.rawOctetsMax) - message.body.octets.count
            let count = min(room, end - offset)
            message.body.append(octets.extracting(offset..<(offset + count)))
            message.endTime = environment.arrival.time
            offset += count
            if count == room {
                showSkipped(environment)
                message.time = environment.arrival.time
            }
        }
    }

    /// Shows what was skipped so far, and counts it.
    mutating func showSkipped(_ environment: borrowing Environment) {
        guard case .searching(let cause) = state, !message.body.octets.isEmpty else { return }
        let count = UInt64(message.body.octets.count)
        message.body.length = count
        message.body.decodedLength = count
        message.note(.malformed(cause))
        if environment.parser.context.settings.keepsWire {
            let octets = message.body.octets
            message.keepWire(octets.span, environment.parser.context.settings)
        }
        message.give(to: environment.sink)
        environment.sink.count(cause, octets: count)
        message.reset(.raw, direction, at: environment.arrival.time)
    }

    // MARK: Gaps and pauses

    mutating func skip(_ count: UInt64?, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment) {
        direction = environment.arrival.direction
        showSkipped(environment)
        undecided = nil
        // Trailers are read from the front again, or not at all: until their end they are ranges of nothing.
        if state == .trailers { restartFront() }
        switch state {
        case .fixedBody(let remaining):
            if let count, count <= remaining {
                skipBody(count)
                state = .fixedBody(remaining: remaining - count)
                if count == remaining { finish(isWhole: false, &exchange, environment) }
                return
            }
        case .chunkData(let remaining):
            if let count, count <= remaining {
                skipBody(count)
                enter(count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count))
                return
            }
        case .bodyUntilClose: return skipBody(count)
        default: break
        }
        if isOpen {
            abandon(.gap(octets: count), &exchange, environment)
        } else {
            environment.sink.receive(gap: count, environment.arrival)
        }
        // How many messages went with the octets nobody knows.
        exchange.miss(direction, to: environment.sink)
        beginSkipping(.unsynchronised, at: environment.arrival.time)
    }

    private mutating func skipBody(_ count: UInt64?) {
        collector.skip(count, in: &message)
        isDamaged = true
    }

    mutating func pause(_ pause: Pause, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment) {
        showSkipped(environment)
        if state == .trailers { restartFront() }
        switch pause {
        case .idle:
            if isOpen, isStreamed { showSoFar(environment) }
        case .longIdle:
            if isOpen { showSoFar(environment) }
        case .memory:
            if isOpen {
                showSoFar(environment, for: .memoryLimited)
            } else if state == .start {
                message = Message()
            }
        case .closed, .aborted:
            end(inOrder: pause == .closed, &exchange, environment)
        }
        if pause != .idle { restartFront() }
    }

    private mutating func end(
        inOrder: Bool, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) {
        endMessage(inOrder: inOrder, &exchange, environment)
        exchange.end(direction, to: environment.sink)
    }

    /// What is open ends as if the connection did.
    mutating func endMessage(
        inOrder: Bool, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) {
        if isOpen {
            if inOrder, state == .bodyUntilClose {
                finish(isWhole: true, &exchange, environment)
            } else {
                if let bodyAnnounced { message.markIncomplete(.bodyShort(seen: bodySeen, announced: bodyAnnounced)) }
                abandon(.endNotSeen, &exchange, environment)
            }
        }
        enter(.start)
        undecided = nil
    }
}
