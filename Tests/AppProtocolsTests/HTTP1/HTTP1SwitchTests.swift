import AppProtocols
import Events
import Testing

/// `Upgrade` and `CONNECT`.
struct HTTP1SwitchTests {
    private static let request =
        "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    private static let answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n"

    @Test func framesFollowTheUpgrade() {
        let dialogue = Dialogue()
        dialogue.say(.sent, Self.request)
        dialogue.say(.received, Array(Self.answer.utf8) + [0x81, 5] + Array("hello".utf8))
        dialogue.say(.received, [0x81, 5] + Array("world".utf8) + [0x89, 0])
        #expect(dialogue.outcomes == [.switches(to: .webSocket)])
        #expect(dialogue.messages.map(\.kind) == [.http1Request, .http1Response, .webSocket, .webSocket, .webSocket])
        #expect(dialogue.messages.map(\.bodyText) == ["", "", "hello", "world", ""])
        #expect(dialogue.messages.map(\.code) == [0, 0, 1, 1, 9])
        #expect(dialogue.messages[2].target == "/chat?room=1")
        #expect(dialogue.messages[2].host == "example.com")
        #expect(dialogue.transactions.map(\.status) == [101])
    }

    @Test func theHandoverSaysWhatTheServerAgreedTo() throws {
        let parser = HTTP1Parser(ParserContext(ParserSettings(), NoBodyTools()))
        let sink = Dialogue(parser)
        _ = parser.receive(Array(Self.request.utf8).span, Arrival(.received, time: 1, firstTime: 1), to: sink)
        let step = parser.receive(
            Array(Self.answer.utf8).span, Arrival(.sent, time: 2, firstTime: 2), to: sink)
        #expect(step == ParserStep(consumed: Self.answer.utf8.count, .switches(to: .webSocket)))
        var expected = ProtocolHandover(to: .webSocket, client: .received)
        expected.method = Array("GET".utf8)
        (expected.requestTime, expected.requestEndTime) = (1, 1)
        expected.target = Array("/chat?room=1".utf8)
        expected.host = Array("example.com".utf8)
        expected.permessageDeflate = true
        expected.serverTakesNoContext = true
        #expect(parser.handover == expected)
    }

    @Test func framesOfTheClientThatCameBeforeTheAnswerWaitForIt() {
        let dialogue = Dialogue()
        dialogue.say(.sent, Self.request)
        dialogue.say(.sent, [0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
        #expect(dialogue.messages.count == 1)
        dialogue.say(.received, Self.answer)
        #expect(dialogue.messages.map(\.bodyText) == ["", "", "hi"])
        #expect(dialogue.messages[2].direction == .sent)
    }

    @Test func aRefusedUpgradeGoesOnWithRequests() {
        let dialogue = Dialogue()
        dialogue.say(.sent, Self.request)
        dialogue.say(.received, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
        dialogue.say(.sent, "GET /next HTTP/1.1\r\n\r\n")
        #expect(dialogue.outcomes.isEmpty)
        #expect(dialogue.messages.last?.target == "/next")
    }

    @Test(arguments: [("h2c", ConnectionProtocol.http2), ("TLS/1.0", .raw)])
    func otherUpgrades(name: String, next: ConnectionProtocol) {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET / HTTP/1.1\r\nUpgrade: \(name)\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 101 Yes\r\nUpgrade: \(name)\r\n\r\nwhatever")
        #expect(dialogue.outcomes == [.switches(to: next)])
        #expect(dialogue.messages.count == 2)
    }

    @Test func aTunnelIsNoHTTP() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "CONNECT db:5432 HTTP/1.1\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 200 Connected\r\nContent-Length: 5\r\n\r\n\u{1}\u{2}\u{3}")
        dialogue.say(.sent, "SELECT 1")
        dialogue.pause(.idle)
        #expect(dialogue.outcomes == [.switches(to: .raw)])
        #expect(dialogue.messages[0].host == "db:5432")
        #expect(dialogue.messages.map(\.kind) == [.http1Request, .http1Response, .raw, .raw])
        #expect(dialogue.messages.map(\.bodyText) == ["", "", "\u{1}\u{2}\u{3}", "SELECT 1"])
    }
}
