import Events
import Testing

@testable import AppProtocols

/// Which parser takes which octets: always the same one, and known as early as can be.
@Suite struct ParserRegistryTests {
    private static let http1Request = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
    private static let http1Response = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
    private static let ssh = Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)

    /// The numbers of eCapture's records stay, and what is new starts at 16.
    @Test func kindsKeepTheirNumbers() {
        let numbers: [(MessageKind, UInt8)] = [
            (.raw, 0), (.http1Request, 1), (.http2Request, 2), (.http1Response, 3), (.http2Response, 4),
            (.webSocket, 5), (.grpc, 16), (.gap, 17), (.http2Frame, 18),
        ]
        for (kind, number) in numbers { #expect(kind.rawValue == number) }
        #expect(MessageKind.allCases.count == numbers.count)
    }

    /// The preface of HTTP/2 is asked for before HTTP/1, whose request line it resembles; raw comes last.
    @Test func theOrderIsFixed() {
        let order = ParserRegistry.standard.entries.map(\.spoken)
        #expect(order.first == .http2 && order.last == .raw)
        #expect(Set(order) == Set(ConnectionProtocol.allCases) && order.count == ConnectionProtocol.allCases.count)
    }

    /// With more octets an answer is never taken back.
    @Test(arguments: [
        (http1Request, ParserRegistry.Answer.found(.http1)), (http1Response, .found(.http1)),
        (HTTP2Frame.preface + HTTP2Frame.settings(), .found(.http2)), (ssh, .none), ([0x16, 0x03, 0x01, 0x02], .none),
    ])
    func answersAreNotTakenBack(octets: [UInt8], expected: ParserRegistry.Answer) {
        for direction in Direction.allCases {
            var settled: ParserRegistry.Answer?
            for count in 1...octets.count {
                let answer = ParserRegistry.standard.detect(octets.span.extracting(first: count), direction)
                if let settled { #expect(answer == settled, "\(count) octets") }
                if answer != .needMore { settled = answer }
            }
            #expect(settled == expected)
        }
    }
}
