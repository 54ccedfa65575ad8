import Testing

@testable import AppProtocols

/// The collector with toy codings, which make every limit easy to reach. The real ones: `ContentToolsTests`.
@Suite struct BodyCollectorTests {
    /// What a body came to.
    struct Outcome: Equatable {
        var octets: [UInt8] = []
        var length: UInt64 = 0
        var decodedLength: UInt64 = 0
        var codings: [ContentCoding] = []
        var digest: [UInt8] = []
        var isComplete = true
        var notes: [MessageNote] = []

        init(_ message: Message) {
            octets = message.body.octets
            length = message.body.length
            decodedLength = message.body.decodedLength
            codings = message.body.codings
            digest = message.body.digest
            isComplete = message.isComplete
            notes = message.notes
        }
    }

    static func collect(
        _ pieces: [[UInt8]], _ codings: [ContentCoding?] = [], isWhole: Bool = true, gapAfter: Int? = nil,
        tools: ToyTools = ToyTools(), _ change: (inout ParserSettings) -> Void = { _ in }
    ) -> Outcome {
        var settings = ParserSettings()
        change(&settings)
        var message = Message()
        var collector = BodyCollector()
        let context = ParserContext(settings, tools)
        collector.begin(codings, in: &message, context)
        for (index, piece) in pieces.enumerated() {
            collector.append(piece.span, to: &message, context)
            if index == gapAfter { collector.skip(10, in: &message) }
        }
        collector.end(isWhole: isWhole, in: &message)
        return Outcome(message)
    }

    static let text = Array("every message".utf8)

    @Test func whatIsNotCodedIsKeptAsItComes() {
        let outcome = Self.collect([Self.text, [], Self.text])
        #expect(outcome.octets == Self.text + Self.text)
        #expect(outcome.length == 26 && outcome.decodedLength == 26)
        #expect(outcome.isComplete && outcome.notes.isEmpty && outcome.digest.isEmpty)
    }

    @Test func beyondTheLimitOctetsAreCountedAndDigested() {
        let outcome = Self.collect([Self.text, Self.text]) { $0.bodyOctetsMax = 15 }
        #expect(outcome.octets == Self.text + Self.text.prefix(2))
        #expect(outcome.decodedLength == 26)
        #expect(outcome.notes == [.bodyLimited(shown: 15)] && outcome.isComplete)
        #expect(outcome.digest == ToyDigest.of(Self.text + Self.text))
        // The same from one piece and octet by octet.
        #expect(Self.collect([Self.text + Self.text]) { $0.bodyOctetsMax = 15 } == outcome)
        #expect(Self.collect((Self.text + Self.text).map { [$0] }) { $0.bodyOctetsMax = 15 } == outcome)
    }

    @Test(arguments: [1, 3, 15, 16, 26, 100]) func codedBodiesHaveTheSameLimitAndDigest(limit: Int) {
        let body = Self.text + Self.text
        let coded = Toy.doubling.code(body)
        let outcomes = [[coded], coded.map { [$0] }].map { pieces in
            Self.collect(pieces, [.gzip]) {
                $0.bodyOctetsMax = limit
                $0.digestsBodies = limit == 16
            }
        }
        #expect(outcomes[0] == outcomes[1])
        #expect(outcomes[0].octets == Array(body.prefix(limit)))
        #expect(outcomes[0].decodedLength == 26)
        #expect(outcomes[0].notes == (limit < 26 ? [.bodyLimited(shown: UInt64(limit))] : []))
        #expect(outcomes[0].digest == (limit < 26 ? ToyDigest.of(body) : []))
        #expect(outcomes[0].isComplete)
    }

    /// The limit for decoded octets keeps what fits, to the octet, and a body that ends there is whole.
    @Test(arguments: 1..<40, [1, 7, 1000]) func decodingEndsExactlyAtItsLimit(limit: Int, room: Int) {
        let body = Self.text + Self.text
        for isKept in [true, false] {
            let outcome = Self.collect([Toy.doubling.code(body)], [.gzip], tools: ToyTools(room: room)) {
                $0.decodedOctetsMax = UInt64(limit)
                if !isKept { $0.bodyOctetsMax = 0 }
            }
            #expect(outcome.octets == Array(body.prefix(isKept ? limit : 0)))
            #expect(outcome.decodedLength == UInt64(min(limit, 26)))
            #expect(outcome.notes.contains(.decodingLimited(octets: UInt64(limit))) == (limit < 26))
            #expect(outcome.isComplete == (limit >= 26))
            #expect(outcome.digest.isEmpty == (limit < 26 || isKept))
        }
    }

    @Test func stackedCodingsComeOffInReverse() {
        let once = Toy.doubling.code(Self.text)
        let twice = Toy.shifting.code(once)
        for pieces in [[twice], twice.map { [$0] }] {
            for room in [1, 5, 1000] {
                let outcome = Self.collect(pieces, [.gzip, .br], tools: ToyTools(room: room))
                #expect(outcome.octets == Self.text)
                #expect(outcome.codings == [.gzip, .br])
                #expect(outcome.isComplete && outcome.notes.isEmpty)
            }
        }
    }

