import Events
import Octets
import Testing

@testable import AppProtocols

struct GRPCTests {
    private let request = [
        (":method", "POST"), (":path", "/shop.Cart/Add"), (":authority", "shop"),
        ("content-type", "application/grpc+proto"),
    ]

    private func prefixed(_ text: String, flag: UInt8 = 0) -> [UInt8] {
        var octets = [flag]
        octets.appendBigEndian(UInt32(text.utf8.count))
        return octets + Array(text.utf8)
    }

    private func call(_ conversation: HTTP2Conversation, response: [UInt8], status: String = "0") {
        var requests = HPACKEncoder()
        var responses = HPACKEncoder()
        conversation.feed(.sent, HTTP2Frame.preface + HTTP2Frame.settings())
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(request)))
        conversation.feed(.sent, HTTP2Frame.data(1, prefixed("ask"), end: true))
        let head = responses.encode([
            (":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "gzip"),
        ])
        conversation.feed(.received, HTTP2Frame.settings() + HTTP2Frame.headers(1, head))
        conversation.feed(.received, HTTP2Frame.data(1, response))
        conversation.feed(.received, HTTP2Frame.headers(1, responses.encode([("grpc-status", status)]), end: true))
    }

    /// Case 56.
    @Test func messagesAreCutOutAndTheStatusIsOfTheTrailers() {
        let conversation = HTTP2Conversation()
        call(conversation, response: prefixed("\u{A}\u{5}\u{1B}[31m") + prefixed("") + prefixed("third"), status: "5")
        let messages = conversation.sink.messages
        let cut = conversation.sink.messages(.grpc)
        #expect(messages.map(\.kind) == [.grpc, .http2Request, .grpc, .grpc, .grpc, .http2Response])
        #expect(cut.map(\.bodyText) == ["ask", "\u{A}\u{5}\u{1B}[31m", "", "third"])
        for message in cut {
            #expect(message.text(message.target) == "/shop.Cart/Add" && message.streamID == 1 && message.isComplete)
        }
        #expect(messages.map(\.direction) == [.sent, .sent, .received, .received, .received, .received])
        #expect(messages[5].trailerLines == ["grpc-status: 5"])
        #expect(messages[5].body.length == 27)
        #expect(conversation.sink.transactions.map(\.kind) == [.grpc])
        #expect(conversation.sink.transactions.map(\.grpcStatus) == [5])
    }

    /// The compressed flag asks for what `grpc-encoding` names. The coding here is a stand-in that turns case.
    @Test func compressedMessagesAreDecoded() {
        let conversation = HTTP2Conversation(tools: CaseTools())
        call(conversation, response: prefixed("packed", flag: 1) + prefixed("plain"))
        let messages = conversation.sink.messages(.grpc)
        #expect(messages.map(\.bodyText) == ["ask", "PACKED", "plain"])
        #expect(messages.map(\.flags) == [0, 1, 0])
        #expect(messages[1].body.codings == [.gzip])
    }

    @Test func messageCutShortIsShownSoFar() {
        let conversation = HTTP2Conversation()
        call(conversation, response: [0, 0, 0, 0, 9] + Array("half".utf8))
        let message = conversation.sink.messages(.grpc)[1]
        #expect(message.bodyText == "half")
        #expect(message.notes == [.bodyShort(seen: 4, announced: 9)])
    }

    @Test func brokenPrefixEndsTheCutting() {
        let conversation = HTTP2Conversation()
        call(conversation, response: prefixed("one") + Array("garbage garbage".utf8) + prefixed("two"))
        #expect(conversation.sink.messages(.grpc).map(\.bodyText) == ["ask", "one"])
        #expect(conversation.sink.malformations == [.grpcPrefix])
        #expect(conversation.sink.messages(.http2Response)[0].isComplete)
    }

    @Test func gapInsideAMessageIsMarked() {
        var responses = HPACKEncoder()
        let conversation = HTTP2Conversation()
        let head = responses.encode([(":status", "200"), ("content-type", "application/grpc")])
        let data = HTTP2Frame.data(1, prefixed("0123456789") + prefixed("after"), end: true)
        conversation.feed(.received, HTTP2Frame.settings() + HTTP2Frame.headers(1, head) + data[..<18])
        conversation.skip(.received, 3)
        conversation.feed(.received, Array(data[21...]))
        let messages = conversation.sink.messages(.grpc)
        #expect(messages.map(\.bodyText) == ["0123789", "after"])
        #expect(messages[0].notes == [.gap(octets: 3)] && messages[1].isComplete)
    }
}

/// Decodes lower case to upper case: a coding whose result is easy to see.
private struct CaseTools: BodyTools {
    func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)? { CaseDecoder() }
    func makeDigest() -> any BodyDigest { NoBodyTools().makeDigest() }

    private final class CaseDecoder: BodyDecoder {
        var hasEnded: Bool { false }
        private(set) var count = 0
        func decode(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) throws(BodyDecodingFailure) -> Int {
            let count = min(input.count, output.freeCapacity)
            for index in 0..<count { output.append(input[index] & ~0x20) }
            return count
        }
    }
}
