import AppProtocols
import MessageTestSupport
import Testing

@Suite struct RedactorTests {
    static func redactor(
        headers: [String] = [], query: [String] = [], json: [String] = [], mode: RedactionSettings.Mode = .remove,
        salt: [UInt8] = [1]
    ) -> Redactor {
        var settings = RedactionSettings()
        settings.headers += headers
        settings.query = query
        settings.json = json
        settings.mode = mode
        return Redactor(settings, salt: salt, tools: TestBodyTools())
    }

    static func value(_ name: String, _ value: String, _ redactor: Redactor = redactor()) -> String {
        var message = SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\(name): \(value)\r\nX: y\r\n\r\n")
        redactor.redact(&message)
        let field = message.headers.fields[0]
        let shown = String(decoding: message.headers.octets[field.value.range], as: UTF8.self)
        // The head and the other field have moved along.
        let head = String(decoding: message.headers.octets, as: UTF8.self)
        #expect(head == "HTTP/1.1 200 OK\r\n\(name): \(shown)\r\nX: y\r\n\r\n")
        #expect(Array("y".utf8) == Array(message.headers.octets[message.headers.fields[1].value.range]))
        #expect(message.wire.count == "HTTP/1.1 200 OK\r\n\(name): \(value)\r\nX: y\r\n\r\n".utf8.count)
        return shown
    }

    @Test(arguments: [
        ("Authorization", "Bearer abc.def", "Bearer <redacted>"),
        ("authorization", "abc", "<redacted>"),
        ("Authorization", "pass word", "<redacted>"),
        ("Proxy-Authorization", "basic  QQ==", "basic  <redacted>"),
        ("Cookie", "a=1; b=2;c", "a=<redacted>; b=<redacted>;<redacted>"),
        ("Cookie", "a=\"1; b=2\"", "a=<redacted>"),
        ("Set-Cookie", "sid=1; Path=/; HttpOnly; x=2", "sid=<redacted>; Path=/; HttpOnly; x=<redacted>"),
        ("Set-Cookie", "Path=1", "Path=<redacted>"),
        ("X-Other", "Bearer abc", "Bearer abc"),
        ("Cookie2", "a=1", "a=1"),
        ("Cookie", "", ""),
    ])
    func shapesStay(name: String, value: String, expected: String) {
        #expect(Self.value(name, value) == expected)
    }

    @Test func listedHeadersAreRedactedBesidesTheUsual() {
        let redactor = Self.redactor(headers: ["X-Api-Key"])
        #expect(Self.value("x-aPI-key", "1", redactor) == "<redacted>")
        #expect(Self.value("Cookie", "a=1", redactor) == "a=<redacted>")
    }

    @Test func urlsInHeadersAreSearchedForParameters() {
        let redactor = Self.redactor(query: ["token"])
        #expect(Self.value("Location", "/x?a=1&token=2&b=3", redactor) == "/x?a=1&token=<redacted>&b=3")
        #expect(Self.value("Location", "/x#TOKEN=2", redactor) == "/x#TOKEN=<redacted>")
        #expect(Self.value("X-Location", "/x?token=2", redactor) == "/x?token=2")
    }

