import AppProtocols
import Events
import Headers
import MessageTestSupport
import Octets
import Testing

@testable import Outputs

@Suite struct MessageTextTests {
    @Test func namesProgramAndConnectionInFront() {
        let message = SampleMessages.http1(.http1Request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            text(message) == """
                PID:1234, Comm:curl, Src:192.168.1.10:54321, Dest:93.184.216.34:443,
                GET / HTTP/1.1
                Host: a


                """)
        var capture = SampleMessages.info
        capture.pid = 0
        capture.comm = .none
        capture.source = IPAddress(v6: 0x2001_0DB8_0000_0000, 1)
        #expect(text(message, info: capture).hasPrefix("Src:[2001:db8::1]:54321, Dest:93.184.216.34:443,\nGET"))
        var program = SampleMessages.info
        program.source = .none
        program.comm = CommandName(Array("a\u{1B}[2J\n".utf8))
        #expect(text(message, info: program).hasPrefix("PID:1234, Comm:a\\x1b[2J\\n,\nGET"))
        #expect(text(message, info: BaseInfo()).hasPrefix("[program and connection are not known]\nGET"))
    }

    /// Cases 26 and 27 of the original's: nothing is sorted, re-cased, added or dropped.
    @Test func showsTheHeadAsItWasOnTheWire() {
        let head =
            "HTTP/1.1 200 All is well\r\nx-zebra: 1\r\nset-cookie: b=2\r\naBc: q\r\nset-cookie: a=1\r\nX-EMPTY:\r\n\r\n"
        let response = SampleMessages.http1(.http1Response, head, body: Array("close delimited body".utf8))
        #expect(
            content(response) == head.filter { $0 != "\r" }.replacing("\r\n", with: "\n") + "close delimited body\n")
        let request = "GET http://example.com/a%2fb?q=1 HTTP/1.1\r\nx-b: 1\r\naccept: */*\r\nhost: example.com\r\n\r\n"
        #expect(content(SampleMessages.http1(.http1Request, request)) == request.replacing("\r\n", with: "\n"))
    }

    /// Case 44: payload drives no terminal.
    @Test func escapesWhatDrivesTerminals() {
        let body = "\u{1B}[2J\u{1B}[31mred\r\nline\ttab\rback\u{8}\u{7F}\u{9B}31m\u{202E}gnp.exe \u{E0041} é 日 🎉\n"
        let shown = content(SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n", body: Array(body.utf8)))
        let expected = "HTTP/1.1 200 OK\n\n\\x1b[2J\\x1b[31mred\nline\ttab\\rback"
        // DEL is no character of text: a body that holds it is shown in a hex dump.
        #expect(shown.hasPrefix("HTTP/1.1 200 OK\n\n00000000  1b 5b 32 4a"))
        let without = body.replacing("\u{7F}", with: "")
        let text = content(SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n", body: Array(without.utf8)))
        #expect(text == expected + "\\b\\u{9b}31m\\u{202e}gnp.exe \\u{e0041} é 日 🎉\n")
    }

    /// Whatever ends the body, the record and its colour end in the same way.
    @Test(arguments: [8_190, 8_191, 8_192, 8_193, 20_000], ["", "\n", "\n\n"])
    func aLentBodyIsShownLikeACopiedOne(length: Int, end: String) {
        let body = Array((String(repeating: "line of text\n", count: length / 13 + 1).prefix(length) + end).utf8)
        let message = SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n", body: body)
        for format in [
            MessageTextFormat(), MessageTextFormat(style: Style(isEnabled: true)), MessageTextFormat(octetsMax: 8_300),
            MessageTextFormat(octetsMax: 19),
        ] {
            var buffer = OctetBuffer(takesLoans: true)
            for _ in 0..<2 { format.append(message, SampleMessages.info, to: &buffer) }
            #expect([UInt8](buffer) == rendered(message, format) + rendered(message, format))
            if length != 8_191 { #expect(buffer.loans.isEmpty == (length < 8_192 || format.octetsMax == 19)) }
        }
    }

    @Test func escapesEachOctetThatIsNoUTF8() {
        var buffer = OctetBuffer()
        let octets: [UInt8] = [
            0x61, 0xC3, 0x28, 0xE2, 0x82, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80, 0xC0, 0xAF, 0xFF, 0x62,
        ]
        buffer.append(terminal: octets.span, .kept)
        #expect(buffer.description == #"a\xc3(\xe2\x82\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\xffb"#)
    }

    @Test func showsBinaryBodiesAsHexDumps() {
        let body: [UInt8] = [
            0x16, 0x03, 0x01, 0xFF, 0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB,
        ]
        let dump = "00000000  16 03 01 ff f0 f1 f2 f3  f4 f5 f6 f7 f8 f9 fa fb  |................|\n"
        #expect(content(SampleMessages.body(.raw, body)) == dump)
        // Case 46: the same with --hex, not a dump of a dump.
        #expect(content(SampleMessages.body(.raw, body), MessageTextFormat(showsWire: true)) == dump)
    }

    /// Case 45: --hex shows what was captured, not what was made of it.
    @Test func showsTheOctetsAsCaptured() {
        var message = SampleMessages.http1(
            .http1Response, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", body: Array("hello gzip".utf8))
        message.wire = message.headers.octets + [0x1F, 0x8B]
        #expect(
            content(message, MessageTextFormat(showsWire: true)) == """
                00000000  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  |HTTP/1.1 200 OK.|
                00000010  0a 43 6f 6e 74 65 6e 74  2d 45 6e 63 6f 64 69 6e  |.Content-Encodin|
                00000020  67 3a 20 67 7a 69 70 0d  0a 0d 0a 1f 8b           |g: gzip......|

                """)
    }

    /// Cases 51 and 52: so many octets and one marker, in the record.
    @Test func cutsAtTheTruncateSize() {
        let head =
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Fri, 01 Mar 2024 08:24:27 GMT\r\nContent-Type: text/plain\r\n"
            + "X-Item: 00000001\r\n\r\n"
        var message = SampleMessages.http1(.http1Response, head, body: [UInt8](repeating: 0x61, count: 2863))
        let cut = content(message, MessageTextFormat(octetsMax: 100))
        let shown = String(decoding: Array(head.utf8).prefix(100), as: UTF8.self).replacing("\r\n", with: "\n")
        #expect(cut == shown + "\n[Events truncated, size: 100 bytes]\n")
        message.note(.truncated(octets: 100))
        #expect(content(message, MessageTextFormat(octetsMax: 100)) == cut)
        let inBody = content(message, MessageTextFormat(octetsMax: head.utf8.count + 3))
        #expect(inBody.hasSuffix("\n\naaa\n[Events truncated, size: \(head.utf8.count + 3) bytes]\n"))
    }

    @Test func cutsLeaveCharactersWhole() {
        let message = SampleMessages.body(.raw, Array("aé日🎉".utf8))
        for limit in 0..<10 {
            let shown = content(message, MessageTextFormat(octetsMax: limit))
            let whole = limit >= 6 ? "aé日" : limit >= 3 ? "aé" : limit >= 1 ? "a" : ""
            #expect(shown == whole + (whole.isEmpty ? "" : "\n") + "[Events truncated, size: \(limit) bytes]\n")
        }
        #expect(content(message, MessageTextFormat(octetsMax: 10)) == "aé日🎉\n")
    }

    @Test func marksTrailersUnknownFieldsAndNotes() {
        var message = SampleMessages.http2(
            .http2Response, [(":status", "200"), ("content-type", "application/grpc")],
            trailers: [("grpc-status", "0"), ("grpc-message", "")])
        message.headers.append(name: Array("x".utf8).span, value: [UInt8]().span, marks: .unknownValue)
        message.markIncomplete(.endNotSeen)
        message.note(.unknownFields(1))
        #expect(
            content(message) == """
                [HTTP/2 stream 1]
                :status: 200
                content-type: application/grpc
                x: [unknown]

                [trailers]
                grpc-status: 0
                grpc-message:\u{20}
                [the end was not seen]
                [1 header fields refer to table entries that were not seen]

                """)
    }

    @Test func headsOtherKindsWithWhatTheyAre() {
        #expect(
            content(SampleMessages.body(.webSocket, Array("hi".utf8), code: 1, target: "/chat"))
                == "[WebSocket text, /chat]\nhi\n")
        #expect(
            content(SampleMessages.body(.webSocket, [0x03, 0xE8], code: 8)).hasPrefix("[WebSocket close 1000]\n"))
        // Case 56
        #expect(
            content(SampleMessages.body(.grpc, Array("\n\u{5}\u{1B}[31m".utf8), target: "/a.B/C"))
                == "[gRPC message, stream 1, /a.B/C, 7 octets]\n"
                + "00000000  0a 05 1b 5b 33 31 6d                              |...[31m|\n")
        var gap = SampleMessages.body(.gap, [])
        #expect(content(gap) == "[gap: octets are missing]\n")
        gap.gapLength = 17
        #expect(content(gap) == "[gap: 17 octets are missing]\n")
        #expect(content(gap, MessageTextFormat(showsWire: true)) == "[gap: 17 octets are missing]\n")
    }

    @Test func coloursByDirection() {
        let sent = text(
            SampleMessages.http1(.http1Request, "GET / HTTP/1.1\r\n\r\n"), MessageTextFormat(style: .coloured))
        #expect(sent.hasPrefix("\u{1B}[36mPID:") && sent.hasSuffix("\u{1B}[0m\n"))
        let received = text(
            SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n"), MessageTextFormat(style: .coloured))
        #expect(received.hasPrefix("\u{1B}[32mPID:"))
    }
}
