import AppProtocols
import CaptureTestSupport
import Events
import Foundation
import MessageTestSupport
import Octets
import Outputs
import TestSupport
import Testing

/// A secret in any place that is redacted stands nowhere in any output: as it is, in base64, in hex.
@Suite struct RedactedOutputTests {
    static func redactor(_ mode: RedactionSettings.Mode) -> Redactor {
        var settings = RedactionSettings()
        settings.headers.append("X-Key")
        settings.query = ["token"]
        settings.json = ["password"]
        settings.mode = mode
        return Redactor(settings, salt: [1, 2, 3], tools: TestBodyTools())
    }

    /// Every place, with `secret` in it.
    static func messages(_ secret: String) -> [Message] {
        let json = Array(#"{"a":[{"Password" : "\#(secret)"},{"pass\u0077ord":{"x":["\#(secret)",1]}}],"b":2}"#.utf8)
        let head = """
            POST /p?a=1&to%6ben=\(secret)&b HTTP/1.1\r
            Host: example.com\r
            authorization:\tBearer \(secret)\r
            COOKIE: sid=\(secret); theme="\(secret)"\r
            X-Key: \(secret)\r
            \t\(secret)\r
            Referer: http://x/?token=\(secret)#\(secret)\r
            \r

            """
        let response = "HTTP/1.1 200 OK\r\nSet-Cookie: s=\(secret)\r\nset-cookie: s=\(secret); Path=/\r\n\r\n"
        var odd = SampleMessages.http1(.http1Request, "GET / HTTP/1.1\r\nX-Key : \(secret)\r\n\r\n")
        odd.headers.fields = []
        odd.note(.malformed(.headerField))
        var coded = SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n", body: json)
        coded.wire = coded.headers.octets + Array("5\r\n\(secret)\r\n0\r\n\r\n".utf8)
        coded.body.digest = Array(secret.utf8)
        var trailers = SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n")
        trailers.trailers.append(name: Array("x-key".utf8).span, value: Array(secret.utf8).span)
        trailers.wire += Array("0\r\nx-key: \(secret)\r\n\r\n".utf8)
        var http2 = SampleMessages.http2(
            .http2Request,
            [
                (":method", "GET"), (":path", "/?token=\(secret)"), ("cookie", "a=\(secret)"),
                ("authorization", "\(secret) \(secret)"),
            ], trailers: [("x-key", secret)])
        http2.headers.append(name: [UInt8]().span, value: Array(secret.utf8).span, marks: .unknownName)
        http2.wire = Array(secret.utf8)
        var frame = SampleMessages.body(.http2Frame, Array("block \(secret)".utf8), code: 9)
        frame.wire = frame.body.octets
        var continued = SampleMessages.http1(.http1Response, "", body: Array(secret.utf8))
        continued.isContinuation = true
        return [
            SampleMessages.http1(
                .http1Request, head.replacing("\n", with: "\r\n").replacing("\r\r", with: "\r"), body: json),
            SampleMessages.http1(.http1Response, response), odd, coded, trailers, http2, frame, continued,
            SampleMessages.http1(
                .http1Request, "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n",
                body: Array("token=\(secret)&a=b&user[password]=1&password[]=\(secret)".utf8)),
            SampleMessages.body(.webSocket, json, code: 1, target: "/ws?token=\(secret)"),
            SampleMessages.body(.raw, Array("GET /?token=\(secret) HTTP/1.1\r\nX-Key: \(secret)\r\n".utf8)),
            SampleMessages.body(.http2Frame, json, code: 0),
            SampleMessages.body(.webSocket, Array(#"{"m":"{\"password\":\"\#(secret)\"}"}"#.utf8), code: 1),
            SampleMessages.body(.raw, Array(#"cut {"password":"\#(secret)"#.utf8)),
        ]
    }

    @Test(arguments: [RedactionSettings.Mode.remove, .hash], 0..<20 as Range<UInt64>)
    func standsNowhere(mode: RedactionSettings.Mode, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)
        let secret = String(decoding: (0..<18).map { _ in letters.randomElement(using: &random)! }, as: UTF8.self)
        let redactor = Self.redactor(mode)
        for (place, original) in Self.messages(secret).enumerated() {
            var message = original
            redactor.redact(&message)
            let formats: [any MessageFormat] = [
                MessageTextFormat(), MessageTextFormat(showsWire: true), MessageTextFormat(style: .coloured),
                MessageJSONFormat(), MessageProtobufFormat(), MessageProtobufFormat(schema: .ecapture),
            ]
            for format in formats {
                var buffer = OctetBuffer()
                format.append(message, SampleMessages.info, to: &buffer)
                let output = buffer.description
                #expect(!Self.forms(of: secret).contains { output.contains($0) }, "place \(place): \(output)")
            }
            for octets in [message.wire, message.body.octets, message.headers.octets, message.trailers.octets] {
                #expect(!String(decoding: octets, as: UTF8.self).contains(secret), "place \(place)")
            }
        }
    }

    /// Half of a secret would be enough to be found: each form of each half, the base64 ones at all three alignments.
    private static func forms(of secret: String) -> [String] {
        [secret.prefix(9), secret.suffix(9)].flatMap { half in
            let base64 = (0..<3).map { skip in
                String(Data(half.utf8.dropFirst(skip).prefix(6)).base64EncodedString())
            }
            // As JSON's hex and as a dump's.
            let hex = half.utf8.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return [String(half)] + base64 + [hex.joined(), hex.joined(separator: " ")]
        }
    }
}
