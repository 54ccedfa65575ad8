import CaptureTestSupport
import Events
import Headers
import Octets
import Testing

@testable import Streams

/// Connections that are made, put together again by the reassembler.
@Suite struct SyntheticConversationTests {
    /// What came out, by direction: octets, with `nil` for one that is missing.
    private struct Collected: StreamSink {
        var said: [Direction: [UInt8?]] = [:]
        var closed: Set<Direction> = []
        var resets = 0
        var ends = 0

        mutating func opened(_ connection: StreamConnection) {}
        mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64) {
            for index in octets.indices { said[direction, default: []].append(octets[index]) }
        }
        mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64) {
            said[direction, default: []] += [UInt8?](repeating: nil, count: gap.octets ?? 0)
        }
        mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64) { closed.insert(direction) }
        mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64) { resets += 1 }
        mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64) { ends += 1 }
    }

    private static let ends = [
        (IPAddress(v4: 0x0A00_0001), IPAddress(v4: 0x0A00_0002)), (IPAddress(v6: 1, 2), IPAddress(v6: 1, 3)),
    ]

    private static func conversation(_ family: Int) -> SyntheticConversation {
        SyntheticConversation(
            client: .init(address: ends[family].0, port: 50_000), server: .init(address: ends[family].1, port: 80))
    }

    @Test(arguments: [0, 1], 0..<10 as Range<UInt64>) func whatWasSaidComesBack(family: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var conversation = Self.conversation(family)
        var reassembler = StreamReassembler(settings: StreamSettings())
        var collected = Collected()
        var expected: [Direction: [UInt8?]] = [:]
        var time: Int64 = 1_000
        var frames: [[UInt8]] = []
        let emit = { (frame: Span<UInt8>, by: SyntheticConversation.Side) in
            frames.append(frame.indices.map { frame[$0] })
        }
        for _ in 0..<40 {
            let side = SyntheticConversation.Side.allCases.randomElement(using: &generator)!
            let direction: Direction = side == .client ? .sent : .received
            if Int.random(in: 0..<6, using: &generator) == 0 {
                let count = UInt64.random(in: 1...5_000, using: &generator)
                conversation.skip(count, by: side, emit)
                expected[direction, default: []] += [UInt8?](repeating: nil, count: Int(count))
            } else {
                let octets = (0..<Int.random(in: 0...5_000, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                conversation.say(octets.span, by: side, emit)
                expected[direction, default: []] += octets.map(Optional.some)
            }
        }
        // Something behind a last gap, so that it shows.
        for side in SyntheticConversation.Side.allCases {
            conversation.say([1].span, by: side, emit)
            expected[side == .client ? .sent : .received, default: []].append(1)
            conversation.finish(side, emit)
        }
        conversation.say([2].span, by: .client, emit)
        #expect(conversation.isOver)
        for frame in frames {
            time += 1_000
            let isRight = Self.hasRightChecksums(frame)
            #expect(isRight && frame.count <= 1_514)
            reassembler.receive(
                frame: frame.span, linkType: .ethernet, time: time, wireLength: UInt32(frame.count), to: &collected)
        }
        reassembler.finish(to: &collected)
        #expect(collected.said == expected)
        #expect(collected.closed == [.sent, .received] && collected.ends == 1)
    }

    @Test func resetsEndBoth() {
        var conversation = Self.conversation(0)
        var reassembler = StreamReassembler(settings: StreamSettings())
        var collected = Collected()
        let emit = { (frame: Span<UInt8>, by: SyntheticConversation.Side) in
            reassembler.receive(
                frame: frame, linkType: .ethernet, time: 1, wireLength: UInt32(frame.count), to: &collected)
        }
        conversation.say([1, 2, 3].span, by: .server, emit)
        conversation.reset(by: .client, emit)
        conversation.say([4].span, by: .server, emit)
        conversation.finish(.server, emit)
        #expect(conversation.isOver)
        reassembler.finish(to: &collected)
        #expect(collected.said == [.received: [1, 2, 3]] && collected.resets == 1)
    }

    /// Over the packet as it is, the sum is 0 (RFC 1071 § 1).
    private static func hasRightChecksums(_ frame: [UInt8]) -> Bool {
        let packet = frame.span.extracting(14..<frame.count)
        var checksum = InternetChecksum()
        guard packet[0] >> 4 == 4 else {
            checksum.add(packet.extracting(8..<packet.count))
            checksum.add(UInt16(6))
            checksum.add(UInt16(packet.count - 40))
            return checksum.value == 0
        }
        var header = InternetChecksum()
        header.add(packet.extracting(0..<20))
        checksum.add(packet.extracting(12..<packet.count))
        checksum.add(UInt16(6))
        checksum.add(UInt16(packet.count - 20))
        return header.value == 0 && checksum.value == 0
    }
}
