/// What both ends of a connection say, in the forms the fuzzers of connections read.
enum ConnectionSeeds {
    // MARK: HTTP/2

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let settings = frame(4, 0, 0, [0, 3, 0, 0, 0, 100])
    /// `:method GET`, `:scheme https`, `:path /`, `:authority www.example.com` (RFC 7541 appendix C.4.1, Huffman code).
    private static let requestBlock: [UInt8] =
        [0x82, 0x87, 0x84, 0x41, 0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB, 0x90, 0xF4, 0xFF]
    /// `:status 200`, `a: b` into the table.
    private static let responseBlock: [UInt8] = [0x88, 0x40, 1, 0x61, 1, 0x62]

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream] + payload
    }

    private static let request = frame(1, 5, 1, requestBlock)
    private static let response = frame(1, 4, 1, responseBlock) + frame(0, 1, 1, Array("hello".utf8))
    private static let grpc =
        frame(
            1, 4, 3,
            [0x83, 0x86, 0x84, 0x5F, 0x10] + Array("application/grpc".utf8)) + frame(0, 1, 3, [0, 0, 0, 0, 1, 8])

    /// A list of steps behind the settings: what, how many octets, the octets.
    static var http2: [String: [UInt8]] {
        func say(_ sides: [(UInt8, [UInt8])], settings: UInt8 = 0) -> [UInt8] {
            [settings] + sides.flatMap { [$0, UInt8($1.count)] + $1 }
        }
        let exchange: [(UInt8, [UInt8])] = [(0, preface + Self.settings + request), (1, Self.settings + response)]
        return [
            "exchange": say(exchange), "limited": say(exchange, settings: 7),
            "gap": say([(0, preface + Self.settings), (12, []), (0, request)], settings: 3),
            "continuation": say([
                (0, preface + Self.settings + frame(1, 1, 1, Array(requestBlock.prefix(4)))),
                (0, frame(9, 4, 1, Array(requestBlock.dropFirst(4)))), (0x0E, []), (0x2E, []),
            ]),
            "grpc": say([(0, preface + Self.settings + grpc), (1, frame(3, 0, 3, [0, 0, 0, 8]))]),
        ]
    }

    /// Blocks, each behind its length.
    static var headerBlocks: [String: [UInt8]] {
        func block(_ octets: [UInt8]) -> [UInt8] { [UInt8(octets.count)] + octets }
        return [
            "request": block(requestBlock) + block([0x82, 0x87, 0x84, 0xBE]),
            "response": block(responseBlock) + block([0x88, 0xBE]),
            "table": block([0x3F, 0x45]) + block([0x20, 0x3F, 9, 0x40, 1, 0x61, 1, 0x62, 0x10, 1, 0x63, 0]),
        ]
    }

    // MARK: Conversations

    static var conversations: [String: [UInt8]] {
        func say(_ sides: [(UInt8, [UInt8])], choice: UInt8 = 0x0B) -> [UInt8] {
            [choice] + sides.flatMap { [$0, UInt8($1.count)] + $1 }
        }
        let get = Array("GET /a HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let ok = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
        let webSocket = Array("GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8)
        let switching = Array("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8)
        let connect = Array("CONNECT a:1 HTTP/1.1\r\n\r\n".utf8)
        let cleartext = Array("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n".utf8)
        return [
            "http1": say([(0, get), (1, ok), (0, get), (1, Array(ok.dropLast()))]),
            "gap": say([(0, get), (29, []), (1, ok), (0x1C, []), (0, get)]),
            "raw": say([(0, [1, 2, 3]), (1, [4]), (0x1E, []), (0, get)]),
            "websocket": say([(0, webSocket), (1, switching + [0x81, 1, 0x61]), (0, [0x88, 0])]),
            "tunnel": say([(0, connect + get), (1, Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + ok)]),
            "http2": say([(0, preface + settings + request), (1, settings + response)]),
            "cleartext": say([
                (0, cleartext), (1, Array("HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n".utf8) + settings + response),
                (0, preface + settings),
            ]),
        ]
    }

    // MARK: Segments

    /// Behind the octet that chooses settings, for each segment: the time that passed, its kind, the flags, the
    /// sequence number, the acknowledged one, the payload behind its length, and how much is cut off.
    static var segments: [String: [UInt8]] {
        func segment(_ kind: UInt8, _ flags: UInt8, _ sequence: UInt8, _ payload: String = "") -> [UInt8] {
            [10, kind, flags, sequence, 64, UInt8(payload.utf8.count)] + Array(payload.utf8) + [0]
        }
        let (fin, syn, ack): (UInt8, UInt8, UInt8) = (1, 2, 16)
        let handshake = segment(0, syn, 64) + segment(2, syn | ack, 64) + segment(0, ack, 65)
        return [
            "order": [0x1F] + handshake + segment(0, ack, 65, "hello") + segment(2, ack, 65, "world")
                + segment(0, fin | ack, 70) + segment(2, fin | ack, 70),
            "overlap": [0] + handshake + segment(0, ack, 70, "later") + segment(0, ack, 65, "hello")
                + segment(0, ack, 67, "llo la"),
            "gap": [0x1E] + handshake + segment(0, ack, 80, "gap") + segment(2, 4, 65),
        ]
    }
}
