import AppProtocols
import CaptureTestSupport
import Events
import Pipeline
import Testing

/// Output with marked gaps is the full output minus what the gaps touch:
///
/// 1. What was complete before a connection's first gap appears unchanged, and nothing else before it.
/// 2. Nothing appears that was not sent: a message without a mark is one of the full output, in its order; of one with
///    a mark every known header field was sent on the connection in that direction, and its body's octets were, in
///    their order.
/// 3. Every gap is marked: in the direction that it is in, by a message of its own or by a note.
@Suite struct DroppedEventTests {
    /// How a gap is told.
    enum Marking: CaseIterable { case eventOfItsOwn, nextEvent, unknownSize }

    @Test(arguments: 0..<8 as Range<UInt64>, Marking.allCases)
    func outputIsTheFullOneMinusTheGaps(seed: UInt64, marking: Marking) throws {
        var random = SeededGenerator(seed: seed)
        for pid in [2, 3] as [UInt32] {
            let conversation = RandomConversation(pid: pid, exchanges: 30, &random)
            let all = conversation.events.cutAnywhere(&random)
            let full = try PipelineResult(all).messages
            // The first events say what protocol it is.
            let dropped = Set(
                (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    Int.random(in: 8..<all.count - 1, using: &random)
                })
            let gapped = Self.drop(dropped, from: all, marking)
            let result = try PipelineResult(gapped) { $0.threads = Int.random(in: 1...4, using: &random) }
            let octets = dropped.reduce(0) { $0 + all[$1].payload.count }
            #expect(result.counts.isBalanced)
            #expect(result.counts.missingOctets == (marking == .unknownSize ? 0 : UInt64(octets)))
            let firstGap = try #require(dropped.map { all[$0].head.time }.min())
            Self.expectSameBefore(firstGap, result.messages, full)
            for direction in Direction.allCases {
                let sent = all.filter { $0.head.direction == direction }.flatMap(\.payload)
                let shown = result.messages.filter { $0.direction == direction }
                Self.expectNothingInvented(shown, full.filter { $0.direction == direction }, sent)
                let hasGap = dropped.contains { all[$0].head.direction == direction }
                #expect(!hasGap || shown.contains { Self.marksGap($0) }, "\(direction)")
            }
        }
    }

    private static func drop(_ dropped: Set<Int>, from events: [SourceEvent], _ marking: Marking) -> [SourceEvent] {
        var left: [SourceEvent] = []
        var missing: [Direction: UInt64] = [:]
        for (index, event) in events.enumerated() {
            var event = event
            let count = UInt64(event.payload.count)
            switch (dropped.contains(index), marking) {
            case (true, .nextEvent): missing[event.head.direction, default: 0] += count
            case (true, _):
                event.head.kind = .gap
                event.head.missing = marking == .unknownSize ? EventHead.unknown : count
                event.payload = []
                left.append(event)
            case (false, _):
                event.head.missing = missing.removeValue(forKey: event.head.direction) ?? 0
                left.append(event)
            }
        }
        // Nothing followed in that direction to tell it.
        for (direction, count) in missing.sorted(by: { $0.value < $1.value }) {
            var event = events[events.count - 1]
            event.head.direction = direction
            event.head.kind = .gap
            event.head.missing = count
            event.payload = []
            left.append(event)
        }
        return left
    }

    private static func expectSameBefore(_ time: Int64, _ shown: [ShownMessage], _ full: [ShownMessage]) {
        func before(_ messages: [ShownMessage]) -> [String] {
            messages.filter { $0.message.endTime < time && $0.isComplete && $0.kind != .gap }.map(\.signature)
        }
        #expect(before(shown) == before(full))
    }

    private static func expectNothingInvented(_ shown: [ShownMessage], _ full: [ShownMessage], _ sent: [UInt8]) {
        func content(_ message: ShownMessage) -> String {
            "\(message.kind) \(message.message.streamID) \(message.status) \(message.headers) \(message.trailers) "
                + message.body
        }
        var rest = full.map(content)[...]
        let lines = Set(full.flatMap { $0.headers + $0.trailers })
        for message in shown {
            if message.isComplete, message.notes.isEmpty, message.kind != .raw, message.kind != .gap {
                // Messages end in another order where one of them is cut.
                if let index = rest.firstIndex(of: content(message)) {
                    rest.remove(at: index)
                } else {
                    Issue.record("only with gaps: \(content(message))")
                }
            } else {
                let known = (message.headers + message.trailers).filter { !$0.contains("?") }
                if message.kind != .raw { #expect(lines.isSuperset(of: known)) }
                #expect(isSubsequence(message.message.body.octets, of: sent))
            }
        }
    }

    private static func isSubsequence(_ part: [UInt8], of whole: [UInt8]) -> Bool {
        var at = part.startIndex
        for octet in whole where at < part.endIndex && octet == part[at] { at += 1 }
        return at == part.endIndex
    }

    private static func marksGap(_ message: ShownMessage) -> Bool {
        message.kind == .gap
            || message.notes.contains { note in
                if case .gap = note { true } else { false }
            }
    }
}
