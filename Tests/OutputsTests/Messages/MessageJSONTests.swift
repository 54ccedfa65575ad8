import AppProtocols
import CaptureTestSupport
import Events
import Foundation
import MessageTestSupport
import Octets
import Outputs
import TestSupport
import Testing

@Suite struct MessageJSONTests {
    static func object(_ octets: [UInt8]) throws -> [String: Any] {
        #expect(octets.last == 0x0A && octets.count { $0 == 0x0A } == 1, "one line")
        let value = try JSONSerialization.jsonObject(with: Data(octets))
        return try #require(value as? [String: Any])
    }

    static func object(_ message: Message, _ info: BaseInfo = SampleMessages.info) throws -> [String: Any] {
        try object(rendered(message, MessageJSONFormat(), info: info))
    }

    @Test func aRequestHasEveryMember() {
        let message = SampleMessages.http1(
            .http1Request, "POST /a?b HTTP/1.1\r\nhost: example.com\r\nX-A: 1\r\nX-A: 2\r\n\r\n", body: Array("hi".utf8)
        )
        #expect(
            json(message)
                == #"{"type":"http_request","time":1709251198000000001,"#
                + #""uuid":"1234_1235_curl_5_1_192.168.1.10:54321-93.184.216.34:443","pid":1234,"tid":1235,"#
                + #""comm":"curl","fd":5,"direction":"sent","src":"192.168.1.10:54321","dst":"93.184.216.34:443","#
                + #""method":"POST","target":"/a?b","host":"example.com","version":"HTTP/1.1","#
                + #""headers":[["host","example.com"],["X-A","1"],["X-A","2"]],"body":"hi","body_length":2,"#
                + #""decoded_length":2,"complete":true}"# + "\n")
    }

