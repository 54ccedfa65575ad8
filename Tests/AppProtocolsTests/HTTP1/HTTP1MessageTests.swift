import AppProtocols
import Events
import Testing

/// What was said is what is shown, one message after the other.
struct HTTP1MessageTests {
    /// RFC 9112 § 3.2.2: the target's authority goes before `Host`; user and password are no part of the host.
    @Test(arguments: [
        ("GET http://ex.com:81/p?q HTTP/1.1", "ex.com:81"), ("GET http://a:b@ex.com?q=@ HTTP/1.1", "ex.com"),
        ("CONNECT db:5432 HTTP/1.1", "db:5432"), ("GET /http://ex.com/ HTTP/1.1", "other"),
        ("OPTIONS * HTTP/1.1", "other"),
    ])
    func theHostIsThatOfTheTargetWhereItHasOne(line: String, host: String) {
        let dialogue = Dialogue()
        dialogue.say(.sent, "\(line)\r\nHost: other\r\n\r\n")
        dialogue.pause(.closed)
        #expect(dialogue.messages[0].host == host)
    }

    @Test func headIsKeptOctetByOctet() {
        let head =
            "GET http://example.com/a%2fb?q=1 HTTP/1.1\r\nx-b: 1\r\naccept:*/*\r\nhost: \t example.com \r\n"
            + "X-Fold: one\r\n\t two\r\nX-EMPTY:\r\nx-b: 2\r\n\r\n"
        let dialogue = Dialogue()
        dialogue.say(.sent, head)
        let message = dialogue.messages[0]
        #expect(dialogue.messages.count == 1)
        #expect(message.kind == .http1Request)
        #expect(message.head == Array(head.utf8))
        #expect(message.method == "GET")
        #expect(message.target == "http://example.com/a%2fb?q=1")
        #expect(message.host == "example.com")
        #expect(message.version == 11)
        #expect(
            message.fields == [
                ["x-b", "1"], ["accept", "*/*"], ["host", "example.com"], ["X-Fold", "one\r\n\t two"],
                ["X-EMPTY", ""], ["x-b", "2"],
            ])
        #expect(message.isComplete)
    }

    @Test func everyPipelinedRequestIsShown() {
        let dialogue = Dialogue()
        dialogue.say(
            .sent,
            "GET /one HTTP/1.1\r\n\r\nPOST /two HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /three HTTP/1.1\r\n\r\n")
        dialogue.say(.sent, "GET /four HTTP/1.0\r\n\r\n")
        #expect(dialogue.messages.map(\.target) == ["/one", "/two", "/three", "/four"])
        #expect(dialogue.messages.map(\.bodyText) == ["", "abc", "", ""])
        #expect(dialogue.messages.map(\.version) == [11, 11, 11, 10])
    }

    @Test func everyResponseIsShown() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 All is well\r\nContent-Length: 10\r\n\r\nfirst body")
        dialogue.say(.received, "HTTP/1.1 404\r\nContent-Length: 6\r\n\r\nsecond")
        #expect(dialogue.messages.map(\.status) == [200, 404])
        #expect(dialogue.messages.map(\.reason) == ["All is well", ""])
        #expect(dialogue.messages.map(\.bodyText) == ["first body", "second"])
    }

    @Test func interimResponsesComeBeforeTheFinalOne() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 100 Continue\r\n\r\n")
        dialogue.say(.sent, "hi")
        dialogue.say(
            .received,
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\ncreated")
        #expect(dialogue.messages.map(\.status) == [100, 0, 103, 201])
        #expect(dialogue.messages.last?.bodyText == "created")
        #expect(dialogue.transactions.map(\.status) == [201])
        #expect(dialogue.transactions[0].requestLength == 2)
    }

    @Test(arguments: [("HEAD", "200"), ("GET", "204"), ("GET", "304")])
    func someResponsesHaveNoBody(method: String, status: String) {
        let dialogue = Dialogue()
        dialogue.say(.sent, "\(method) /big HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 \(status) X\r\nContent-Encoding: gzip\r\nContent-Length: 200\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nreal body")
        #expect(dialogue.messages.map(\.bodyText) == ["", "", "", "real body"])
        #expect(dialogue.messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
        #expect(dialogue.transactions.map { String(decoding: $0.target, as: UTF8.self) } == ["/big", "/x"])
        #expect(dialogue.transactions.map(\.responseLength) == [0, 9])
    }

    @Test func chunksExtensionsAndTrailers() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhel")
        dialogue.say(.received, "lo\r\n7\r\n world!\r\n")
        dialogue.say(.received, "0\r\nX-Trailer: yes\r\nx-2:\r\n\r\nHTTP/1.1 204 X\r\n\r\n")
        #expect(dialogue.messages.map(\.bodyText) == ["hello world!", ""])
        #expect(dialogue.messages[0].trailers == [["X-Trailer", "yes"], ["x-2", ""]])
        #expect(dialogue.messages[0].length == 12)
        #expect(dialogue.messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
    }

    @Test func transferCodingsComeOffBehindContentCodings() {
        let dialogue = Dialogue()
        let coded = PlainTools.gzip("text")
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n\(coded.count)\r\n")
        dialogue.say(.received, coded)
        dialogue.say(.received, "\r\n0\r\n\r\n")
        #expect(dialogue.messages.map(\.bodyText) == ["text"])
        #expect(dialogue.messages[0].length == 5)
        #expect(dialogue.messages[0].isComplete)
    }

    @Test func aBodyThatLastsUntilCloseIsCompleteThen() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.0 200 OK\r\n\r\nclose delimited ")
        dialogue.say(.received, "body")
        #expect(dialogue.messages.isEmpty)
        #expect(dialogue.parser.isWaiting(.received))
        dialogue.pause(.closed)
        #expect(dialogue.messages.map(\.bodyText) == ["close delimited body"])
        #expect(dialogue.messages[0].isComplete)
    }

    @Test func aReceivedRequestPairsWithASentResponse() {
        let dialogue = Dialogue()
        dialogue.say(.received, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        dialogue.say(.sent, "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
        let transaction = dialogue.transactions[0]
        #expect(transaction.direction == .received)
        #expect(transaction.status == 500)
        #expect(transaction.host == Array("h".utf8))
        #expect(transaction.latency == 1)
        #expect(transaction.isComplete)
    }

    @Test func aRequestWithoutAnswerIsATransactionAtTheEnd() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        dialogue.pause(.closed)
        #expect(dialogue.transactions.map(\.status) == [200, 0])
        #expect(dialogue.transactions.map(\.isComplete) == [true, false])
    }

    @Test func aResponseBeforeItsRequestEndsWaitsForIt() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nab")
        dialogue.say(.received, "HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
        #expect(dialogue.transactions.isEmpty)
        dialogue.say(.sent, "cd")
        #expect(dialogue.transactions.map(\.requestLength) == [4])
    }

    @Test func requestsBeyondTheLimitAreGivenWithoutAnswer() {
        let dialogue = Dialogue()
        for _ in 0..<1_000 { dialogue.say(.sent, "GET /a HTTP/1.1\r\n\r\n") }
        #expect(dialogue.transactions.count == 1_000 - 256)
        dialogue.pause(.aborted)
        #expect(dialogue.transactions.count == 1_000)
        #expect(dialogue.transactions.allSatisfy { !$0.isComplete })
    }

    @Test func wireOctetsAreThoseCaptured() {
        var settings = ParserSettings()
        settings.keepsWire = true
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"
        let dialogue = Dialogue(settings)
        dialogue.say(.received, Array(text.utf8), piece: 3)
        #expect(dialogue.messages.map(\.wire) == [Array(text.utf8)])
        settings.wireOctetsMax = 10
        let limited = Dialogue(settings)
        limited.say(.received, text)
        #expect(limited.messages.map(\.wire) == [Array(text.utf8.prefix(10))])
    }

    @Test func aBodyBeyondTheLimitIsCountedAndNotKept() {
        var settings = ParserSettings()
        settings.bodyOctetsMax = 10
        let dialogue = Dialogue(settings)
        dialogue.say(.sent, "POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
        dialogue.say(.sent, [UInt8](repeating: 0x61, count: 1_000), piece: 7)
        #expect(dialogue.messages.map(\.body.count) == [10])
        #expect(dialogue.messages[0].length == 1_000)
        #expect(dialogue.messages[0].notes == [.bodyLimited(shown: 10)])
    }
}
