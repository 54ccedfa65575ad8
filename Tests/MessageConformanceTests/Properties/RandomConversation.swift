import CaptureTestSupport
import Events
import MessageTestSupport
import Pipeline

/// One connection's random conversation: whole turns of both ends, in order.
struct RandomConversation {
    private(set) var turns: [(direction: Direction, octets: [UInt8])] = []
    let pid: UInt32

    /// HTTP/1 for even process numbers, HTTP/2 for odd ones.
    init(pid: UInt32, exchanges: Int, _ random: inout SeededGenerator) {
        self.pid = pid
        if pid.isMultiple(of: 2) { addHTTP1(exchanges, &random) } else { addHTTP2(exchanges, &random) }
    }

    /// The turns as events, each at its own microsecond.
    var events: [SourceEvent] {
        turns.enumerated().map { index, turn in
            var head = EventHead()
            head.time = 1_700_000_000_000_000_000 + Int64(index) * 1_000
            head.pid = pid
            head.tid = pid
            head.fd = 7
            head.direction = turn.direction
            return SourceEvent(head: head, payload: turn.octets)
        }
    }

    private static func body(_ random: inout SeededGenerator) -> [UInt8] {
        let count = Int.random(in: 0..<200, using: &random)
        return (0..<count).map { _ in UInt8.random(in: 0x61...0x7A, using: &random) }
    }

    private mutating func addHTTP1(_ exchanges: Int, _ random: inout SeededGenerator) {
        var requests: [UInt8] = []
        var responses: [UInt8] = []
        for number in 0..<exchanges {
            let body = Self.body(&random)
            let isPost = Bool.random(using: &random)
            requests += HTTP1Octets.message(
                "\(isPost ? "POST" : "GET") /\(pid)/\(number) HTTP/1.1", [("Host", "h\(pid)"), ("X-N", "\(number)")],
                isPost ? [.length, .chunks].randomElement(using: &random)! : .none, body: body)
            if Int.random(in: 0..<6, using: &random) == 0 {
                responses += HTTP1Octets.message("HTTP/1.1 100 Continue", [], .none)
            }
            let status = [200, 200, 404, 204, 304].randomElement(using: &random)!
            responses += HTTP1Octets.message(
                "HTTP/1.1 \(status) Reason", [("Server", "s\(pid)"), ("X-N", "\(number)")],
                status == 204 || status == 304 ? .none : [.length, .chunks].randomElement(using: &random)!,
                body: Self.body(&random), trailers: [("X-End", "\(number)")])
            // Several requests at once, now and then.
            guard number == exchanges - 1 || Int.random(in: 0..<3, using: &random) > 0 else { continue }
            turns += [(.sent, requests), (.received, responses)]
            requests = []
            responses = []
        }
    }

    private mutating func addHTTP2(_ exchanges: Int, _ random: inout SeededGenerator) {
        var client = HeaderEncoder()
        var server = HeaderEncoder()
        turns = [
            (.sent, HTTP2Octets.preface + HTTP2Octets.frame(4, [0, 3, 0, 0, 0, 100])),
            (.received, HTTP2Octets.frame(4) + HTTP2Octets.frame(4, flags: 1)),
        ]
        for number in 0..<exchanges {
            let stream = UInt32(2 * number + 1)
            let isGRPC = Int.random(in: 0..<3, using: &random) == 0
            let type = ("content-type", isGRPC ? "application/grpc" : "text/plain")
            let request = client.encode([
                (":method", "POST"), (":path", "/\(pid)/\(number)"), (":authority", "h\(pid)"), type,
            ])
            turns.append((.sent, Self.message(stream, request, isGRPC, trailers: [], &random)))
            let response = server.encode([(":status", "200"), type, ("x-pid", "\(pid)")])
            let trailers = isGRPC ? server.encode([("grpc-status", "0")]) : []
            var octets = Self.message(stream, response, isGRPC, trailers: trailers, &random)
            if Bool.random(using: &random) { octets = HTTP2Octets.frame(6, [UInt8](repeating: 1, count: 8)) + octets }
            turns.append((.received, octets))
        }
    }

    /// HEADERS, perhaps CONTINUATION, DATA in two frames, one of them padded, perhaps trailers.
    private static func message(
        _ stream: UInt32, _ block: [UInt8], _ isGRPC: Bool, trailers: [UInt8], _ random: inout SeededGenerator
    ) -> [UInt8] {
        var content = body(&random)
        if isGRPC { content = [0, 0, 0, 0, UInt8(content.count)] + content }
        let cut = Int.random(in: 0...content.count, using: &random)
        let isCut = Int.random(in: 0..<3, using: &random) == 0
        let blockCut = isCut ? Int.random(in: 0..<block.count, using: &random) : nil
        return HTTP2Octets.headers(stream, block, isEnd: false, cut: blockCut)
            + HTTP2Octets.data(
                stream, Array(content[..<cut]), isEnd: false, padding: Bool.random(using: &random) ? 3 : nil)
            + HTTP2Octets.data(stream, Array(content[cut...]), isEnd: trailers.isEmpty)
            + (trailers.isEmpty ? [] : HTTP2Octets.headers(stream, trailers, isEnd: true))
    }
}

extension [SourceEvent] {
    /// The same octets in events of random sizes.
    func cutAnywhere(_ random: inout SeededGenerator) -> [SourceEvent] {
        flatMap { event -> [SourceEvent] in
            var pieces: [SourceEvent] = []
            var at = 0
            while at < event.payload.count {
                let size = Int.random(in: 1...60, using: &random)
                var piece = event
                piece.payload = [UInt8](event.payload[at..<Swift.min(at + size, event.payload.count)])
                pieces.append(piece)
                at += size
            }
            return pieces
        }
    }
}

/// Lists in one, in a random order that keeps each list's own.
func interleaved(_ lists: [[SourceEvent]], _ random: inout SeededGenerator) -> [SourceEvent] {
    var rest = lists.map { $0[...] }.filter { !$0.isEmpty }
    var all: [SourceEvent] = []
    while !rest.isEmpty {
        let index = Int.random(in: rest.indices, using: &random)
        all.append(rest[index].removeFirst())
        if rest[index].isEmpty { rest.remove(at: index) }
    }
    return all
}
