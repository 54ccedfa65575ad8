import AppProtocols
import Events
import MessageTestSupport
import Pipeline
import Testing

/// Loads on which the original drops without a count.
@Suite struct LoadTests {
    private static func event(_ pid: UInt32, at time: Int64, _ octets: [UInt8]) -> SourceEvent {
        var head = EventHead()
        head.time = 1_700_000_000_000_000_000 + time
        head.pid = pid
        head.tid = pid
        head.fd = 5
        head.direction = .sent
        return SourceEvent(head: head, payload: octets)
    }

    private static func request(_ target: String) -> [UInt8] {
        HTTP1Octets.message("GET \(target) HTTP/1.1", [("Host", "h")], .none)
    }

    /// More events in a burst than the queue holds: what does not fit is counted and marked where it is missing.
    @Test func burstBeyondTheQueue() throws {
        let connections: UInt32 = 20
        var accepted: [UInt32: [String]] = [:]
        var dropped: [UInt32: UInt64] = [:]
        var droppedEvents: UInt64 = 0
        let result = try PipelineResult { settings in
            settings.policy = .drop
            settings.queueLength = 16
        } feed: { processor in
            for number in 0..<20_000 {
                let pid = 1 + UInt32(number) % connections
                let event = Self.event(pid, at: Int64(number), Self.request("/\(number)"))
                if processor.write(event.head, event.payload.span) == .accepted {
                    accepted[pid, default: []].append("/\(number)")
                } else {
                    dropped[pid, default: 0] += UInt64(event.payload.count)
                    droppedEvents += 1
                }
            }
            // The last of each connection comes through, and tells what is missing before it.
            for pid in 1...connections {
                let event = Self.event(pid, at: 20_000, Self.request("/last"))
                while processor.write(event.head, event.payload.span) != .accepted {
                    dropped[pid, default: 0] += UInt64(event.payload.count)
                    droppedEvents += 1
                }
                accepted[pid, default: []].append("/last")
            }
            return nil
        }
        #expect(result.counts.isBalanced && droppedEvents > 0)
        #expect(result.counts.queueFullEvents == droppedEvents)
        #expect(result.counts.missingOctets == dropped.values.reduce(0, +))
        for pid in 1...connections {
            let messages = result.messages.filter { $0.base.pid == pid }
            #expect(messages.filter { $0.kind == .http1Request }.map(\.target) == accepted[pid])
            let gaps = messages.filter { $0.kind == .gap }
            #expect(gaps.reduce(0) { $0 + ($1.message.gapLength ?? 0) } == dropped[pid] ?? 0)
            #expect(messages.count == gaps.count + (accepted[pid] ?? []).count)
        }
    }

    /// Connections that fall silent together, within one tick and with something unfinished each: all is shown.
    @Test(arguments: [1, 4]) func thousandsFallSilentTogether(threads: Int) throws {
        let count: UInt32 = 10_000
        var events: [SourceEvent] = []
        for pid in 1...count {
            events.append(Self.event(pid, at: Int64(pid), Self.request("/\(pid)") + Array("POST /rest".utf8)))
        }
        // Long after, so that the ticks in between all come.
        events.append(Self.event(count + 1, at: 60_000_000_000, Self.request("/late")))
        let result = try PipelineResult(events) { $0.threads = threads }
        #expect(result.counts.isBalanced && result.counts.evictedConnections == 0)
        #expect(result.counts.connections == UInt64(count) + 1)
        let requests = result.messages.filter { $0.kind == .http1Request }
        #expect(Set(requests.map(\.target)).count == Int(count) + 1)
        let rests = result.messages.filter { $0.kind != .http1Request }
        #expect(rests.count == Int(count) && rests.allSatisfy { $0.body == "POST /rest" })
        #expect(Set(rests.map(\.base.pid)).count == Int(count))
    }
}
