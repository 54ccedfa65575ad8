import Events
import Testing

@testable import AppProtocols

struct HTTP2GapTests {
    private func response(_ stream: UInt32, _ encoder: inout HPACKEncoder, _ body: String) -> [UInt8] {
        HTTP2Frame.headers(stream, encoder.encode([(":status", "200"), ("x-app", "shop")]))
            + HTTP2Frame.data(stream, body, end: true)
    }

    @Test func gapInsideDATAIsMarkedAndTheRestGoesOn() {
        var encoder = HPACKEncoder()
        let conversation = HTTP2Conversation()
        let octets = HTTP2Frame.settings() + response(1, &encoder, "0123456789")
        conversation.feed(.received, Array(octets.dropLast(6)))
        conversation.skip(.received, 4)
        conversation.feed(.received, Array(octets.suffix(2)) + response(3, &encoder, "next"))
        let messages = conversation.sink.messages
        #expect(messages.map(\.bodyText) == ["012389", "next"])
        #expect(messages[0].notes == [.gap(octets: 4)] && !messages[0].isComplete)
        #expect(messages[0].body.length == 6)
        #expect(messages[1].headerLines == [":status: 200", "x-app: shop"] && messages[1].isComplete)
    }

    /// Stream 0 is none: DATA on it belongs to nothing, and what is missing of it neither.
    @Test func gapInsideDATAOfNoStreamIsOneOfItsOwn() {
        let conversation = HTTP2Conversation()
        conversation.feed(.received, HTTP2Frame.settings() + HTTP2Frame.data(0, "0123456789").prefix(12))
        conversation.skip(.received, 4)
        #expect(conversation.sink.messages(.gap).map(\.gapLength) == [4])
    }

    /// A gap of unknown size, or one that reaches beyond the frame: the next frame is found, and header fields of
    /// before are unknown.
    @Test(arguments: [nil, 1_000] as [UInt64?])
    func gapBeyondTheFrameLosesTheTable(size: UInt64?) {
        var encoder = HPACKEncoder()
        let conversation = HTTP2Conversation()
        conversation.feed(.received, HTTP2Frame.settings() + response(1, &encoder, "one"))
        conversation.feed(.received, HTTP2Frame.headers(3, encoder.encode([(":status", "200")])))
        conversation.feed(.received, Array(HTTP2Frame.data(3, "cut off here").prefix(12)))
        conversation.skip(.received, size)
        conversation.feed(.received, Array("the end of a body that nobody knows".utf8))
        conversation.feed(.received, response(5, &encoder, "five") + response(7, &encoder, "seven"))
        conversation.close()
        let messages = conversation.sink.messages(.http2Response)
        #expect(messages.map(\.streamID) == [1, 5, 7, 3])
        #expect(messages[1].headerLines.first == ":status: 200" && messages[1].bodyText == "five")
        #expect(messages[3].notes.contains(.gap(octets: nil)) && messages[3].bodyText == "cut")
        #expect(conversation.sink.messages(.raw).map(\.bodyText) == ["the end of a body that nobody knows"])
        // Never a value that was not sent.
        for message in messages[1...2] {
            for line in message.headerLines {
                #expect([":status: 200", "x-app: shop", "x-app: ?", "?: ?"].contains(line))
            }
        }
    }

    @Test func gapInsideAHeaderBlockKeepsItsBeginning() {
        let conversation = HTTP2Conversation { $0.showsFrames = false }
        let block: [UInt8] = [0x88, 0x40, 1, 0x61, 1, 0x62, 0x40, 1, 0x63, 1, 0x64]
        let frame = HTTP2Frame.headers(1, block, end: true)
        conversation.feed(.received, HTTP2Frame.settings() + frame.dropLast(4))
        conversation.skip(.received, 2)
        conversation.feed(.received, Array(frame.suffix(2)) + HTTP2Frame.headers(3, [0x88, 0xBF], end: true))
        let messages = conversation.sink.messages
        #expect(messages.map(\.streamID) == [1, 3])
        #expect(messages[0].headerLines == [":status: 200", "a: b"])
        #expect(messages[0].notes.contains(.gap(octets: nil)))
        #expect(messages[1].headerLines == [":status: 200", "?: ?"])
    }

