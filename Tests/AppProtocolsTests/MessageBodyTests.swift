import Octets
import Testing

@testable import AppProtocols

/// What a body knows of its octets is what they are, however they came and were changed.
@Suite struct MessageBodyTests {
    /// Pieces of lines, and such as contain one octet that a terminal must not see.
    private static let pieces: [[UInt8]] =
        [Array("{\"name\": \"value\"}\n".utf8), Array("\t~ \n".utf8), [UInt8](repeating: 0x61, count: 100), []]
        + odd.map { octet in [UInt8](repeating: 0x20, count: 20) + [octet] + [UInt8](repeating: 0x20, count: 16) }
    private static let odd: [UInt8] = [0x00, 0x08, 0x0B, 0x0D, 0x1B, 0x1F, 0x7F, 0x80, 0xFF]

    @Test func knowsLinesByWhatCame() {
        var body = MessageBody()
        #expect(body.isPrintableLines, "nothing is no odd octet")
        for piece in Self.pieces.prefix(4) {
            body.append(all: piece)
            #expect(body.isPrintableLines)
        }
        #expect(body.octets == Self.pieces.prefix(4).flatMap(\.self))
        for odd in Self.pieces.dropFirst(4) {
            var other = body
            other.append(all: odd)
            #expect(!other.isPrintableLines, "\(odd[20])")
            other.append(all: Self.pieces[0])
            #expect(!other.isPrintableLines, "\(odd[20]), and more behind it")
            #expect(other.octets == body.octets + odd + Self.pieces[0])
        }
    }

    @Test func noticesOctetsThatWereChanged() {
        var body = MessageBody()
        body.append(all: Self.pieces[0])
        body.octets[3] = 0x1B
        #expect(!body.isPrintableLines, "an octet was changed in its place")
        body.append(all: Self.pieces[0])
        #expect(!body.isPrintableLines, "and more came")
        body.octets[3] = 0x20
        #expect(body.isPrintableLines, "and was changed back")

        var other = [UInt8(0x9B)]
        swap(&body.octets, &other)
        #expect(!body.isPrintableLines, "all were exchanged")
        body.removeAll()
        body.append(all: Self.pieces[1])
        #expect(body.isPrintableLines, "another message's octets")
    }

    @Test func memoryKeptReadyChangesNothing() {
        var body = MessageBody()
        body.reserve(10, of: 1_000)
        body.append(all: Self.pieces[0])
        body.reserve(100, of: 1_000)
        #expect(body.isPrintableLines && body.octets == Self.pieces[0])
        body.append(all: Self.pieces[4])
        body.reserve(1_000, of: 10_000)
        #expect(!body.isPrintableLines)
    }

    @Test func anyOrderOfChangesGivesTheSame() {
        var random = SeededRandom(17)
        for _ in 0..<200 {
            var body = MessageBody()
            var plain: [UInt8] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &random)]
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    body.octets.append(contentsOf: piece)
                    plain += piece
                case 1:
                    body.octets = piece
                    plain = piece
                case 2 where !plain.isEmpty:
                    body.octets.removeLast()
                    plain.removeLast()
                case 3:
                    body.removeAll()
                    plain = []
                case 4: body.reserve(piece.count, of: 500)
                default:
                    body.append(all: piece)
                    plain += piece
                }
                #expect(body.octets == plain)
                #expect(body.isPrintableLines == plain.span.isPrintableLines)
            }
        }
    }
}

extension MessageBody {
    fileprivate mutating func append(all octets: [UInt8]) { append(octets.span) }
}
