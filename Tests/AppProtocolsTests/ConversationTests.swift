import AppProtocols
import Events
import Testing

struct ConversationTests {
    /// An empty line before the first request means nothing; in a dialogue of lines it is a line, in its place.
    @Test func emptyLinesAreShownWhereLinesAre() {
        func messages(_ turns: [(Direction, String)]) -> [String] {
            let seen = Dialogue()
            var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
            for (time, turn) in turns.enumerated() {
                let octets = Array(turn.1.utf8)
                conversation.receive(octets.span, turn.0, at: Int64(time), to: seen)
            }
            conversation.pause(.closed, .sent, at: 9, to: seen)
            conversation.pause(.closed, .received, at: 9, to: seen)
            return seen.messages.map { $0.kind == .raw ? $0.bodyText : "\($0.kind)" }
        }
        #expect(messages([(.sent, "\r\n"), (.sent, "GET / HTTP/1.1\r\n\r\n")]) == ["http1Request"])
        let dialogue: [(Direction, String)] = [
            (.sent, "login me\r\n"), (.received, "hello\r\n"), (.sent, "\r\n"), (.received, "what?\r\n"),
            (.sent, "quit\r\n"),
        ]
        #expect(messages(dialogue) == dialogue.map(\.1))
    }

    /// What came of a head before octets are missing stands before the gap, and not behind what follows.
    @Test func aHeadIsShownBeforeTheGapInIt() {
        let seen = Dialogue()
        var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
        let pieces = [
            "GET /first HTTP/1.1\r\nHost: x\r\n\r\n", "GET /cut HTTP/1.1\r\nX: 1", "2\r\n\r\n",
            "GET /next HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
        for (time, piece) in pieces.enumerated() {
            let octets = Array(piece.utf8)
            if time == 2 { conversation.skip(100, .sent, at: Int64(time), to: seen) }
            conversation.receive(octets.span, .sent, at: Int64(time), to: seen)
        }
        conversation.pause(.closed, .sent, at: 9, to: seen)
        #expect(seen.messages.prefix(3).map(\.kind) == [.http1Request, .raw, .gap])
        #expect(seen.messages[1].bodyText == pieces[1])
        #expect(seen.messages.last?.kind == .http1Request)
    }

    /// Octets that no protocol is told by yet are shown before what the other side answers, each turn by itself.
    @Test func shortTurnsStandInTheirOrder() {
        func turns(_ turns: [(Direction, [UInt8])]) -> [[UInt8]] {
            let seen = Dialogue()
            var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
            for (time, turn) in turns.enumerated() {
                conversation.receive(turn.1.span, turn.0, at: Int64(time), to: seen)
            }
            conversation.pause(.aborted, at: 9, to: seen)
            return seen.messages.map(\.body)
        }
        let dialogue: [(Direction, [UInt8])] = [
            (.sent, Array("PING".utf8)), (.received, Array("PONG".utf8)), (.sent, Array("PING".utf8)),
            (.received, [0, 1]), (.sent, Array("def".utf8)), (.received, [2, 3]),
        ]
        #expect(turns(dialogue) == dialogue.map(\.1))
    }

    /// What may be the beginning of a request is waited for although the other side speaks.
    @Test(arguments: ["GET / HT|TP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nS|M\r\n\r\n\0\0\0\u{4}\0\0\0\0\0"])
    func aBeginningIsStillKnownBehindTheOtherSidesOctets(text: String) {
        let parts = text.split(separator: "|").map { Array($0.utf8) }
        // Of HTTP/2 the server may speak at once.
        let (first, second) = (parts[0], parts[1])
        let other: [UInt8] = first[0] == 0x47 ? Array("}]".utf8) : [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let seen = Dialogue()
        var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
        conversation.receive(first.span, .sent, at: 1, to: seen)
        conversation.receive(other.span, .received, at: 2, to: seen)
        conversation.receive(second.span, .sent, at: 3, to: seen)
        #expect(conversation.spoken == (first[0] == 0x47 ? .http1 : .http2))
        #expect(!seen.messages.contains { $0.kind == .raw && $0.direction == .sent })
    }

    /// Nobody can tell which of two unfinished messages ends first; the request is what the response answers.
    @Test(arguments: Direction.allCases) func anUnfinishedRequestStandsBeforeItsResponse(client: Direction) {
        for pause in [Pause.aborted, .longIdle] {
            let seen = Dialogue()
            var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
            let request = Array("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc".utf8)
            let response = Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxyz".utf8)
            conversation.receive(request.span, client, at: 1, to: seen)
            conversation.receive(response.span, client.opposite, at: 2, to: seen)
            conversation.pause(pause, at: 3, to: seen)
            #expect(seen.messages.map(\.kind) == [.http1Request, .http1Response])
        }
    }

    /// RFC 7540 § 3.2: the answer to a request that upgraded the connection comes on stream 1.
    @Test func anUpgradingRequestIsAnsweredOnStreamOne() {
        let seen = Dialogue()
        var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
        let request =
            "GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        let frames: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88, 0, 0, 2, 0, 1, 0, 0, 0, 1]
        conversation.receive(Array(request.utf8).span, .sent, at: 10, to: seen)
        conversation.receive((Array(answer.utf8) + frames + Array("ok".utf8)).span, .received, at: 20, to: seen)
        #expect(seen.messages.map(\.kind) == [.http1Request, .http1Response, .http2Response])
        #expect(seen.transactions.map(\.status) == [101, 200])
        let last = seen.transactions[1]
        #expect(last.kind == .http2Request && last.streamID == 1 && last.isComplete && last.direction == .sent)
        #expect(last.target == Array("/up".utf8) && last.host == Array("a".utf8))
        #expect(last.requestTime == 10 && last.responseTime == 20)
    }
}
