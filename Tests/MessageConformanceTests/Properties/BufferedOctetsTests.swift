import AppProtocols
import Events
import MessageTestSupport
import Pipeline
import Testing

/// What all connections hold together is bounded, whatever they speak, and nothing is lost by that.
@Suite struct BufferedOctetsTests {
    private static let limit = 1 << 20
    private static let piece = 8_192
    /// What one share of the keys may hold, and one event more before it is noticed; with it a list's fields.
    private static let peakMax = UInt64(limit + 16 * 2 * piece)

    private static func event(
        _ connection: Int, at step: Int, _ direction: Direction, _ octets: [UInt8]
    ) -> SourceEvent {
        var head = EventHead()
        head.time = 1_700_000_000_000_000_000 + Int64(step) * 1_000
        head.pid = UInt32(connection + 1)
        head.tid = head.pid
        head.sock = UInt64(connection + 1)
        head.fd = 5
        head.direction = direction
        return SourceEvent(head: head, payload: octets)
    }

    /// Beginnings of every connection first, then a piece of each, turn by turn, so that all are unfinished at once.
    private static func events(
        connections: Int, pieces: Int, beginning: [(Direction, [UInt8])], piece: (Int) -> [UInt8]
    ) -> [SourceEvent] {
        var events: [SourceEvent] = []
        for connection in 0..<connections {
            for (direction, octets) in beginning {
                events.append(event(connection, at: events.count, direction, octets))
            }
        }
        for number in 0..<pieces {
            let octets = piece(number)
            for connection in 0..<connections {
                events.append(event(connection, at: events.count, .received, octets))
            }
        }
        return events
    }

    private static func run(_ events: [SourceEvent], threads: Int = 2) throws -> PipelineResult {
        let result = try PipelineResult(events) { settings in
            settings.heldOctetsMax = limit
            settings.threads = threads
        }
        #expect(result.counts.isBalanced && result.counts.deliveredEvents == UInt64(events.count))
        #expect(result.counts.heldOctetsPeak > UInt64(limit / 4))
        #expect(result.counts.heldOctetsPeak <= peakMax)
        return result
    }

    private static let request = HTTP1Octets.message("GET / HTTP/1.1", [("Host", "h")], .none)

    /// 256 responses that are all on their way, 20 MiB of bodies in all: shown in parts that make up the whole.
    @Test func unfinishedHTTP1Bodies() throws {
        let (connections, pieces) = (256, 10)
        let body = [UInt8](repeating: UInt8(ascii: "b"), count: Self.piece)
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(pieces * Self.piece)\r\n\r\n".utf8)
        let events = Self.events(
            connections: connections, pieces: pieces, beginning: [(.sent, Self.request), (.received, head)]
        ) { _ in body }
        let result = try Self.run(events)
        #expect(result.counts.flushedConnections > 0 && result.counts.overflowConnections == 0)
        #expect(result.counts.flushedOctets > 4 << 20)
        let responses = result.messages.filter { $0.kind == .http1Response }
        for (_, parts) in Dictionary(grouping: responses, by: \.base.pid) {
            #expect(parts.reduce(0) { $0 + $1.message.body.octets.count } == pieces * Self.piece)
            #expect(parts.count > 1 && !parts[0].message.isContinuation)
            #expect(parts.dropFirst().allSatisfy { $0.message.isContinuation })
            for part in parts.dropLast() {
                #expect(!part.isComplete && part.notes.contains(.memoryLimited))
            }
        }
        // Every one ended as it should: as a transaction it is whole.
        #expect(result.transactions.count == connections)
        #expect(result.transactions.allSatisfy { $0.isComplete && $0.responseLength == UInt64(pieces * Self.piece) })
    }

