import Events
import TLSTestSupport
import Testing

@testable import TLS

/// Connections whose both ends are made by `TLSConversation`.
struct TLSConnectionTests {
    /// TLS 1.3 and 1.2 with each cipher that the toy has.
    static let suites: [(version: TLSVersion, suite: UInt16)] = [
        (.tls13, 0x1301), (.tls13, 0x1302), (.tls13, 0x1303), (.tls13, 0x1304), (.tls12, 0xC02F), (.tls12, 0xC030),
        (.tls12, 0xCCA8), (.tls12, 0xC0AC), (.tls12, 0xC0AE),
    ]

    private static func workspace(_ keyLog: String) -> TLSWorkspace {
        var keys = KeyLog()
        keys.append(Array(keyLog.utf8).span)
        keys.finish()
        return TLSWorkspace(ToyCryptography(), keys: keys)
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// A request, a response of several records, another request.
    private static func exchange(_ version: TLSVersion, _ suite: UInt16) -> TLSConversation {
        var conversation = TLSConversation(version, suite: suite)
        conversation.handshake()
        conversation.say(text("GET / HTTP/1.1\r\n\r\n"), .sent)
        for number in 0..<20 { conversation.say([UInt8](repeating: UInt8(number), count: 300 + number), .received) }
        conversation.say(text("GET /second HTTP/1.1\r\n\r\n"), .sent)
        conversation.say(text("bye"), .received)
        conversation.close(.received)
        conversation.close(.sent)
        return conversation
    }

    private static func said(_ conversation: TLSConversation, _ direction: Direction) -> [UInt8] {
        conversation.pieces.filter { $0.direction == direction }.flatMap(\.plaintext)
    }

    @Test(arguments: suites) func everythingSaidComesOut(version: TLSVersion, suite: UInt16) {
        let conversation = Self.exchange(version, suite)
        let workspace = Self.workspace(conversation.keyLog)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in conversation.pieces { connection.receive(piece.octets.span, piece.direction, to: &sink) }
        connection.end(to: &sink)
        for direction in Direction.allCases {
            #expect(sink.plaintext(direction) == Self.said(conversation, direction))
            #expect(sink[direction].last == .closed)
        }
        #expect(workspace.ledger.isBalanced && workspace.ledger.others.allSatisfy { $0 == 0 })
        let summary = connection.summary
        #expect(summary.version == version && summary.serverName == "example.com")
        #expect(summary.cipherSuite?.rawValue == suite && summary.undecryptedOctets == 0)
        #expect(summary.applicationProtocol == (version == .tls13 ? "h2" : nil))
    }

    @Test(arguments: suites, [1, 2, 5, 6, 100, 4_096])
    func anySplitGivesTheSame(suite: (version: TLSVersion, suite: UInt16), count: Int) {
        let conversation = Self.exchange(suite.version, suite.suite)
        let workspace = Self.workspace(conversation.keyLog)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in conversation.pieces {
            for start in stride(from: 0, to: piece.octets.count, by: count) {
                let end = min(start + count, piece.octets.count)
                connection.receive(piece.octets.span.extracting(start..<end), piece.direction, to: &sink)
            }
        }
        connection.end(to: &sink)
        for direction in Direction.allCases {
            #expect(sink.plaintext(direction) == Self.said(conversation, direction))
        }
        #expect(workspace.ledger.isBalanced)
    }

    @Test(arguments: suites) func withoutAKeyNothingComesOutAndItIsSaid(version: TLSVersion, suite: UInt16) {
        let conversation = Self.exchange(version, suite)
        let workspace = Self.workspace("")
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in conversation.pieces { connection.receive(piece.octets.span, piece.direction, to: &sink) }
        connection.end(to: &sink)
        #expect(sink.sent.isEmpty && sink.received.isEmpty)
        #expect(connection.summary.cause == .noKey && connection.summary.undecryptedOctets > 6_000)
        #expect(workspace.ledger.isBalanced && workspace.ledger.keylessConnections == 1)
        #expect(workspace.ledger[.noKey] == connection.summary.undecryptedOctets)
    }

    @Test(arguments: suites) func keysMayComeLate(version: TLSVersion, suite: UInt16) {
        let conversation = Self.exchange(version, suite)
        let workspace = Self.workspace("")
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for (index, piece) in conversation.pieces.enumerated() {
            // After the handshake, before anything is said.
            if !piece.plaintext.isEmpty, workspace.keys.isEmpty, index > 0 {
                workspace.keys.append(Array(conversation.keyLog.utf8).span)
            }
            connection.receive(piece.octets.span, piece.direction, to: &sink)
        }
        connection.end(to: &sink)
        for direction in Direction.allCases {
            #expect(sink.plaintext(direction) == Self.said(conversation, direction))
        }
    }

    @Test(arguments: [true, false]) func earlyDataNeedsItsOwnSecret(isKnown: Bool) {
        var conversation = TLSConversation(.tls13, suite: 0x1301)
        conversation.handshake(early: Self.text("early"))
        conversation.say(Self.text("late"), .sent)
        let log = conversation.keyLog.split(separator: "\n").filter { isKnown || !$0.hasPrefix("CLIENT_EARLY") }
        let workspace = Self.workspace(log.joined(separator: "\n"))
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in conversation.pieces { connection.receive(piece.octets.span, piece.direction, to: &sink) }
        connection.end(to: &sink)
        #expect(
            sink.sent
                == (isKnown
                    ? [.octets(Self.text("early")), .octets(Self.text("late"))]
                    : [.missing(nil), .octets(Self.text("late"))]))
        #expect(workspace.ledger.isBalanced)
    }