    /// What an inner coding ignores behind its end is bounded all the same.
    @Test func whatGoesFromOneCodingToTheNextIsLimited() {
        let twice = Toy.shifting.code(Toy.doubling.code(Self.text) + [UInt8](repeating: 7, count: 100_000))
        let outcome = Self.collect([twice], [.gzip, .br]) { $0.decodedOctetsMax = 50_000 }
        #expect(outcome.octets == Self.text)
        #expect(outcome.notes == [.decodingLimited(octets: 50_000)])
    }

    @Test func unknownAndTooManyCodingsStayOn() {
        let six: [ContentCoding?] = Array(repeating: .gzip, count: 6)
        for codings: [ContentCoding?] in [[.gzip, nil], [nil, .gzip], [.zstd], six] {
            let outcome = Self.collect([Self.text], codings)
            #expect(outcome.octets == Self.text && outcome.codings.isEmpty)
            #expect(outcome.notes == [codings == six ? .codingsLimited(max: 5) : .unknownCoding] && outcome.isComplete)
        }
        var five = Self.text
        for _ in 0..<5 { five = Toy.doubling.code(five) }
        #expect(Self.collect([five], Array(repeating: .gzip, count: 5)).octets == Self.text)
    }

    @Test func aTruncatedCodingIsNamed() {
        let coded = Toy.doubling.code(Self.text)
        for cut in 1..<coded.count {
            let outcome = Self.collect([Array(coded[..<cut])], [.gzip], isWhole: cut % 2 == 0) {
                $0.digestsBodies = true
            }
            #expect(outcome.octets == Array(Self.text.prefix(cut / 2)))
            #expect(outcome.notes == [.codingTruncated(.gzip)] && !outcome.isComplete && outcome.digest.isEmpty)
        }
        // The outer one is cut, and so the inner.
        let twice = Toy.shifting.code(coded)
        #expect(Self.collect([twice.dropLast(2)], [.gzip, .br]).notes == [.codingTruncated(.br)])
        // The inner one only.
        #expect(
            Self.collect([Toy.shifting.code(coded.dropLast(2))], [.gzip, .br]).notes == [.codingTruncated(.gzip)])
        // A response to HEAD names a coding and has no body.
        #expect(Self.collect([], [.gzip]).notes.isEmpty)
    }

    @Test func nothingIsDecodedBehindAGap() {
        let coded = Toy.doubling.code(Self.text)
        let outcome = Self.collect([Array(coded[..<8]), Array(coded[8...])], [.gzip], gapAfter: 0)
        #expect(outcome.octets == Array(Self.text.prefix(4)))
        #expect(outcome.length == UInt64(coded.count))
        #expect(outcome.notes == [.gap(octets: 10), .undecodable(.gzip, afterOctets: 4)] && !outcome.isComplete)
        // What is not coded goes on.
        let plain = Self.collect([Self.text, Self.text], gapAfter: 0) { $0.digestsBodies = true }
        #expect(plain.octets == Self.text + Self.text && plain.notes == [.gap(octets: 10)] && plain.digest.isEmpty)
    }

    /// A body that is no such coding from its first octet is shown as it is, however it came.
    @Test func aWrongCodingIsShownAsItIs() {
        for pieces in [[Self.text], Self.text.map { [$0] }] {
            let outcome = Self.collect(pieces, [.gzip])
            #expect(outcome.octets == Self.text && outcome.codings.isEmpty)
            #expect(outcome.notes == [.undecodable(.gzip, afterOctets: 0)] && !outcome.isComplete)
        }
    }

    /// A decoder that gives nothing for long is not told a mistake, however the body was cut.
    @Test(arguments: [1_022, 1_023, 1_024, 1_025, 1_100]) func aLateFailureIsToldTheSameForEverySplit(silent: Int) {
        let body = [UInt8](repeating: 7, count: silent) + Self.text
        var outcomes: [Outcome] = []
        for size in [1, 3, 1_024, 2_000] {
            let pieces = stride(from: 0, to: body.count, by: size).map { Array(body[$0..<min($0 + size, body.count)]) }
            outcomes.append(Self.collect(pieces, [.zstd], tools: ToyTools(silentOctets: silent)))
        }
        #expect(outcomes.allSatisfy { $0 == outcomes[0] })
        #expect(outcomes[0].octets == (silent < 1_024 ? body : []))
        #expect(outcomes[0].notes == [.undecodable(.zstd, afterOctets: 0)])
    }

    @Test func whatWasDecodedBeforeAFailureIsKept() {
        let coded = Toy.doubling.code(Self.text)
        let outcome = Self.collect([Array(coded[..<8]) + [1, 2, 3]], [.gzip]) { $0.digestsBodies = true }
        #expect(outcome.octets == Array(Self.text.prefix(4)) && outcome.length == 11)
        #expect(outcome.notes == [.undecodable(.gzip, afterOctets: 4)] && outcome.digest.isEmpty)
    }

    /// A decoder that may not take anything does not hold the collector up.
    @Test func aDecoderThatStandsStillIsGivenUp() {
        let outcome = Self.collect([Self.text], [.deflate])
        #expect(outcome.notes == [.undecodable(.deflate, afterOctets: 0)])
    }

    /// A slow download is shown in parts: the limits and the fallback are those of the whole.
    @Test func aBodyGoesOnInTheNextMessage() {
        let coded = Toy.doubling.code(Self.text)
        var message = Message()
        var collector = BodyCollector()
        let context = ParserContext(ParserSettings(), ToyTools())
        collector.begin([.gzip], in: &message, context)
        collector.append(coded.span.extracting(0..<10), to: &message, context)
        #expect(message.body.octets.isEmpty && collector.heldOctets == 10)
        collector.decodeWaiting(in: &message)
        #expect(message.body.octets == Array(Self.text.prefix(5)))
        message.reset(.raw, .received, at: 0)
        collector.append(coded.span.extracting(10..<14), to: &message, context)
        #expect(message.body.octets == Array(Self.text[5..<7]))
        message.reset(.raw, .received, at: 0)
        collector.append([9, 8].span, to: &message, context)
        #expect(message.body.octets.isEmpty && message.notes == [.undecodable(.gzip, afterOctets: 0)])
    }

    /// A coded body waits for its end, unless it is long.
    @Test func aLongCodedBodyIsDecodedAsItComes() {
        let coded = [UInt8](repeating: 7, count: BodyCollector.waitingOctetsMax)
        var message = Message()
        var collector = BodyCollector()
        let context = ParserContext(ParserSettings(), ToyTools())
        collector.begin([.gzip], in: &message, context)
        collector.append(coded.span, to: &message, context)
        #expect(message.body.octets.isEmpty && message.body.length == UInt64(coded.count))
        collector.append([7, 7, 7, 7].span, to: &message, context)
        #expect(message.body.octets.count == coded.count / 2 + 2)
        #expect(message.body.codings == [.gzip] && collector.heldOctets >= BodyCollector.decoderOctets)
    }
}

