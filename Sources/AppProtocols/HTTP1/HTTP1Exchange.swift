import Events

/// Pairs requests with responses, in order (RFC 9112 § 9.3.2). Either direction may be the client's.
struct HTTP1Exchange {
    struct Entry {
        var transaction = Transaction()
        /// Names the entry as long as it lives.
        var number: UInt32 = 0
        var isHead = false
        var isConnect = false
        /// The request asked for another protocol (`Upgrade`, `CONNECT`): what it sends next depends on the answer.
        var mayUpgrade = false
        /// The head of the final response was seen.
        var isAnswered = false
        var requestEnded = false
        var responseEnded = false
        /// Messages went missing while it waited: its answer may be another's.
        var isUnsure = false
        /// Given to the sink; its place is kept until those before it are gone, too.
        var isGone = false
    }

    /// Requests that wait at once. More are asked only where the answers are not captured.
    static let entriesMax = 256

    /// Numbers follow one another, so an entry is found by its number. Those before `first` are gone.
    private var entries: [Entry] = []
    private var first = 0
    private var lastNumber: UInt32 = 0
    /// Kept for its memory.
    private var spare = Transaction()
    /// Who sent the last request.
    private var client: Direction?
    /// Responses of this direction may be missing: a gap was there.
    private var mayMiss: Direction?
    /// Requests of this direction may be missing, and their answers are still to come: a gap was there.
    private var mayMissRequests: Direction?
    /// Requests were sent before those before them were answered.
    private var isPipelined = false
    /// Messages of a pipelined connection are missing: which request a response answers cannot be told any more.
    private var isUnsure = false
    /// Octets of the waiting requests' names.
    private(set) var heldOctets = 0
    /// Set where the last final response switched protocols.
    var handover: ProtocolHandover?

    mutating func releaseMemory() {
        spare = Transaction()
        if first == entries.count {
            entries = []
            first = 0
        }
    }

    // MARK: Requests

    /// A request's head was read.
    /// - Returns: its number, to be given when it ends.
    mutating func ask(_ message: borrowing Message, mayUpgrade: Bool, to sink: any MessageSink) -> UInt32 {
        if mayMiss != nil { flushMissed(by: message.direction, to: sink) }
        if mayMissRequests == message.direction {
            isPipelined = true
            isUnsure = true
        } else if !isPipelined, first < entries.count {
            isPipelined = isAnyUnanswered(by: message.direction.opposite)
        }
        if entries.count - first >= Self.entriesMax { give(first, to: sink) }
        client = message.direction
        lastNumber &+= 1
        entries.append(Entry(number: lastNumber, isUnsure: isUnsure))
        // In its place: copies of a transaction would count the references of all it holds.
        let last = entries.count - 1
        swap(&entries[last].transaction, &spare)
        Self.fill(&entries[last], from: message, mayUpgrade)
        heldOctets += entries[last].transaction.heldOctets
        return lastNumber
    }

    private static func fill(_ entry: inout Entry, from message: borrowing Message, _ mayUpgrade: Bool) {
        fill(&entry.transaction, from: message)
        let octets = message.headers.octets.span
        entry.isHead = LineScan.equals(octets, message.method.range, "head")
        entry.isConnect = LineScan.equals(octets, message.method.range, "connect")
        entry.mayUpgrade = mayUpgrade || entry.isConnect
    }

    private static func fill(_ transaction: inout Transaction, from message: borrowing Message) {
        transaction.direction = message.direction
        transaction.requestTime = message.time
        transaction.requestEndTime = message.endTime
        transaction.name(
            method: message.headers.span(of: message.method), host: message.headers.span(of: message.host),
            target: message.headers.span(of: message.target))
        transaction.status = 0
        transaction.requestLength = 0
        transaction.responseLength = 0
        transaction.responseTime = 0
        transaction.responseEndTime = 0
        transaction.isComplete = true
        transaction.kind = .http1Request
        transaction.streamID = 0
        transaction.grpcStatus = nil
    }

    mutating func endRequest(
        _ number: UInt32, length: UInt64, at time: Int64, isWhole: Bool, to sink: any MessageSink
    ) {
        guard let index = index(of: number) else { return }
        entries[index].transaction.requestLength = length
        entries[index].transaction.requestEndTime = time
        entries[index].requestEnded = true
        if !isWhole { entries[index].transaction.isComplete = false }
        giveIfDone(index, to: sink)
    }

    // MARK: Responses

    /// What a response in `direction` whose first octet came at `time` answers: the oldest request without an answer.
    /// A response that began before the request cannot be meant for it (its own request was not seen).
    func waiting(for direction: Direction, at time: Int64) -> Question? {
        for index in first..<entries.count where isUnanswered(index, by: direction) {
            guard entries[index].transaction.requestTime <= time else { return nil }
            return Question(
                number: entries[index].number, isHead: entries[index].isHead, isConnect: entries[index].isConnect)
        }
        return nil
    }

    /// What a response's framing depends on.
    struct Question {
        var number: UInt32
        var isHead: Bool
        var isConnect: Bool
    }

    private func isUnanswered(_ index: Int, by direction: Direction) -> Bool {
        !entries[index].isGone && !entries[index].isAnswered && entries[index].transaction.direction != direction
    }

