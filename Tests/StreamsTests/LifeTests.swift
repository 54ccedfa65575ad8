import Events
import Headers
import PacketTestSupport
import Streams
import Testing

/// How connections begin and end.
@Suite struct LifeTests {
    @Test func synWithData() {
        var talk = Conversation()
        talk.send(.alice, 1000, "early ", flags: .syn)
        talk.send(.bob, 5000, flags: [.syn, .ack], acknowledging: 1007)
        talk.send(.alice, 1007, "late")
        #expect(talk.text() == "early late")
    }

    /// The server refused the early data, so it comes again.
    @Test func synWithDataRepeated() {
        var talk = Conversation()
        talk.send(.alice, 1000, "early ", flags: .syn)
        talk.send(.alice, 1000, flags: .syn)
        talk.send(.alice, 1001, "early late")
        #expect(talk.text() == "early late" && talk.ledger.repeatedSYNs == 1 && talk.ledger.retransmitted == 6)
    }

    @Test func joinedMidway() {
        var talk = Conversation()
        talk.send(.bob, 7000, "answer")
        talk.send(.alice, 3000, "ask")
        talk.send(.bob, 7006, "s")
        #expect(talk.text(.received) == "answers" && talk.text() == "ask")
        #expect(talk.streams[0].connection.basis == .ports && talk.streams[0].connection.openerPort == 40_000)
    }

    @Test func joinedMidwayWithPortsThatTellNothing() {
        var talk = Conversation()
        talk.bobPort = 50_000
        talk.send(.bob, 7000, "hello")
        #expect(talk.text(.sent) == "hello")
        #expect(talk.streams[0].connection.basis == .firstHeard && talk.streams[0].connection.openerPort == 50_000)
    }

    /// What lies before the place of joining cannot be put before what was delivered.
    @Test func octetsBeforeTheJoin() {
        var talk = Conversation()
        talk.send(.alice, 3000, "cd")
        talk.send(.alice, 2998, "abc")
        #expect(talk.text() == "cd" && talk.ledger.beforeStart == 2 && talk.ledger.retransmitted == 1)
    }