    @Test func whatIsNotKnownIsLeftOut() throws {
        var gap = SampleMessages.body(.gap, [])
        #expect(
            json(gap, info: BaseInfo()).hasPrefix(#"{"type":"gap","time":1709251198000000001,"uuid":"0_0__-1_0","#))
        #expect(json(gap).hasSuffix(#","length":null,"complete":true}"# + "\n"))
        gap.gapLength = .max
        #expect(json(gap).contains(#""length":18446744073709551615,"#))
    }

    @Test func marksWhatIsUnknownIncompleteOrContinued() throws {
        var message = SampleMessages.http2(.http2Response, [(":status", "204")], trailers: [("t", "1")])
        message.headers.append(name: [UInt8]().span, value: Array("v".utf8).span, marks: .unknownName)
        message.headers.append(name: Array("n".utf8).span, value: [UInt8]().span, marks: .unknownValue)
        message.markIncomplete(.gap(octets: 12))
        message.isContinuation = true
        message.body.digest = [0x00, 0xFF]
        message.body.codings = [.gzip, .permessageDeflate]
        #expect(
            json(message).hasSuffix(
                #""stream":1,"version":"HTTP/2","status":204,"headers":[[":status","204"],[null,"v"],["n",null]],"#
                    + #""body_length":0,"decoded_length":0,"decoded":["gzip","permessage-deflate"],"#
                    + #""body_sha256":"00ff","trailers":[["t","1"]],"continuation":true,"complete":false,"#
                    + #""notes":[{"code":"gap","text":"12 octets are missing inside"}]}"# + "\n"))
    }

    @Test func textThatIsNoUTF8IsLatin1AndMarked() throws {
        var message = Message()
        message.reset(.http2Request, .sent, at: 1)
        message.headers.append(name: [0x61].span, value: [0x63, 0xE9].span)
        message.headers.append(name: [0xFF].span, value: [0x31].span)
        message.headers.append(name: [0xFE].span, value: [0xFD].span)
        message.target = message.headers.fields[0].value
        var info = SampleMessages.info
        info.comm = CommandName([0x78, 0x80])
        let text = json(message, info: info)
        #expect(text.contains(#""target":"c\u00e9""#))
        #expect(
            text.contains(
                #"[["a","c\u00e9","latin1"],["\u00ff","1","latin1_name"],["\u00fe","\u00fd","latin1_both"]]"#))
        #expect(text.contains(#""comm":"x\u0080""#))
        #expect(text.contains(#""uuid":"1234_1235_x\\x80_5_"#))
        #expect(text.contains(#""latin1":["comm","target"]"#))
        _ = try Self.object(message, info)
    }

    @Test func otherKindsSayWhatTheyAre() {
        let webSocket = json(SampleMessages.body(.webSocket, [3, 0xE8, 0x62], code: 8, flags: 1, target: "/c"))
        #expect(webSocket.hasPrefix(#"{"type":"websocket_message""#))
        #expect(
            webSocket.contains(#""opcode":"close","frames":1,"close_code":1000,"target":"/c","body_base64":"A+hi""#))
        let grpc = json(SampleMessages.body(.grpc, [0x08, 0x01], flags: 1, target: "/a.B/C"))
        #expect(grpc.hasPrefix(#"{"type":"grpc_message""#))
        #expect(grpc.contains(#""stream":1,"compressed":true,"target":"/a.B/C","body":"\u0008\u0001""#))
    }

    @Test func aTransactionHasItsTimes() {
        var buffer = OctetBuffer()
        MessageJSONFormat().append(SampleMessages.transaction, SampleMessages.info, to: &buffer)
        #expect(buffer.description.hasPrefix(#"{"type":"transaction","time":1709251198000000001,"uuid":""#))
        #expect(
            buffer.description.hasSuffix(
                #""protocol":"http1","method":"GET","host":"example.com","target":"/index.html?item=1","status":200,"#
                    + #""request_length":0,"response_length":16384,"request_end_time":1709251198000001001,"#
                    + #""response_time":1709251198012346001,"response_end_time":1709251198013000001,"#
                    + #""latency":12345000,"complete":true}"# + "\n"))
    }

    /// Random octets in every place come back as they were.
    @Test(arguments: 0..<200 as Range<UInt64>) func everyOctetComesBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func octets(_ countMax: Int) -> [UInt8] {
            let count = Int.random(in: 0...countMax, using: &random)
            let pool: [[UInt8]] = [
                [0x61, 0x62, 0x20], Array("é日🎉\u{202E}\u{9B}".utf8), [0x22, 0x5C, 0x0A, 0x00, 0x1B, 0x7F],
                [0xC3, 0xFF],
            ]
            let kinds = Int.random(in: 1...4, using: &random)
            return (0..<count).flatMap { _ in
                let piece = pool[Int.random(in: 0..<kinds, using: &random)]
                return kinds == 2 ? piece : [piece[Int.random(in: 0..<piece.count, using: &random)]]
            }
        }
        var message = SampleMessages.body(.http2Request, octets(seed.isMultiple(of: 10) ? 9000 : 40))
        var fields: [([UInt8], [UInt8])] = []
        for _ in 0..<3 {
            let (name, value) = (octets(20), octets(40))
            fields.append((name, value))
            message.headers.append(name: name.span, value: value.span)
        }
        let object = try Self.object(message)
        let body =
            (object["body"] as? String).map { Array($0.utf8) }
            ?? (object["body_base64"] as? String).flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
        #expect(body == message.body.octets)
        let pairs = try #require(object["headers"] as? [[String]])
        #expect(pairs.count == fields.count)
        for (pair, field) in zip(pairs, fields) {
            let mark = pair.count > 2 ? pair[2] : ""
            #expect(Self.octets(pair[0], isLatin1: mark == "latin1_name" || mark == "latin1_both") == field.0)
            #expect(Self.octets(pair[1], isLatin1: mark == "latin1" || mark == "latin1_both") == field.1)
        }
    }

    private static func octets(_ text: String, isLatin1: Bool) -> [UInt8] {
        isLatin1 ? text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } : Array(text.utf8)
    }

    /// Whatever is in a message, no output holds a control character but line ends and tabs.
    @Test(arguments: 0..<200 as Range<UInt64>) func noOutputDrivesATerminal(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func octets(_ countMax: Int) -> [UInt8] {
            let from: UInt8 = seed.isMultiple(of: 3) ? 0x00 : 0x80
            return (0..<Int.random(in: 0...countMax, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? .random(in: from...0xFF, using: &random) : .random(in: 0x20...0x7E, using: &random)
            }
        }
        let kind = MessageKind.allCases[Int(seed) % MessageKind.allCases.count]
        var message = SampleMessages.body(kind, octets(300), code: UInt8(seed % 12))
        let (name, value) = (octets(20), octets(50))
        message.headers.append(name: name.span, value: value.span)
        message.target = message.headers.fields[0].value
        var info = SampleMessages.info
        info.comm = CommandName(octets(15))
        for output in [
            rendered(message, MessageTextFormat(), info: info), rendered(message, MessageJSONFormat(), info: info),
            rendered(message, MessageTextFormat(showsWire: true), info: info),
            rendered(message, MessageTextFormat(octetsMax: 20), info: info),
        ] {
            #expect(!output.contains { ($0 < 0x20 && $0 != 0x0A && $0 != 0x09) || $0 == 0x7F })
            let text = String(validating: output, as: UTF8.self)
            #expect(text?.unicodeScalars.contains { 0x80...0x9F ~= $0.value || 0x202A...0x202E ~= $0.value } == false)
        }
    }
}
