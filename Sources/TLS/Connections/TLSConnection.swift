import Events
import Octets

/// One connection's TLS: finds the records in both directions, reads what is public of the handshake, and decrypts what
/// there are keys for (RFC 8446, RFC 5246).
///
/// It has no clock and does no I/O. Any split of the octets into calls gives the same. Owned by one thread.
public final class TLSConnection {
    let workspace: TLSWorkspace
    // Not a tuple: where its elements are yielded by a condition (`subscript`), the compiler loses references.
    private var received = TLSHalf()
    private var sent = TLSHalf()

    /// The direction in which the client speaks, once a hello has told.
    public internal(set) var client: Direction?
    /// The first hello of each end, in the clear.
    public internal(set) var clientHello: ClientHello?
    public internal(set) var serverHello: ServerHello?
    /// Of TLS 1.3, from the encrypted part of the handshake.
    var encryptedProtocol: [UInt8]?
    /// The server has said that it takes early data.
    var takesEarlyData = false
    public internal(set) var certificateSubject: String?
    /// The hellos that keys follow from: of a renegotiation, later ones.
    var clientRandom: [UInt8]?
    var serverRandom: [UInt8]?
    /// Of the handshake that came last.
    var exchange = KeyExchange()
    /// Octets of records by what became of them, for the summary.
    private(set) var undecryptedOctets: UInt64 = 0
    private(set) var decryptedOctets: UInt64 = 0
    public private(set) var plaintextOctets: UInt64 = 0
    private(set) var firstCause: TLSLedger.Cause?
    private var hasEnded = false

    public init(_ workspace: TLSWorkspace) {
        self.workspace = workspace
        workspace.ledger.connections += 1
    }

    subscript(direction: Direction) -> TLSHalf {
        _read {
            if direction == .received { yield received } else { yield sent }
        }
        _modify {
            if direction == .received { yield &received } else { yield &sent }
        }
    }

    /// Takes the next octets of a direction.
    public func receive<Sink: TLSSink & ~Copyable>(
        _ octets: Span<UInt8>, _ direction: Direction, to sink: inout Sink
    ) {
        workspace.ledger.seen += UInt64(octets.count)
        takeAgain(octets, direction, to: &sink)
    }

    /// Takes octets that were counted before.
    func takeAgain<Sink: TLSSink & ~Copyable>(
        _ octets: Span<UInt8>, _ direction: Direction, to sink: inout Sink
    ) {
        var position = 0
        while position < octets.count {
            if self[direction].isUnwrapped {
                let rest = octets.extracting(position..<octets.count)
                workspace.ledger.clear += UInt64(rest.count)
                sink.unwrapped(rest, direction)
                return
            }
            if self[direction].search != nil {
                search(octets, &position, direction, to: &sink)
                continue
            }
            switch self[direction].framer.next(octets, &position) {
            case .needMore: return
            case .inInput(let header, let range):
                take(header, octets.extracting(range), direction, to: &sink)
            case .inHeld(let header):
                let record = self[direction].framer.takeHeld()
                take(header, record.span.extracting(RecordHeader.octets..<record.count), direction, to: &sink)
            case .passed(let count): countEncrypted(.cut, count)
            case .violation: violation(octets, &position, direction, to: &sink)
            }
        }
    }

    /// No record begins where one should.
    private func violation<Sink: TLSSink & ~Copyable>(
        _ octets: Span<UInt8>, _ position: inout Int, _ direction: Direction, to sink: inout Sink
    ) {
        let held = self[direction].framer.takeHeld()
        guard self[direction].hasRecord else {
            // An answer in the clear: the server does not speak TLS here.
            self[direction].isUnwrapped = true
            if !held.isEmpty {
                workspace.ledger.clear += UInt64(held.count)
                sink.unwrapped(held.span, direction)
            }
            return
        }
        countEncrypted(.unrecognised, held.count)
        self[direction].missing = .unknown
        beginSearch(after: nil, direction)
    }