    /// What a server did not take the client says again: it is told once. Where the capture has no answer, what the
    /// client said is all there is.
    @Test(arguments: [true, false]) func rejectedEarlyDataIsNotSaidTwice(isWhole: Bool) {
        var conversation = TLSConversation(.tls13, suite: 0x1301)
        conversation.handshake(early: Self.text("GET / HTTP/1.1"), takesEarly: false)
        conversation.say(Self.text("GET / HTTP/1.1"), .sent)
        let workspace = Self.workspace(conversation.keyLog)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        let pieces = isWhole ? conversation.pieces[...] : conversation.pieces.prefix { $0.direction == .sent }
        for piece in pieces { connection.receive(piece.octets.span, piece.direction, to: &sink) }
        #expect(sink.sent.isEmpty == !isWhole)
        connection.end(to: &sink)
        #expect(sink.sent == [.octets(Self.text("GET / HTTP/1.1"))])
        #expect(workspace.ledger.rejectedEarlyData == (isWhole ? 14 : 0))
        #expect(workspace.ledger.isBalanced)
    }

    @Test func keysAreUpdatedAndPaddingIsTakenOff() {
        var conversation = TLSConversation(.tls13, suite: 0x1302)
        conversation.handshake()
        for round in 0..<3 {
            for direction in Direction.allCases {
                conversation.say(Self.text("round \(round)"), direction, padding: round * 50)
                conversation.updateKey(direction)
            }
        }
        conversation.say(Self.text("end"), .sent)
        let workspace = Self.workspace(conversation.keyLog)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in conversation.pieces { connection.receive(piece.octets.span, piece.direction, to: &sink) }
        #expect(sink.plaintext(.sent) == Self.text("round 0round 1round 2end"))
        #expect(sink.plaintext(.received) == Self.text("round 0round 1round 2"))
    }

