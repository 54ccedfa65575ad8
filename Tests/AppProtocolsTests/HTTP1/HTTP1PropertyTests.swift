import AppProtocols
import CaptureTestSupport
import Events
import Testing

/// Seeded, so that a failure happens again.
struct HTTP1PropertyTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func anySplitGivesTheSame(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var settings = ParserSettings()
        settings.headOctetsMax = 300
        settings.rawOctetsMax = 50
        settings.keepsWire = true
        let octets = HTTP1Traffic.octets(&generator, damaged: seed % 2 == 1)
        let direction: Direction = seed % 3 == 0 ? .sent : .received
        let whole = Dialogue(settings)
        whole.say(direction, octets)
        whole.pause(.closed)
        for limit in [1, 2, 7, 40, 400] {
            let pieces = Dialogue(settings)
            var rest = octets[...]
            while !rest.isEmpty {
                let piece = Int.random(in: 1...limit, using: &generator)
                pieces.say(direction, Array(rest.prefix(piece)))
                rest = rest.dropFirst(piece)
            }
            pieces.pause(.closed)
            #expect(pieces.messages == whole.messages)
            #expect(pieces.counted == whole.counted)
            #expect(pieces.outcomes == whole.outcomes)
            #expect(pieces.unconsumed(direction) == whole.unconsumed(direction))
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func pipelinedMessagesAreAllShownAndPaired(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let dialogue = Dialogue()
        var asked: [String] = [], bodies: [String] = []
        for number in 0..<Int.random(in: 1...40, using: &generator) {
            asked.append("/\(number)")
            dialogue.say(.sent, "GET /\(number) HTTP/1.1\r\n\r\n")
            guard Bool.random(using: &generator) else { continue }
            while bodies.count < asked.count {
                bodies.append("body \(bodies.count)")
                dialogue.say(.received, HTTP1Traffic.response(bodies[bodies.count - 1], &generator))
            }
        }
        dialogue.pause(.closed)
        #expect(dialogue.messages.filter { $0.kind == .http1Request }.map(\.target) == asked)
        #expect(dialogue.messages.filter { $0.kind == .http1Response }.map(\.bodyText) == bodies)
        #expect(dialogue.messages.allSatisfy { $0.isComplete })
        #expect(dialogue.transactions.map { String(decoding: $0.target, as: UTF8.self) } == asked)
        #expect(dialogue.transactions.filter(\.isComplete).count == bodies.count)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func garbageIsShownWholeAndNeverTraps(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let dialogue = Dialogue()
        for _ in 0..<50 {
            let direction: Direction = Bool.random(using: &generator) ? .sent : .received
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: dialogue.lose(direction, Bool.random(using: &generator) ? nil : 5)
            case 1: dialogue.pause(.idle)
            case 2: dialogue.pause(.longIdle)
            case 3: dialogue.pause(.closed)
            case 4...7: dialogue.say(direction, HTTP1Traffic.octets(&generator, damaged: true))
            default:
                dialogue.say(direction, (0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
        }
        dialogue.pause(.aborted)
        #expect(!dialogue.parser.isWaiting(.sent) && !dialogue.parser.isWaiting(.received))
    }

    @Test func oneOctetAtATimeIsLinear() {
        // Half a megabyte of a head that never ends, and of a line that never does: a search from the front each time
        // would take minutes.
        for text in ["GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 20_000), "\u{1}"] {
            let dialogue = Dialogue()
            dialogue.say(.sent, text)
            for _ in 0..<2_000 { dialogue.say(.sent, "a") }
            dialogue.pause(.aborted)
        }
    }
}

/// Messages by chance, well-formed or with something changed.
enum HTTP1Traffic {
    static func octets(_ generator: inout SeededGenerator, damaged: Bool) -> [UInt8] {
        var octets: [UInt8] = []
        for number in 0..<Int.random(in: 1...6, using: &generator) {
            let body = String(repeating: "b", count: Int.random(in: 0...30, using: &generator))
            octets +=
                Bool.random(using: &generator)
                ? response(body, &generator) : request("/\(number)", body, &generator)
        }
        guard damaged else { return octets }
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0..<octets.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: octets[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: octets.remove(at: place)
            case 2: octets.insert(contentsOf: Array("\r\n".utf8), at: place)
            default: octets.insert(contentsOf: (0..<60).map { UInt8(truncatingIfNeeded: $0 * 37) }, at: place)
            }
            if octets.isEmpty { return [0] }
        }
        return octets
    }

    static func request(_ target: String, _ body: String, _ generator: inout SeededGenerator) -> [UInt8] {
        Array("POST \(target) HTTP/1.1\r\nHost: example.com\r\n".utf8) + framed(body, &generator)
    }

    static func response(_ body: String, _ generator: inout SeededGenerator) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nServer: s\r\n".utf8) + framed(body, &generator)
    }

    private static func framed(_ body: String, _ generator: inout SeededGenerator) -> [UInt8] {
        if Bool.random(using: &generator) { return Array("Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8) }
        var text = "Transfer-Encoding: chunked\r\n\r\n"
        var rest = Array(body.utf8)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...10, using: &generator))
            text += "\(String(piece.count, radix: 16));x=y\r\n\(String(decoding: piece, as: UTF8.self))\r\n"
            rest = rest.dropFirst(piece.count)
        }
        return Array((text + "0\r\nTrailer: t\r\n\r\n").utf8)
    }
}