    private func isAnyUnanswered(by direction: Direction) -> Bool {
        (first..<entries.count).contains { isUnanswered($0, by: direction) }
    }

    /// What is known of a request.
    func name(_ handover: inout ProtocolHandover, by number: UInt32) {
        guard let index = index(of: number) else { return }
        handover.method = entries[index].transaction.method
        handover.requestTime = entries[index].transaction.requestTime
        handover.requestEndTime = entries[index].transaction.requestEndTime
        handover.requestLength = entries[index].transaction.requestLength
        handover.target = entries[index].transaction.target
        handover.host = entries[index].transaction.host
    }

    /// Whether the responses to a request are wanted.
    func isWanted(_ number: UInt32?, by filter: MessageFilter) -> Bool {
        guard let index = number.flatMap({ index(of: $0) }) else { return filter.wantsRequest(of: Transaction()) }
        return filter.wantsRequest(of: entries[index].transaction)
    }

    /// The final response's head was read.
    mutating func answer(_ number: UInt32, _ message: borrowing Message) {
        guard let index = index(of: number) else { return }
        mayMiss = nil
        entries[index].isAnswered = true
        entries[index].transaction.status = message.status
        entries[index].transaction.responseTime = message.time
    }

    mutating func endResponse(
        _ number: UInt32, length: UInt64, at time: Int64, isWhole: Bool, to sink: any MessageSink
    ) {
        guard let index = index(of: number) else { return }
        entries[index].transaction.responseLength = length
        entries[index].transaction.responseEndTime = time
        entries[index].responseEnded = true
        if !isWhole { entries[index].transaction.isComplete = false }
        giveIfDone(index, to: sink)
    }

    /// Octets are missing in `direction`, and with them perhaps messages.
    ///
    /// Whoever sends a request when the one before was answered has had that answer, and gets an answer to one that is
    /// missing before the next. Of requests that are sent ahead nothing can be told.
    mutating func miss(_ direction: Direction, to sink: any MessageSink) {
        if client != direction {
            mayMiss = direction
            // They were the answer to the request that is missing.
            answerMissing(by: direction)
        }
        if client != direction.opposite {
            flushMissed(by: direction, to: sink)
            let isAhead = mayMissRequests == direction || isAnyUnanswered(by: direction.opposite)
            if client == direction, isAhead { isPipelined = true }
            mayMissRequests = direction
        }
        if isPipelined {
            isUnsure = true
            // A request's place among those before it is known.
            if client != direction { for index in first..<entries.count { entries[index].isUnsure = true } }
        }
    }

    /// The answers to an end's requests went missing, or it would have had to wait for them before it spoke again.
    private mutating func flushMissed(by direction: Direction, to sink: any MessageSink) {
        guard mayMiss == direction.opposite else { return }
        mayMiss = nil
        flush(requestsOf: direction, to: sink) { $0.requestEnded && !$0.isAnswered }
    }

    /// A response came that answers no request that was seen: it answers the one that is missing.
    mutating func answerMissing(by direction: Direction) {
        if mayMissRequests == direction.opposite { mayMissRequests = nil }
    }

    /// Whether the request `number` still waits to hear if it may switch protocols.
    func isUndecided(_ number: UInt32) -> Bool {
        guard let index = index(of: number) else { return false }
        return entries[index].mayUpgrade && !entries[index].isAnswered
    }

    // MARK: The end

    /// Nothing more comes in `direction`: what the other one asked stays without an answer.
    mutating func end(_ direction: Direction, to sink: any MessageSink) {
        flush(requestsOf: direction.opposite, to: sink) { !$0.responseEnded || $0.requestEnded }
    }

    private mutating func flush(
        requestsOf direction: Direction, to sink: any MessageSink, where isMeant: (Entry) -> Bool
    ) {
        var index = first
        while index < entries.count {
            if entries[index].transaction.direction == direction, !entries[index].isGone, isMeant(entries[index]) {
                let count = entries.count
                give(index, to: sink)
                // Those before are gone, so the next one is the first.
                if entries.count != count { index = first - 1 }
            }
            index += 1
        }
    }

    private mutating func giveIfDone(_ index: Int, to sink: any MessageSink) {
        if entries[index].requestEnded, entries[index].responseEnded { give(index, to: sink) }
    }

    private mutating func give(_ index: Int, to sink: any MessageSink) {
        if !entries[index].requestEnded || !entries[index].responseEnded || entries[index].isUnsure {
            entries[index].transaction.isComplete = false
        }
        swap(&spare, &entries[index].transaction)
        heldOctets -= spare.heldOctets
        spare.give(to: sink)
        entries[index].isGone = true
        while first < entries.count, entries[first].isGone { first += 1 }
        if first == entries.count {
            // One request at a time is the rule, and needs no loop over entries.
            if first == 1 { entries.removeLast() } else { entries.removeAll(keepingCapacity: true) }
            first = 0
        } else if first >= Self.entriesMax {
            entries.removeSubrange(0..<first)
            first = 0
        }
    }

    private func index(of number: UInt32) -> Int? {
        guard first < entries.count else { return nil }
        let index = first + Int(number &- entries[first].number)
        return index < entries.count && !entries[index].isGone ? index : nil
    }
}
