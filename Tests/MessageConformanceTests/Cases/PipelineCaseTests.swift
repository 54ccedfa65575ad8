import AppProtocols
import Events
import Outputs
import Pipeline
import Testing

/// Recordings that the original garbles in its pipeline or its output: each is right here.
@Suite(.enabled(if: RecordedCase.folder != nil, "NETSPECTRA_CASES is not set"))
struct PipelineCaseTests {
    // MARK: Output

    @Test func case42BinaryTakenForH2() throws {
        let messages = try RecordedCase("42_binary_taken_for_h2").run().messages
        #expect(messages.map(\.kind) == [.raw] && messages[0].body.hasSuffix("\u{3}SELECT secret FROM t"))
        #expect(messages[0].text.contains("|.....SELECT secr|\n") && messages[0].text.isWithoutControls)
    }

    @Test func case44EscapeInjection() throws {
        let messages = try RecordedCase("44_escape_injection").run().messages
        #expect(
            messages.map(\.text) == [
                #"""
                PID:4242, Comm:curl,
                HTTP/1.1 200 OK
                Server: nginx
                Content-Type: text/plain
                Content-Length: 77

                \x1b[2J\x1b[31mPID:1, Comm:root, Src:1.2.3.4:1, Dest:5.6.7.8:2,
                GET /fake HTTP/1.1

                """#
            ])
        #expect(messages[0].rendered(MessageJSONFormat()).contains(#""body":"\u001b[2J\u001b[31mPID:1"#))
    }

    private static let hex = MessageTextFormat(showsWire: true)

    @Test func case45HexNotWire() throws {
        let recorded = try RecordedCase("45_hex_not_wire")
        let messages = try recorded.run { $0.parser.keepsWire = true }.messages
        #expect(messages.count == 1 && messages[0].message.wire == recorded.octets(.received))
        let lines = messages[0].rendered(Self.hex).split(separator: "\n")
        #expect(lines.count == 10 && lines[0] == "PID:4242, Comm:curl,")
        #expect(lines[1] == "00000000  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  |HTTP/1.1 200 OK.|")
        #expect(lines[7] == "00000060  3a 20 33 34 0d 0a 0d 0a  1f 8b 08 00 00 00 00 00  |: 34............|")
    }

    @Test func case46HexOfHex() throws {
        let messages = try RecordedCase("46_hex_of_hex").run { $0.parser.keepsWire = true }.messages
        #expect(
            messages.map { $0.rendered(Self.hex) } == [
                "PID:4242, Comm:curl,\n"
                    + "00000000  16 03 01 ff f0 f1 f2 f3  f4 f5 f6 f7 f8 f9 fa fb  |................|\n"
            ])
    }

    /// As `--truncate 100` has it.
    private func truncated(_ name: String) throws -> [String] {
        let messages = try RecordedCase(name).run { settings in
            settings.parser.bodyOctetsMax = 100
            settings.parser.wireOctetsMax = 100
        }.messages
        #expect(messages[0].message.body.length == 2_863)
        return messages.map { $0.rendered(MessageTextFormat(octetsMax: 100)) }
    }

    /// 100 octets of the message (98 and two of line ends that are not shown), and one mark.
    private static let cutText = """
        PID:4242, Comm:curl,
        HTTP/1.1 200 OK
        Server: nginx
        Date: Fri, 01 Mar 2024 08:24:27 GMT
        Content-Type: text/plain
        X-Ite
        [Events truncated, size: 100 bytes]

        """

    @Test func case51TruncateNotApplied() throws {
        #expect(try truncated("51_truncate_not_applied") == [Self.cutText])
    }

    /// The four events behind the response are no part of it: they stand alone, and nothing is printed for each.
    @Test func case52TruncateNoiseStdout() throws {
        #expect(
            try truncated("52_truncate_noise_stdout") == [
                Self.cutText, "PID:4242, Comm:curl,\nmoremoremoremore\n",
            ])
    }

    // MARK: Connections

    @Test func case47TidSplitsConnection() throws {
        let result = try RecordedCase("47_tid_splits_connection").run()
        #expect(result.messages.map(\.body) == ["same conn"])
        #expect(result.messages[0].isComplete && result.counts.connections == 1)
    }

    /// What comes behind the end is of a new connection, in both directions.
    private func expectNewConnectionBehind(_ recorded: RecordedCase, _ messages: Int) throws {
        var recorded = recorded
        let last = try #require(recorded.events.last)
        #expect(last.head.kind == .destroyed)
        for direction in Direction.allCases {
            var event = recorded.events[0]
            event.head.direction = direction
            event.head.time = last.head.time + 1
            event.payload = Array("unfinished".utf8)
            recorded.events.append(event)
        }
        let result = try recorded.run()
        #expect(result.counts.connections == 2 && result.messages.count == messages + 2)
        #expect(result.messages.suffix(2).allSatisfy { $0.kind == .raw && $0.body == "unfinished" })
    }

    @Test func case49DestroyLeaksOneDirection() throws {
        let recorded = try RecordedCase("49_destroy_leaks_one_direction")
        let result = try recorded.run()
        #expect(result.messages.map(\.kind) == [.http1Request, .http1Response])
        #expect(result.messages[1].body == "y" && result.counts.connections == 1)
        #expect(result.messages.allSatisfy { $0.isComplete } && result.transactions.count == 1)
        try expectNewConnectionBehind(recorded, 2)
    }

    @Test func case50DestroyOvertakesData() throws {
        let recorded = try RecordedCase("50_destroy_overtakes_data")
        let result = try recorded.run()
        #expect(result.messages.map(\.target) == ["/x", "/y"] && result.messages[1].body == "abc")
        #expect(result.messages.allSatisfy { $0.isComplete } && result.counts.connections == 1)
        try expectNewConnectionBehind(recorded, 2)
    }

    @Test func case53CommUnderscore() throws {
        let messages = try RecordedCase("53_comm_underscore").run().messages
        #expect(messages.count == 1 && messages[0].base.comm.octets == Array("my_app_5_1".utf8))
        #expect(messages[0].base.fd == 5 && messages[0].base.pid == 4_242 && messages[0].target == "/x")
        let json = messages[0].rendered(MessageJSONFormat())
        #expect(json.contains(#""pid":4242,"tid":4242,"comm":"my_app_5_1","fd":5,"direction":"sent","#))
        #expect(json.contains(#""src":"10.0.0.7:51837","dst":"93.184.216.34:443","#))
    }

    /// The recording's times are in the order of arrival, although it says that the last two parts change places: so
    /// they change places here, times included, and the later one comes first.
    @Test func case59OutOfOrderTimestamps() throws {
        var recorded = try RecordedCase("59_out_of_order_timestamps")
        #expect(recorded.events.map(\.head.time) == recorded.events.map(\.head.time).sorted())
        let time = recorded.events[1].head.time
        recorded.events[1].head.time = recorded.events[2].head.time
        recorded.events[2].head.time = time
        let messages = try recorded.run().messages
        #expect(messages.map(\.body) == ["first-half second-half"] && messages[0].isComplete)
    }
}