    @Test(arguments: [
        ("/a?token=1;2&x=3", "/a?token=<redacted>&x=3"), ("/a?x=token=1", "/a?x=token=1"),
        ("/token=1", "/token=1"), ("/a?tokens=1&token", "/a?tokens=1&token"), ("/a?token=", "/a?token="),
        ("/a?%74oken=1", "/a?%74oken=<redacted>"),
        ("/a?next=%2Fcb%3Ftoken%3Dse%26x%3D1&b=2", "/a?next=%2Fcb%3Ftoken%3D<redacted>%26x%3D1&b=2"),
        ("/a?u=%2F%3Fx%3D%252F%253Ftoken%253D1%2526y%26z", "/a?u=%2F%3Fx%3D%252F%253Ftoken%253D<redacted>%2526y%26z"),
        ("/a?token=1%26b=2&c", "/a?token=<redacted>&c"), ("/a?x=100%&token=1", "/a?x=100%&token=<redacted>"),
        ("/a?x%3ftoken%3D1", "/a?x%3ftoken%3D<redacted>"), ("/a?x=%", "/a?x=%"),
        ("/a?token[]=1&token[a]=2", "/a?token[]=<redacted>&token[a]=<redacted>"),
    ])
    func queryParameters(target: String, expected: String) {
        let redactor = Self.redactor(query: ["token"])
        var message = SampleMessages.http1(.http1Request, "GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
        redactor.redact(&message)
        #expect(String(decoding: message.headers.octets[message.target.range], as: UTF8.self) == expected)
        #expect(String(decoding: message.headers.octets[message.host.range], as: UTF8.self) == "h")
        var transaction = Transaction()
        transaction.target = Array(target.utf8)
        redactor.redact(&transaction)
        #expect(String(decoding: transaction.target, as: UTF8.self) == expected)
    }

    @Test(arguments: [
        (#"{"password": "a\"b", "x": 1}"#, #"{"password": "<redacted>", "x": 1}"#),
        (#"{"PASSWORD":-1.5e3}"#, #"{"PASSWORD":"<redacted>"}"#),
        (#"{"password":null,"a":"password"}"#, #"{"password":null,"a":"password"}"#),
        (
            #"{"password":{"a":["b",2,null],"c":true}}"#,
            #"{"password":{"a":["<redacted>","<redacted>",null],"c":"<redacted>"}}"#
        ),
        (#"[{"pass\u0077ord":"x"}]"#, #"[{"pass\u0077ord":"<redacted>"}]"#),
        (#"{"s":"{\"password\":\"x\\\"y\"}"}"#, #"{"s":"{\"password\":\"<redacted>\"}"}"#),
        (#"data: it's 5" wide {"password":"x"}"#, #"data: it's 5" wide {"password":"<redacted>"}"#),
        (#"{"password":"cut"#, #"{"password":"<redacted>"#),
        (#"{"password":'x', "a":1}"#, #"{"password":"<redacted>""#),
        (#"{"passwords":"x"}"#, #"{"passwords":"x"}"#),
        (#"{"password":"""#, #"{"password":"""#),
    ])
    func jsonMembers(body: String, expected: String) {
        let redactor = Self.redactor(json: ["password"])
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        var message = SampleMessages.http1(.http1Response, head, body: Array(body.utf8))
        message.body.digest = [1]
        redactor.redact(&message)
        #expect(String(decoding: message.body.octets, as: UTF8.self) == expected)
        #expect(message.body.digest.isEmpty == (body != expected))
        #expect(message.notes == (body == expected ? [] : [.bodyRedacted]))
        #expect(message.wire.count == head.utf8.count + body.utf8.count)
    }

    @Test func formParametersGoByBothLists() {
        let redactor = Self.redactor(query: ["token"], json: ["password"])
        let head = "POST / HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\r\n\r\n"
        var message = SampleMessages.http1(.http1Request, head, body: Array("password=a+b&c=d&token=%41".utf8))
        redactor.redact(&message)
        #expect(
            String(decoding: message.body.octets, as: UTF8.self) == "password=<redacted>&c=d&token=<redacted>")
        #expect(String(decoding: message.wire, as: UTF8.self) == head + "password=***&c=d&token=***")
    }

    /// Protobuf has no names, but JSON may stand in it, or in its place.
    @Test func jsonInMessagesOfGRPCIsSearched() {
        let json = Array(#"{"password":"x"}"#.utf8)
        for (body, mark) in [(json, []), ([10, UInt8(json.count)] + json, [10, UInt8(json.count)])] {
            var message = SampleMessages.body(.grpc, body)
            message.wire = []
            Self.redactor(json: ["password"]).redact(&message)
            #expect(message.body.octets == mark + Array(#"{"password":"<redacted>"}"#.utf8))
        }
        var binary = SampleMessages.body(.grpc, [0x38, 0x26, 0x74, 0x3D, 0x31])
        Self.redactor(query: ["t"]).redact(&binary)
        #expect(binary.body.octets == [0x38, 0x26, 0x74, 0x3D, 0x31])
    }

    /// Debug data is text for people (RFC 9113 § 6.8).
    @Test func whatGoAwaySaysIsSearchedAsRawOctetsAre() {
        let redactor = Self.redactor(query: ["token"], json: ["password"])
        let text = "Authorization: Basic eA==\nbad \"password\":\"x\" /a?token=1 end"
        var message = SampleMessages.body(.http2Frame, [0, 0, 0, 1, 0, 0, 0, 2] + Array(text.utf8), code: 7)
        message.wire = message.body.octets
        redactor.redact(&message)
        #expect(
            String(decoding: message.body.octets.dropFirst(8), as: UTF8.self)
                == "Authorization: Basic <redacted>\nbad \"password\":\"<redacted>\" /a?token=<redacted> end")
        #expect(message.wire.isEmpty && message.notes.contains(.bodyRedacted))
    }

    /// A secret that a gap, a silence or the limit of a message cuts in two goes on in the next raw octets.
    @Test(arguments: [
        (["FOO\r\nAuthorization: Bearer ", "ab", "cd\r\nHost: a"], ["", "<redacted>", "<redacted>\r\nHost: a"]),
        (["X\r\nCookie: s=ab", "cd; t=ef\r\nHost: a\r\n"], ["", "<redacted>\r\nHost: a\r\n"]),
        (["X\r\nauthoriz", "ation: Basic eA==\r\nb: c"], ["", "ation: <redacted>\r\nb: c"]),
        (["X\r\nauthoriz", "gap", "er eA==\r\nb: c"], ["", "", "<redacted>\r\nb: c"]),
        (["{\"password\":\"", "ab\"}\nx"], ["", "<redacted>\nx"]),
        (["GET /?token=a", "gap", "b HTTP/1.1\r\nHost: a"], ["", "", "<redacted>\r\nHost: a"]),
        (["Host: a", "b\r\nHost: c"], ["", "b\r\nHost: c"]), (["Cookie: a=b\r\n", "Host: c"], ["", "Host: c"]),
    ])
    func aSecretGoesOnBehindACut(pieces: [String], expected: [String]) {
        let seen = SeenBodies()
        let sink = RedactingSink(Self.redactor(query: ["token"], json: ["password"]), before: seen)
        for piece in pieces {
            let isGap = piece == "gap"
            sink.receive(SampleMessages.body(isGap ? .gap : .raw, isGap ? [] : Array(piece.utf8)))
            // Another connection and the other direction have nothing to do with it.
            seen.connection = 1
            sink.receive(SampleMessages.body(.raw, Array("plain\r\n".utf8)))
            seen.connection = 0
            var other = SampleMessages.body(.raw, Array("plain\r\n".utf8))
            other.direction = .sent
            sink.receive(other)
        }
        let own = stride(from: 0, to: seen.bodies.count, by: 3).map { seen.bodies[$0] }
        #expect(zip(own, expected).allSatisfy { $0 == $1 || $1.isEmpty }, "\(own)")
        #expect(!own.joined().contains("eA=="))
        #expect(!seen.wires.joined().contains("eA=="))
    }

    @Test func whatCannotBeSearchedSurelyIsLeftOut() {
        let redactor = Self.redactor(json: ["password"])
        var message = SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n", body: Array("part".utf8))
        message.markIncomplete(.gap(octets: 3))
        redactor.redact(&message)
        #expect(message.body.octets.isEmpty)
        #expect(message.notes.dropFirst() == [.wireWithheld(octets: 4), .bodyWithheld(octets: 4)])
        // Where no body is to be redacted, it stays.
        var other = SampleMessages.http1(.http1Response, "HTTP/1.1 200 OK\r\n\r\n", body: Array("part".utf8))
        other.markIncomplete(.gap(octets: 3))
        Self.redactor().redact(&other)
        #expect(other.body.octets == Array("part".utf8))
    }

    @Test func headerBlocksAsCapturedAreLeftOut() {
        var message = SampleMessages.http2(.http2Request, [(":path", "/"), ("cookie", "a=1")])
        message.wire = [1, 2, 3]
        Self.redactor().redact(&message)
        #expect(message.wire.isEmpty)
        #expect(message.notes == [.wireWithheld(octets: 3)])
        var plain = SampleMessages.http2(.http2Request, [(":path", "/")])
        plain.wire = [1, 2, 3]
        #expect(!Self.redactor().concerns(plain))
        Self.redactor().redact(&plain)
        #expect(plain.wire == [1, 2, 3])
    }

    @Test func hashesTellSecretsApartWithinARun() {
        let redactor = Self.redactor(mode: .hash)
        let first = Self.value("Authorization", "Bearer abc", redactor)
        #expect(first.hasPrefix("Bearer sha256:") && first.utf8.count == 30)
        #expect(first == Self.value("Authorization", "Bearer abc", redactor))
        #expect(first != Self.value("Authorization", "Bearer abd", redactor))
        #expect(first != Self.value("Authorization", "Bearer abc", Self.redactor(mode: .hash, salt: [2])))
        // Without a digest there is nothing to show.
        var settings = RedactionSettings()
        settings.mode = .hash
        let bare = Redactor(settings, salt: [1], tools: NoBodyTools())
        #expect(Self.value("Authorization", "abc", bare) == "<redacted>")
    }

    @Test func theSinkBehindGetsNoSecret() {
        let recorder = Recorder()
        let sink = RedactingSink(Self.redactor(query: ["t"]), before: recorder)
        sink.receive(SampleMessages.http1(.http1Request, "GET /?t=1 HTTP/1.1\r\n\r\n"))
        var transaction = SampleMessages.transaction
        transaction.target = Array("/?t=1".utf8)
        sink.receive(transaction)
        sink.count(.startLine, octets: 3)
        #expect(recorder.seen == ["/?t=<redacted>", "/?t=<redacted>", "startLine 3"])
    }

    final class Recorder: MessageSink {
        var seen: [String] = []

        func receive(_ message: borrowing Message) {
            seen.append(String(decoding: message.headers.octets[message.target.range], as: UTF8.self))
        }
        func receive(_ transaction: borrowing Transaction) {
            seen.append(String(decoding: transaction.target, as: UTF8.self))
        }
        func count(_ malformation: Malformation, octets: UInt64) { seen.append("\(malformation) \(octets)") }
    }
}

private final class SeenBodies: MessageSink {
    var bodies: [String] = []
    var wires: [String] = []
    var connection = 0

    func receive(_ message: borrowing Message) {
        bodies.append(String(decoding: message.body.octets, as: UTF8.self))
        wires.append(String(decoding: message.wire, as: UTF8.self))
    }
    func receive(_ transaction: borrowing Transaction) {}
    func count(_ malformation: Malformation, octets: UInt64) {}
}
