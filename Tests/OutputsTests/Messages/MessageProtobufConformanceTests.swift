import AppProtocols
import Events
import Headers
import MessageTestSupport
import Octets
import Testing

@testable import Outputs

/// What the message format writes by hand against what swift-protobuf makes of the same values, octet for octet.
@Suite struct MessageProtobufConformanceTests {
    /// One message of a kind as parsers give it, with all that takes part in its payload.
    private static func message(_ kind: MessageKind) -> Message {
        switch kind {
        case .http1Request:
            SampleMessages.http1(kind, "POST /a HTTP/1.1\r\nHost: a\r\n\r\n", body: Array("hello".utf8))
        case .http1Response: SampleMessages.http1(kind, "HTTP/1.1 200 OK\r\n\r\n", body: [0, 0xFF])
        case .http2Request: SampleMessages.http2(kind, [(":method", "GET"), (":path", "/")])
        case .http2Response:
            SampleMessages.http2(kind, [(":status", "200")], body: [1, 2], trailers: [("grpc-status", "0")])
        case .raw, .webSocket, .grpc, .http2Frame:
            SampleMessages.body(kind, [UInt8](repeating: 0x61, count: 300), code: 1, target: "/t")
        case .gap: SampleMessages.body(kind, [])
        }
    }

    private static let infos: [BaseInfo] = {
        var v6 = SampleMessages.info
        v6.comm = CommandName([1, 2, 3, 0x61, 0xC3, 0xA9, 0xFF, 0x1B])
        v6.source = IPAddress(v6: 0x2001_0DB8_0000_0001, 0x1234_5678_9ABC_DEF0)
        v6.destination = IPAddress(v6: 0x2001_0DB8_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF)
        v6.pid = .max
        v6.tid = .max
        v6.fd = .max
        return [BaseInfo(), SampleMessages.info, v6]
    }()

    @Test(arguments: MessageKind.allCases, [0, 1, 2])
    func octetsAreThoseOfTheGeneratedCode(kind: MessageKind, program: Int) throws {
        var message = Self.message(kind)
        for (time, isContinuation) in [(0, false), (SampleMessages.time, false), (-1, true)] {
            message.time = Int64(time)
            message.isContinuation = isContinuation
            var info = Self.infos[program]
            info.time = message.time
            info.direction = message.direction
            var payload = OctetBuffer()
            MessagePayload.append(message, to: &payload)
            let event = EventMessage(info: info, type: UInt32(kind.rawValue), payload: [UInt8](payload))
            for (schema, generated) in [
                (MessageProtobufFormat.Schema.standard, EventSchema.standard), (.ecapture, .ecapture),
            ] {
                var expected = OctetBuffer()
                try LogEntryWriter(schema: generated).append(.event(event), to: &expected)
                // The direction in the UUID is the message's.
                info.direction = message.direction.opposite
                #expect(rendered(message, MessageProtobufFormat(schema: schema), info: info) == [UInt8](expected))
            }
        }
    }
}
