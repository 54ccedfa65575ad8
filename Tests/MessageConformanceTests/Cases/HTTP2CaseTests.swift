import AppProtocols
import Events
import Outputs
import Testing

/// Recordings of HTTP/2 on which the original loses, mixes or garbles messages: each is right here.
@Suite(.enabled(if: RecordedCase.folder != nil, "NETSPECTRA_CASES is not set"))
struct HTTP2CaseTests {
    @Test func case01H2PrefaceMapOrder() throws {
        let recorded = try RecordedCase("01_h2_preface_map_order")
        let messages = try recorded.run().messages
        #expect(messages.count == 1_000 && Set(messages.map(\.base.pid)).count == 1_000)
        for message in messages {
            #expect(message.kind == .http2Request && message.isComplete)
            #expect(
                message.headers == [
                    ":method: GET", ":scheme: https", ":authority: example.com", ":path: /secret",
                    "user-agent: curl/7.88.1", "accept: */*",
                ])
        }
        let frames = try PipelineResult(recorded.events) { $0.parser.showsFrames = true }.messages
        #expect(frames.count(where: { $0.kind == .http2Frame && $0.message.code == 4 }) == 1_000)
        #expect(frames.count(where: { $0.kind == .http2Frame && $0.message.code == 1 }) == 1_000)
    }

    @Test func case28H2Continuation() throws {
        let messages = try RecordedCase("28_h2_continuation").run().messages
        #expect(messages.map(\.message.streamID) == [1, 3])
        let long = String(repeating: "v", count: 60)
        #expect(messages[0].headers == [":status: 200", "x-first: alpha", "x-second: beta", "x-long: \(long)"])
        #expect(messages[1].headers == [":status: 200", "x-first: alpha", "x-second: beta", "x-third: gamma"])
        #expect(messages.map(\.body) == ["body one", "body three"])
        #expect(messages.allSatisfy { $0.isComplete && $0.notes.isEmpty })
    }

    @Test func case29H2ContinuationWrongValues() throws {
        let messages = try RecordedCase("29_h2_continuation_wrong_values").run().messages
        #expect(messages.map(\.message.streamID) == [1, 3, 5])
        #expect(messages.map { $0.headers[1] } == ["x-user: alice", "x-user: bob", "x-user: bob"])
        #expect(messages.allSatisfy { $0.isComplete && $0.headers.count == 2 })
    }

    private func expectShop(_ name: String) throws {
        let messages = try RecordedCase(name).run().messages
        #expect(messages.map(\.message.streamID) == [1, 3])
        #expect(messages.map(\.body) == [#"{"n":1}"#, #"{"n":2}"#])
        for message in messages {
            #expect(message.headers == [":status: 200", "x-app: shop", "content-type: application/json"])
            #expect(message.isComplete && message.notes.isEmpty)
        }
    }

    @Test func case30H2HpackLostIdle() throws { try expectShop("30_h2_hpack_lost_idle") }
    @Test func case31H2HpackKeptSock() throws { try expectShop("31_h2_hpack_kept_sock") }

    /// The recording holds only the second request: the table entries it refers to, `x-token` among them, are nowhere
    /// in it. They are marked as unknown instead of guessed.
    @Test func case32H2SecondRequestIdle() throws {
        let messages = try RecordedCase("32_h2_second_request_idle").run().messages
        #expect(messages.map(\.kind) == [.http2Request])
        #expect(messages[0].method == "GET" && messages[0].target == "/b")
        #expect(messages[0].headers == [":method: GET", ":scheme: https", "?: ?", ":path: /b", "?: ?"])
        #expect(messages[0].notes == [.unknownFields(2)])
    }

    @Test func case33H2FrameSplitIdleSock() throws {
        let recorded = try RecordedCase("33_h2_frame_split_idle_sock")
        let messages = try recorded.run().messages
        #expect(messages.map(\.message.streamID) == [1, 3])
        #expect(messages.allSatisfy { $0.headers == [":status: 200", "x-app: shop"] && $0.isComplete })
        // SETTINGS, its acknowledgement and HEADERS stand before the 2,000 octets of DATA.
        #expect(messages[0].message.body.octets == Array(recorded.octets(.received)[53..<2_053]))
        #expect(messages[1].body == "third body")
    }

    @Test func case35H2PushPromise() throws {
        let messages = try RecordedCase("35_h2_push_promise").run().messages
        #expect(messages.map(\.kind) == [.http2Request, .http2Response])
        #expect(messages.map(\.message.streamID) == [2, 1])
        #expect(messages[0].headers == [":method: GET", ":path: /style.css", ":scheme: https", "x-user: alice"])
        #expect(messages[1].headers == [":status: 200", "x-user: alice"])
        #expect(messages.allSatisfy { $0.isComplete })
    }

    private func expectFox(_ name: String, _ coding: ContentCoding) throws {
        let messages = try RecordedCase(name).run().messages
        #expect(messages.map(\.body) == [HTTP1CaseTests.fox])
        #expect(messages[0].message.body.codings == [coding] && messages[0].isComplete)
    }

    @Test func case36H2GzipSplitFlush() throws { try expectFox("36_h2_gzip_split_flush", .gzip) }
    @Test func case38H2Br() throws { try expectFox("38_h2_br", .br) }

    @Test func case39H2Interleaved() throws {
        let messages = try RecordedCase("39_h2_interleaved").run().messages
        #expect(messages.map(\.message.streamID) == [1, 3])
        #expect(messages.map(\.body) == ["AAAA1AAAA2", "BBBB1BBBB2"])
        #expect(messages.map(\.headers) == [[":status: 200", "x-n: 1"], [":status: 200", "x-n: 3"]])
        #expect(messages.allSatisfy { $0.isComplete })
    }

    @Test func case41H2BadFrameRestLost() throws {
        let messages = try RecordedCase("41_h2_bad_frame_rest_lost").run().messages
        #expect(messages.map(\.kind) == [.http2Frame, .http2Response])
        #expect(messages[0].message.code == 8 && messages[0].notes == [.malformed(.frameContent)])
        #expect(
            messages[0].text.hasSuffix(
                "[HTTP/2 frame WINDOW_UPDATE, stream 1, 4 octets]\nincrement = 0\n"
                    + "[malformed: the contents of a frame]\n"))
        #expect(messages[1].headers == [":status: 200", "x-app: shop"] && messages[1].body == "hello")
        #expect(messages[1].isComplete)
    }

    @Test func case56GrpcBinary() throws {
        let messages = try RecordedCase("56_grpc_binary").run().messages
        #expect(messages.map(\.kind) == [.grpc, .http2Response])
        #expect(messages[0].message.body.octets == [0x0A, 5, 0x1B] + Array("[31m".utf8))
        #expect(messages[0].text.contains("[gRPC message, stream 1, 7 octets]\n00000000  0a 05 1b 5b 33 31 6d "))
        #expect(messages[1].headers == [":status: 200", "content-type: application/grpc"])
        #expect(messages[1].trailers == ["grpc-status: 0", "grpc-message: "])
        #expect(messages[1].text.contains("\n[trailers]\ngrpc-status: 0\n"))
        #expect(messages.allSatisfy { $0.text.isWithoutControls })
    }

    @Test func case58H2FrameDetail() throws {
        let messages = try RecordedCase("58_h2_frame_detail").run { $0.parser.showsFrames = true }.messages
        #expect(messages.map(\.kind) == [.http2Frame, .http2Frame, .http2Response, .http2Frame, .http2Frame])
        #expect(messages.allSatisfy { $0.direction == .received && $0.isComplete })
        let frames = messages.filter { $0.kind == .http2Frame }.map { $0.text.drop { $0 != "\n" }.dropFirst() }
        #expect(
            frames == [
                """
                [HTTP/2 frame SETTINGS, stream 0, 18 octets]
                INITIAL_WINDOW_SIZE = 65535
                MAX_FRAME_SIZE = 16384
                HEADER_TABLE_SIZE = 65536

                """,
                "[HTTP/2 frame HEADERS, stream 1, END_STREAM, END_HEADERS, 1 octets]\nheader_block = 1\n",
                "[HTTP/2 frame RST_STREAM, stream 3, 4 octets]\nerror = CANCEL (8)\n",
                """
                [HTTP/2 frame GOAWAY, stream 0, 17 octets]
                last_stream = 5
                error = ENHANCE_YOUR_CALM (11)
                slow down

                """,
            ])
        let goAway = messages[4].rendered(MessageJSONFormat())
        #expect(
            goAway.contains(
                #""last_stream":5,"error":"ENHANCE_YOUR_CALM","error_code":11,"body":"slow down","body_length":17"#))
    }

    @Test func case65HpackBomb() throws {
        let messages = try RecordedCase("65_hpack_bomb").run().messages
        #expect(messages.map(\.message.streamID) == [1, 3])
        #expect(messages[0].headers == [":status: 200"])
        // 48 MB lie behind it.
        #expect(messages[1].message.headers.octets.count <= 256 << 10 && messages[1].headers.count > 10)
        #expect(messages[1].headers.prefix(2).map { $0.prefix(8) } == [":status:", "x: vvvvv"])
        #expect(messages[1].notes == [.headLimited(octets: 256 << 10)] && !messages[1].isComplete)
        #expect(messages[1].text.utf8.count < 300_000)
    }
}