    @Test func synBehindItsData() {
        var talk = Conversation()
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1000, flags: .syn)
        talk.send(.alice, 1003, "c")
        #expect(talk.text() == "abc")
    }

    @Test func synAckBeforeSyn() {
        var talk = Conversation()
        talk.bobPort = 50_000
        talk.send(.bob, 5000, flags: [.syn, .ack], acknowledging: 1001)
        talk.send(.alice, 1000, flags: .syn)
        talk.send(.bob, 5001, "banner")
        talk.send(.alice, 1001, "hello")
        #expect(talk.text(.received) == "banner" && talk.text() == "hello")
    }

    /// The SYN is not in the capture, but what answers it says where the stream begins.
    @Test func firstSegmentsMissingAfterTheHandshake() {
        var talk = Conversation()
        talk.send(.bob, 5000, flags: [.syn, .ack], acknowledging: 1001)
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1001, "ab")
        #expect(talk.text() == "abc")
    }

    @Test func closedByBothEnds() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "bye", flags: [.fin, .ack])
        talk.send(.bob, 5001, "bye", flags: [.fin, .ack], acknowledging: 1005)
        talk.send(.alice, 1005, acknowledging: 5005)
        #expect(
            talk.sink.calls == [
                "opened", "data sent 3", "closed sent", "data received 3", "closed received", "ended closed",
            ])
        // What comes again is known for what it is.
        talk.send(.bob, 5001, "bye", flags: [.fin, .ack])
        #expect(talk.streams.count == 1 && talk.ledger.retransmitted == 3)
        talk.finish()
        #expect(talk.streams[0].end == .closed && talk.ledger.ended[.closed] == 1 && talk.ledger.ended.total == 1)
    }

    @Test func dataBehindTheFIN() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "bye", flags: [.fin, .ack])
        talk.send(.alice, 1004, "!", flags: .ack)
        talk.send(.alice, 1002, "yes", flags: .ack)
        #expect(talk.text() == "bye" && talk.ledger.outOfWindow == 2 && talk.ledger.retransmitted == 2)
    }

    @Test func finAlone() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "a")
        talk.send(.alice, 1004, flags: [.fin, .ack])
        #expect(talk.streams[0].closed.isEmpty)
        talk.finish()
        #expect(talk.text() == "a[2 end]" && talk.streams[0].closed == [.sent])
    }

    @Test func reset() {
        var talk = Conversation { $0.briefNanoseconds = 1_000_000_000 }
        talk.handshake()
        talk.send(.alice, 1001, "a")
        talk.send(.bob, 5001, "late", flags: [.rst, .ack], acknowledging: 1002)
        talk.send(.alice, 1002, "b")
        #expect(talk.text() == "ab" && talk.streams[0].resets == [.received] && talk.ledger.outOfWindow == 4)
        talk.time += 2_000_000_000
        talk.receive([0])
        #expect(talk.streams[0].end == .reset)
    }

    @Test func forgedResetIsIgnored() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "a")
        talk.send(.alice, 1 << 30, flags: .rst)
        #expect(talk.streams[0].resets.isEmpty && talk.ledger.ignoredResets == 1)
    }

    @Test func refusedConnection() {
        var talk = Conversation()
        talk.send(.alice, 1000, flags: .syn)
        talk.send(.bob, 0, flags: [.rst, .ack], acknowledging: 1001)
        talk.send(.alice, 9000, flags: .syn)
        talk.finish()
        #expect(talk.streams.isEmpty && talk.ledger.resets == 1 && talk.ledger.withoutData == 2)
    }

    @Test(arguments: [UInt8](arrayLiteral: 0, 7)) func keepAliveProbes(value: UInt8) {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1002)
        talk.send(.alice, 1002, [value])
        talk.send(.alice, 1003, "c")
        #expect(talk.text() == "abc" && talk.ledger.keepAlives == 2 && talk.ledger.retransmitted == 1)
    }

    @Test func joinedWithAKeepAliveProbe() {
        var talk = Conversation()
        talk.send(.alice, 2999, [0])
        talk.send(.alice, 3000, "abc")
        #expect(talk.text() == "abc" && talk.ledger.keepAlives == 1 && talk.ledger.beforeStart == 1)
    }

    /// The probe carries the next octet, which the receiver may refuse; it comes again with what follows.
    @Test func zeroWindowProbe() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1003, "cde")
        #expect(talk.text() == "abcde")
    }

    @Test func portReusedAfterClose() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "one", flags: [.fin, .ack])
        talk.send(.bob, 5001, flags: [.fin, .ack])
        talk.send(.alice, 90_000, flags: .syn)
        talk.send(.alice, 90_001, "two")
        #expect(talk.streams.map { $0.octets(.sent) } == [Array("one".utf8), Array("two".utf8)])
        #expect(talk.streams.map { $0.connection.id.serial } == [1, 2])
        #expect(talk.streams[0].end == .closed)
    }

    @Test func portReusedWithoutClose() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "one")
        talk.send(.alice, 1010, "lost?")
        talk.send(.alice, 500_000, flags: .syn)
        talk.send(.alice, 500_001, "two")
        #expect(talk.streams.count == 2 && talk.streams[0].end == .reused)
        #expect(talk.streams[0].pieces[.sent]?.count == 3)
    }

    /// Neither the end of the first nor the beginning of the second connection's handshake is there.
    @Test func portReusedWithoutHandshake() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "one", flags: [.fin, .ack])
        talk.send(.bob, 5001, "1", flags: [.fin, .ack])
        talk.send(.alice, 1 << 30, "two")
        #expect(talk.streams.count == 2 && talk.streams[1].octets(.sent) == Array("two".utf8))
    }

    /// A server without state answers each SYN with another number.
    @Test func secondSynAckWithAnotherNumber() {
        var talk = Conversation()
        talk.send(.alice, 1000, flags: .syn)
        talk.send(.bob, 5000, flags: [.syn, .ack], acknowledging: 1001)
        talk.send(.alice, 1000, flags: .syn)
        talk.send(.bob, 6000, flags: [.syn, .ack], acknowledging: 1001)
        talk.send(.bob, 6001, "hi")
        #expect(talk.text(.received) == "hi")
    }

    @Test func idleConnectionEnds() {
        var talk = Conversation { $0.idleNanoseconds = 5_000_000_000 }
        talk.handshake()
        talk.send(.alice, 1001, "a")
        for _ in 0..<4 {
            talk.time += 4_000_000_000
            talk.send(.alice, 1002, flags: .ack)
        }
        #expect(talk.streams[0].end == nil)
        talk.time += 5_000_000_000
        talk.receive([0])
        #expect(talk.streams[0].end == .idle && talk.reassembler.connectionCount == 0)
    }

    /// A packet from the far future ends what is idle by then, and what comes afterwards is idle by its own time.
    @Test func timeRunsBackwards() {
        var talk = Conversation { $0.idleNanoseconds = 5_000_000_000 }
        talk.time = 1 << 60
        talk.handshake()
        talk.send(.alice, 1001, "a")
        talk.time = 1_000_000_000
        talk.alicePort = 40_001
        talk.handshake()
        talk.send(.alice, 1001, "b")
        talk.time += 6_000_000_000
        talk.receive([0])
        #expect(talk.streams.allSatisfy { $0.end == .idle })
        talk.time = .min
        talk.receive([0])
        talk.time = .max - talk.step
        talk.handshake()
    }

    @Test func numberOfConnectionsIsBounded() {
        var talk = Conversation { $0.connectionsMax = 10 }
        talk.step = 1_100_000_000
        for port in UInt16(0)..<15 {
            talk.alicePort = 40_000 + port
            talk.handshake()
            talk.send(.alice, 1001, "a")
        }
        #expect(talk.reassembler.connectionCount == 10)
        #expect(talk.streams.map { $0.end == .evicted } == (0..<15).map { $0 < 5 })
        #expect(talk.ledger.ended[.evicted] == 5)
    }

    /// A flood of handshakes drives out handshakes, not connections that carry data, and never reaches the sink.
    @Test func handshakesGiveWayFirst() {
        var talk = Conversation { $0.connectionsMax = 10 }
        talk.handshake()
        talk.send(.alice, 1001, "a")
        for port in UInt16(0)..<50 {
            talk.alicePort = 41_000 + port
            talk.send(.alice, 77, flags: .syn)
        }
        #expect(talk.streams.count == 1 && talk.streams[0].end == nil && talk.ledger.withoutDataEvicted == 41)
    }

    /// Places in the sink's own tables are given again only when they are free, which the sink checks.
    @Test func slotsAreReused() {
        var talk = Conversation { $0.briefNanoseconds = 1_000_000 }
        for port in UInt16(0)..<100 {
            talk.alicePort = 40_000 + port
            talk.handshake()
            talk.send(.alice, 1001, "a", flags: [.fin, .ack])
            talk.send(.bob, 5001, flags: [.fin, .ack])
            talk.time += 10_000_000
        }
        talk.finish()
        #expect(talk.streams.count == 100 && talk.streams.allSatisfy { $0.connection.id.slot < 3 })
    }
}
