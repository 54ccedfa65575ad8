import Events
import Testing

@testable import AppProtocols

/// What streams and their fields are taken for.
struct HTTP2StreamTests {
    private static let get = [(":method", "GET"), (":scheme", "https"), (":authority", "example.com"), (":path", "/a")]

    /// Preface and settings of both ends.
    private func open() -> HTTP2Conversation {
        let conversation = HTTP2Conversation { _ in }
        conversation.feed(.sent, HTTP2Frame.preface + HTTP2Frame.settings())
        conversation.feed(.received, HTTP2Frame.settings() + HTTP2Frame.settingsACK)
        return conversation
    }

    /// A name may be a colon alone, or begin with one and be as long as one that counts.
    @Test func namesLikePseudoFieldsAreNone() {
        let (conversation, get) = (open(), Self.get)
        var requests = HPACKEncoder()
        let odd = [(":", "x"), (":m", "y"), (":pa", "z"), (":matter", "v"), ("", "w")]
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(get + odd), end: true))
        conversation.close()
        let message = conversation.sink.messages[0]
        #expect(message.headerLines == (get + odd).map { "\($0.0): \($0.1)" })
        #expect(message.text(message.method) == "GET" && message.text(message.target) == "/a")
    }

    /// Streams answered in another order than they were opened: what is found again is the right one.
    @Test func answersInAnyOrderFindTheirStreams() {
        let conversation = open()
        var (requests, responses) = (HPACKEncoder(), HPACKEncoder())
        for id in stride(from: UInt32(1), to: 9, by: 2) {
            let fields = [(":method", "GET"), (":scheme", "https"), (":authority", "h"), (":path", "/\(id)")]
            conversation.feed(.sent, HTTP2Frame.headers(id, requests.encode(fields), end: true))
        }
        let held = conversation.parser.heldOctets
        for id: UInt32 in [5, 1, 7, 3] {
            conversation.feed(.received, HTTP2Frame.headers(id, responses.encode([(":status", "200")])))
        }
        #expect(conversation.parser.heldOctets > held)
        for id: UInt32 in [3, 7, 5, 1] {
            conversation.feed(.received, HTTP2Frame.data(id, "body \(id)", end: true))
        }
        let transactions = conversation.sink.transactions
        #expect(transactions.map(\.streamID) == [3, 7, 5, 1])
        #expect(transactions.map { String(decoding: $0.target, as: UTF8.self) } == ["/3", "/7", "/5", "/1"])
        #expect(conversation.sink.messages.suffix(4).map(\.bodyText) == ["body 3", "body 7", "body 5", "body 1"])
        #expect(conversation.parser.heldOctets < held)
    }
}
