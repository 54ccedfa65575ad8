import AppProtocols
import MessageTestSupport
import Testing

@testable import Outputs

/// Case 58: values, flags, error codes and debug data.
@Suite struct HTTP2FrameTests {
    static let settings = SampleMessages.body(
        .http2Frame, [0, 4, 0, 0, 0xFF, 0xFF, 0, 5, 0, 0, 0x40, 0, 0xAB, 0xCD, 0, 0, 0, 1], code: 4)
    static let reset = SampleMessages.body(.http2Frame, [0, 0, 0, 8], code: 3)
    static let goAway = SampleMessages.body(
        .http2Frame, [0, 0, 0, 5, 0, 0, 0, 11] + Array("slow down".utf8), code: 7)
    static let window = SampleMessages.body(.http2Frame, [0x80, 0, 1, 0], code: 8)
    static let data = SampleMessages.body(.http2Frame, Array("part".utf8), code: 0, flags: 0x41)
    static let unknown = SampleMessages.body(.http2Frame, [0xFF], code: 0xFA)

    static let headers = padded(
        SampleMessages.body(.http2Frame, [0x80, 0, 0, 3, 199, 0x88, 0xBE], code: 1, flags: 0x2D), 2)
    static let promise = SampleMessages.body(.http2Frame, [0, 0, 0, 2, 0x82], code: 5, flags: 4)
    static let continuation = SampleMessages.body(.http2Frame, [0x82, 0x84], code: 9, flags: 4)

    private static func padded(_ message: Message, _ padding: UInt64) -> Message {
        var message = message
        message.body.length += padding + 1
        return message
    }

    /// Header blocks are told by their length, what stands before them by name.
    @Test func headerBlocks() {
        #expect(
            content(Self.headers) == """
                [HTTP/2 frame HEADERS, stream 1, END_STREAM, END_HEADERS, PADDED, PRIORITY, 10 octets]
                padding = 2
                depends_on = 3
                exclusive = 1
                weight = 200
                header_block = 2

                """)
        #expect(content(Self.promise).hasSuffix(", END_HEADERS, 5 octets]\npromised_stream = 2\nheader_block = 1\n"))
        #expect(
            content(Self.continuation).hasSuffix("CONTINUATION, stream 1, END_HEADERS, 2 octets]\nheader_block = 2\n"))
        #expect(
            json(Self.headers).contains(
                #","padding":2,"depends_on":3,"exclusive":1,"weight":200,"header_block":2,"body_length":10"#))
        #expect(json(Self.continuation).contains(#","header_block":2,"body_length":2"#))
        // One that breaks a rule is shown as it is.
        var malformed = Self.continuation
        malformed.markIncomplete(.malformed(.frameOrder))
        #expect(content(malformed).contains(", 2 octets]\n00000000  82 84"))
    }

    @Test func asText() {
        #expect(
            content(Self.settings) == """
                [HTTP/2 frame SETTINGS, stream 1, 18 octets]
                INITIAL_WINDOW_SIZE = 65535
                MAX_FRAME_SIZE = 16384
                setting 43981 = 1

                """)
        #expect(content(Self.reset).hasSuffix("RST_STREAM, stream 1, 4 octets]\nerror = CANCEL (8)\n"))
        #expect(content(Self.goAway).hasSuffix("last_stream = 5\nerror = ENHANCE_YOUR_CALM (11)\nslow down\n"))
        #expect(content(Self.window).hasSuffix("increment = 256\n"))
        #expect(
            content(Self.data) == "[HTTP/2 frame DATA, stream 1, END_STREAM, other flags 0x40, 4 octets]\npart\n")
        #expect(content(Self.unknown).hasPrefix("[HTTP/2 frame type 250, stream 1, 1 octets]\n00000000  ff "))
    }

    @Test func asJSON() {
        func members(_ message: Message) -> String {
            let json = json(message)
            return String(json[json.firstRange(of: "\"frame\"")!.lowerBound...])
        }
        #expect(
            members(Self.settings)
                == #""frame":"SETTINGS","frame_type":4,"flags":0,"flag_names":[],"settings":[["INITIAL_WINDOW_SIZE","#
                + #"65535],["MAX_FRAME_SIZE",16384],[43981,1]],"body_length":18,"complete":true}"# + "\n")
        #expect(members(Self.reset).contains(#""error":"CANCEL","error_code":8,"body_length":4"#))
        #expect(
            members(Self.goAway).contains(
                #""last_stream":5,"error":"ENHANCE_YOUR_CALM","error_code":11,"body":"slow down","body_length":17"#))
        #expect(members(Self.data).contains(#""flags":65,"flag_names":["END_STREAM"],"body":"part""#))
        #expect(members(Self.unknown).contains(#""frame":null,"frame_type":250"#))
        #expect(members(Self.unknown).contains(#""body_base64":"/w==""#))
    }

    /// A length that no frame of the type has: the payload is shown as it is.
    @Test(arguments: [3, 4, 7, 8, 2] as [UInt8]) func wrongLengthsAreNoTrap(type: UInt8) {
        for count in 0..<9 {
            let message = SampleMessages.body(.http2Frame, [UInt8](repeating: 0xFE, count: count), code: type)
            #expect(text(message).contains("\(count) octets]"))
            #expect(json(message).contains("\"body_length\":\(count),"))
        }
    }
}
