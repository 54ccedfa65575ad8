import Events
import Testing

@testable import AppProtocols

/// Any split of the octets gives the same messages.
struct HTTP2SplitTests {
    /// Both directions of a random conversation, in turns.
    private func turns(_ seed: UInt64) -> [(Direction, [UInt8])] {
        var random = SeededRandom(seed)
        var requests = HPACKEncoder()
        var responses = HPACKEncoder()
        requests.random = SeededRandom(seed + 1)
        responses.random = SeededRandom(seed + 2)
        var turns: [(Direction, [UInt8])] = [
            (.sent, HTTP2Frame.preface + HTTP2Frame.settings()),
            (.received, HTTP2Frame.settings([(1, 8_192)]) + HTTP2Frame.settingsACK),
        ]
        for call in 0..<20 {
            let stream = UInt32(2 * call + 1)
            let isGRPC = random.next(below: 3) == 0
            let type = isGRPC ? "application/grpc" : "text/plain"
            let head = [(":method", "POST"), (":path", "/\(call)"), ("content-type", type)]
            var octets = block(stream, requests.encode(head), end: false, &random)
            octets += body(stream, isGRPC, &random)
            turns.append((.sent, octets))
            if random.next(below: 8) == 0 { turns.append((.sent, HTTP2Frame.reset(stream, 8))) }
            octets = HTTP2Frame.frame(6, [1, 2, 3, 4, 5, 6, 7, 8])
            if random.next(below: 4) == 0 { octets += HTTP2Frame.frame(8, stream: stream, [0, 0, 0, 0]) }
            octets += block(
                stream, responses.encode([(":status", "200"), ("content-type", type), ("x-n", "\(call)")]), end: false,
                &random)
            octets += body(stream, isGRPC, &random)
            if random.next(below: 8) == 0 {
                octets = Array(octets.dropFirst(random.next(below: octets.count)))
            }
            turns.append((.received, octets))
        }
        return turns
    }

    private func block(_ stream: UInt32, _ block: [UInt8], end: Bool, _ random: inout SeededRandom) -> [UInt8] {
        guard random.next(below: 3) == 0 else { return HTTP2Frame.headers(stream, block, end: end) }
        let cut = random.next(below: block.count)
        return HTTP2Frame.headers(stream, Array(block[..<cut]), end: end, flags: 0)
            + HTTP2Frame.continuation(stream, Array(block[cut...]))
    }

    private func body(_ stream: UInt32, _ isGRPC: Bool, _ random: inout SeededRandom) -> [UInt8] {
        let text = [UInt8](repeating: UInt8(0x61 + random.next(below: 26)), count: random.next(below: 300))
        let octets = isGRPC ? [0, 0, 0, UInt8(text.count >> 8), UInt8(text.count & 255)] + text : text
        let cut = random.next(below: octets.count + 1)
        return HTTP2Frame.data(stream, Array(octets[..<cut]))
            + HTTP2Frame.frame(0, flags: 9, stream: stream, [3] + octets[cut...] + [0, 0, 0])
    }

    private func run(_ turns: [(Direction, [UInt8])], showsFrames: Bool, _ pieces: (Int) -> Int) -> [String] {
        let conversation = HTTP2Conversation { $0.showsFrames = showsFrames }
        for (direction, octets) in turns {
            var at = 0
            while at < octets.count {
                let count = min(octets.count - at, pieces(octets.count))
                conversation.feed(direction, Array(octets[at..<(at + count)]))
                at += count
            }
        }
        conversation.close()
        return conversation.sink.messages.map { message in
            "\(message.kind) \(message.direction) \(message.streamID) \(message.headerLines) \(message.trailerLines) "
                + "\(message.bodyText) \(message.notes) \(message.isComplete) \(message.code) \(message.flags)"
        } + conversation.sink.transactions.map { "\($0)" } + ["\(conversation.sink.malformedOctets)"]
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func splitsChangeNothing(seed: UInt64) {
        let turns = turns(seed)
        for showsFrames in [false, true] {
            let whole = run(turns, showsFrames: showsFrames) { $0 }
            #expect(whole.count > 40)
            for size in [1, 2, 3, 7, 9, 10, 64] { #expect(run(turns, showsFrames: showsFrames) { _ in size } == whole) }
            var random = SeededRandom(seed + 50)
            #expect(run(turns, showsFrames: showsFrames) { _ in 1 + random.next(below: 40) } == whole)
        }
    }
}