    @Test func aServerThatAnswersInTheClearIsHeard() {
        var conversation = TLSConversation(.tls13, suite: 0x1301)
        conversation.handshake()
        let workspace = Self.workspace("")
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        let hello = conversation.pieces[0].octets
        connection.receive(hello.span, .sent, to: &sink)
        let answer = Self.text("HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.receive(answer.span, .received, to: &sink)
        #expect(sink.received == [.unwrapped(Self.text("HTTP/1.1 400 Bad Request\r\n\r\n"))])
        connection.end(to: &sink)
        #expect(workspace.ledger.isBalanced)
    }
}

/// What the capture does not have.
struct TLSGapTests {
    /// Every record of a response lost in turn, whole, or from its middle to the middle of the next, or within it: what
    /// is before and behind comes out, with a gap between.
    @Test(arguments: TLSConnectionTests.suites, [0, 1, 2])
    func whatIsBehindAGapComesOut(suite: (version: TLSVersion, suite: UInt16), kind: Int) throws {
        var conversation = TLSConversation(suite.version, suite: suite.suite)
        conversation.handshake()
        for number in 0..<12 { conversation.say([UInt8](repeating: UInt8(number), count: 200), .received) }
        let said = conversation.pieces.indices.filter { !conversation.pieces[$0].plaintext.isEmpty }
        for lost in said.dropFirst().dropLast(2) {
            var keys = KeyLog()
            keys.append(Array(conversation.keyLog.utf8).span)
            let workspace = TLSWorkspace(ToyCryptography(), keys: keys)
            let connection = TLSConnection(workspace)
            var sink = CollectingTLSSink()
            for (index, piece) in conversation.pieces.enumerated() {
                let octets = piece.octets.span
                switch (kind, index) {
                case (0, lost): connection.skip(octets.count, piece.direction, to: &sink)
                case (1, lost): connection.receive(octets.extracting(0..<100), piece.direction, to: &sink)
                case (1, lost + 1):
                    connection.skip(conversation.pieces[lost].octets.count - 100 + 50, piece.direction, to: &sink)
                    connection.receive(octets.extracting(50..<octets.count), piece.direction, to: &sink)
                case (2, lost):
                    connection.receive(octets.extracting(0..<100), piece.direction, to: &sink)
                    connection.skip(40, piece.direction, to: &sink)
                    connection.receive(octets.extracting(140..<octets.count), piece.direction, to: &sink)
                default: connection.receive(octets, piece.direction, to: &sink)
                }
            }
            connection.end(to: &sink)
            #expect(workspace.ledger.isBalanced)
            let gone = kind == 1 ? [lost, lost + 1] : [lost]
            let expected = said.filter { !gone.contains($0) }.flatMap { conversation.pieces[$0].plaintext }
            #expect(sink.plaintext(.received) == expected, "record \(lost)")
            let gaps = sink.received.filter { if case .missing = $0 { true } else { false } }
            // Within a record its length, and so that of what is missing, is known.
            #expect(gaps == [kind == 2 ? .missing(200) : .missing(nil)])
        }
    }

    @Test func aGapOfUnknownSizeAndAMissedKeyUpdateArePassed() {
        var conversation = TLSConversation(.tls13, suite: 0x1301)
        conversation.handshake()
        for number in 0..<5 { conversation.say([UInt8](repeating: UInt8(number), count: 100), .received) }
        let before = conversation.pieces.count
        conversation.updateKey(.received)
        conversation.say(Array("lost".utf8), .received)
        let after = conversation.pieces.count
        conversation.say(Array("found".utf8), .received)
        conversation.say(Array("again".utf8), .received)
        var keys = KeyLog()
        keys.append(Array(conversation.keyLog.utf8).span)
        let workspace = TLSWorkspace(ToyCryptography(), keys: keys)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in conversation.pieces[..<before] {
            connection.receive(piece.octets.span, piece.direction, to: &sink)
        }
        connection.skip(nil, .received, to: &sink)
        for piece in conversation.pieces[after...] { connection.receive(piece.octets.span, piece.direction, to: &sink) }
        connection.end(to: &sink)
        #expect(
            sink.received.suffix(3) == [.missing(nil), .octets(Array("found".utf8)), .octets(Array("again".utf8))])
        #expect(workspace.ledger.isBalanced)
    }

    @Test func aDamagedRecordIsOneRecord() {
        var conversation = TLSConversation(.tls12, suite: 0xC02F)
        conversation.handshake()
        for number in 0..<3 { conversation.say([UInt8](repeating: UInt8(number), count: 10), .sent) }
        var keys = KeyLog()
        keys.append(Array(conversation.keyLog.utf8).span)
        let workspace = TLSWorkspace(ToyCryptography(), keys: keys)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for (index, piece) in conversation.pieces.enumerated() {
            var octets = piece.octets
            if index == conversation.pieces.count - 2 { octets[20] ^= 1 }
            connection.receive(octets.span, piece.direction, to: &sink)
        }
        connection.end(to: &sink)
        #expect(
            sink.sent == [
                .octets([UInt8](repeating: 0, count: 10)), .missing(10), .octets([UInt8](repeating: 2, count: 10)),
            ])
        #expect(workspace.ledger[.notAuthentic] == 39)
    }
}
