import AppProtocols
import Events
import Testing

/// What is broken, missing or late is shown as far as it can be, and said.
struct HTTP1DamageTests {
    @Test func aBrokenChunkEndsItsMessageOnly() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nzz\r\nlost\r\n")
        dialogue.say(.received, "0\r\n\r\nHTTP/1.1 201 Next\r\nContent-Length: 2\r\n\r\nok")
        #expect(dialogue.messages.map(\.kind) == [.http1Response, .raw, .http1Response])
        #expect(dialogue.messages.map(\.bodyText) == ["good", "zz\r\nlost\r\n0\r\n\r\n", "ok"])
        #expect(dialogue.messages[0].notes == [.malformed(.chunkSize)])
        #expect(!dialogue.messages[0].isComplete)
        #expect(dialogue.counted == [CountedOctets(malformation: .chunkSize, octets: 15)])
    }

    @Test func chunkDataMustEndWithALineEnd() {
        let dialogue = Dialogue()
        dialogue.say(
            .sent, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\nGET /n HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.map(\.bodyText) == ["ab", "cd\r\n0\r\n\r\n", ""])
        #expect(dialogue.messages[0].notes == [.malformed(.chunkEnd)])
        #expect(dialogue.messages[2].target == "/n")
    }

    @Test(arguments: [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", Malformation.conflictingLength),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .transferCoding),
        ("Content-Length : 0\r\nTransfer-Encoding: chunked\r\n", .headerField),
        ("Content-Length: +3\r\nTransfer-Encoding: chunked\r\n", .contentLength),
        ("X: a\u{0}b\r\nTransfer-Encoding: chunked\r\n", .headerField),
        ("X: a\rb\r\nTransfer-Encoding: chunked\r\n", .lineEnd),
        ("X: a\nTransfer-Encoding: chunked\r\n", .lineEnd),
        ("X: a\r\n b\r\nTransfer-Encoding: chunked\r\n", .headerField),
        ("X\r\nTransfer-Encoding: chunked\r\n", .headerField),
    ])
    func whatServersReadInDifferentWaysIsNoted(fields: String, malformation: Malformation) {
        let dialogue = Dialogue()
        dialogue.say(.sent, "POST / HTTP/1.1\r\n\(fields)\r\n0\r\n\r\nGET /n HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.map(\.target) == ["/", "/n"])
        #expect(dialogue.messages[0].notes.contains(.malformed(malformation)))
        #expect(dialogue.messages[1].notes.isEmpty)
    }

    @Test func ofTwoLengthsTheFirstCounts() {
        let dialogue = Dialogue()
        dialogue.say(
            .sent, "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2, 1\r\n\r\naGET /n HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.map(\.bodyText) == ["a", ""])
        #expect(dialogue.messages[0].notes == [.malformed(.conflictingLength)])
    }

    @Test func octetsThatAreNoMessageAreShownRaw() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET /a HTTP/1.1\r\n\r\n\u{1}\u{2}binary\n;more GET /b HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.map(\.kind) == [.http1Request, .raw, .http1Request])
        #expect(dialogue.messages[1].bodyText == "\u{1}\u{2}binary\n;more ")
        #expect(dialogue.messages[2].target == "/b")
        #expect(dialogue.counted == [CountedOctets(malformation: .startLine, octets: 15)])
    }

    @Test func fieldsBeyondTheLimitAreLeftOut() {
        var settings = ParserSettings()
        settings.headerFieldsMax = 2
        for trailer in ["", "a: 1\r\nb: 2\r\nc: 3\r\n"] {
            let dialogue = Dialogue(settings)
            let fields = trailer.isEmpty ? "a: 1\r\nb: 2\r\nc: 3\r\n" : "Transfer-Encoding: chunked\r\n"
            dialogue.say(.received, "HTTP/1.1 200 OK\r\n\(fields)\r\n" + (trailer.isEmpty ? "" : "0\r\n\(trailer)\r\n"))
            dialogue.pause(.closed)
            #expect(dialogue.messages.count == 1 && !dialogue.messages[0].isComplete)
            #expect(dialogue.messages[0].notes == [.fieldsLimited(max: 2)])
            #expect((trailer.isEmpty ? dialogue.messages[0].fields : dialogue.messages[0].trailers).count == 2)
        }
        let dialogue = Dialogue(settings)
        dialogue.say(.sent, "GET / HTTP/1.1\r\na: 1\r\nb: 2\r\n\r\n")
        #expect(dialogue.messages[0].notes.isEmpty && dialogue.messages[0].isComplete)
    }

    /// What is left out of the octets as captured is told apart from what is left out of the body.
    @Test func octetsAsCapturedHaveALimitOfTheirOwn() {
        var settings = ParserSettings()
        settings.keepsWire = true
        settings.bodyOctetsMax = 3
        settings.wireOctetsMax = 50
        let dialogue = Dialogue(settings)
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde")
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n" + String(repeating: "a", count: 50))
        #expect(dialogue.messages[0].notes == [.bodyLimited(shown: 3)] && dialogue.messages[0].wire.count == 43)
        #expect(dialogue.messages[1].notes == [.wireLimited(shown: 50), .bodyLimited(shown: 3)])
        #expect(dialogue.messages[1].wire.count == 50)
    }

    @Test func aHeadBeyondTheLimitIsShownAsFarAsItGoes() {
        var settings = ParserSettings()
        settings.headOctetsMax = 100
        let dialogue = Dialogue(settings)
        let long = String(repeating: "x", count: 200)
        dialogue.say(.sent, "GET /a HTTP/1.1\r\nHost: h\r\nLong: \(long)\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.map(\.kind) == [.http1Request, .raw, .http1Request])
        #expect(dialogue.messages[0].notes == [.headLimited(octets: 100)])
        #expect(dialogue.messages[0].fields == [["Host", "h"]])
        #expect(dialogue.messages[2].target == "/b")
        #expect(dialogue.counted.map(\.malformation) == [.headTooLarge])
    }

    @Test func tooManyFieldsAreNotListed() {
        var settings = ParserSettings()
        settings.headerFieldsMax = 3
        let dialogue = Dialogue(settings)
        dialogue.say(.sent, "GET /a HTTP/1.1\r\na:1\r\nb:2\r\nc:3\r\nd:4\r\n\r\n")
        #expect(dialogue.messages[0].fields.count == 3)
        #expect(!dialogue.messages[0].isComplete)
    }

    // MARK: Ends

    @Test func aShortBodySaysHowMuchIsThere() {
        for pause in [Pause.closed, .aborted, .longIdle] {
            let dialogue = Dialogue()
            dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n12345")
            dialogue.pause(.idle)
            #expect(dialogue.messages.isEmpty)
            dialogue.pause(pause)
            #expect(dialogue.messages.map(\.bodyText) == ["12345"])
            #expect(
                dialogue.messages[0].notes
                    == (pause == .longIdle
                        ? [.soFar(seen: 5, announced: 10_000)]
                        : [.bodyShort(seen: 5, announced: 10_000), .endNotSeen]))
        }
    }

    @Test func aCodedBodyThatIsCutSaysSo() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n")
        dialogue.say(.received, Array(PlainTools.gzip("decodable").dropLast()))
        dialogue.pause(.aborted)
        #expect(dialogue.messages.map(\.bodyText) == ["decodable"])
        #expect(dialogue.messages[0].notes.contains(.codingTruncated(.gzip)))
    }

    @Test func aBodyThatIsLateBelongsToItsHead() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        dialogue.pause(.idle)
        dialogue.say(.received, "late body")
        #expect(dialogue.messages.map(\.bodyText) == ["late body"])
        #expect(dialogue.messages[0].isComplete)
    }

    @Test func aBodyThatIsVeryLateIsAContinuation() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET / HTTP/1.1\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nlate")
        dialogue.pause(.longIdle)
        dialogue.say(.received, " body")
        #expect(dialogue.messages.map(\.bodyText) == ["", "late", " body"])
        #expect(dialogue.messages.map(\.isContinuation) == [false, false, true])
        #expect(dialogue.messages.map(\.isComplete) == [true, false, true])
        #expect(dialogue.transactions.map(\.responseLength) == [9])
        #expect(dialogue.transactions[0].isComplete)
    }

    @Test func eventsOfAStreamAreShownAsTheyCome() {
        let dialogue = Dialogue()
        dialogue.say(
            .received, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        dialogue.pause(.idle)
        for number in 1...3 {
            dialogue.say(.received, "9\r\ndata: \(number)\n\n\r\n")
            dialogue.pause(.idle)
            dialogue.pause(.idle)
        }
        #expect(dialogue.messages.map(\.bodyText) == ["", "data: 1\n\n", "data: 2\n\n", "data: 3\n\n"])
        #expect(dialogue.messages.map(\.isContinuation) == [false, true, true, true])
        #expect(dialogue.messages.map(\.notes) == [0, 9, 18, 27].map { [.soFar(seen: $0, announced: nil)] })
        dialogue.say(.received, "0\r\n\r\nHTTP/1.1 204 X\r\n\r\n")
        #expect(dialogue.messages.count == 5)
    }

    // MARK: Gaps

    @Test func aGapInABodyOfKnownLengthIsGoneOver() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        dialogue.lose(.received, 4)
        dialogue.say(.received, "xyzHTTP/1.1 204 X\r\n\r\n")
        #expect(dialogue.messages.map(\.bodyText) == ["abcxyz", ""])
        #expect(dialogue.messages[0].notes == [.gap(octets: 4)])
        #expect(!dialogue.messages[0].isComplete)
    }

    @Test func aGapInsideAChunkIsGoneOver() {
        let dialogue = Dialogue()
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab")
        dialogue.lose(.received, 3)
        dialogue.say(.received, "cde\r\n0\r\n\r\n")
        #expect(dialogue.messages.map(\.bodyText) == ["abcde"])
        #expect(dialogue.messages[0].notes == [.gap(octets: 3)])
    }

    @Test(arguments: [UInt64?.none, 100])
    func behindAGapThatIsTooLargeTheNextMessageIsFound(missing: UInt64?) {
        for head in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
            let dialogue = Dialogue()
            dialogue.say(.received, "HTTP/1.1 200 OK\r\n\(head)\r\n\r\na\r\n")
            dialogue.lose(.received, missing)
            dialogue.say(.received, "tail of something\r\n0\r\n\r\nHTTP/1.1 201 X\r\nContent-Length: 1\r\n\r\nb")
            #expect(dialogue.messages.map(\.kind) == [.http1Response, .raw, .http1Response])
            #expect(dialogue.messages[0].notes == [.gap(octets: missing)])
            #expect(dialogue.messages[1].bodyText == "tail of something\r\n0\r\n\r\n")
            #expect(dialogue.messages[2].bodyText == "b")
            #expect(dialogue.counted.map(\.malformation) == [.unsynchronised])
        }
    }

    @Test func aGapBetweenMessagesIsAMessage() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET /a HTTP/1.1\r\n\r\n")
        dialogue.lose(.sent, 50)
        dialogue.say(.sent, "GET /b HTTP/1.1\r\n\r\n")
        #expect(dialogue.messages.map(\.target) == ["/a", "", "/b"])
        #expect(dialogue.messages.map(\.kind) == [.http1Request, .gap, .http1Request])
        #expect(dialogue.counted.isEmpty)
    }

    @Test func aLostResponseDoesNotShiftThePairs() {
        let dialogue = Dialogue()
        dialogue.say(.sent, "GET /a HTTP/1.1\r\n\r\n")
        dialogue.lose(.received, 50)
        dialogue.say(.sent, "GET /b HTTP/1.1\r\n\r\n")
        dialogue.say(.received, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(dialogue.transactions.map { String(decoding: $0.target, as: UTF8.self) } == ["/a", "/b"])
        #expect(dialogue.transactions.map(\.status) == [0, 200])
    }
}
