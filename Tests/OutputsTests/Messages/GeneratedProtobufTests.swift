import AppProtocols
import Events
import MessageTestSupport
import Testing

@testable import Outputs

/// What is written field by field is what the generated code writes.
@Suite struct GeneratedProtobufTests {
    static let messages = [
        SampleMessages.http1(.http1Request, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        SampleMessages.http2(.http2Response, [(":status", "200")], body: [0xFF, 0x00], trailers: [("t", "1")]),
        SampleMessages.body(.raw, []),
        SampleMessages.body(.grpc, [UInt8](repeating: 7, count: 20_000), target: "/a.B/C"),
    ]

    /// The record behind its length.
    private static func entry(_ record: [UInt8]) -> [UInt8] {
        Array(record.dropFirst((record.firstIndex { $0 < 0x80 } ?? 0) + 1))
    }

    @Test(arguments: 0..<4, [true, false]) func octetsAreTheSame(index: Int, isKnown: Bool) throws {
        let info = isKnown ? SampleMessages.info : BaseInfo()
        let message = Self.messages[index]
        let octets = Self.entry(rendered(message, MessageProtobufFormat(), info: info))
        let decoded = try PBLogEntry(serializedBytes: octets)
        let again: [UInt8] = try decoded.serializedBytes()
        #expect(again == octets)
        #expect(decoded.logType == .event)
        #expect(decoded.eventPayload.timestamp == SampleMessages.time)
        #expect(decoded.eventPayload.type == UInt32(message.kind.rawValue))
        #expect(decoded.eventPayload.pid == (isKnown ? 1234 : 0))
        #expect(Int(decoded.eventPayload.length) == decoded.eventPayload.payload.count)
    }
}
