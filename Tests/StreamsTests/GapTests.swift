import Events
import Streams
import Testing

/// What does not come, and how long it is waited for.
@Suite struct GapTests {
    @Test func missingSegmentAtTheEndOfTheCapture() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1006, "fg")
        #expect(talk.text() == "ab" && talk.ledger.inFlight == 2)
        talk.finish()
        #expect(talk.text() == "ab[3 end]fg")
        #expect(talk.ledger.gapOctets[.end] == 3 && talk.streams[0].end == .captureEnd)
    }

    @Test func waitBoundedByOctets() {
        var talk = Conversation { $0.waitingOctetsMax = 4 * 2048 }
        talk.handshake()
        talk.send(.alice, 1001, "a")
        let block = [UInt8](repeating: 0x62, count: 2048)
        for index in 0..<4 { talk.send(.alice, 1003 + UInt32(index) * 2048, block) }
        #expect(talk.text() == "a")
        talk.send(.alice, 1003 + 4 * 2048, block)
        #expect(talk.text() == "a[1 waitingOctets]" + String(repeating: "b", count: 5 * 2048))
    }

    @Test func waitBoundedByPackets() {
        var talk = Conversation { $0.waitingPacketsMax = 3 }
        talk.handshake()
        talk.send(.alice, 1002, "b")
        for _ in 0..<2 { talk.send(.alice, 1002, "b") }
        #expect(talk.streams.isEmpty)
        talk.send(.alice, 1003, "c")
        #expect(talk.text() == "[1 waitingPackets]bc")
    }

    /// The other packets of the capture tell that time has passed, even if this connection is silent.
    @Test func waitBoundedByTime() {
        var talk = Conversation { $0.waitingNanoseconds = 1_000_000_000 }
        talk.handshake()
        talk.send(.alice, 1002, "b")
        talk.time += 999_000_000
        talk.receive([1, 2, 3])
        #expect(talk.streams.isEmpty)
        talk.time += 1_000_000
        talk.receive([1, 2, 3])
        #expect(talk.text() == "[1 waitingTime]b")
    }

    /// As long as the stream gets on, a later hole has its own wait.
    @Test func waitBeginsAnewWithProgress() {
        var talk = Conversation { $0.waitingPacketsMax = 3 }
        talk.handshake()
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1006, "f")
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1007, "g")
        talk.send(.alice, 1008, "h")
        #expect(talk.text() == "abc")
        talk.send(.alice, 1004, "de")
        #expect(talk.text() == "abcdefgh")
    }

    @Test func memoryForAllIsBounded() {
        var talk = Conversation { $0.allWaitingOctetsMax = 8 * 2048 }
        for port in UInt16(0)..<20 {
            talk.alicePort = 40_000 + port
            talk.handshake()
            talk.send(.alice, 1001, "a")
            talk.send(.alice, 1003, "c")
            #expect(talk.reassembler.waitingOctets <= 8 * 2048)
        }
        #expect(talk.streams[0].gaps(.sent) == [.gap(1, .memory)])
        #expect(talk.streams[19].gaps(.sent) == [])
        talk.finish()
        #expect(talk.streams.allSatisfy { $0.octets(.sent) == Array("ac".utf8) })
        #expect(talk.ledger.dropped == 0)
    }

    /// Without any memory for waiting, gaps are marked and octets that are ahead are counted as dropped.
    @Test func noMemoryAtAll() {
        var talk = Conversation { $0.allWaitingOctetsMax = 0 }
        talk.handshake()
        talk.send(.alice, 1001, "a")
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1002, "b")
        talk.finish()
        #expect(talk.text() == "ab" && talk.ledger.dropped == 1)
    }

    @Test func snapLength() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "abcdef", cutBy: 4)
        talk.send(.alice, 1007, "gh")
        #expect(talk.text() == "ab[4 snapLength]gh")
    }

    @Test func snapLengthOutOfOrder() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1004, "defg", cutBy: 3)
        talk.send(.alice, 1008, "hi", cutBy: 2)
        talk.send(.alice, 1010, "j")
        talk.send(.alice, 1001, "abc")
        #expect(talk.text() == "abcd[5 snapLength]j")
        #expect(talk.ledger.seen == 5 && talk.ledger.delivered == 5)
    }

    /// A header cut behind its flags still tells how much is missing.
    @Test func snapLengthInsideTheHeader() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "abcdef", cutBy: 6 + 6)
        talk.send(.alice, 1007, "g")
        #expect(talk.text() == "[6 snapLength]g")
        talk.send(.alice, 1008, "h", cutBy: 1 + 7)
        #expect(talk.ledger.damagedFrames == 1)
    }

    @Test func straySegmentIsNoGap() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "ab")
        talk.send(.alice, 1003 + 1 << 30, "zz")
        talk.send(.alice, 1003, "cd")
        talk.finish()
        #expect(talk.text() == "abcd" && talk.ledger.outOfWindow == 2)
    }

    /// Much was not captured: the stream goes on far away, with a gap of unknown size.
    @Test func jump() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "ab")
        for index in UInt32(0)..<5 { talk.send(.alice, 1 << 30 + index * 2, "\(index)\(index)") }
        #expect(talk.text() == "ab[? jump]223344")
        #expect(talk.ledger.outOfWindow == 4)
    }
}
