import AppProtocols
import Events
import Pipeline
import Testing

/// When a connection is held for silent: after ten ticks of 100 ms, on the events' own time.
@Suite struct SilenceTests {
    private static func run(_ events: [(milliseconds: Int64, pid: UInt32, text: String)], threads: Int) throws
        -> [String]
    {
        let result = try PipelineResult(
            events.map { event in
                var head = EventHead()
                head.time = 1_700_000_000_000_000_000 + event.milliseconds * 1_000_000
                head.pid = event.pid
                head.tid = event.pid
                head.fd = 3
                head.direction = .sent
                return SourceEvent(head: head, payload: Array(event.text.utf8))
            }
        ) { $0.threads = threads }
        #expect(result.counts.isBalanced)
        return result.messages.map { "\($0.base.pid) \($0.body)" }
    }

    /// Raw octets that come in time are one message, whatever else happens meanwhile; after the silence they are two.
    @Test(arguments: [1, 3]) func tenTicksEndWhatRawOctetsSay(threads: Int) throws {
        for (milliseconds, isOne) in [(100, true), (900, true), (1_100, false), (5_000, false)] as [(Int64, Bool)] {
            let others = stride(from: 10, to: milliseconds, by: 90).map { ($0, UInt32(2), ".") }
            let said = try Self.run([(0, 1, "one ")] + others + [(milliseconds, 1, "two")], threads: threads)
            let own = said.filter { $0.hasPrefix("1 ") }
            #expect(own == (isOne ? ["1 one two"] : ["1 one ", "1 two"]), "\(milliseconds)")
        }
    }

    /// The count begins anew with every event.
    @Test func eventsKeepAConnectionAwake() throws {
        let events = (0..<20).map { (Int64($0) * 900, UInt32(1), "\($0 % 10)") }
        #expect(try Self.run(events, threads: 2) == ["1 01234567890123456789"])
    }

    /// It needs no event of its own to end a silence: that time goes on is enough. At the end connections are shown in
    /// the order in which they were first seen.
    @Test func silenceIsShownBeforeWhatComesLater() throws {
        let said = try Self.run([(0, 1, "first"), (3_000, 2, "later"), (3_001, 1, " and on")], threads: 2)
        #expect(said == ["1 first", "1  and on", "2 later"])
    }
}
