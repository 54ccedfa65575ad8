import Events
import Testing

@testable import AppProtocols

struct HTTP2MessageTests {
    private static let get = [(":method", "GET"), (":scheme", "https"), (":authority", "example.com"), (":path", "/a")]

    /// Preface and settings of both ends, and a request and a response encoder.
    private func open(
        _ change: (inout ParserSettings) -> Void = { _ in }, client: Direction = .sent
    ) -> (HTTP2Conversation, HPACKEncoder, HPACKEncoder) {
        let conversation = HTTP2Conversation(change)
        conversation.feed(client, HTTP2Frame.preface + HTTP2Frame.settings())
        conversation.feed(client.opposite, HTTP2Frame.settings() + HTTP2Frame.settingsACK)
        return (conversation, HPACKEncoder(), HPACKEncoder())
    }

    @Test(arguments: Direction.allCases)
    func requestAndResponseMakeATransaction(client: Direction) {
        var (conversation, requests, responses) = open(client: client)
        conversation.feed(client, HTTP2Frame.headers(1, requests.encode(Self.get), end: true))
        conversation.feed(
            client.opposite,
            HTTP2Frame.headers(1, responses.encode([(":status", "200"), ("content-type", "text/plain")]))
                + HTTP2Frame.data(1, "hel") + HTTP2Frame.data(1, "lo", end: true))
        let messages = conversation.sink.messages
        #expect(messages.map(\.kind) == [.http2Request, .http2Response])
        #expect(messages.map(\.direction) == [client, client.opposite])
        let lines = Self.get.map { "\($0.0): \($0.1)" }
        #expect(messages[0].headerLines == lines)
        #expect(messages[0].text(messages[0].method) == "GET")
        #expect(messages[0].text(messages[0].target) == "/a")
        #expect(messages[0].text(messages[0].host) == "example.com")
        #expect(messages[1].status == 200 && messages[1].streamID == 1 && messages[1].version == 20)
        #expect(messages[1].bodyText == "hello" && messages[1].body.length == 5)
        #expect(messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
        #expect(conversation.sink.transactions.count == 1)
        let transaction = conversation.sink.transactions[0]
        #expect(transaction.kind == .http2Request && transaction.direction == client)
        #expect(String(decoding: transaction.target, as: UTF8.self) == "/a")
        #expect(transaction.status == 200 && transaction.responseLength == 5 && transaction.isComplete)
        #expect(conversation.sink.malformations.isEmpty)
    }

    /// Case 28, 29: a block in several frames, and later references to what it inserted.
    @Test func continuationFramesAreOneBlock() {
        var (conversation, _, responses) = open()
        let block = responses.encode([(":status", "200"), ("x-first", "alpha"), ("x-second", "beta")])
        let again = responses.encode([(":status", "200"), ("x-first", "alpha"), ("x-second", "beta")])
        conversation.feed(
            .received,
            HTTP2Frame.headers(1, Array(block[..<4]), flags: 0)
                + HTTP2Frame.continuation(1, Array(block[4..<6]), isLast: false)
                + HTTP2Frame.continuation(1, Array(block[6...])) + HTTP2Frame.data(1, "one", end: true)
                + HTTP2Frame.headers(3, again) + HTTP2Frame.data(3, "three", end: true))
        let messages = conversation.sink.messages
        let lines = [":status: 200", "x-first: alpha", "x-second: beta"]
        #expect(messages.map(\.headerLines) == [lines, lines])
        #expect(messages.map(\.bodyText) == ["one", "three"])
    }

