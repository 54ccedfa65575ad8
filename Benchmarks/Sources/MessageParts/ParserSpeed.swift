import AppProtocols
import Events
import KernelIO
import Octets
import Pipeline

/// The parsers alone, on one thread: octets in, messages counted.
enum ParserSpeed {
    private final class Counter: MessageSink {
        var messages = 0
        func receive(_ message: borrowing Message) { messages += 1 }
        func receive(_ transaction: borrowing Transaction) {}
        func count(_ malformation: Malformation, octets: UInt64) {}
    }

    /// Requests as browsers send them: 700 octets of head, 14 fields.
    static func http1() -> String {
        let request = Array(
            """
            GET /articles/2024/05/some-title?ref=front&position=3 HTTP/1.1\r
            Host: www.example.com\r
            Connection: keep-alive\r
            Cache-Control: max-age=0\r
            Upgrade-Insecure-Requests: 1\r
            User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0\r
            Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r
            Sec-Fetch-Site: same-origin\r
            Sec-Fetch-Mode: navigate\r
            Sec-Fetch-Dest: document\r
            Referer: https://www.example.com/articles/2024/05/\r
            Accept-Encoding: gzip, deflate, br, zstd\r
            Accept-Language: en-GB,en;q=0.9\r
            Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r
            X-Requested-With: bench\r
            \r

            """.utf8)
        var octets: [UInt8] = []
        var requests = 0
        while octets.count + request.count <= 16_384 {
            octets += request
            requests += 1
        }
        let rounds = 20_000
        let (seconds, messages) = time(octets, rounds)
        check(messages, rounds * requests)
        return row("HTTP/1 requests of \(request.count) octets", octets.count * rounds, seconds, atLeast: 500)
    }

    /// One response of DATA frames of 16 KiB without an end; beyond the body's limit they are counted and digested.
    static func http2() -> String {
        var octets: [UInt8] = []
        for _ in 0..<4 {
            octets += [0, 0x40, 0, 0, 0, 0, 0, 0, 1]
            octets += [UInt8](repeating: 0x61, count: 16_384)
        }
        var start: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        start += [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]
        let rounds = 16
        var end: [UInt8] = [0, 0, 0, 0, 1, 0, 0, 0, 1]
        var seconds = 0.0
        // Bodies within the limit, one stream after the other, as a server sends files.
        let sink = Counter()
        var conversation = Conversation(ParserContext(ParserSettings(), ContentTools()))
        let pieces = 200
        for piece in 0..<pieces {
            let id = UInt8(truncatingIfNeeded: 1 + 2 * (piece % 100))
            for index in stride(from: 8, to: octets.count, by: 16_393) { octets[index] = id }
            start[start.count - 2] = id
            end[8] = id
            let settings = piece == 0 ? 0 : 9
            let began = Clock.monotonicNanoseconds
            conversation.receive(start.span.extracting(settings...), .received, at: 1, to: sink)
            for _ in 0..<rounds - 1 { conversation.receive(octets.span, .received, at: 1, to: sink) }
            conversation.receive(end.span, .received, at: 1, to: sink)
            seconds += Double(Clock.monotonicNanoseconds - began) / 1e9
        }
        check(sink.messages, pieces)
        return row("HTTP/2 DATA in frames of 16 KiB", octets.count * (rounds - 1) * pieces, seconds, atLeast: 1_000)
    }

    private static func time(_ octets: [UInt8], _ rounds: Int) -> (Double, Int) {
        let sink = Counter()
        var conversation = Conversation(ParserContext(ParserSettings(), ContentTools()))
        let began = Clock.monotonicNanoseconds
        for _ in 0..<rounds { conversation.receive(octets.span, .sent, at: 1, to: sink) }
        return (Double(Clock.monotonicNanoseconds - began) / 1e9, sink.messages)
    }

    private static func check(_ messages: Int, _ expected: Int) {
        if messages != expected { print("**\(messages) messages, not \(expected)**") }
    }

    private static func row(_ name: String, _ octets: Int, _ seconds: Double, atLeast goal: Int) -> String {
        let rate = Int(Double(octets) / seconds / 1e6)
        return "| \(name) | \(rate) MB/s | ≥ \(goal) MB/s | \(rate >= goal ? "met" : "**missed**") |"
    }
}
