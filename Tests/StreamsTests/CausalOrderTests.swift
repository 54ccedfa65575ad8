import CaptureTestSupport
import Events
import Streams
import Testing

/// What an end says comes behind what it had received by then, and has the time at which it came.
@Suite struct CausalOrderTests {
    private static let second: Int64 = 1_000_000_000

    /// Data and gaps of both directions in the order in which they were told.
    private static func story(_ talk: borrowing Conversation) -> [String] {
        talk.sink.calls.filter { $0.hasPrefix("data") || $0.hasPrefix("gap") }
    }

    @Test func questionThatIsCapturedBehindItsAnswer() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.bob, 5001, "answer", acknowledging: 1009)
        talk.send(.alice, 1001, "question", acknowledging: 5001)
        #expect(Self.story(talk) == ["data sent 8", "data received 6"])
        #expect(talk.streams[0].times == [1_004_000_000, 1_004_000_000])
        talk.finish()
        #expect(talk.ledger.gaps.total == 0)
    }

    @Test func lostQuestionIsMarkedBeforeItsAnswer() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.bob, 5001, "answer", acknowledging: 1009)
        talk.send(.alice, 1009, "again", acknowledging: 5007)
        talk.send(.bob, 5007, "and", acknowledging: 1014)
        #expect(Self.story(talk) == [])
        talk.time += Self.second
        talk.receive([1, 2, 3])
        #expect(Self.story(talk) == ["gap sent 8 waitingTime", "data received 6", "data sent 5", "data received 3"])
        // Nothing that was waited for came, so all have their own times.
        #expect(talk.streams[0].times == [1_003_000_000, 1_004_000_000, 1_005_000_000])
        talk.finish()
    }

    @Test func lostAnswerIsMarkedBeforeTheNextQuestion() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "question", acknowledging: 5001)
        talk.send(.alice, 1009, "again", acknowledging: 5007)
        talk.send(.bob, 5007, "and", acknowledging: 1014)
        talk.finish()
        #expect(Self.story(talk) == ["data sent 8", "gap received 6 end", "data sent 5", "data received 3"])
    }

    /// The end of the capture comes before the wait is over, in each place.
    @Test func severalLossesAtTheEndOfTheCapture() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "q1", acknowledging: 5001)
        talk.send(.alice, 1003, "q2", acknowledging: 5003)
        talk.send(.bob, 5005, "a3", acknowledging: 1007)
        talk.send(.alice, 1007, "q4", acknowledging: 5007)
        talk.finish()
        #expect(
            Self.story(talk) == [
                "data sent 2", "gap received 2 end", "data sent 2", "gap received 2 end", "gap sent 2 end",
                "data received 2", "data sent 2",
            ])
    }

    @Test func waitForWhatIsAcknowledgedIsBoundedByPackets() {
        var talk = Conversation { $0.waitingPacketsMax = 3 }
        talk.handshake()
        for index in UInt32(0)..<4 { talk.send(.bob, 5001 + index, "b", acknowledging: 1009) }
        #expect(Self.story(talk) == ["gap sent 8 waitingPackets"] + Array(repeating: "data received 1", count: 4))
    }

    @Test func waitForWhatIsAcknowledgedIsBoundedByOctets() {
        var talk = Conversation { $0.waitingOctetsMax = 4 * 2048 }
        talk.handshake()
        let block = [UInt8](repeating: 0x62, count: 2048)
        for index in UInt32(0)..<5 { talk.send(.bob, 5001 + index * 2048, block, acknowledging: 1009) }
        #expect(Self.story(talk).first == "gap sent 8 waitingOctets" && talk.ledger.inFlight == 0)
    }

    /// Octets that are next are given without the order that there is no room for.
    @Test func noMemoryToWaitForWhatIsAcknowledged() {
        var talk = Conversation { $0.allWaitingOctetsMax = 0 }
        talk.handshake()
        talk.send(.bob, 5001, "answer", acknowledging: 1009)
        talk.send(.alice, 1001, "question", acknowledging: 5001)
        #expect(Self.story(talk) == ["data received 6", "data sent 8"] && talk.ledger.dropped == 0)
    }

    /// A FIN that is lost takes a sequence number, but no octet.
    @Test func lostFINIsNoGap() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "question", acknowledging: 5001)
        talk.send(.bob, 5001, "answer", acknowledging: 1010)
        talk.finish()
        #expect(Self.story(talk) == ["data sent 8", "data received 6"])
    }

    @Test func acknowledgmentOfAFINThatCame() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1001, "question", flags: [.fin, .ack], acknowledging: 5001)
        talk.send(.bob, 5001, "answer", acknowledging: 1010)
        #expect(Self.story(talk) == ["data sent 8", "data received 6"])
    }

    /// The FIN is known, and what was before it is missing.
    @Test func acknowledgmentOfAFINBehindAHole() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1009, flags: [.fin, .ack], acknowledging: 5001)
        talk.send(.bob, 5001, "answer", acknowledging: 1010)
        talk.finish()
        #expect(Self.story(talk) == ["gap sent 8 end", "data received 6"] && talk.streams[0].closed == [.sent])
    }

    /// The end was told; what comes late is counted and not given.
    @Test func octetsBehindAnEndThatWasAssumed() {
        var talk = Conversation { $0.waitingPacketsMax = 1 }
        talk.handshake()
        talk.send(.alice, 1009, flags: [.fin, .ack], acknowledging: 5001)
        for _ in 0..<2 { talk.send(.bob, 5001, "answer", acknowledging: 1010) }
        #expect(Self.story(talk) == ["gap sent 8 waitingPackets", "data received 6"])
        talk.send(.alice, 1001, "question", acknowledging: 5001)
        talk.finish()
        #expect(talk.ledger.retransmitted == 8 && talk.text(.received) == "answer")
    }

    @Test func acknowledgmentTooFarAwayIsNotBelieved() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.bob, 5001, "answer", acknowledging: 1001 + 2 << 20)
        talk.send(.alice, 1001, "question", acknowledging: 5007)
        talk.finish()
        #expect(Self.story(talk) == ["data received 6", "data sent 8"])
    }

    /// Nobody sent what it says that it has received: the gap was a mistake, and nothing is lost by it.
    @Test func acknowledgmentThatIsWrong() {
        var talk = Conversation { $0.waitingPacketsMax = 1 }
        talk.handshake()
        talk.send(.alice, 1001, "q1", acknowledging: 5001)
        talk.send(.bob, 5001, "a1", acknowledging: 4003)
        talk.send(.bob, 5003, "a2", acknowledging: 1003)
        talk.send(.alice, 1003, "q2", acknowledging: 5005)
        talk.send(.alice, 1005, flags: [.fin, .ack], acknowledging: 5005)
        #expect(talk.text(.sent) == "q1[3000 waitingPackets]q2" && talk.text(.received) == "a1a2")
        #expect(talk.streams[0].closed == [.sent])
    }

    /// Each says that it had received what the other one says afterwards. All is given, somehow.
    @Test func numbersThatContradictThemselves() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1003, "cd", acknowledging: 5005)
        talk.send(.bob, 5003, "CD", acknowledging: 1005)
        talk.send(.alice, 1001, "ab", acknowledging: 5005)
        talk.send(.bob, 5001, "AB", acknowledging: 1005)
        talk.finish()
        #expect(talk.text(.sent) == "abcd" && talk.text(.received) == "ABCD")
        #expect(talk.ledger.gaps.total == 0)
    }

    /// A copy that overlaps what waits for its question brings only what is new.
    @Test func repetitionOfWhatWaits() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.bob, 5001, "ans", acknowledging: 1009)
        talk.send(.bob, 5001, "answer", acknowledging: 1009)
        talk.send(.bob, 5007, "!", acknowledging: 1001)
        talk.send(.alice, 1001, "question", acknowledging: 5001)
        #expect(talk.text(.sent) == "question" && talk.text(.received) == "answer!")
        #expect(talk.ledger.overlapping == 3)
        talk.finish()
    }

    // MARK: Times

    /// What waited for a segment that came could be read when that came.
    @Test func octetsBehindAHoleThatIsFilledHaveItsTime() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1001, "ab")
        #expect(talk.text() == "abc" && talk.streams[0].times == [1_004_000_000, 1_004_000_000])
    }

    @Test func octetsBehindAGapHaveTheirOwnTimes() {
        var talk = Conversation()
        talk.handshake()
        talk.send(.alice, 1003, "c")
        talk.send(.alice, 1004, "d")
        talk.time += 11 * Self.second
        talk.receive([1, 2, 3])
        #expect(talk.text() == "[2 waitingTime]cd" && talk.streams[0].times == [1_003_000_000, 1_004_000_000])
    }

    // MARK: Properties

    /// Two ends that talk at random, captured with losses and out of order.
    @Test(arguments: UInt64(0)..<60) func nothingComesBeforeWhatItsSenderHadReceived(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        struct Said {
            var end: Conversation.End
            var start: Int
            var octets: [UInt8]
            var heard: Int
        }
        var said: [Said] = []
        var length: [Conversation.End: Int] = [.alice: 0, .bob: 0]
        var streams: [Conversation.End: [UInt8]] = [.alice: [], .bob: []]
        for _ in 0..<200 {
            let end: Conversation.End = Bool.random(using: &generator) ? .alice : .bob
            let other: Conversation.End = end == .alice ? .bob : .alice
            let octets = generator.octets(Int.random(in: 2...300, using: &generator))
            let (start, heard) = (length[end, default: 0], length[other, default: 0])
            said.append(Said(end: end, start: start, octets: octets, heard: heard))
            length[end, default: 0] += octets.count
            streams[end, default: []] += octets
        }
        let (loss, displacement) = (Double(seed % 3) / 20, Int(seed % 5) * 3)
        let kept = said.filter { _ in Double.random(in: 0..<1, using: &generator) >= loss }
        let places = kept.indices.map { $0 + Int.random(in: 0...displacement, using: &generator) }
        var talk = Conversation()
        talk.handshake()
        for index in kept.indices.sorted(by: { (places[$0], $0) < (places[$1], $1) }) {
            let it = kept[index]
            talk.send(
                it.end, (it.end == .alice ? 1001 : 5001) + UInt32(it.start), it.octets,
                acknowledging: (it.end == .alice ? 5001 : 1001) + UInt32(it.heard))
        }
        talk.finish()
        if loss == 0 { #expect(talk.ledger.gaps.total == 0 && talk.ledger.delivered == talk.ledger.seen) }
        var passed = ["sent": 0, "received": 0]
        for call in Self.story(talk) {
            let words = call.split(separator: " ").map(String.init)
            let (direction, count) = (words[1], Int(words[2]) ?? 0)
            if words[0] == "data" {
                let end: Conversation.End = direction == "sent" ? .alice : .bob
                let position = passed[direction, default: 0]
                let heard = said.last { $0.end == end && $0.start <= position }?.heard ?? 0
                #expect(passed[direction == "sent" ? "received" : "sent", default: 0] >= heard)
            }
            passed[direction, default: 0] += count
        }
        for (end, direction) in [(Conversation.End.alice, Direction.sent), (.bob, .received)] {
            var position = 0
            for piece in talk.streams[0].pieces[direction] ?? [] {
                switch piece {
                case .data(let octets):
                    #expect(Array(streams[end, default: []].dropFirst(position).prefix(octets.count)) == octets)
                    position += octets.count
                case .gap(let count, _): position += count ?? 0
                }
            }
        }
    }
}
