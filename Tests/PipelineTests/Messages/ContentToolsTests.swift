import AppProtocols
import CompressionTestSupport
import Testing

@testable import Pipeline

/// Bodies through the collector with the real decoders.
@Suite struct ContentToolsTests {
    /// What a body came to.
    struct Outcome: Equatable {
        var octets: [UInt8]
        var length: UInt64
        var decodedLength: UInt64
        var digest: [UInt8]
        var isComplete: Bool
        var notes: [MessageNote]

        init(_ message: Message) {
            octets = message.body.octets
            length = message.body.length
            decodedLength = message.body.decodedLength
            digest = message.body.digest
            isComplete = message.isComplete
            notes = message.notes
        }
    }

    static func collect(
        _ pieces: [ArraySlice<UInt8>], _ codings: [ContentCoding?], isWhole: Bool = true,
        tools: ContentTools = ContentTools(), settings: ParserSettings = ParserSettings()
    ) -> Outcome {
        var message = Message()
        var collector = BodyCollector()
        let context = ParserContext(settings, tools)
        collector.begin(codings, in: &message, context)
        for piece in pieces { collector.append(Array(piece).span, to: &message, context) }
        collector.end(isWhole: isWhole, in: &message)
        return Outcome(message)
    }

    /// Compressible and not.
    static let text =
        Array(String(repeating: "every packet, every message\n", count: 9).utf8) + (0..<50).map { $0 &* 37 }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var codings: [ContentCoding]
        var coded: [UInt8]
        var expected = text
    }

    static let cases: [Case] = [
        Case(testDescription: "gzip", codings: [.gzip], coded: gzip(text)),
        Case(
            testDescription: "gzip, two members and garbage", codings: [.gzip],
            coded: gzip(text) + gzip(text) + [0, 0, 1], expected: text + text),
        Case(testDescription: "deflate", codings: [.deflate], coded: deflate(text, isBare: false)),
        Case(testDescription: "bare deflate", codings: [.deflate], coded: deflate(text, isBare: true)),
        Case(testDescription: "br", codings: [.br], coded: brotli(text)),
        Case(testDescription: "zstd", codings: [.zstd], coded: zstd(text)),
        Case(
            testDescription: "zstd, two frames", codings: [.zstd], coded: zstd(text) + skippable([1]) + zstd(text),
            expected: text + text),
        Case(testDescription: "gzip in br", codings: [.gzip, .br], coded: brotli(gzip(text))),
        Case(
            testDescription: "br in zstd in deflate", codings: [.br, .zstd, .deflate],
            coded: deflate(zstd(brotli(text)), isBare: true)),
        Case(testDescription: "nothing in gzip", codings: [.gzip], coded: gzip([]), expected: []),
        Case(testDescription: "nothing in br", codings: [.br], coded: brotli([]), expected: []),
    ]

    @Test(arguments: cases) func everySplitGivesTheSame(_ test: Case) {
        let tools = ContentTools()
        for cut in 0...test.coded.count {
            let outcome = Self.collect([test.coded[..<cut], test.coded[cut...]], test.codings, tools: tools)
            #expect(outcome.octets == test.expected, "cut at \(cut)")
            #expect(outcome.isComplete && outcome.notes.isEmpty, "cut at \(cut): \(outcome.notes)")
            #expect(outcome.length == UInt64(test.coded.count))
        }
        for size in [1, 2, 3, 64] {
            let pieces = stride(from: 0, to: test.coded.count, by: size).map {
                test.coded[$0..<min($0 + size, test.coded.count)]
            }
            #expect(Self.collect(pieces, test.codings, tools: tools).octets == test.expected, "pieces of \(size)")
        }
    }

    /// A cut body gives a beginning of what it holds, and says that it was cut.
    @Test(arguments: cases) func everyTruncationIsTold(_ test: Case) {
        let tools = ContentTools()
        for cut in 1..<test.coded.count {
            let outcome = Self.collect([test.coded[..<cut]], test.codings, isWhole: false, tools: tools)
            #expect(test.expected.starts(with: outcome.octets), "cut at \(cut)")
            if outcome.isComplete {
                // Between members and frames, or in the garbage behind them.
                #expect(test.testDescription.contains("two") && outcome.octets.count % Self.text.count == 0)
            } else {
                #expect(outcome.notes == [.codingTruncated(test.codings.last ?? .gzip)], "cut at \(cut)")
            }
        }
    }

    /// What can be decoded of a cut body is given, not held back for what never comes.
    @Test func aCutBodyGivesWhatItHolds() {
        let long = (0..<20_000).flatMap { Array("\($0) ".utf8) }
        for (coding, coded) in [
            (ContentCoding.gzip, gzip(long)), (.deflate, deflate(long, isBare: true)), (.br, brotli(long)),
        ] {
            let outcome = Self.collect([coded[..<(coded.count / 2)]], [coding], isWhole: false)
            #expect(outcome.octets.count > long.count / 4, "\(coding)")
            #expect(long.starts(with: outcome.octets) && outcome.notes == [.codingTruncated(coding)])
        }
    }

    /// Each octet changed in turn: it ends, and within bounds; pooled decoders are as good as new behind it.
    @Test(arguments: cases) func changedOctetsNeverTrap(_ test: Case) {
        let tools = ContentTools()
        for index in test.coded.indices {
            var coded = test.coded
            coded[index] ^= 0x41
            let once = Self.collect([coded[...]], test.codings, tools: tools)
            let split = Self.collect(coded.map { [$0] }, test.codings, tools: tools)
            #expect(once.isComplete == split.isComplete, "octet \(index)")
            #expect(once.decodedLength <= 1 << 20)
        }
        #expect(Self.collect([test.coded[...]], test.codings, tools: tools).octets == test.expected)
    }

    @Test(arguments: [ContentCoding.gzip, .deflate, .br, .zstd]) func aWrongCodingIsShownAsItIs(_ coding: ContentCoding)
    {
        // As DEFLATE and Brotli the text's first octets must be wrong, too.
        let text = Array("\u{7}<html>no such coding</html>".utf8)
        let outcome = Self.collect([text[...]], [coding])
        #expect(!outcome.isComplete)
        if outcome.notes.contains(.undecodable(coding, afterOctets: 0)) { #expect(outcome.octets == text) }
        if coding == .gzip || coding == .zstd { #expect(outcome.octets == text) }
    }

    /// A quarter of a megabyte that expands to 256 MiB ends at the limit, with the octets up to it counted and no more
    /// kept than asked for.
    @Test(arguments: [ContentCoding.gzip, .deflate, .br, .zstd]) func bombsEndAtTheLimit(_ coding: ContentCoding) {
        let size = 8 << 20
        let zeros = [UInt8](repeating: 0, count: size)
        let coded =
            switch coding {
            case .gzip: gzip(zeros)
            case .deflate: deflate(zeros, isBare: true)
            case .br: brotli(zeros)
            default: zstd(zeros)
            }
        var settings = ParserSettings()
        settings.bodyOctetsMax = 1000
        for limit in [UInt64(999), 1000, 1001, 1_000_000, UInt64(size) - 1] {
            settings.decodedOctetsMax = limit
            let outcome = Self.collect([coded[...]], [coding], settings: settings)
            #expect(outcome.octets == [UInt8](repeating: 0, count: min(1000, Int(limit))))
            #expect(outcome.decodedLength == limit)
            #expect(outcome.notes.first == .decodingLimited(octets: limit) && outcome.digest.isEmpty)
        }
        settings.decodedOctetsMax = UInt64(size)
        let whole = Self.collect([coded[...]], [coding], settings: settings)
        #expect(whole.isComplete && whole.decodedLength == UInt64(size) && whole.digest.count == 32)
        // Twice compressed it is small indeed.
        settings.decodedOctetsMax = 1_000_000
        let twice = Self.collect([gzip(coded)[...]], [coding, .gzip], settings: settings)
        #expect(twice.decodedLength == 1_000_000 && !twice.isComplete)
    }

    /// A window beyond what RFC 9659 allows in HTTP is refused before memory is taken for it.
    @Test func largeZstdWindowsAreRefused() {
        let text = [UInt8](repeating: 7, count: 100)
        #expect(Self.collect([zstd(text, windowLog: 23)[...]], [.zstd]).octets == text)
        let refused = zstd(text, windowLog: 24)
        #expect(Self.collect([refused[...]], [.zstd]).notes == [.undecodable(.zstd, afterOctets: 0)])
    }

    /// FIPS 180-4's example, and a million times "a", with a digest that was used before.
    @Test func bodiesAreDigestedWithSHA256() {
        var settings = ParserSettings()
        settings.digestsBodies = true
        let tools = ContentTools()
        for (text, expected) in [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ] {
            let outcome = Self.collect([gzip(Array(text.utf8))[...]], [.gzip], tools: tools, settings: settings)
            #expect(outcome.digest == Self.octets(hex: expected))
        }
    }

    static func octets(hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
    }
}

/// permessage-deflate: messages of one direction by one decoder.
@Suite struct MessageDeflateTests {
    struct Outcome {
        var octets: [[UInt8]] = []
        var notes: [[MessageNote]] = []
    }

    static func collect(_ messages: [[UInt8]], piece: Int = .max, isWhole: Bool = true) throws -> Outcome {
        let tools = ContentTools()
        let context = ParserContext(ParserSettings(), tools)
        let decoder = try #require(tools.makeDecoder(.permessageDeflate))
        var collector = BodyCollector()
        var outcome = Outcome()
        for coded in messages {
            var message = Message()
            collector.begin(.permessageDeflate, by: decoder, in: &message, context)
            var rest = coded[...]
            while !rest.isEmpty {
                collector.append(Array(rest.prefix(piece)).span, to: &message, context)
                rest = rest.dropFirst(piece)
            }
            collector.end(isWhole: isWhole, in: &message)
            outcome.octets.append(message.body.octets)
            outcome.notes.append(message.notes)
        }
        return outcome
    }

    static let texts = ["{\"tick\":1,\"price\":10}", "{\"tick\":2,\"price\":11}", "", "{\"tick\":2,\"price\":11}"].map {
        Array($0.utf8)
    }

    static var coded: [[UInt8]] {
        var deflater = MessageDeflater()
        return texts.map { deflater.message($0) }
    }

    @Test(arguments: [1, 2, 5, .max]) func messagesReferBackToEarlierOnes(piece: Int) throws {
        let outcome = try Self.collect(Self.coded, piece: piece)
        #expect(Self.coded[3].count < 12, "the last message must lean on the second")
        #expect(outcome.octets == Self.texts)
        #expect(outcome.notes.flatMap { $0 } == [])
    }

    @Test func aSenderWithoutContextTakeoverNeedsNothingElse() throws {
        let coded = Self.texts.map { text in
            var deflater = MessageDeflater()
            return deflater.message(text)
        }
        #expect(try Self.collect(coded).octets == Self.texts)
    }

    /// RFC 7692 § 7.2.3: the examples, with a final block and without anything left out among them.
    @Test func theExamplesOfTheStandard() throws {
        let hello = Array("Hello".utf8)
        let outcome = try Self.collect([
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            [0xF2, 0x00, 0x11, 0x00, 0x00],
            [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            [0x00],
            [],
            // Behind a final block the window stays.
            [0xF2, 0x00, 0x11, 0x00, 0x00],
        ])
        #expect(outcome.octets == [hello, hello, hello, hello, hello, [], [], hello])
        #expect(outcome.notes.flatMap { $0 } == [])
    }

    /// A message cut anywhere is told, and its tail is not taken for what is missing.
    @Test func aCutMessageIsTold() throws {
        let coded = Self.coded[0]
        for cut in 1..<coded.count {
            let whole = try Self.collect([Array(coded[..<cut])])
            let open = try Self.collect([Array(coded[..<cut])], isWhole: false)
            #expect(Self.texts[0].starts(with: whole.octets[0]), "cut at \(cut)")
            // The last octet is the flush's, where the last block ends with an octet: without it nothing is missing.
            if cut == coded.count - 1, whole.octets[0] == Self.texts[0], open.notes[0].isEmpty { continue }
            #expect(whole.notes[0] == [.undecodable(.permessageDeflate, afterOctets: UInt64(whole.octets[0].count))])
            #expect(open.notes[0] == [.codingTruncated(.permessageDeflate)])
        }
    }

    @Test func nothingIsDecodedAfterAFailure() throws {
        let outcome = try Self.collect([[0xFF, 0xFF], Self.coded[0]])
        #expect(outcome.notes == Array(repeating: [.undecodable(.permessageDeflate, afterOctets: 0)], count: 2))
        #expect(outcome.octets == [[0xFF, 0xFF], Self.coded[0]])
    }
}
