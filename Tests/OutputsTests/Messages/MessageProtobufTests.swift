import AppProtocols
import Events
import MessageTestSupport
import Outputs
import Testing

@Suite struct MessageProtobufTests {
    enum Value: Equatable {
        case number(UInt64)
        case octets([UInt8])
    }

    /// The fields of a message by the wire format alone.
    static func fields(_ octets: [UInt8]) throws -> [Int: Value] {
        var fields: [Int: Value] = [:]
        var offset = 0
        var last = 0
        func varint() -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: 0, to: 64, by: 7) {
                let octet = octets[offset]
                offset += 1
                value |= UInt64(octet & 0x7F) << UInt64(shift)
                if octet < 0x80 { break }
            }
            return value
        }
        while offset < octets.count {
            let tag = varint()
            let number = Int(tag >> 3)
            #expect(number > last, "fields stand in order")
            last = number
            if tag & 7 == 0 {
                fields[number] = .number(varint())
            } else {
                #expect(tag & 7 == 2)
                let count = Int(varint())
                fields[number] = .octets(Array(octets[offset..<(offset + count)]))
                offset += count
            }
        }
        return fields
    }

    /// The event of a record that is one, whole, with its length in front.
    static func event(_ record: [UInt8]) throws -> [Int: Value] {
        let entry = try fields([0x0A] + record)  // a length and what it counts, as a field
        guard case .octets(let octets) = entry[1], entry.count == 1 else { throw Broken() }
        let parts = try fields(octets)
        #expect(parts[1] == .number(2))
        guard case .octets(let event) = parts[2], parts.count == 2 else { throw Broken() }
        return try fields(event)
    }

    struct Broken: Error {}

    private static func text(_ text: String) -> Value { .octets(Array(text.utf8)) }

    @Test(arguments: MessageProtobufFormat.Schema.allCases)
    func numbersFieldsByTheSchema(schema: MessageProtobufFormat.Schema) throws {
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        let message = SampleMessages.http1(.http1Request, head)
        let event = try Self.event(rendered(message, MessageProtobufFormat(schema: schema)))
        let (process, tuple) = schema == .standard ? (3, 5) : (7, 3)
        #expect(
            event == [
                1: .number(UInt64(SampleMessages.time)),
                2: Self.text("1234_1235_curl_5_1_192.168.1.10:54321-93.184.216.34:443"),
                process: .number(1234), process + 1: Self.text("curl"),
                tuple: Self.text("192.168.1.10"), tuple + 1: .number(54_321),
                tuple + 2: Self.text("93.184.216.34"), tuple + 3: .number(443),
                9: .number(1), 10: .number(UInt64(head.utf8.count)), 11: Self.text(head),
            ])
    }

    @Test func leavesDefaultsOut() throws {
        let event = try Self.event(rendered(SampleMessages.body(.raw, []), MessageProtobufFormat(), info: BaseInfo()))
        #expect(event == [1: .number(UInt64(SampleMessages.time)), 2: Self.text("0_0__-1_0")])
    }

    /// Lengths of one, two, three and four octets, and fronts shorter and longer than usual: a control character takes
    /// four octets.
    @Test(arguments: [0, 1, 20, 100, 127, 128, 16_250, 16_383, 16_384, 3_000_000], ["", "c", "\u{1}"])
    func payloadsOfAnyLength(count: Int, letter: String) throws {
        var info = letter == "\u{1}" ? SampleMessages.info : BaseInfo()
        info.comm = CommandName(Array(String(repeating: letter, count: 15).utf8))
        let body = [UInt8](repeating: 0xFF, count: count)
        let event = try Self.event(rendered(SampleMessages.body(.raw, body), MessageProtobufFormat(), info: info))
        #expect(event[11] == (count == 0 ? nil : .octets(body)))
        let shown = letter == "\u{1}" ? "\\x01" : letter
        #expect(event[4] == (letter.isEmpty ? nil : Self.text(String(repeating: shown, count: 15))))
    }

    @Test func textIsAlwaysUTF8() throws {
        var info = BaseInfo()
        info.comm = CommandName([0x61, 0xFF])
        let event = try Self.event(rendered(SampleMessages.body(.raw, []), MessageProtobufFormat(), info: info))
        #expect(event[4] == Self.text("a\\xff"))
    }

    @Test func http2IsShownInLines() throws {
        let message = SampleMessages.http2(
            .http2Response, [(":status", "200"), ("a", "b")], body: [0xFE], trailers: [("t", "")])
        let event = try Self.event(rendered(message, MessageProtobufFormat()))
        #expect(event[11] == .octets(Array(":status: 200\na: b\n\n".utf8) + [0xFE] + Array("t: \n".utf8)))
        #expect(event[9] == .number(4))
    }
}