    /// Who was silent longest gives way first, whatever the number of threads.
    @Test func theLongestSilentGiveWayAndThreadsDoNotShow() throws {
        let body = [UInt8](repeating: UInt8(ascii: "b"), count: Self.piece)
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n".utf8)
        let events = Self.events(
            connections: 300, pieces: 1, beginning: [(.sent, Self.request), (.received, head)]
        ) { _ in body }
        let one = try Self.run(events, threads: 1)
        let early = one.messages.filter { $0.notes.contains(.memoryLimited) }.map(\.base.pid)
        // In each share in the order of arrival, and the newest are not among them.
        #expect(early.count > 150 && (early.max() ?? 0) < 300)
        let signature = one.messages.map(\.signature)
        for threads in [2, 5] { #expect(try Self.run(events, threads: threads).messages.map(\.signature) == signature) }
    }

    /// Heads cannot be shown before they are whole: connections end, and what they held is shown.
    @Test func unfinishedHeads() throws {
        let line = Array(("X: " + String(repeating: "h", count: Self.piece - 5) + "\r\n").utf8)
        let events = Self.events(
            connections: 100, pieces: 6,
            beginning: [(.sent, Self.request), (.received, Array("HTTP/1.1 200 OK\r\n".utf8))]
        ) { _ in line }
        let result = try Self.run(events)
        #expect(result.counts.overflowConnections > 0 && result.counts.overflowOctets > 0)
        let shown = result.messages.filter { $0.direction == .received }
        let octets = shown.reduce(0) { $0 + $1.message.headers.octets.count + $1.message.body.octets.count }
        // Ended connections begin anew with the next line, which is raw.
        #expect(octets == 100 * (17 + 6 * line.count))
    }

    /// Streams of few connections hold as much as many connections do.
    @Test func unfinishedHTTP2Streams() throws {
        let (connections, streams) = (4, 64)
        var requests = HTTP2Octets.preface + HTTP2Octets.frame(4)
        var heads = HTTP2Octets.frame(4)
        var (client, server) = (HeaderEncoder(), HeaderEncoder())
        for stream in 0..<streams {
            let id = UInt32(2 * stream + 1)
            let fields = [(":method", "GET"), (":path", "/\(stream)"), (":authority", "h"), (":scheme", "https")]
            requests += HTTP2Octets.headers(id, client.encode(fields), isEnd: true)
            heads += HTTP2Octets.headers(id, server.encode([(":status", "200")]), isEnd: false)
        }
        let body = [UInt8](repeating: UInt8(ascii: "b"), count: Self.piece)
        let events = Self.events(
            connections: connections, pieces: 2 * streams, beginning: [(.sent, requests), (.received, heads)]
        ) { number in
            HTTP2Octets.data(UInt32(2 * (number % streams) + 1), body, isEnd: number >= streams)
        }
        let result = try Self.run(events)
        #expect(result.counts.flushedConnections > 0 && result.counts.overflowConnections == 0)
        #expect(result.transactions.count == connections * streams)
        #expect(result.transactions.allSatisfy { $0.isComplete && $0.responseLength == UInt64(2 * Self.piece) })
        let octets = result.messages.reduce(0) { $0 + ($1.kind == .http2Response ? $1.message.body.octets.count : 0) }
        #expect(octets == connections * streams * 2 * Self.piece)
    }

    /// A message of WebSocket in fragments without end.
    @Test func unfinishedWebSocketMessages() throws {
        let upgrade = Array("GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8)
        let answer = Array(
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n".utf8)
        let payload = [UInt8](repeating: UInt8(ascii: "w"), count: Self.piece)
        let events = Self.events(
            connections: 200, pieces: 3, beginning: [(.sent, upgrade), (.received, answer)]
        ) { number in
            [number == 0 ? 1 : 0, 126, UInt8(Self.piece >> 8), UInt8(Self.piece & 255)] + payload
        }
        let result = try Self.run(events)
        #expect(result.counts.flushedConnections > 0)
        let messages = result.messages.filter { $0.kind == .webSocket }
        #expect(messages.reduce(0) { $0 + $1.message.body.octets.count } == 200 * 3 * Self.piece)
        #expect(messages.contains { $0.notes.contains(.memoryLimited) })
    }

    /// Messages of gRPC are cut out of a body that is held as well: both count.
    @Test func unfinishedGRPCMessages() throws {
        var (client, server) = (HeaderEncoder(), HeaderEncoder())
        let type = ("content-type", "application/grpc")
        let request =
            HTTP2Octets.preface + HTTP2Octets.frame(4)
            + HTTP2Octets.headers(
                1, client.encode([(":method", "POST"), (":path", "/s/m"), (":authority", "h"), type]), isEnd: true)
        let head =
            HTTP2Octets.frame(4) + HTTP2Octets.headers(1, server.encode([(":status", "200"), type]), isEnd: false)
            + HTTP2Octets.data(1, [0, 0, 1, 0, 0], isEnd: false)
        let octets = [UInt8](repeating: 7, count: Self.piece)
        let events = Self.events(connections: 100, pieces: 8, beginning: [(.sent, request), (.received, head)]) {
            HTTP2Octets.data(1, octets, isEnd: $0 == 7)
        }
        let result = try Self.run(events)
        #expect(result.counts.flushedConnections > 0)
        let messages = result.messages.filter { $0.kind == .grpc }
        #expect(messages.reduce(0) { $0 + $1.message.body.octets.count } == 100 * 8 * Self.piece)
        #expect(messages.contains { $0.notes.contains(.memoryLimited) })
    }

    /// Nobody speaks, and nothing is held: idle connections count for nothing.
    @Test func finishedMessagesHoldNothing() throws {
        let response = HTTP1Octets.message(
            "HTTP/1.1 200 OK", [], .length, body: [UInt8](repeating: UInt8(ascii: "b"), count: 100_000))
        var events: [SourceEvent] = []
        for connection in 0..<500 {
            events.append(Self.event(connection, at: events.count, .sent, Self.request))
            events.append(Self.event(connection, at: events.count, .received, response))
        }
        let result = try PipelineResult(events) { $0.heldOctetsMax = Self.limit }
        #expect(result.counts.flushedConnections == 0 && result.counts.overflowConnections == 0)
        #expect(result.counts.heldOctetsPeak < 100_000)
        #expect(result.messages.allSatisfy { $0.isComplete })
    }
}
