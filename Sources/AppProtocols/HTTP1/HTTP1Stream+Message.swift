import Events
import Octets

/// From a head to the end of its message.
extension HTTP1Stream {
    /// The head was read: what follows it, and whose answer it is.
    mutating func beginMessage(_ exchange: inout HTTP1Exchange, _ environment: borrowing Environment) -> Progress {
        let framing = HTTP1Framing(message.headers)
        for problem in framing.problems { message.note(.malformed(problem)) }
        isOpen = true
        isDamaged = false
        isStreamed = false
        expectsContinue = framing.expectsContinue
        bodySeen = 0
        bodyAnnounced = nil
        number = nil
        undecided = nil
        message.endTime = environment.arrival.time
        if message.kind == .http1Request { return beginRequest(framing, &exchange, environment) }
        return beginResponse(framing, &exchange, environment)
    }

    private mutating func beginRequest(
        _ framing: borrowing HTTP1Framing, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> Progress {
        message.host = Self.host(of: message, framing)
        let number = exchange.ask(message, mayUpgrade: !framing.upgrade.isEmpty, to: environment.sink)
        self.number = number
        if exchange.isUndecided(number) { undecided = number }
        if LineScan.equals(message.headers.octets.span, message.method.range, "connect") {
            // What follows belongs to the tunnel (RFC 9110 § 9.3.6).
            finish(isWhole: true, &exchange, environment)
        } else if framing.isChunked {
            beginBody(.chunkSize, framing, environment)
        } else if case .octets(let count) = framing.length, count > 0 {
            beginBody(.fixedBody(remaining: count), framing, environment)
        } else {
            // A request without a length has no body (RFC 9112 § 6.3), whatever its transfer coding says.
            if framing.hasTransferCoding { message.note(.malformed(.transferCoding)) }
            finish(isWhole: true, &exchange, environment)
        }
        return .advanced
    }

    /// The authority that the target names goes before `Host` (RFC 9112 § 3.2.2, § 3.3).
    static func host(of message: borrowing Message, _ framing: borrowing HTTP1Framing) -> HeaderList.Extent {
        let authority = authority(of: message)
        return authority.isEmpty ? framing.host : authority
    }

    /// The authority of an absolute target, without user and password, or of `CONNECT`'s (RFC 9112 § 3.2).
    private static func authority(of message: borrowing Message) -> HeaderList.Extent {
        let octets = message.headers.octets.span
        let target = message.target.range
        // A path, as nearly always.
        if target.isEmpty || octets[target.lowerBound] == 0x2F { return .none }
        if LineScan.equals(octets, message.method.range, "connect") { return message.target }
        var index = target.lowerBound
        while index < target.upperBound, octets[index] != 0x3A, octets[index] != 0x2F { index += 1 }
        guard index + 2 < target.upperBound, octets[index] == 0x3A, octets[index + 1] == 0x2F, octets[index + 2] == 0x2F
        else { return .none }
        var start = index + 3
        index = start
        while index < target.upperBound, octets[index] != 0x2F, octets[index] != 0x3F {
            if octets[index] == UInt8(ascii: "@") { start = index + 1 }
            index += 1
        }
        return .init(start..<index)
    }

    private mutating func beginResponse(
        _ framing: borrowing HTTP1Framing, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) -> Progress {
        let entry = exchange.waiting(for: direction, at: message.time)
        if let filter = environment.parser.context.settings.filter {
            message.isWanted = exchange.isWanted(entry?.number, by: filter)
        }
        let isInterim = message.status < 200 && message.status >= 100 && message.status != 101
        if let entry, !isInterim {
            number = entry.number
            exchange.answer(entry.number, message)
        } else if entry == nil {
            exchange.answerMissing(by: direction)
        }
        let isTunnel = entry?.isConnect == true && message.status / 100 == 2
        let hasNoBody =
            message.status < 200 || message.status == 204 || message.status == 304 || entry?.isHead == true || isTunnel
        if hasNoBody {
            let next =
                isTunnel || message.status == 101 ? nextProtocol(framing, entry, exchange, isTunnel: isTunnel) : nil
            finish(isWhole: true, &exchange, environment)
            guard let next else { return .advanced }
            exchange.handover = next
            return .switches(to: next.to)
        }
        isStreamed = framing.isEventStream
        if framing.isChunked {
            beginBody(.chunkSize, framing, environment)
        } else if !framing.hasTransferCoding, case .octets(let count) = framing.length {
            if count > 0 {
                beginBody(.fixedBody(remaining: count), framing, environment)
            } else {
                finish(isWhole: true, &exchange, environment)
            }
        } else {
            isStreamed = true
            beginBody(.bodyUntilClose, framing, environment)
        }
        return .advanced
    }

    private func nextProtocol(
        _ framing: borrowing HTTP1Framing, _ entry: HTTP1Exchange.Question?, _ exchange: borrowing HTTP1Exchange,
        isTunnel: Bool
    ) -> ProtocolHandover {
        let octets = message.headers.octets.span
        let upgrade = framing.upgrade.range
        var handover = ProtocolHandover(to: .raw, client: direction.opposite)
        if let entry { exchange.name(&handover, by: entry.number) }
        guard !isTunnel else { return handover }
        if LineScan.equals(octets, upgrade, "websocket") {
            handover.to = .webSocket
            readExtensions(octets, framing.webSocketExtensions.range, into: &handover)
        } else if LineScan.equals(octets, upgrade, "h2c") {
            handover.to = .http2
        }
        return handover
    }

    /// `permessage-deflate; server_no_context_takeover; …` (RFC 7692 § 7.1). The window's size is of no interest: a
    /// decoder with the largest reads them all.
    private func readExtensions(_ octets: Span<UInt8>, _ value: Range<Int>, into handover: inout ProtocolHandover) {
        handover.permessageDeflate = false
        var start = value.lowerBound
        while start < value.upperBound {
            var end = start
            while end < value.upperBound, octets[end] != 0x3B, octets[end] != 0x2C { end += 1 }
            let word = LineScan.trimmed(octets, start..<end)
            if LineScan.equals(octets, word, "permessage-deflate") { handover.permessageDeflate = true }
            if LineScan.equals(octets, word, "server_no_context_takeover") { handover.serverTakesNoContext = true }
            if LineScan.equals(octets, word, "client_no_context_takeover") { handover.clientTakesNoContext = true }
            start = end + 1
        }
    }

    private mutating func beginBody(
        _ next: State, _ framing: borrowing HTTP1Framing, _ environment: borrowing Environment
    ) {
        if case .fixedBody(let count) = next { bodyAnnounced = count }
        collector.begin(framing.codings, in: &message, environment.parser.context)
        enterBody(next)
    }

    // MARK: Body octets

    mutating func appendBody(_ octets: Span<UInt8>, _ range: Range<Int>, _ environment: borrowing Environment) {
        guard !range.isEmpty else { return }
        keepWire(octets, range, environment.parser.context)
        bodySeen += UInt64(range.count)
        message.endTime = environment.arrival.time
        if let bodyAnnounced {
            collector.reserve(range.count, of: bodyAnnounced, in: &message, environment.parser.context)
        }
        collector.append(octets.extracting(range), to: &message, environment.parser.context)
    }

    mutating func keepWire(_ octets: Span<UInt8>, _ range: Range<Int>, _ context: ParserContext) {
        guard context.settings.keepsWire else { return }
        message.keepWire(octets.extracting(range), context.settings)
    }

    // MARK: Ends

    /// The message ends here: shows it, or what was not shown of it, and closes its side of the transaction.
    mutating func finish(isWhole: Bool, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment) {
        collector.end(isWhole: isWhole && !isDamaged, in: &message)
        // What ends a stream that was shown already is worth a message only if it says something.
        let isEmptyEnd =
            message.isContinuation && message.isComplete && message.body.length == 0 && message.trailers.isEmpty
        if !isEmptyEnd { message.give(to: environment.sink) }
        closeTransaction(isWhole: isWhole && !isDamaged, &exchange, environment)
        isOpen = false
        enter(.start)
    }

    private mutating func closeTransaction(
        isWhole: Bool, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment
    ) {
        guard let number else { return }
        self.number = nil
        if message.kind == .http1Request {
            exchange.endRequest(
                number, length: bodySeen, at: message.endTime, isWhole: isWhole, to: environment.sink)
        } else {
            exchange.endResponse(
                number, length: bodySeen, at: message.endTime, isWhole: isWhole, to: environment.sink)
        }
    }

    /// The message breaks off: octets are missing or not to be understood.
    mutating func abandon(_ note: MessageNote, _ exchange: inout HTTP1Exchange, _ environment: borrowing Environment) {
        message.markIncomplete(note)
        isDamaged = true
        finish(isWhole: false, &exchange, environment)
    }

    /// Shows the message as far as it came; what follows is a continuation.
    /// - Parameter reason: noted besides.
    mutating func showSoFar(_ environment: borrowing Environment, for reason: MessageNote? = nil) {
        guard !message.isContinuation || message.body.length > 0 else { return }
        collector.decodeWaiting(in: &message)
        let wasComplete = message.isComplete
        message.markIncomplete(.soFar(seen: bodySeen, announced: bodyAnnounced))
        if let reason { message.note(reason) }
        message.give(to: environment.sink)
        message.isComplete = wasComplete
        message.beginContinuation()
    }
}
