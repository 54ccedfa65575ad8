import AppProtocols
import Events
import Testing

/// Programs that open one connection after another get the same descriptor each time, and nothing tells where one ends.
struct ConnectionReuseTests {
    private static let get = "GET /a HTTP/1.0\r\nHost: x\r\n\r\n"
    private static let next = "GET /b HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eA==\r\n\r\n"
    private static let untilClose = "HTTP/1.0 200 OK\r\nSet-Cookie: s=1\r\n\r\nbody"
    private static let short = "HTTP/1.1 204 No\r\n\r\n"

    /// What is said, in turns; an empty one is a silence. In pieces of any size it comes to the same.
    private static func say(_ turns: [(Direction, String)], hasKnownEnd: Bool = false) -> Dialogue {
        let whole = say(turns, hasKnownEnd, piece: .max)
        for piece in [1, 3, 7] {
            let other = say(turns, hasKnownEnd, piece: piece)
            #expect(other.messages == whole.messages, "in pieces of \(piece)")
            #expect(other.transactions.map(\.status) == whole.transactions.map(\.status))
        }
        return whole
    }

    private static func say(_ turns: [(Direction, String)], _ hasKnownEnd: Bool, piece: Int) -> Dialogue {
        let seen = Dialogue()
        var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()), hasKnownEnd: hasKnownEnd)
        for (direction, text) in turns {
            if text.isEmpty { conversation.pause(.idle, at: 2, to: seen) }
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                conversation.receive(Array(rest.prefix(piece)).span, direction, at: 1, to: seen)
                rest = rest.dropFirst(piece)
            }
        }
        conversation.pause(.aborted, at: 3, to: seen)
        #expect(conversation.heldOctets == 0)
        return seen
    }

    private static func lines(_ dialogue: Dialogue) -> [String] {
        dialogue.messages.map { message in
            let name = message.kind == .http1Request ? message.target : "\(message.status)"
            return "\(message.kind == .raw ? "raw" : name) \(message.bodyText)\(message.isComplete ? "" : "…")"
        }
    }

    /// The answer to a new request is no part of a body that lasts until close: that one was whole. It is known only
    /// then, so the request stands before it.
    @Test func aNewAnswerEndsABodyThatLastsUntilClose() {
        let turns: [(Direction, String)] = [(.sent, Self.get), (.received, Self.untilClose)]
        let loop = turns + turns + turns
        let dialogue = Self.say(loop)
        #expect(Self.lines(dialogue) == ["/a ", "/a ", "200 body", "/a ", "200 body", "200 body…"])
        #expect(dialogue.transactions.map(\.status) == [200, 200, 200])
        #expect(dialogue.transactions.map(\.isComplete) == [true, true, false])
    }

    @Test func aBodyThatLastsUntilCloseGoesOnBehindAnotherRequest() {
        let dialogue = Self.say([
            (.sent, Self.get), (.received, Self.untilClose), (.sent, Self.get), (.received, " HTTP/1.1 more"),
        ])
        #expect(Self.lines(dialogue) == ["/a ", "/a ", "200 body HTTP/1.1 more…"])
        // Where the end is told, whatever comes before it is the body.
        let told = Self.say(
            [(.sent, Self.get), (.received, Self.untilClose), (.sent, Self.next), (.received, Self.short)],
            hasKnownEnd: true)
        #expect(Self.lines(told) == ["/a ", "/b ", "200 body\(Self.short)…"])
    }

    @Test func anAnswerThatWasNotReadToItsEndIsIncomplete() {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
        let dialogue = Self.say([(.sent, Self.get), (.received, half), (.sent, Self.next), (.received, Self.short)])
        #expect(Self.lines(dialogue) == ["/a ", "/b ", "200 half…", "204 "])
        #expect(dialogue.transactions.map(\.status) == [200, 204])
    }

    /// Behind an answer, or a silence, a request is no part of the body before it.
    @Test(arguments: [(Direction.received, ""), (.received, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")])
    func aRequestIsNoPartOfAnUnfinishedBody(between: Direction, text: String) {
        let post = "POST /a HTTP/1.1\r\nContent-Length: 99\r\n\r\nhalf"
        let dialogue = Self.say([(.sent, post), (between, text), (.sent, Self.next), (.received, Self.short)])
        #expect(Self.lines(dialogue).suffix(2) == ["/b ", "204 "])
        #expect(dialogue.messages.contains { $0.target == "/a" && !$0.isComplete })
        #expect(dialogue.transactions.map(\.status) == [text.isEmpty ? 0 : 413, 204])
        // What only looks like one is.
        let body = Self.say([(.sent, post), (between, text), (.sent, "GET a life"), (.received, Self.short)])
        #expect(body.messages.contains { $0.bodyText == "halfGET a life" })
    }

    @Test func aPrefaceBeginsAConnectionWhateverWasSpokenBefore() {
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0"
        // HEADERS of stream 1: three fields of the static table, END_STREAM.
        let headers: [UInt8] = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]
        let seen = Dialogue()
        var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()), hasKnownEnd: false)
        for (time, octets) in [
            Array(Self.get.utf8), Array(preface.utf8) + headers, Array(preface.utf8) + headers, Array(Self.next.utf8),
        ].enumerated() {
            conversation.receive(octets.span, .sent, at: Int64(time), to: seen)
            conversation.receive(
                (time == 0 || time == 3 ? Array(Self.short.utf8) : HTTP2Answer.octets).span, .received, at: Int64(time),
                to: seen)
        }
        conversation.pause(.aborted, at: 9, to: seen)
        #expect(
            seen.messages.map(\.kind) == [
                .http1Request, .http1Response, .http2Request, .http2Response, .http2Request, .http2Response,
                .http1Request, .http1Response,
            ])
        #expect(seen.counted.isEmpty)
    }

    private enum HTTP2Answer {
        /// SETTINGS, and HEADERS of stream 1: `:status: 200`, END_STREAM.
        static let octets: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]
    }

    /// A body that nobody waits for need not come (RFC 9110 § 10.1.1), whether the connection's end is told or not.
    @Test(arguments: [false, true]) func aRefusedBodyIsNotWaitedFor(hasKnownEnd: Bool) {
        let post = "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 200\r\n\r\n"
        let refusal = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"
        let dialogue = Self.say(
            [(.sent, post), (.received, refusal), (.sent, Self.next), (.received, Self.short)], hasKnownEnd: hasKnownEnd
        )
        #expect(Self.lines(dialogue) == ["401 ", "/a …", "/b ", "204 "])
        #expect(dialogue.messages[2].fields.last == ["Authorization", "Basic eA=="])
        #expect(dialogue.transactions.map(\.status) == [401, 204])
        let goOn = "HTTP/1.1 100 Continue\r\n\r\n"
        let told = Self.say([(.sent, post), (.received, goOn), (.sent, Self.next)], hasKnownEnd: true)
        #expect(told.messages.contains { $0.target == "/a" && $0.bodyText == Self.next })
    }
}