    /// Case 35.
    @Test func promisedRequestsAreMessages() {
        var (conversation, requests, responses) = open()
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(Self.get), end: true))
        let promised = [(":method", "GET"), (":path", "/pushed"), (":authority", "example.com"), ("x-user", "alice")]
        conversation.feed(
            .received,
            HTTP2Frame.promise(1, 2, responses.encode(promised))
                + HTTP2Frame.headers(1, responses.encode([(":status", "200"), ("x-user", "alice")]), end: true)
                + HTTP2Frame.headers(2, responses.encode([(":status", "200")])) + HTTP2Frame.data(2, "p", end: true))
        let messages = conversation.sink.messages
        #expect(messages.map(\.kind) == [.http2Request, .http2Request, .http2Response, .http2Response])
        #expect(messages.map(\.streamID) == [1, 2, 1, 2])
        #expect(messages[1].direction == .received && messages[1].text(messages[1].target) == "/pushed")
        #expect(messages[2].headerLines == [":status: 200", "x-user: alice"])
        let targets = conversation.sink.transactions.map { String(decoding: $0.target, as: UTF8.self) }
        #expect(targets == ["/a", "/pushed"])
        #expect(conversation.sink.transactions.allSatisfy { $0.direction == .sent && $0.isComplete })
    }

    /// Case 39.
    @Test func interleavedStreamsAreTakenApart() {
        var (conversation, _, responses) = open()
        var octets: [UInt8] = []
        for stream: UInt32 in [1, 3] { octets += HTTP2Frame.headers(stream, responses.encode([(":status", "200")])) }
        octets += HTTP2Frame.data(1, "AAAA1") + HTTP2Frame.data(3, "BBBB1")
        octets += HTTP2Frame.data(1, "AAAA2", end: true) + HTTP2Frame.data(3, "BBBB2", end: true)
        conversation.feed(.received, octets)
        #expect(conversation.sink.messages.map(\.bodyText) == ["AAAA1AAAA2", "BBBB1BBBB2"])
    }

    @Test func interimResponsesAndTrailers() {
        var (conversation, requests, responses) = open()
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(Self.get), end: true))
        conversation.feed(
            .received,
            HTTP2Frame.headers(1, responses.encode([(":status", "103"), ("link", "</style.css>")]))
                + HTTP2Frame.headers(1, responses.encode([(":status", "200"), ("trailer", "x-sum")]))
                + HTTP2Frame.data(1, "body") + HTTP2Frame.headers(1, responses.encode([("x-sum", "7")]), end: true))
        let messages = conversation.sink.messages
        #expect(messages.map(\.status) == [0, 103, 200])
        #expect(messages[1].isComplete && messages[1].headerLines.count == 2)
        #expect(messages[2].trailerLines == ["x-sum: 7"] && messages[2].headerLines.count == 2)
        #expect(conversation.sink.transactions.map(\.status) == [200])
    }

    @Test func paddingAndPriorityAreTakenOff() {
        var (conversation, requests, _) = open()
        let block = requests.encode(Self.get)
        let padded = [3] + [0, 0, 0, 0, 15] + block + [0, 0, 0]
        conversation.feed(.sent, HTTP2Frame.headers(1, padded, flags: 0x2C))
        conversation.feed(.sent, HTTP2Frame.frame(0, flags: 0x09, stream: 1, [4] + Array("data".utf8) + [0, 0, 0, 0]))
        let message = conversation.sink.messages[0]
        let lines = Self.get.map { "\($0.0): \($0.1)" }
        #expect(message.headerLines == lines)
        #expect(message.bodyText == "data" && message.isComplete)
    }

    /// Case 41: one bad frame is noted, and the next is read.
    @Test func badFrameIsShownAndTheNextIsRead() {
        var (conversation, _, responses) = open()
        conversation.feed(
            .received,
            HTTP2Frame.frame(8, stream: 1, [0, 0, 0, 0])
                + HTTP2Frame.headers(1, responses.encode([(":status", "200")])) + HTTP2Frame.data(1, "hello", end: true)
        )
        let messages = conversation.sink.messages
        #expect(messages.map(\.kind) == [.http2Frame, .http2Response])
        #expect(messages[0].notes == [.malformed(.frameContent)])
        #expect(messages[1].bodyText == "hello")
        #expect(conversation.sink.malformations == [.frameContent])
        #expect(conversation.sink.malformedOctets == 13)
    }

    @Test func resetEndsBothMessagesOfAStream() {
        var (conversation, requests, responses) = open()
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(Self.get)))
        conversation.feed(.received, HTTP2Frame.headers(1, responses.encode([(":status", "200")])))
        conversation.feed(.received, HTTP2Frame.data(1, "part"))
        conversation.feed(.sent, HTTP2Frame.reset(1, 8))
        // Still under way when the reset was sent.
        conversation.feed(.received, HTTP2Frame.data(1, "late", end: true))
        let messages = conversation.sink.messages
        #expect(messages.map(\.kind) == [.http2Request, .http2Response])
        #expect(messages.allSatisfy { $0.notes == [.reset(code: 8)] && !$0.isComplete })
        #expect(conversation.sink.transactions.map(\.isComplete) == [false])
        #expect(conversation.sink.malformations == [.frameStream])
        #expect(conversation.parser.openStreams == 0)
    }

    @Test func goAwayEndsWhatWillNotBeAnswered() {
        var (conversation, requests, _) = open()
        for stream: UInt32 in [1, 3] { conversation.feed(.sent, HTTP2Frame.headers(stream, requests.encode(Self.get))) }
        conversation.feed(.received, HTTP2Frame.goAway(last: 1, code: 0))
        #expect(conversation.sink.messages.map(\.streamID) == [3])
        #expect(conversation.sink.messages[0].notes == [.reset(code: 0)])
        conversation.feed(.received, HTTP2Frame.goAway(last: 1, code: 11))
        conversation.close()
        #expect(conversation.sink.messages.map(\.streamID) == [3, 1])
        #expect(conversation.sink.messages[1].notes == [.reset(code: 11), .endNotSeen])
        #expect(conversation.sink.transactions.map(\.streamID) == [3, 1])
    }

    /// Case 58: what frames say, as octets without padding.
    @Test func framesAreShownWhereAsked() {
        var (conversation, _, responses) = open { $0.showsFrames = true }
        conversation.sink.messages.removeAll()
        conversation.feed(
            .received,
            HTTP2Frame.settings([(4, 65_535), (5, 16_384), (1, 65_536), (99, 1)])
                + HTTP2Frame.headers(1, responses.encode([(":status", "204")]), end: true) + HTTP2Frame.reset(3, 8)
                + HTTP2Frame.goAway(last: 5, code: 11, "slow down")
                + HTTP2Frame.frame(8, [0, 1, 0, 0]) + HTTP2Frame.frame(6, flags: 1, [1, 2, 3, 4, 5, 6, 7, 8])
                + HTTP2Frame.frame(2, stream: 5, [0x80, 0, 0, 3, 200]) + HTTP2Frame.frame(0xBE, stream: 1, [0xEF])
                + HTTP2Frame.frame(0, flags: 9, stream: 7, [2, 65, 0, 0]))
        let frames = conversation.sink.messages(.http2Frame)
        #expect(frames.map(\.code) == [4, 1, 3, 7, 8, 6, 2, 0xBE, 0])
        let settings: [UInt8] = [0, 4, 0, 0, 0xFF, 0xFF, 0, 5, 0, 0, 0x40, 0, 0, 1, 0, 1, 0, 0, 0, 99, 0, 0, 0, 1]
        #expect(
            frames.map(\.body.octets) == [
                settings, [0x89], [0, 0, 0, 8], [0, 0, 0, 5, 0, 0, 0, 11] + Array("slow down".utf8), [0, 1, 0, 0],
                [1, 2, 3, 4, 5, 6, 7, 8], [0x80, 0, 0, 3, 200], [0xEF], [65],
            ])
        #expect(frames.map(\.body.length) == [24, 1, 4, 17, 4, 8, 5, 1, 4])
        #expect(frames.map(\.body.decodedLength) == [24, 1, 4, 17, 4, 8, 5, 1, 1])
        #expect(frames[1].flags == 5 && frames[1].streamID == 1)
        #expect(conversation.sink.messages(.http2Response).map(\.status) == [204, 0])
    }

    /// Padding, priority and the promised stream stand before the block; a limit bounds what is kept.
    @Test func framesWithBlocksAreShownWithoutPadding() {
        let (conversation, _, _) = open {
            $0.showsFrames = true
            $0.bodyOctetsMax = 6
        }
        conversation.sink.messages.removeAll()
        conversation.feed(
            .received,
            HTTP2Frame.headers(1, [2, 0, 0, 0, 3, 200, 0x88, 0, 0], end: true, flags: 0x2C)
                + HTTP2Frame.frame(5, flags: 0x0C, stream: 3, [1, 0, 0, 0, 2, 0x82, 0x84, 0])
                + HTTP2Frame.frame(0, flags: 8, stream: 5, [3] + Array("longer".utf8) + [0x21, 0, 0, 0]))
        let frames = conversation.sink.messages(.http2Frame)
        #expect(
            frames.map(\.body.octets) == [[0, 0, 0, 3, 200, 0x88], [0, 0, 0, 2, 0x82, 0x84], Array("longer".utf8)])
        #expect(frames.map(\.headerBlockOffset) == [5, 4, 0])
        #expect(frames.map(\.body.decodedLength) == [6, 6, 7])
        #expect(frames.map(\.notes) == [[], [], [.bodyLimited(shown: 6)]])
    }

    /// Octets missing inside a frame are told, and what is behind them is not taken for its middle.
    @Test func framesWithGapsAreTold() {
        let (conversation, _, _) = open { $0.showsFrames = true }
        conversation.sink.messages.removeAll()
        let frame = HTTP2Frame.data(1, "0123456789", end: true)
        conversation.feed(.received, Array(frame.prefix(12)))
        conversation.skip(.received, 4)
        conversation.feed(.received, Array(frame.suffix(3)))
        let message = conversation.sink.messages(.http2Frame)[0]
        #expect(message.notes == [.gap(octets: nil)] && !message.isComplete)
        #expect(message.bodyText == "012789" && message.body.decodedLength == 6 && message.body.length == 10)
    }

    /// Case 30, 31, 33, 36: nothing of a connection's state ends when it falls silent.
    @Test func silenceKeepsTheState() {
        var (conversation, _, responses) = open()
        let fields = [(":status", "200"), ("x-app", "shop"), ("content-type", "application/json")]
        let first = HTTP2Frame.headers(1, responses.encode(fields)) + HTTP2Frame.data(1, "{\"n\":1}", end: true)
        conversation.feed(.received, first)
        conversation.pause(.idle, .received)
        let second = HTTP2Frame.headers(3, responses.encode(fields)) + HTTP2Frame.data(3, "{\"n\":2}", end: true)
        conversation.feed(.received, Array(second.dropLast(4)))
        conversation.pause(.idle, .received)
        #expect(conversation.parser.isWaiting(.received))
        conversation.feed(.received, Array(second.suffix(4)))
        #expect(conversation.sink.messages.map(\.bodyText) == ["{\"n\":1}", "{\"n\":2}"])
        let lines = fields.map { "\($0.0): \($0.1)" }
        #expect(conversation.sink.messages.map(\.headerLines) == [lines, lines])
        #expect(!conversation.parser.isWaiting(.received))
    }

    @Test func eventStreamsAreShownAsTheyCome() {
        var (conversation, requests, responses) = open()
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(Self.get), end: true))
        conversation.feed(
            .received,
            HTTP2Frame.headers(1, responses.encode([(":status", "200"), ("content-type", "text/event-stream")]))
                + HTTP2Frame.data(1, "data: 1\n\n"))
        conversation.pause(.idle, .received)
        conversation.pause(.idle, .received)
        conversation.feed(.received, HTTP2Frame.data(1, "data: 2\n\n"))
        conversation.pause(.idle, .received)
        conversation.feed(.received, HTTP2Frame.data(1, "data: 3\n\n", end: true))
        let messages = conversation.sink.messages(.http2Response)
        #expect(messages.map(\.bodyText) == ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"])
        #expect(messages.map(\.isContinuation) == [false, true, true])
        #expect(messages.map(\.isComplete) == [false, false, true])
        #expect(conversation.sink.transactions.map(\.responseLength) == [27])
    }

    @Test func longSilenceShowsWhatThereIs() {
        var (conversation, requests, _) = open()
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(Self.get)) + HTTP2Frame.data(1, "some"))
        conversation.pause(.idle, .sent)
        #expect(conversation.sink.messages.isEmpty)
        conversation.pause(.longIdle, .sent)
        conversation.feed(.sent, HTTP2Frame.data(1, " more"))
        conversation.pause(.aborted, .sent)
        conversation.pause(.aborted, .received)
        #expect(conversation.sink.messages.map(\.bodyText) == ["some", " more"])
        #expect(conversation.sink.messages.map(\.isContinuation) == [false, true])
        #expect(conversation.sink.messages.map(\.notes) == [[.soFar(seen: 4, announced: nil)], [.endNotSeen]])
        #expect(conversation.sink.transactions.map(\.requestLength) == [9])
        #expect(conversation.sink.transactions[0].isComplete == false)
    }

    @Test func openStreamsAreLimited() {
        var (conversation, requests, _) = open { $0.openStreamsMax = 10 }
        for stream in 0..<50 {
            conversation.feed(.sent, HTTP2Frame.headers(UInt32(2 * stream + 1), requests.encode(Self.get)))
        }
        #expect(conversation.parser.openStreams == 10)
        let flushed: [UInt32] = (0..<40).map { 2 * $0 + 1 }
        #expect(conversation.sink.messages.map(\.streamID) == flushed)
        #expect(conversation.sink.transactions.count == 40)
    }

    /// RFC 9113 § 8.1.1: a body of another length than announced is malformed; answers to HEAD and 304 have none.
    @Test(arguments: [
        ("GET", "200", 5, "hello", [] as [MessageNote]),
        ("GET", "200", 9, "hello", [.bodyShort(seen: 5, announced: 9)]),
        ("GET", "200", 3, "hello", [.malformed(.contentLength)]), ("HEAD", "200", 9, "", []), ("GET", "304", 9, "", []),
        ("GET", "200", 9, "", [.bodyShort(seen: 0, announced: 9)]),
    ])
    func bodiesHaveTheLengthThatIsAnnounced(
        method: String, status: String, length: Int, body: String, notes: [MessageNote]
    ) {
        var (conversation, requests, responses) = open()
        let fields = [(":method", method)] + Self.get.dropFirst()
        conversation.feed(.sent, HTTP2Frame.headers(1, requests.encode(fields), end: true))
        let head = responses.encode([(":status", status), ("content-length", "\(length)")])
        conversation.feed(.received, HTTP2Frame.headers(1, head, end: body.isEmpty))
        if !body.isEmpty { conversation.feed(.received, HTTP2Frame.data(1, body, end: true)) }
        let isComplete = !notes.contains { if case .bodyShort = $0 { true } else { false } }
        #expect(conversation.sink.messages[1].notes == notes)
        #expect(conversation.sink.messages[1].isComplete == isComplete)
        #expect(conversation.sink.transactions.map(\.isComplete) == [isComplete])
    }

    /// Case 65, as a message.
    @Test func headerListsAreLimited() {
        var (conversation, _, responses) = open { $0.headOctetsMax = 65_536 }
        var block = responses.encode([(":status", "200")]) + [0x40, 0x01, 0x78]
        HPACKEncoder.append(text: String(repeating: "v", count: 4_000), isHuffman: false, to: &block)
        block += [UInt8](repeating: 0xBE, count: 12_000)
        conversation.feed(.received, HTTP2Frame.headers(1, block, end: true))
        conversation.feed(.received, HTTP2Frame.headers(3, [0x88, 0xBE], end: true))
        let messages = conversation.sink.messages
        #expect(messages[0].headers.octets.count < 65_536)
        #expect(messages[0].notes == [.headLimited(octets: 65_536)])
        #expect(messages[1].headerLines.last?.count == 4_003)
        #expect(conversation.sink.malformations == [.headerListTooLarge])
    }

    /// A block that never ends costs no more than its limit.
    @Test func endlessBlockIsNotKept() {
        let (conversation, _, _) = open { $0.headOctetsMax = 10_000 }
        conversation.feed(.received, HTTP2Frame.headers(1, [0x88, 0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0x00], flags: 0))
        for _ in 0..<100 {
            conversation.feed(
                .received, HTTP2Frame.continuation(1, [UInt8](repeating: 65, count: 1_000), isLast: false))
        }
        #expect(conversation.parser.receivedSide.block!.rest.count <= 11_000)
        conversation.feed(.received, HTTP2Frame.continuation(1, [0x88]))
        conversation.close()
        let message = conversation.sink.messages[0]
        #expect(message.headerLines == [":status: 200"] && !message.isComplete)
    }

    /// Only one direction is seen: messages come all the same, and little is kept.
    @Test func requestsWithoutResponsesDoNotPileUp() {
        let conversation = HTTP2Conversation()
        var requests = HPACKEncoder()
        conversation.feed(.sent, HTTP2Frame.preface + HTTP2Frame.settings())
        for stream in 0..<500 {
            conversation.feed(.sent, HTTP2Frame.headers(UInt32(2 * stream + 1), requests.encode(Self.get), end: true))
        }
        #expect(conversation.sink.messages.count == 500)
        #expect(conversation.parser.openStreams <= 65)
        conversation.close()
        #expect(conversation.sink.transactions.count == 500)
    }

    @Test func framesInsideABlockAbandonIt() {
        var (conversation, _, responses) = open()
        let block = responses.encode([(":status", "200"), ("x-one", "1")])
        conversation.feed(
            .received, HTTP2Frame.headers(1, Array(block.prefix(1)), flags: 0) + HTTP2Frame.data(1, "d", end: true))
        conversation.feed(.received, HTTP2Frame.headers(3, [0x88, 0xBE], end: true))
        let messages = conversation.sink.messages
        #expect(messages.map(\.streamID) == [1, 3])
        #expect(messages[0].notes.contains(.malformed(.frameOrder)) && messages[0].bodyText == "d")
        #expect(messages[1].headerLines == [":status: 200", "?: ?"])
        #expect(messages[1].notes == [.unknownFields(1)])
    }

    @Test func wireIsKeptWhereAsked() {
        var (conversation, requests, _) = open { $0.keepsWire = true }
        let octets = HTTP2Frame.headers(1, requests.encode(Self.get)) + HTTP2Frame.data(1, "abc", end: true)
        conversation.feed(.sent, octets, by: 5)
        #expect(conversation.sink.messages[0].wire == octets)
    }

    /// Of frames as messages, too: DATA with its padding, however it was cut; also what no message takes.
    @Test(arguments: [1, 5, 1_000]) func wireOfFrames(size: Int) {
        var (conversation, requests, _) = open {
            $0.keepsWire = true
            $0.showsFrames = true
        }
        let frames = [
            HTTP2Frame.headers(1, requests.encode(Self.get)),
            HTTP2Frame.frame(0, flags: 8, stream: 1, [2] + Array("abc".utf8) + [0, 0]),
            HTTP2Frame.frame(6, [1, 2, 3, 4, 5, 6, 7, 8]),
            HTTP2Frame.data(1, "", end: false),
            HTTP2Frame.data(1, "end", end: true),
        ]
        let before = conversation.sink.messages.count
        conversation.feed(.sent, frames.flatMap { $0 }, by: size)
        let shown = conversation.sink.messages.dropFirst(before).filter { $0.kind == .http2Frame }
        #expect(shown.map(\.wire) == frames)
        let lost = HTTP2Frame.data(0, "nobody's")
        conversation.feed(.sent, lost, by: size)
        #expect(conversation.sink.messages.last?.wire == lost)
    }
}
