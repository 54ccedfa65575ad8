import Events
import Octets

/// Records: which are encrypted, with what they open, and what is in them.
extension TLSConnection {
    /// `nil`: not known. TLS 1.3 encrypts otherwise than all before.
    var isVersion13: Bool? {
        if let serverHello { return serverHello.version.rawValue >= TLSVersion.tls13.rawValue }
        // Drafts of 1.3 have numbers of their own (0x7F1C).
        guard let clientRandom, let secrets = workspace.keys.secrets(ofClientRandom: clientRandom) else { return nil }
        return secrets[.master].isEmpty
    }

    /// Whether a record is encrypted.
    func isProtected(_ header: RecordHeader, _ direction: Direction) -> Bool {
        if isVersion13 == true { return header.type == .applicationData }
        return self[direction].isProtected || header.type == .applicationData
    }

    /// Takes a whole record.
    func take<Sink: TLSSink & ~Copyable>(
        _ header: RecordHeader, _ fragment: Span<UInt8>, _ direction: Direction, to sink: inout Sink
    ) {
        self[direction].hasRecord = true
        guard isProtected(header, direction) else {
            workspace.ledger.clear += UInt64(header.recordOctets)
            takeContent(header.type, fragment, direction, to: &sink)
            return
        }
        guard let opened = open(header, fragment, direction) else {
            countEncrypted(whyNotOpened(direction), header.recordOctets)
            noteMissing(header, direction)
            self[direction].sequence += 1
            return
        }
        judgeEarlyData(direction, to: &sink)
        takeOpened(header, opened, direction, to: &sink)
    }

    func takeOpened<Sink: TLSSink & ~Copyable>(
        _ header: RecordHeader, _ opened: RecordProtection.Opened, _ direction: Direction, to sink: inout Sink
    ) {
        self[direction].sequence += 1
        countDecrypted(header.recordOctets)
        if opened.type == .applicationData, self[direction].epoch == .early {
            self[direction].early += workspace.plaintext[opened.content]
            if self[direction].early.count > TLSHalf.earlyOctetsMax { giveEarlyData(direction, to: &sink) }
        } else if opened.type == .applicationData {
            give(opened.content, direction, to: &sink)
        } else {
            let content = Array(workspace.plaintext[opened.content])
            takeContent(opened.type, content.span, direction, to: &sink)
        }
    }

    // MARK: - Early data

    /// Once other keys are in use: a server that took the early data has said so, and the client has ended it. One that
    /// did not is told the same again, so what was held is not said twice.
    private func judgeEarlyData<Sink: TLSSink & ~Copyable>(_ direction: Direction, to sink: inout Sink) {
        guard !self[direction].early.isEmpty, self[direction].epoch != .early else { return }
        if takesEarlyData { return giveEarlyData(direction, to: &sink) }
        workspace.ledger.rejectedEarlyData += UInt64(self[direction].early.count)
        self[direction].early = []
    }

    /// Gives out what was held.
    func giveEarlyData<Sink: TLSSink & ~Copyable>(_ direction: Direction, to sink: inout Sink) {
        guard !self[direction].early.isEmpty else { return }
        var early: [UInt8] = []
        swap(&early, &self[direction].early)
        give(early.span, direction, to: &sink)
    }

    func whyNotOpened(_ direction: Direction) -> TLSLedger.Cause {
        guard let clientRandom else { return .noHandshake }
        if isVersion13 == true {
            guard let secrets = workspace.keys.secrets(ofClientRandom: clientRandom) else { return .noKey }
            if serverHello?.cipherSuite.algorithms == nil, serverHello != nil { return .unsupported }
            let label = label(self[direction].epoch == .clear ? .handshake : self[direction].epoch, direction)
            return label.map { secrets[$0].isEmpty } == true ? .noKey : .notAuthentic
        }
        guard let serverHello, serverRandom != nil else {
            return workspace.keys.secrets(ofClientRandom: clientRandom) == nil ? .noKey : .noHandshake
        }
        if master.isEmpty { return .noKey }
        let isSupported = serverHello.cipherSuite.algorithms != nil && serverHello.compression == 0
        return isSupported && serverHello.version != .ssl3 ? .notAuthentic : .unsupported
    }

    private func takeContent<Sink: TLSSink & ~Copyable>(
        _ type: ContentType, _ content: Span<UInt8>, _ direction: Direction, to sink: inout Sink
    ) {
        switch type {
        case .handshake:
            self[direction].handshake.append(content)
            while let message = self[direction].handshake.next() { take(message, direction) }
            judgeEarlyData(direction, to: &sink)
        case .changeCipherSpec: changeCipher(direction)
        case .alert:
            // close_notify; any other alert ends the connection out of order, as its end will tell.
            if content.count == 2, content[1] == 0, !self[direction].isClosed {
                self[direction].isClosed = true
                if plaintextOctets > 0 {
                    flushMissing(direction, to: &sink)
                    sink.closed(direction)
                }
            }
        default: break
        }
    }

    // MARK: - Opening

    /// Opens the next record of a direction, with the keys in use or those that come after.
    private func open(
        _ header: RecordHeader, _ fragment: Span<UInt8>, _ direction: Direction
    ) -> RecordProtection.Opened? {
        prepare(direction)
        let sequence = self[direction].sequence
        if let opened = openCurrent(header, fragment, direction, sequence) { return opened }
        return openLater(header, fragment, direction, sequences: 0..<1)
    }

    /// With the keys in use.
    func openCurrent(
        _ header: RecordHeader, _ fragment: Span<UInt8>, _ direction: Direction, _ sequence: UInt64
    ) -> RecordProtection.Opened? {
        for index in self[direction].protections.indices {
            // A direction has as many candidates as suites may be meant, until the first record opens.
            guard
                let opened = self[direction].protections[index].open(
                    header, fragment, sequence: sequence, into: &workspace.plaintext)
            else { continue }
            if self[direction].protections.count > 1 {
                self[direction].protections = [self[direction].protections[index]]
            }
            return opened
        }
        return nil
    }

    /// With keys of a later epoch: early data was never accepted, or the message that changes keys is missing.
    func openLater(
        _ header: RecordHeader, _ fragment: Span<UInt8>, _ direction: Direction, sequences: Range<UInt64>
    ) -> RecordProtection.Opened? {
        guard self[direction].trialsLeft > 0, isVersion13 == true else { return nil }
        for (raw, candidates) in self[direction].later.sorted(by: { $0.key < $1.key }) {
            for candidate in candidates {
                var candidate = candidate
                for sequence in sequences {
                    guard self[direction].trialsLeft > 0 else { return nil }
                    self[direction].trialsLeft -= 1
                    guard
                        let opened = candidate.open(
                            header, fragment, sequence: sequence, into: &workspace.plaintext)
                    else { continue }
                    enter(raw, candidate, at: sequence, direction)
                    return opened
                }
            }
        }
        return nil
    }
}
