import AppProtocols
import CaptureTestSupport
import Events
import Testing

/// Which response answers which request, where messages are missing.
@Suite struct HTTP1PairingTests {
    /// A connection whose responses tell by their length what they answer: that to `/5` has five octets.
    private struct Talk: ~Copyable {
        let seen = Dialogue()
        var conversation = Conversation(ParserContext(ParserSettings(), PlainTools()))
        var time: Int64 = 0

        mutating func ask(_ number: Int, isLost: Bool = false) {
            say(.sent, "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n", isLost)
        }
        mutating func answer(_ number: Int, isLost: Bool = false) {
            let body = String(repeating: "x", count: number)
            say(.received, "HTTP/1.1 200 OK\r\nContent-Length: \(number)\r\n\r\n\(body)", isLost)
        }
        private mutating func say(_ direction: Direction, _ text: String, _ isLost: Bool) {
            time += 1
            let octets = Array(text.utf8)
            if isLost {
                conversation.skip(UInt64(octets.count), direction, at: time, to: seen)
            } else {
                conversation.receive(octets.span, direction, at: time, to: seen)
            }
        }
        mutating func close() {
            for direction in [Direction.sent, .received] {
                conversation.pause(.closed, direction, at: time, to: seen)
            }
        }

        /// `request:response's length`, with `?` where it is not complete and without a length where there is none.
        var pairs: [String] {
            seen.transactions.map {
                String(decoding: $0.target, as: UTF8.self) + ":" + ($0.status == 0 ? "" : "\($0.responseLength)")
                    + ($0.isComplete ? "" : "?")
            }
        }
    }

    @Test func lostRequest() {
        var talk = Talk()
        for number in 1...4 {
            talk.ask(number, isLost: number == 2)
            talk.answer(number)
        }
        #expect(talk.pairs == ["/1:1", "/3:3", "/4:4"])
    }

    @Test(arguments: 1...2) func lostResponse(lost: Int) {
        var talk = Talk()
        for number in 1...3 {
            talk.ask(number)
            talk.answer(number, isLost: number == lost)
        }
        #expect(talk.pairs == (lost == 1 ? ["/1:?", "/2:2", "/3:3"] : ["/1:1", "/2:?", "/3:3"]))
    }

    /// Whether the gap held the first answer, or others, nobody can tell.
    @Test func lostResponseToOneOfSeveralRequests() {
        var talk = Talk()
        for number in 1...3 { talk.ask(number) }
        talk.answer(1, isLost: true)
        for number in 2...3 { talk.answer(number) }
        talk.ask(4)
        talk.answer(4)
        talk.close()
        // Nor whether there was one more request.
        #expect(talk.pairs == ["/1:2?", "/2:3?", "/3:4?", "/4:?"])
    }

    @Test func lostRequestAmongSeveral() {
        var talk = Talk()
        for number in 1...3 { talk.ask(number, isLost: number == 2) }
        for number in 1...3 { talk.answer(number) }
        talk.ask(4)
        talk.answer(4)
        #expect(talk.pairs == ["/1:1", "/3:2?", "/4:4?"])
    }

    /// No transaction that is called complete has another's response.
    @Test(arguments: UInt64(0)..<100) func completeTransactionsAreRight(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var talk = Talk()
        var (asked, answered) = (0, 0)
        let ahead = Int.random(in: 1...4, using: &generator)
        // Who sends ahead once may do so again.
        while asked < ahead {
            asked += 1
            talk.ask(asked)
        }
        while answered < 60 {
            let isLost = Int.random(in: 0..<(ahead == 1 ? 10 : 40), using: &generator) == 0
            if asked < 60, asked - answered < ahead, asked == answered || Bool.random(using: &generator) {
                asked += 1
                talk.ask(asked, isLost: isLost)
            } else {
                answered += 1
                talk.answer(answered, isLost: isLost)
            }
        }
        talk.close()
        let wrong = talk.pairs.filter { pair in
            let parts = pair.dropFirst().split(separator: ":")
            return !pair.hasSuffix("?") && parts.first != parts.last
        }
        #expect(wrong == [])
        if ahead == 1 { #expect(talk.pairs.filter { !$0.hasSuffix("?") }.count > 40) }
    }
}
