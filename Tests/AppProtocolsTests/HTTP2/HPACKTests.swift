import Octets
import Testing

@testable import AppProtocols

struct HPACKTests {
    private static let limits = HPACKDecoder.Limits(listOctetsMax: 1 << 18, fieldsMax: 2_000)

    private func decode(
        _ decoder: inout HPACKDecoder, _ block: [UInt8], _ limits: HPACKDecoder.Limits = limits
    ) -> (lines: [String], progress: HPACKDecoder.Progress) {
        var list = HeaderList()
        var progress = HPACKDecoder.Progress()
        #expect(decoder.decode(block.span, isLast: true, into: &list, &progress, limits) == block.count)
        return (list.lines, progress)
    }

    /// Decodes in memory that is just as large as is said to be needed.
    private func huffman(_ coded: [UInt8], to octets: inout [UInt8]) -> Bool {
        var memory = [UInt8](repeating: 0, count: HuffmanCode.decodedMax(coded.count) + OctetWriter.slack)
        var writer = OctetWriter(memory.mutableSpan)
        let isRight = HuffmanCode().decode(0..<coded.count, of: coded.span, into: &writer)
        octets += memory[..<writer.position]
        return isRight
    }

    @Test func lengthsOfTheHuffmanCodeFillTheCodeSpaceWithTheEndMark() {
        // Kraft's sum is 1 with the 30-bit end-of-string code.
        let sum = HuffmanCode.lengths.reduce(UInt64(1)) { $0 + (1 << UInt64(30 - $1)) }
        #expect(HuffmanCode.lengths.count == 256)
        #expect(sum == 1 << 30)
    }

    @Test func everyOctetSurvivesTheHuffmanCode() {
        var random = SeededRandom(7)
        for count in 0..<300 {
            let octets = (0..<count).map { _ in
                random.next(below: 4) == 0 ? UInt8(random.next(below: 256)) : UInt8(0x20 + random.next(below: 95))
            }
            let coded = HPACKEncoder.huffman(octets)
            var decoded: [UInt8] = []
            #expect(huffman(coded, to: &decoded))
            #expect(decoded == octets)
        }
    }

