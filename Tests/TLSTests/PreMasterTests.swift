import Cryptography
import Events
import TLSTestSupport
import Testing

@testable import TLS

/// Connections up to TLS 1.2 of which a key log gives something else than the master secret of the client's random.
struct PreMasterTests {
    private static let suites: [UInt16] = [0x009C, 0x009D, 0xCCA8]
    private static let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)

    private static func conversation(
        _ suite: UInt16, _ logged: TLSConversation.Logged, isExtended: Bool, seed: UInt64 = 1
    ) -> TLSConversation {
        var conversation = TLSConversation(.tls12, suite: suite, seed: seed)
        conversation.logged = logged
        conversation.isExtended = isExtended
        conversation.sessionID = [1, 2, UInt8(seed)]
        conversation.handshake()
        conversation.say(request, .sent)
        conversation.say([7, 8, 9], .received)
        return conversation
    }

    private static func workspace(_ keyLog: String) -> TLSWorkspace {
        var keys = KeyLog()
        keys.append(Array(keyLog.utf8).span)
        keys.finish()
        return TLSWorkspace(ToyCryptography(), keys: keys)
    }

    /// - Returns: what was said, and the connection.
    private static func read(
        _ pieces: [TLSConversation.Piece], _ workspace: TLSWorkspace, count: Int = .max
    ) -> (CollectingTLSSink, TLSConnection) {
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for piece in pieces {
            var start = 0
            while start < piece.octets.count {
                let end = min(start + min(count, piece.octets.count), piece.octets.count)
                connection.receive(piece.octets.span.extracting(start..<end), piece.direction, to: &sink)
                start = end
            }
        }
        connection.end(to: &sink)
        return (sink, connection)
    }

    @Test(arguments: suites, TLSConversation.Logged.allCases)
    func everythingSaidComesOut(suite: UInt16, logged: TLSConversation.Logged) {
        for isExtended in [false, true] {
            for count in [1, 7, .max] {
                let conversation = Self.conversation(suite, logged, isExtended: isExtended)
                let workspace = Self.workspace(conversation.keyLog)
                let (sink, connection) = Self.read(conversation.pieces, workspace, count: count)
                #expect(sink.plaintext(.sent) == Self.request && sink.plaintext(.received) == [7, 8, 9])
                #expect(connection.summary.undecryptedOctets == 0 && workspace.ledger.isBalanced)
                #expect(connection.exchange.transcript == nil)
            }
        }
    }

    /// A session that goes on has no key exchange: what was derived before is its secret, too.
    @Test(arguments: [TLSConversation.Logged.encryptedPreMaster, .preMasterOfRandom, .session], [false, true])
    func aSessionGoesOn(logged: TLSConversation.Logged, isExtended: Bool) {
        let first = Self.conversation(0x009C, logged, isExtended: isExtended)
        var second = TLSConversation(.tls12, suite: 0x009C, seed: 50)
        second.resume(first)
        second.say(Self.request, .sent)
        let workspace = Self.workspace(first.keyLog)
        // The line names the session itself, or the session has to be seen.
        let before = Self.read(second.pieces, workspace)
        let expected: (octets: [UInt8], cause: TLSLedger.Cause?) =
            logged == .session ? (Self.request, nil) : ([], .noKey)
        #expect(before.0.plaintext(.sent) == expected.octets)
        #expect(before.1.summary.cause == expected.cause)
        _ = Self.read(first.pieces, workspace)
        let after = Self.read(second.pieces, workspace)
        #expect(after.0.plaintext(.sent) == Self.request && workspace.ledger.isBalanced)
    }

    /// Of a bound secret the messages up to the key exchange are needed: where one is missing there is no key. One
    /// that is not bound needs none of them.
    @Test(arguments: [false, true]) func aGapInTheHandshakeTakesTheKey(isExtended: Bool) {
        let conversation = Self.conversation(0x009C, .preMasterOfRandom, isExtended: isExtended)
        let workspace = Self.workspace(conversation.keyLog)
        let connection = TLSConnection(workspace)
        var sink = CollectingTLSSink()
        for (index, piece) in conversation.pieces.enumerated() {
            // ServerHelloDone.
            if index == 2 {
                connection.skip(piece.octets.count, piece.direction, to: &sink)
            } else {
                connection.receive(piece.octets.span, piece.direction, to: &sink)
            }
        }
        connection.end(to: &sink)
        let expected: (octets: [UInt8], cause: TLSLedger.Cause?) = isExtended ? ([], .noKey) : (Self.request, nil)
        #expect(sink.plaintext(.sent) == expected.octets)
        #expect(connection.summary.cause == expected.cause)
        #expect(workspace.ledger.isBalanced)
    }

    /// Captures do not always have packets in the order in which they were sent.
    @Test(arguments: [false, true]) func directionsMayBeCapturedInAnyOrder(isExtended: Bool) {
        let conversation = Self.conversation(0x009C, .encryptedPreMaster, isExtended: isExtended)
        let hello = conversation.pieces[..<2]
        let rest = conversation.pieces[2...]
        for first in Direction.allCases {
            let pieces =
                hello + rest.filter { $0.direction == first } + rest.filter { $0.direction == first.opposite }
            let (sink, _) = Self.read(Array(pieces), Self.workspace(conversation.keyLog))
            // What is encrypted stays closed until all is seen that its key follows from: of the client's part that is
            // the exchange, of the server's all messages that a bound secret is bound to.
            let request = isExtended && first == .sent ? [] : Self.request
            #expect(sink.plaintext(.sent) == request)
            let answer: [UInt8] = first == .sent ? [7, 8, 9] : []
            #expect(sink.plaintext(.received) == answer)
        }
    }

    @Test func anotherSecretOpensNothing() {
        let conversation = Self.conversation(0x009C, .encryptedPreMaster, isExtended: true)
        let line = conversation.keyLog.dropLast(3) + (conversation.keyLog.hasSuffix("00\n") ? "01\n" : "00\n")
        let workspace = Self.workspace(String(line))
        let (sink, connection) = Self.read(conversation.pieces, workspace)
        #expect(sink.sent.isEmpty && sink.received.isEmpty && connection.summary.cause == .notAuthentic)
        #expect(workspace.ledger.isBalanced)
    }

    /// What is kept of a handshake is bounded, whatever comes.
    @Test func transcriptsAreBounded() {
        var exchange = KeyExchange()
        let hello = HandshakeAssembler.Message(type: .clientHello, body: [UInt8](repeating: 1, count: 40))
        let large = HandshakeAssembler.Message(type: .certificate, body: [UInt8](repeating: 2, count: 30_000))
        let exchanged = HandshakeAssembler.Message(type: .clientKeyExchange, body: [UInt8](repeating: 3, count: 130))
        let done = HandshakeAssembler.Message(type: .serverHelloDone, body: [])
        for (count, kept) in [(2, 44 + 2 * 30_004 + 4 + 134), (3, -1)] {
            exchange.take(hello, fromClient: true, keeps: true)
            for _ in 0..<count { exchange.take(large, fromClient: false, keeps: true) }
            exchange.take(done, fromClient: false, keeps: true)
            exchange.take(exchanged, fromClient: true, keeps: true)
            #expect((exchange.transcript?.count ?? -1) == kept)
            #expect(exchange.encrypted == [UInt8](repeating: 3, count: 8))
        }
    }
}