/// Codings whose decoders give their output slowly.
enum Toy: Equatable {
    /// Every octet twice, then 0 0. Octets that differ where they should not are corrupt.
    case doubling
    /// Every octet less one, then 0.
    case shifting
    /// Takes nothing and gives nothing.
    case stuck
    /// Takes so many octets and then fails.
    case failing(after: Int)

    func code(_ octets: [UInt8]) -> [UInt8] {
        switch self {
        case .doubling: octets.flatMap { [$0, $0] } + [0, 0]
        case .shifting: octets.map { $0 &+ 1 } + [0]
        case .stuck, .failing: octets
        }
    }
}

struct ToyTools: BodyTools {
    /// Octets that a decoder gives per call at most, however much room there is.
    var room = Int.max
    /// Zstandard fails after so many; 0: there is none.
    var silentOctets = 0

    func makeDecoder(_ coding: ContentCoding) -> (any BodyDecoder)? {
        switch coding {
        case .gzip: ToyDecoder(.doubling, room)
        case .br: ToyDecoder(.shifting, room)
        case .deflate: ToyDecoder(.stuck, room)
        case .zstd: silentOctets > 0 ? ToyDecoder(.failing(after: silentOctets), room) : nil
        case .permessageDeflate: nil
        }
    }

    func makeDigest() -> any BodyDigest { ToyDigest() }
}

final class ToyDecoder: BodyDecoder {
    private let toy: Toy
    private let room: Int
    private var first: UInt8?
    private var taken = 0
    private(set) var hasEnded = false

    init(_ toy: Toy, _ room: Int) {
        self.toy = toy
        self.room = room
    }

    func decode(_ input: Span<UInt8>, into output: inout OutputSpan<UInt8>) throws(BodyDecodingFailure) -> Int {
        if hasEnded { return input.count }
        if toy == .stuck { return 0 }
        if case .failing(let limit) = toy {
            taken += input.count
            if taken > limit { throw .corrupt }
            return input.count
        }
        var given = 0
        for index in input.indices {
            if output.isFull || given == room { return index }
            let octet = input[index]
            if toy == .doubling {
                guard let first else {
                    first = octet
                    continue
                }
                guard first == octet else { throw .corrupt }
                self.first = nil
            }
            guard octet != 0 else {
                hasEnded = true
                return input.count
            }
            output.append(toy == .doubling ? octet : octet &- 1)
            given += 1
        }
        return input.count
    }
}

/// The sum and the count of the octets.
final class ToyDigest: BodyDigest {
    private var sum: UInt8 = 0
    private var count: UInt8 = 0

    func update(_ octets: Span<UInt8>) {
        for index in octets.indices {
            sum &+= octets[index]
            count &+= 1
        }
    }

    func finish() -> [UInt8] { [sum, count] }

    static func of(_ octets: [UInt8]) -> [UInt8] {
        let digest = ToyDigest()
        digest.update(octets.span)
        return digest.finish()
    }
}