    @Test func joinedMidwayFieldsAreUnknownAndNoneIsWrong() {
        var encoder = HPACKEncoder()
        encoder.random = SeededRandom(9)
        let fields = [(":status", "200"), ("x-app", "shop"), ("x-user", "alice")]
        for _ in 0..<4 { _ = encoder.encode(fields) }
        let conversation = HTTP2Conversation()
        for stream in 0..<40 {
            let all = fields + [("x-n", "\(stream)")]
            conversation.feed(.received, HTTP2Frame.headers(UInt32(2 * stream + 1), encoder.encode(all), end: true))
        }
        #expect(conversation.sink.messages.count == 40)
        var unknown = 0
        for (number, message) in conversation.sink.messages.enumerated() {
            let right = (fields + [("x-n", "\(number)")]).map { "\($0.0): \($0.1)" }
            for (line, expected) in zip(message.headerLines, right) where line != expected {
                #expect(line.hasSuffix("?") || line.hasPrefix("?"))
                unknown += 1
            }
            #expect(message.kind == .http2Response)
        }
        #expect(unknown > 0 && conversation.sink.malformations.isEmpty)
    }

    /// The other direction said that this is HTTP/2; this one starts in the middle of a frame.
    @Test func startInsideAFrame() {
        var encoder = HPACKEncoder()
        let conversation = HTTP2Conversation()
        conversation.feed(.received, Array("rest of a body".utf8) + response(1, &encoder, "one"))
        #expect(conversation.sink.messages.map(\.kind) == [.raw, .http2Response])
        #expect(conversation.sink.messages[0].bodyText == "rest of a body")
        #expect(conversation.sink.messages[1].bodyText == "one")
        #expect(conversation.sink.malformedOctets == 14)
    }

    @Test func dataWithoutABeginningIsAMessage() {
        let conversation = HTTP2Conversation()
        conversation.feed(.received, HTTP2Frame.data(1, "tail", end: true) + HTTP2Frame.data(3, "x", end: true))
        #expect(conversation.sink.messages.map(\.bodyText) == ["tail", "x"])
        #expect(conversation.sink.messages[0].notes == [.beginningNotSeen])
    }

    @Test func trailersWithoutABeginningAreTrailers() {
        let conversation = HTTP2Conversation()
        let trailers = HPACKEncoder.literal([("grpc-status", "0")])
        conversation.feed(.received, HTTP2Frame.headers(1, trailers, end: true))
        #expect(conversation.sink.messages[0].trailerLines == ["grpc-status: 0"])
        #expect(conversation.sink.messages[0].headers.isEmpty)
    }

    /// A claim of 16 MB where 16 KB are allowed is no frame; what follows is found.
    @Test func framesTooLongAreSearchedThrough() {
        var encoder = HPACKEncoder()
        let conversation = HTTP2Conversation()
        conversation.feed(.sent, HTTP2Frame.preface + HTTP2Frame.settings())
        conversation.feed(.received, HTTP2Frame.settings() + [0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1])
        conversation.feed(.received, response(1, &encoder, "one"))
        #expect(conversation.sink.messages.map(\.kind) == [.raw, .http2Response])
        #expect(conversation.sink.malformations == [.frameSize, .frameOrder])
    }
}

extension HPACKEncoder {
    /// Literals without indexing: they need no table and leave none behind.
    static func literal(_ fields: [(String, String)]) -> [UInt8] {
        var encoder = HPACKEncoder()
        encoder.usesTables = false
        return encoder.encode(fields)
    }

    /// Both ends answer the same stream, which none can: each answer is shown, and nothing waits for ever.
    @Test func answersOfBothEndsAreShown() {
        var encoders = (HPACKEncoder(), HPACKEncoder())
        let conversation = HTTP2Conversation()
        let fields = [(":status", "200")]
        conversation.feed(.sent, HTTP2Frame.settings() + HTTP2Frame.headers(1, encoders.0.encode(fields)))
        conversation.feed(.received, HTTP2Frame.headers(1, encoders.1.encode(fields), end: true))
        conversation.feed(.sent, HTTP2Frame.data(1, "late"))
        conversation.close()
        #expect(conversation.sink.messages(.http2Response).map(\.bodyText) == ["", "late"])
        #expect(!conversation.parser.isWaiting(.sent) && !conversation.parser.isWaiting(.received))
    }

    /// Behind a gap DATA of an open message is recognised whether or not what follows it, which is no frame, is there.
    @Test(arguments: [1, 2, 9, 14, 100]) func whatFollowsDoesNotDecide(piece: Int) {
        var encoder = HPACKEncoder()
        let conversation = HTTP2Conversation()
        let head = HTTP2Frame.headers(1, encoder.encode([(":status", "200")]))
        conversation.feed(.received, HTTP2Frame.settings() + head)
        conversation.skip(.received, nil)
        conversation.feed(.received, Array("b".utf8) + HTTP2Frame.data(1, "hello", end: true) + [0x6F], by: piece)
        conversation.close()
        let response = conversation.sink.messages(.http2Response)
        #expect(response.map(\.bodyText) == ["hello"] && response.first?.notes == [.gap(octets: nil)])
    }
}
