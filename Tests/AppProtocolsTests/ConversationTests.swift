import AppProtocols
import Events
import Testing

struct ConversationTests {
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
