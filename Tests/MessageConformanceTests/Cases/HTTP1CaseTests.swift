import AppProtocols
import Events
import Headers
import Testing

/// Recordings of HTTP/1 on which the original loses, mixes or garbles messages: each is right here.
@Suite(.enabled(if: RecordedCase.folder != nil, "NETSPECTRA_CASES is not set"))
struct HTTP1CaseTests {
    static let fox =
        Array(repeating: "The quick brown fox jumps over the lazy dog.", count: 3).joined(separator: " ") + "\n"

    private func expectFourRequests(_ messages: [ShownMessage]) {
        #expect(messages.map(\.kind) == Array(repeating: .http1Request, count: 4))
        #expect(messages.map(\.method) == Array(repeating: "GET", count: 4))
        #expect(messages.map(\.target) == ["/one", "/two", "/three", "/four"])
        for message in messages {
            #expect(message.headers == ["Host: example.com", "User-Agent: curl/7.88.1", "Accept: */*"])
            #expect(message.isComplete && message.notes.isEmpty && message.direction == .sent)
        }
    }

    @Test func case02PipelinedRequests() throws {
        expectFourRequests(try RecordedCase("02_pipelined_requests").run().messages)
    }

    @Test func case03PipelinedRequestsSock() throws {
        let messages = try RecordedCase("03_pipelined_requests_sock").run().messages
        expectFourRequests(messages)
        #expect(messages.allSatisfy { $0.base.source == IPAddress(v4: 0x0A00_0007) && $0.base.sourcePort == 51_837 })
        #expect(messages.allSatisfy { $0.base.destinationPort == 443 && $0.base.sock != 0 })
    }

    @Test func case04KeepaliveResponses() throws {
        let messages = try RecordedCase("04_keepalive_responses").run().messages
        #expect(messages.map(\.kind) == [.http1Response, .http1Response])
        #expect(messages.map(\.body) == ["first body", "second body"])
        #expect(messages.map { $0.headers[2] } == ["X-N: 1", "X-N: 2"])
        #expect(messages.allSatisfy { $0.isComplete && $0.status == 200 })
    }

    @Test func case05Continue100() throws {
        let messages = try RecordedCase("05_continue_100").run().messages
        #expect(messages.map(\.status) == [100, 201])
        #expect(messages.map(\.body) == ["", "created"])
        #expect(messages[1].headers == ["Location: /new/1", "Content-Length: 7"])
    }

    @Test func case09HeadThenResponse() throws {
        let result = try RecordedCase("09_head_then_response").run()
        let messages = result.messages
        #expect(messages.map(\.kind) == [.http1Request, .http1Response, .http1Request, .http1Response])
        #expect(messages.map(\.body) == ["", "", "", "real body"])
        #expect(messages[1].headers == ["Content-Type: text/html", "Content-Length: 200"])
        #expect(messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
        #expect(result.transactions.map { String(decoding: $0.method, as: UTF8.self) } == ["HEAD", "GET"])
        #expect(result.transactions.map(\.responseLength) == [0, 9])
    }

    // MARK: Content codings

    private func expectFox(_ name: String, _ coding: ContentCoding, length: UInt64) throws {
        let messages = try RecordedCase(name).run { $0.parser.digestsBodies = true }.messages
        #expect(messages.count == 1)
        let message = try #require(messages.first)
        #expect(message.body == Self.fox && message.isComplete && message.notes.isEmpty)
        #expect(message.message.body.codings == [coding])
        #expect(message.message.body.length == length && message.message.body.decodedLength == 135)
        #expect(message.message.body.digest.count == 32)
    }

    @Test func case11BrBody() throws { try expectFox("11_br_body", .br, length: 63) }
    @Test func case12ZstdBody() throws { try expectFox("12_zstd_body", .zstd, length: 63) }
    @Test func case13DeflateBody() throws { try expectFox("13_deflate_body", .deflate, length: 61) }
    @Test func case21TeGzipChunked() throws { try expectFox("21_te_gzip_chunked", .gzip, length: 73) }

