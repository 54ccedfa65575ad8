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
}