    /// § 5.2: padding of more than 7 bits, padding that is not ones, and the end mark itself.
    @Test(arguments: [[0xFF], [0x1F, 0xFF], [0x18], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFC]])
    func brokenHuffmanCodeIsRefused(octets: [Int]) {
        let coded = octets.map { UInt8($0) }
        var decoded: [UInt8] = []
        #expect(!huffman(coded, to: &decoded))
        #expect(decoded.isEmpty)
    }

    /// Fields stand as they are shown, whether they come from a table or not; not where something is unknown.
    @Test func listsAreLinesUnlessSomethingIsUnknown() {
        var decoder = HPACKDecoder()
        // Indexed, a literal that is inserted, a reference to it, one that is not, and a name of the static table.
        let block: [UInt8] =
            [0x82, 0x40, 1, 0x61, 2, 0x62, 0x63, 0xBE, 0x00, 1, 0x64, 0] + [0x04, 2, 0x2F, 0x78]
        var list = HeaderList()
        var progress = HPACKDecoder.Progress()
        _ = decoder.decode(block.span, isLast: true, into: &list, &progress, Self.limits)
        #expect(list.areLines)
        #expect(String(decoding: list.octets, as: UTF8.self) == ":method: GET\na: bc\na: bc\nd: \n:path: /x\n")
        #expect(list.lines == [":method: GET", "a: bc", "a: bc", "d: ", ":path: /x"])
        decoder.forget()
        progress.reset()
        _ = decoder.decode([0xBE].span, isLast: true, into: &list, &progress, Self.limits)
        #expect(!list.areLines && list.lines.last == "?: ?")
        list.removeAll()
        #expect(!list.areLines)
    }

    /// RFC 7541 appendix C.4.
    @Test func examplesOfTheSpecification() {
        var decoder = HPACKDecoder()
        let first: [UInt8] = [
            0x82, 0x86, 0x84, 0x41, 0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB, 0x90, 0xF4, 0xFF,
        ]
        let lines = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]
        #expect(decode(&decoder, first).lines == lines)
        let second: [UInt8] = [0x82, 0x86, 0x84, 0xBE, 0x58, 0x86, 0xA8, 0xEB, 0x10, 0x64, 0x9C, 0xBF]
        #expect(decode(&decoder, second).lines == lines + ["cache-control: no-cache"])
        #expect(decoder.table.size == 110)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func randomListsAreDecodedAsTheyWereEncoded(seed: UInt64) {
        var encoder = HPACKEncoder()
        encoder.random = SeededRandom(seed)
        var decoder = HPACKDecoder()
        decoder.tableSizeAllowed = 1 << 20
        var random = SeededRandom(seed + 100)
        for round in 0..<200 {
            let fields = Self.randomFields(&random)
            var block: [UInt8] = []
            if round % 17 == 16 { block += encoder.resize(to: [0, 100, 4_096, 20_000][random.next(below: 4)]) }
            block += encoder.encode(fields)
            let (lines, progress) = decode(&decoder, block)
            #expect(lines == fields.map { "\($0.name): \($0.value)" })
            #expect(!progress.isMalformed && progress.unknownFields == 0)
            #expect(decoder.table.count == encoder.table.count)
        }
    }

    static func randomFields(_ random: inout SeededRandom) -> [HPACKEncoder.Field] {
        (0..<random.next(below: 20)).map { _ in
            let name = "x-" + String(random.next(below: 40))
            return HPACKEncoder.Field(
                name, String(repeating: "v\(random.next(below: 30))", count: random.next(below: 40)))
        }
    }

    /// Blocks cut into pieces anywhere give the same list.
    @Test func piecesOfABlockGiveTheSameList() {
        var encoder = HPACKEncoder()
        var random = SeededRandom(3)
        let fields = Self.randomFields(&random) + Self.randomFields(&random)
        let block = encoder.encode(fields)
        for step in 1..<40 {
            var decoder = HPACKDecoder()
            var list = HeaderList()
            var progress = HPACKDecoder.Progress()
            var rest: [UInt8] = []
            for start in stride(from: 0, to: block.count, by: step) {
                rest += block[start..<min(start + step, block.count)]
                let isLast = start + step >= block.count
                let used = decoder.decode(rest.span, isLast: isLast, into: &list, &progress, Self.limits)
                rest.removeFirst(used)
            }
            #expect(list.lines == fields.map { "\($0.name): \($0.value)" })
        }
    }

    /// A decoder that joins late shows what it knows and marks the rest; nothing it shows is wrong.
    @Test(arguments: 0..<20 as Range<UInt64>)
    func joinedLateNothingIsGuessed(seed: UInt64) {
        var encoder = HPACKEncoder()
        encoder.random = SeededRandom(seed)
        var random = SeededRandom(seed + 200)
        for _ in 0..<30 { _ = encoder.encode(Self.randomFields(&random)) }
        var decoder = HPACKDecoder()
        decoder.forget()
        decoder.tableSizeAllowed = nil
        var unknown = 0
        var known = 0
        for round in 0..<200 {
            if round == 120 { decoder.forget() }
            let fields = Self.randomFields(&random)
            var block: [UInt8] = []
            // The decoder is not told of the first of these sizes.
            if round == 60 { block = encoder.resize(to: 2_000) }
            block += encoder.encode(fields)
            let (lines, progress) = decode(&decoder, block)
            #expect(!progress.isMalformed)
            #expect(lines.count == fields.count)
            for (line, field) in zip(lines, fields) {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts[0] == "?" || parts[1] == " ?" { unknown += 1 } else { known += 1 }
                if parts[0] != "?" { #expect(parts[0] == field.name) }
                if parts[1] != " ?" { #expect(parts[1] == " \(field.value)") }
            }
        }
        #expect(unknown > 0 && known > 500)
    }

    /// An entry whose name was never seen keeps its value.
    @Test func unknownNameWithKnownValue() {
        var decoder = HPACKDecoder()
        decoder.forget()
        let (lines, progress) = decode(&decoder, [0x7F, 0x00, 0x01, 0x61, 0xBE, 0xBF])
        #expect(lines == ["?: a", "?: a", "?: ?"])
        #expect(progress.unknownFields == 3)
        #expect(!progress.isMalformed)
    }

    /// Once the encoder empties its table everything is known again.
    @Test func sizeUpdateToNothingEndsTheUnknown() {
        var decoder = HPACKDecoder()
        decoder.forget()
        #expect(decoder.table.hasUnknownEntries)
        _ = decode(&decoder, [0x20, 0x3F, 0xE1, 0x1F, 0x40, 0x01, 0x61, 0x01, 0x62])
        #expect(!decoder.table.hasUnknownEntries)
        // Index 63 does not exist: that is an error now, and no gap of ours.
        #expect(decode(&decoder, [0xBE, 0xBF]).progress.isMalformed)
    }

    @Test func indicesThatDoNotExistAreShownAndDecodingGoesOn() {
        var decoder = HPACKDecoder()
        let (lines, progress) = decode(&decoder, [0x80, 0xC0, 0x82])
        #expect(lines == ["?: ?", "?: ?", ":method: GET"])
        #expect(progress.isMalformed && !progress.isStopped)
    }

    @Test func endlessIntegerStopsTheBlock() {
        var decoder = HPACKDecoder()
        let (lines, progress) = decode(&decoder, [0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x82])
        #expect(lines == [":method: GET"])
        #expect(progress.isMalformed && progress.isStopped)
        #expect(decoder.table.hasUnknownEntries)
    }

    /// Case 65: a large entry and thousands of references to it. The table stays right.
    @Test func bombIsBounded() {
        var encoder = HPACKEncoder()
        encoder.random = SeededRandom(5)
        var block: [UInt8] = [0x40, 0x01, 0x78]
        HPACKEncoder.append(text: String(repeating: "v", count: 4_000), isHuffman: false, to: &block)
        block += [UInt8](repeating: 0xBE, count: 16_000)
        var decoder = HPACKDecoder()
        let (lines, progress) = decode(&decoder, block, .init(listOctetsMax: 65_536, fieldsMax: 2_000))
        #expect(lines.count == 16)
        #expect(progress.fieldsLeftOut == 16_001 - 16)
        #expect(progress.listOctets == 16_001 * 4_033)
        #expect(decode(&decoder, [0xBE]).lines.first?.count == 4_003)
    }

    /// Names copied from a large entry into one new entry after the other: copying is bounded, sizes stay right.
    @Test func bombOfInsertionsIsBounded() {
        var decoder = HPACKDecoder()
        decoder.tableSizeAllowed = 1 << 20
        var block: [UInt8] = [0x3F, 0xE1, 0xFF, 0x03, 0x40]
        HPACKEncoder.append(text: String(repeating: "n", count: 40_000), isHuffman: false, to: &block)
        block += [0x00]
        for _ in 0..<2_000 { block += [0x7E, 0x00] }
        let (_, progress) = decode(&decoder, block, .init(listOctetsMax: 65_536, fieldsMax: 2_000))
        #expect(progress.listOctets == 2_001 * 40_032)
        let (lines, _) = decode(&decoder, [0xBE, 0x82])
        #expect(lines == ["?: ", ":method: GET"])
        #expect(decoder.table.size == 40_032)
    }

    /// A table larger than what is kept of it: old entries become unknown, not wrong.
    @Test func entriesBeyondWhatIsKeptBecomeUnknown() {
        var decoder = HPACKDecoder()
        decoder.tableSizeAllowed = 1 << 24
        var block: [UInt8] = []
        HPACKEncoder.append(1 << 24, prefixBits: 5, pattern: 0x20, to: &block)
        for index in 0..<20 {
            block += [0x40]
            HPACKEncoder.append(text: "x-\(index)", isHuffman: false, to: &block)
            HPACKEncoder.append(text: String(repeating: "v", count: 20_000), isHuffman: false, to: &block)
        }
        _ = decode(&decoder, block, .init(listOctetsMax: 1 << 22, fieldsMax: 100))
        let (lines, progress) = decode(&decoder, [0xBE, 0x80 | 81])
        #expect(lines[0].hasPrefix("x-19: v") && lines[1] == "?: ?")
        #expect(!progress.isMalformed)
    }
}