    @Test func case15GzipTruncated() throws {
        let messages = try RecordedCase("15_gzip_truncated").run().messages
        #expect(messages.count == 1 && messages[0].headers == ["Content-Encoding: gzip", "Content-Length: 1102"])
        #expect(!messages[0].isComplete)
        #expect(
            messages[0].notes == [.bodyShort(seen: 551, announced: 1_102), .endNotSeen, .codingTruncated(.gzip)])
        // Lines of a count and the sentences; the prefix ends within one.
        let lines = messages[0].body.split(separator: "\n")
        let sentences = Self.fox.dropLast()
        #expect(lines.count > 80)
        for (number, line) in lines.dropLast().enumerated() { #expect(line == "\(number * 7_919) \(sentences)") }
        #expect(messages[0].text.hasSuffix("[gzip ends before its end mark]\n"))
    }

    @Test func case16GzipHole() throws {
        let messages = try RecordedCase("16_gzip_hole").run().messages
        #expect(messages.count == 1 && messages[0].headers == ["Content-Encoding: gzip", "Content-Length: 73"])
        #expect(
            messages[0].notes == [
                .bodyShort(seen: 63, announced: 73), .endNotSeen, .undecodable(.gzip, afterOctets: 0),
            ])
        let text = messages[0].text
        #expect(text.contains("00000000  0a c9 48 55 ") && text.contains("[gzip could not be decoded after 0 octets]"))
        #expect(text.isWithoutControls)
    }

    @Test func case64GzipBomb() throws {
        let messages = try RecordedCase("64_gzip_bomb").run().messages
        #expect(messages.count == 1 && messages[0].headers.count == 2)
        let body = messages[0].message.body
        // 256 MiB are behind it: decoding ends at 64, and 1 is kept.
        #expect(body.decodedLength == 64 << 20 && body.length == 260_930)
        #expect(body.octets.count == 1 << 20 && body.octets.allSatisfy { $0 == 0 })
        #expect(
            messages[0].notes == [.decodingLimited(octets: 64 << 20), .bodyLimited(shown: 1 << 20)]
                && !messages[0].isComplete)
    }

    // MARK: Bodies

    @Test func case17ContentLengthShort() throws {
        let recorded = try RecordedCase("17_content_length_short")
        let messages = try recorded.run().messages
        #expect(messages.count == 1 && messages[0].headers == ["Content-Length: 10000"])
        #expect(messages[0].message.body.octets == recorded.octets(.received).suffix(500))
        #expect(messages[0].notes == [.bodyShort(seen: 500, announced: 10_000), .endNotSeen])
        #expect(messages[0].text.contains("\n[the body ends after 500 of 10000 octets]\n"))
    }

    @Test func case18ChunkedOk() throws {
        let messages = try RecordedCase("18_chunked_ok").run().messages
        #expect(messages.map(\.body) == ["hello world!"])
        #expect(messages[0].headers == ["Transfer-Encoding: chunked", "Content-Type: text/plain"])
        #expect(messages[0].trailers == ["X-Trailer: yes"] && messages[0].isComplete)
        #expect(messages[0].message.body.length == 12)
    }

    @Test func case19ChunkedHole() throws {
        let messages = try RecordedCase("19_chunked_hole").run().messages
        #expect(messages.map(\.kind) == [.http1Response, .raw])
        #expect(messages[0].headers == ["Transfer-Encoding: chunked", "Content-Type: text/plain"])
        #expect(messages[0].body == "AAAAAAAAAA")
        #expect(messages[0].notes == [.malformed(.chunkSize)] && !messages[0].isComplete)
        // No start line follows, so nothing can be found again: it is shown as it is.
        #expect(messages[1].body == "this is the tail of a lost chunk\r\n4\r\nCCCC\r\n0\r\n\r\n")
        #expect(messages[1].notes == [.malformed(.chunkSize)])
    }

    @Test func case55ChunkedHoleLate() throws {
        let recorded = try RecordedCase("55_chunked_hole_late")
        let messages = try recorded.run().messages
        #expect(messages.map(\.kind) == [.http1Response, .raw])
        #expect(messages[0].headers == ["X-Secret-Header: visible?", "Transfer-Encoding: chunked"])
        #expect(messages[0].message.body.octets.count == 16_384 && messages[0].message.body.length == 16_384)
        #expect(messages[0].notes == [.malformed(.chunkSize)] && !messages[0].isComplete)
        #expect(messages[1].message.body.octets == recorded.octets(.received).suffix(4_125))
    }

    private func expectLateBody(_ name: String) throws {
        let result = try RecordedCase(name).run()
        #expect(result.messages.map(\.body) == ["late body"] && result.messages[0].status == 200)
        #expect(result.messages[0].isComplete && !result.messages[0].message.isContinuation)
    }

    @Test func case22SlowBodyDefault() throws { try expectLateBody("22_slow_body_default") }
    @Test func case23SlowBodySock() throws { try expectLateBody("23_slow_body_sock") }

    @Test func case24SlowSseSock() throws {
        let messages = try RecordedCase("24_slow_sse_sock").run().messages
        #expect(messages.map(\.body) == ["", "data: 1\n\n", "data: 2\n\n", "data: 3\n\n"])
        #expect(messages.map(\.message.isContinuation) == [false, true, true, true])
        let text = messages.map(\.text).joined()
        #expect(text.ranges(of: "HTTP/1.1 200 OK").count == 1 && text.ranges(of: "text/event-stream").count == 1)
        #expect(text.ranges(of: "[continued]\ndata: ").count == 3)
    }

    // MARK: Heads

    @Test func case26HeaderRewrite() throws {
        let recorded = try RecordedCase("26_header_rewrite")
        let messages = try recorded.run().messages
        #expect(messages.count == 1)
        let message = messages[0].message
        #expect(message.headers.octets + message.body.octets == recorded.octets(.received))
        #expect(
            messages[0].headers == ["x-zebra: 1", "set-cookie: b=2", "aBc: q", "set-cookie: a=1", "X-EMPTY: "])
        #expect(messages[0].text.contains("\nx-zebra: 1\nset-cookie: b=2\naBc: q\nset-cookie: a=1\nX-EMPTY:\n\nclose "))
        // Close ends the body, and the recording ends before that.
        #expect(messages[0].notes == [.endNotSeen])
    }

    @Test func case27RequestRewrite() throws {
        let recorded = try RecordedCase("27_request_rewrite")
        let messages = try recorded.run().messages
        #expect(messages.count == 1 && messages[0].message.headers.octets == recorded.octets(.sent))
        #expect(messages[0].target == "http://example.com/a%2fb?q=1" && messages[0].host == "example.com")
        #expect(messages[0].headers == ["x-b: 1", "accept: */*", "host: example.com", "connection: keep-alive"])
    }

    // MARK: WebSocket

    private func expectFrames(_ messages: some RandomAccessCollection<ShownMessage>) {
        #expect(messages.map(\.kind) == [.webSocket, .webSocket, .webSocket])
        #expect(messages.map(\.message.code) == [1, 1, 9])
        #expect(messages.map(\.body) == ["hello", "world", ""])
        #expect(messages.allSatisfy { $0.isComplete })
    }

    @Test func case07WebsocketUpgrade() throws {
        let messages = try RecordedCase("07_websocket_upgrade").run().messages
        #expect(messages.count == 4 && messages[0].status == 101 && messages[0].kind == .http1Response)
        expectFrames(messages.dropFirst())
        #expect(messages[3].text.contains("[WebSocket ping"))
    }

    @Test func case08WebsocketSockStale() throws {
        let messages = try RecordedCase("08_websocket_sock_stale").run().messages
        #expect(messages.count == 7 && messages[0].status == 101)
        expectFrames(messages[1...3])
        expectFrames(messages[4...6])
    }
}

extension String {
    /// Nothing in it drives a terminal.
    var isWithoutControls: Bool {
        unicodeScalars.allSatisfy { ($0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)) || $0 == "\n" }
    }
}