    /// Octets are missing before what comes next: how many, if known.
    public func skip<Sink: TLSSink & ~Copyable>(_ octets: Int?, _ direction: Direction, to sink: inout Sink) {
        if self[direction].isUnwrapped {
            sink.missing(octets, direction)
            return
        }
        self[direction].handshake.cut()
        exchange.forget()
        if let search = self[direction].search {
            countEncrypted(whyNotFound(direction), search.waitingOctets)
            let before = self[direction].searchedGap
            let gap = octets.flatMap { octets in before.map { $0 + octets + search.waitingOctets } }
            beginSearch(after: gap, direction)
            return
        }
        switch self[direction].framer.cut(octets) {
        case .again: break
        case .record(let header, let had):
            countEncrypted(.cut, had)
            lose(header, direction)
        case .unknown(let had):
            countEncrypted(.cut, had)
            self[direction].missing = .unknown
            beginSearch(after: octets, direction)
        }
    }

    /// A record is known to be there and cannot be read: its number counts.
    func lose(_ header: RecordHeader, _ direction: Direction) {
        guard isProtected(header, direction) else { return }
        noteMissing(header, direction)
        self[direction].sequence += 1
    }

    /// Notes application data that will not come out.
    func noteMissing(_ header: RecordHeader, _ direction: Direction) {
        // Up to the handshake's end there is none in these records.
        let half = self[direction]
        if isVersion13 == true, half.epoch == .handshake { return }
        if isVersion13 != true, header.type != .applicationData { return }
        let octets = half.protections.count == 1 ? half.protections[0].contentOctets(ofRecord: header.length) : nil
        self[direction].missing.add(octets)
    }

    func beginSearch(after gap: Int?, _ direction: Direction) {
        self[direction].search = RecordSearch()
        self[direction].searchedGap = gap
    }

    /// Ends the connection: what is incomplete is counted.
    public func end<Sink: TLSSink & ~Copyable>(to sink: inout Sink) {
        guard !hasEnded else { return }
        hasEnded = true
        for direction in Direction.allCases {
            countEncrypted(.incomplete, self[direction].framer.waitingOctets)
            countEncrypted(whyNotFound(direction), self[direction].search?.waitingOctets ?? 0)
            // Nobody has said that it was not taken.
            giveEarlyData(direction, to: &sink)
            flushMissing(direction, to: &sink)
        }
        if plaintextOctets > 0 {
            workspace.ledger.decryptedConnections += 1
        } else if firstCause != nil {
            workspace.ledger.keylessConnections += 1
        }
    }

    /// Tells of data that did not come out, where the connection has data that did.
    func flushMissing<Sink: TLSSink & ~Copyable>(_ direction: Direction, to sink: inout Sink) {
        guard plaintextOctets > 0 else { return }
        switch self[direction].missing {
        case .nothing: return
        case .octets(let octets): if octets > 0 { sink.missing(octets, direction) }
        case .unknown: sink.missing(nil, direction)
        }
        self[direction].missing = .nothing
    }

    func give<Sink: TLSSink & ~Copyable>(_ range: Range<Int>, _ direction: Direction, to sink: inout Sink) {
        guard !range.isEmpty else { return }
        // Moved out, so that it can be read while the rest changes; moved back for its memory.
        var plaintext: [UInt8] = []
        swap(&plaintext, &workspace.plaintext)
        give(plaintext.span.extracting(range), direction, to: &sink)
        swap(&plaintext, &workspace.plaintext)
    }

    func give<Sink: TLSSink & ~Copyable>(_ octets: Span<UInt8>, _ direction: Direction, to sink: inout Sink) {
        plaintextOctets += UInt64(octets.count)
        workspace.ledger.plaintext += UInt64(octets.count)
        flushMissing(direction, to: &sink)
        sink.plaintext(octets, direction)
    }

    // MARK: - Counts

    /// Counts octets that stay encrypted, or are lost.
    func countEncrypted(_ cause: TLSLedger.Cause, _ octets: Int) {
        guard octets > 0 else { return }
        workspace.ledger[cause] += UInt64(octets)
        undecryptedOctets += UInt64(octets)
        if firstCause == nil { firstCause = cause }
    }

    func countDecrypted(_ octets: Int) {
        workspace.ledger.decrypted += UInt64(octets)
        decryptedOctets += UInt64(octets)
    }
}
