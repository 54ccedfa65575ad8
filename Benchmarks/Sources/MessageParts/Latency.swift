import AppProtocols
import Events
import KernelIO
import Octets
import Outputs
import Pipeline

/// The time from an event to its record in a live run: 50,000 events a second, each a whole request on one of 1,000
/// connections, shown as text.
enum Latency {
    private final class Renderer: MessageRenderer {
        private let format = MessageTextFormat()

        func append(_ message: borrowing Message, of base: BaseInfo, to output: inout OctetBuffer) {
            let start = output.count
            format.append(message, base, to: &output)
            // The record is replaced by the time of its event: the text was made, and is not needed.
            output.truncate(to: start)
            let time = UInt64(bitPattern: message.time)
            output.write(atMost: 8) { $0.append(word: time, count: 8) }
        }

        func append(_ transaction: borrowing Transaction, of base: BaseInfo, to output: inout OctetBuffer) {}
        func append(text: Span<UInt8>, of base: BaseInfo, to output: inout OctetBuffer) {}
    }

    static func rows() throws -> [String] {
        var settings = EventProcessor.Settings(registry: .standard)
        settings.isLive = true
        settings.policy = .drop
        let delays = Monitor([Int64]())
        let processor = try EventProcessor(
            settings, makeTools: { ContentTools() }, makeRenderer: { Renderer() },
            output: { octets throws(SystemFailure) in
                let now = Clock.wallNanoseconds
                delays.withLock { delays in
                    for offset in stride(from: 0, to: octets.count, by: 8) {
                        delays.append(now - Int64(bitPattern: octets.littleEndian64(at: offset)))
                    }
                }
            })
        let request = Array(
            "GET /item HTTP/1.1\r\nHost: api.example.com\r\nAccept: */*\r\nX-Id: 1234567890\r\n\r\n".utf8)
        let events = 250_000
        let start = Clock.wallNanoseconds
        var made = 0
        while made < events {
            // As many as are due by now, then on to the next: nobody sleeps as exactly as that.
            let due = min(events, Int((Clock.wallNanoseconds - start) / 20_000))
            while made < due {
                var head = EventHead()
                head.direction = .sent
                head.time = Clock.wallNanoseconds
                head.pid = 1
                head.fd = Int32(made % 1_000)
                _ = processor.write(head, request.span)
                made += 1
            }
            _ = delays.wait(nanoseconds: 50_000) { _ -> Void? in nil }
        }
        let (counts, _) = processor.close()
        let sorted = delays.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return ["**no records**"] }
        func row(_ name: String, _ share: Double, below goal: Int64) -> String {
            let index = min(sorted.count - 1, Int(Double(sorted.count) * share))
            let microseconds = sorted[index] / 1000
            return "| \(name) | \(microseconds) µs | < \(goal) µs | \(microseconds < goal ? "met" : "**missed**") |"
        }
        let isWhole = sorted.count == events && counts.queueFullEvents == 0
        return [
            row("event to record at 50,000 events/s, median", 0.5, below: 1_000),
            row("the same, 99th percentile", 0.99, below: 10_000),
            "| records of \(events) events; dropped | \(sorted.count); \(counts.queueFullEvents) | all; 0 "
                + "| \(isWhole ? "met" : "**missed**") |",
        ]
    }
}
