import Events
import Headers
import PacketTestSupport
import Streams
import Testing

/// Segments that come in another order, again, or over each other.
@Suite struct OrderTests {
    @Test(arguments: [false, true]) func inOrder(isIPv6: Bool) {
        var talk = Conversation()
        talk.isIPv6 = isIPv6
        talk.handshake()
        talk.send(.alice, 1001, "GET ")
        talk.send(.bob, 5001, "200 OK")
        talk.send(.alice, 1005, "/")
        #expect(talk.text() == "GET /")
        #expect(talk.text(.received) == "200 OK")
        #expect(talk.streams[0].connection.basis == .handshake)
        #expect(talk.streams[0].connection.openerPort == 40_000)
        #expect(talk.streams[0].connection.opener.family == (isIPv6 ? .v6 : .v4))
        #expect(talk.streams[0].connection.firstSeen == 1_000_000_000)
    }

    /// Every order of five segments gives the same text.
    @Test func everyOrder() {
        let segments: [(UInt32, String)] = [(1001, "one "), (1005, "two "), (1009, "3 "), (1011, "four "), (1016, "5")]
        for order in permutations(Array(0..<5)) {
            var talk = Conversation()
            talk.handshake()
            for index in order { talk.send(.alice, segments[index].0, segments[index].1) }
            #expect(talk.text() == "one two 3 four 5", "\(order)")
            #expect(talk.reassembler.waitingOctets == 0)
        }
    }

    /// The end of a connection comes in any order, too.
    @Test func everyOrderWithAFIN() {
        for order in permutations(Array(0..<4)) {
            var talk = Conversation()
            talk.handshake()
            for index in order {
                talk.send(.alice, 1001 + UInt32(index) * 3, "abc", flags: index == 3 ? [.fin, .ack] : .ack)
            }
            #expect(talk.text() == "abcabcabcabc" && talk.streams[0].closed == [.sent], "\(order)")
        }
    }

    @Test func retransmission() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "hello")
        talk.send(.alice, 1001, "hello")
        talk.send(.alice, 1004, "lo you")
        #expect(talk.text() == "hello you")
        #expect(talk.ledger.retransmitted == 7 && talk.ledger.retransmittedSegments == 2)
    }

    /// What came first stays, before and behind the place where the stream stands.
    @Test func overlap() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1006, "FG")
        talk.send(.alice, 1005, "efghij")
        #expect(talk.ledger.overlapping == 2)
        talk.send(.alice, 1002, "BCDEF")
        #expect(talk.text() == "abCDeFGhij")
        #expect(talk.ledger.retransmitted == 1 && talk.ledger.overlapping == 4)
    }

    /// A segment over several that wait fills the holes between them only.
    @Test func overlapOfSeveralWaiting() {
        var talk = Conversation()
        talk.handshake()
        for sequence in [UInt32(1003), 1005, 1007] { talk.send(.alice, sequence, "x") }
        talk.send(.alice, 1001, "abcdefghij")
        #expect(talk.text() == "abxdxfxhij")
        #expect(talk.ledger.overlapping == 3)
    }

    @Test func wrapAround() {
        var talk = Conversation()
        talk.send(.alice, UInt32.max - 3, flags: .syn)
        talk.send(.bob, 5000, flags: [.syn, .ack], acknowledging: UInt32.max - 2)
        talk.send(.alice, 0, "defg")
        talk.send(.alice, 4, "hi", flags: [.fin, .ack])
        talk.send(.alice, UInt32.max - 2, "abc")
        #expect(talk.text() == "abcdefghi")
        #expect(talk.streams[0].closed == [.sent])
    }

    /// More than 4 GiB pass, so sequence numbers come round to where they were. Cut segments stand for the most of it.
    @Test func sequenceNumbersComeRound() {
        var talk = Conversation()
        talk.handshake()
        var sequence: UInt32 = 1001
        let large = [UInt8](repeating: 0x61, count: 65_000)
        let frames = Int(UInt32.max) / 65_000 + 2
        let packet = talk.packet(.alice, talk.segment(.alice, 0, large, flags: .ack))
        let template = Array(Packets.ethernet(.ipv4, packet).prefix(55))
        for _ in 0..<frames {
            var frame = template
            for octet in 0..<4 { frame[38 + octet] = UInt8(truncatingIfNeeded: sequence >> UInt32(24 - 8 * octet)) }
            talk.reassembler.receive(
                frame: frame.span, linkType: .ethernet, time: talk.time, wireLength: UInt32(54 + large.count),
                to: &talk.sink)
            sequence &+= 65_000
        }
        #expect(talk.streams.count == 1)
        #expect(talk.ledger.delivered == UInt64(frames))
        #expect(talk.ledger.gapOctets[.snapLength] == UInt64(frames) * 64_999)
    }

    /// Padding that Ethernet adds to short frames is no data.
    @Test func padding() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "a", padding: 5)
        talk.send(.alice, 1002, padding: 6)
        talk.send(.alice, 1002, "b")
        #expect(talk.text() == "ab")
        #expect(talk.ledger.seen == 2)
    }

    private func permutations(_ items: [Int]) -> [[Int]] {
        guard let first = items.first else { return [[]] }
        return permutations(Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
        }
    }
}
