import CaptureTestSupport
import Testing

@testable import CaptureFiles

/// Every block that the writer makes, with random contents and in either byte order: read by the parser, and octet by
/// octet by a reader that is the test's own.
@Suite struct PcapngPropertyTests {
    /// A block as it stands in a file, found without the parser.
    private struct Block: Equatable {
        var type: UInt32
        /// Between the lengths.
        var body: [UInt8]
    }

    /// A value of an option, without its padding.
    private struct Option: Equatable {
        var code: Int
        var value: [UInt8]
    }

    private struct Reader {
        let isBig: Bool

        func number(_ octets: ArraySlice<UInt8>) -> UInt64 {
            (isBig ? Array(octets) : octets.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
        }

        func octets(_ number: UInt64, _ count: Int) -> [UInt8] {
            let little = (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
            return isBig ? little.reversed() : little
        }

        /// Ends at what is no block: lengths that differ, or are no multiple of four.
        func blocks(_ file: [UInt8]) -> [Block] {
            var blocks: [Block] = []
            var rest = file[...]
            while rest.count >= 12 {
                let length = Int(number(rest.dropFirst(4).prefix(4)))
                guard length % 4 == 0, 12...rest.count ~= length else { break }
                let block = rest.prefix(length)
                guard Int(number(block.suffix(4))) == length else { break }
                blocks.append(
                    Block(type: UInt32(number(block.prefix(4))), body: Array(block.dropFirst(8).dropLast(4))))
                rest = rest.dropFirst(length)
            }
            return rest.isEmpty ? blocks : []
        }

        /// Each padded with zeros, and the end of all at the end of the block.
        func options(_ octets: ArraySlice<UInt8>) -> [Option]? {
            var (options, rest) = ([Option](), octets)
            guard !rest.isEmpty else { return [] }
            while rest.count >= 4 {
                let (code, count) = (Int(number(rest.prefix(2))), Int(number(rest.dropFirst(2).prefix(2))))
                rest = rest.dropFirst(4)
                if code == 0 { return count == 0 && rest.isEmpty ? options : nil }
                let padded = (count + 3) & ~3
                guard rest.count >= padded, rest.prefix(padded).dropFirst(count).allSatisfy({ $0 == 0 }) else {
                    return nil
                }
                options.append(Option(code: code, value: Array(rest.prefix(count))))
                rest = rest.dropFirst(padded)
            }
            return nil
        }
    }

    private static func text(_ generator: inout SeededGenerator, atMost count: Int = 60) -> String {
        let letters = Array("abc ÄÖ→0123456789:,")
        return String(
            (0..<Int.random(in: 1...count, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
    }

    private static func octets(_ generator: inout SeededGenerator, atMost count: Int = 300) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func maybe<Value>(_ value: Value, _ generator: inout SeededGenerator) -> Value? {
        Bool.random(using: &generator) ? value : nil
    }

    /// A file with a section's header, what writes it, and what reads it.
    private static func section(_ order: ByteOrder) -> (reader: Reader, file: [UInt8], writer: PcapngWriter) {
        var (file, writer) = ([UInt8](), PcapngWriter(byteOrder: order))
        writer.appendSectionHeader(to: &file)
        return (Reader(isBig: order == .bigEndian), file, writer)
    }

    // MARK: - Packets

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], 0..<60 as Range<UInt64>)
    func packetsHaveTheirOptions(order: ByteOrder, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var (reader, file, writer) = Self.section(order)
        var interface = CaptureInterface(linkType: 1)
        interface.resolution = .nanoseconds
        writer.appendInterface(interface, to: &file)
        let start = file.count
        let frame = Self.octets(&generator)
        let time = Int64.random(in: 0...Int64.max, using: &generator)
        let wire = Self.maybe(UInt32.random(in: 0...UInt32.max, using: &generator), &generator)
        let comment = Self.maybe(Self.text(&generator, atMost: 400), &generator)
        let flags = Self.maybe(UInt32.random(in: 0...UInt32.max, using: &generator), &generator)
        let dropped = Self.maybe(UInt64.random(in: 0...1 << 32, using: &generator), &generator)
        writer.appendPacket(
            time: time, wireLength: wire, frame: frame.span, comment: comment, flags: flags, dropped: dropped, to: &file
        )
        let block = try #require(reader.blocks(Array(file[start...])).first)
        #expect(block.type == 6 && reader.number(block.body[0..<4]) == 0)
        let ticks = reader.number(block.body[4..<8]) << 32 | reader.number(block.body[8..<12])
        #expect(ticks == UInt64(time))
        #expect(reader.number(block.body[12..<16]) == UInt64(frame.count))
        #expect(reader.number(block.body[16..<20]) == UInt64(wire ?? UInt32(frame.count)))
        #expect(Array(block.body[20..<20 + frame.count]) == frame)
        var expected: [Option] = []
        if let comment { expected.append(Option(code: 1, value: Array(comment.utf8))) }
        if let flags { expected.append(Option(code: 2, value: reader.octets(UInt64(flags), 4))) }
        if let dropped { expected.append(Option(code: 4, value: reader.octets(dropped, 8))) }
        #expect(reader.options(block.body[(20 + (frame.count + 3) & ~3)...]) == expected)
        let parsed = ParsedCapture(file)
        let found = try #require(parsed.frames.first)
        #expect(parsed.stop == .end && parsed.parser.statistics.badRecords == 0 && found.time == time)
        #expect(Array(file[found.fileOffset..<found.fileOffset + Int(found.capturedLength)]) == frame)
        #expect(parsed.parser.statistics.droppedBeforePackets == dropped ?? 0)
    }

    // MARK: - Sections, interfaces and their statistics

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], 0..<60 as Range<UInt64>)
    func whatDescribesComesBack(order: ByteOrder, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let reader = Reader(isBig: order == .bigEndian)
        var (file, writer) = ([UInt8](), PcapngWriter(byteOrder: order))
        let texts = (0..<3).map { _ in Self.maybe(Self.text(&generator), &generator) }
        writer.appendSectionHeader(hardware: texts[0], operatingSystem: texts[1], application: texts[2], to: &file)
        var interfaces: [CaptureInterface] = []
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            var interface = Self.interface(&generator)
            interface.counters = Self.counters(&generator, interface)
            interfaces.append(interface)
            writer.appendInterface(interface, to: &file)
        }
        for (index, interface) in interfaces.enumerated() {
            let time = Int64.random(in: 0...1 << 60, using: &generator)
            writer.appendStatistics(interface: UInt32(index), time: time, interface.counters!, to: &file)
        }
        let parsed = ParsedCapture(file)
        #expect(parsed.stop == .end && parsed.parser.interfaces == interfaces)
        let section = try #require(parsed.parser.sections.first)
        #expect(section.byteOrder == order && section.length == nil)
        #expect([section.hardware, section.operatingSystem, section.application] == texts.map { $0 ?? "" })
        let blocks = reader.blocks(file)
        #expect(blocks.map(\.type) == [0x0A0D_0D0A] + interfaces.map { _ in 1 } + interfaces.map { _ in 5 })
        #expect(
            reader.options(blocks[0].body.dropFirst(16))?.map(\.code) == zip(2...4, texts).filter { $1 != nil }.map(\.0)
        )
        for (index, interface) in interfaces.enumerated() {
            let described = try #require(reader.options(blocks[1 + index].body.dropFirst(8)))
            #expect(described.contains(Option(code: 9, value: [interface.resolution.octet])))
            let counted = try #require(reader.options(blocks[1 + interfaces.count + index].body.dropFirst(12)))
            let numbers: [(Int, UInt64?)] = [
                (4, interface.counters?.received), (5, interface.counters?.droppedByInterface),
                (6, interface.counters?.acceptedByFilter), (7, interface.counters?.droppedBySystem),
                (8, interface.counters?.delivered),
            ]
            let expected = numbers.compactMap { code, value in
                value.map { Option(code: code, value: reader.octets($0, 8)) }
            }
            #expect(counted.filter { $0.code >= 4 } == expected)
        }
    }

    private static func interface(_ generator: inout SeededGenerator) -> CaptureInterface {
        var interface = CaptureInterface(linkType: UInt16.random(in: 0...300, using: &generator))
        interface.snapLength = UInt32.random(in: 0...UInt32.max, using: &generator)
        interface.resolution = maybe(.microseconds, &generator) ?? .nanoseconds
        interface.speed = maybe(UInt64.random(in: 1...UInt64.max, using: &generator), &generator) ?? 0
        interface.offsetSeconds = maybe(Int64.random(in: -1_000_000...1_000_000, using: &generator), &generator) ?? 0
        interface.frameCheckOctets = maybe(UInt8.random(in: 0...8, using: &generator), &generator)
        for path in [\CaptureInterface.name, \.details, \.filter, \.hardware, \.operatingSystem] {
            interface[keyPath: path] = maybe(text(&generator), &generator) ?? ""
        }
        return interface
    }

    /// Times are as coarse as the interface's.
    private static func counters(_ generator: inout SeededGenerator, _ interface: CaptureInterface) -> InterfaceCounters
    {
        var counters = InterfaceCounters()
        for path in [\InterfaceCounters.startTime, \.endTime] {
            let time = Int64.random(in: 1 << 52...1 << 60, using: &generator)
            counters[keyPath: path] = maybe(time / 1_000 * 1_000, &generator)
        }
        for path in [
            \InterfaceCounters.received, \.droppedByInterface, \.acceptedByFilter, \.droppedBySystem, \.delivered,
        ] {
            counters[keyPath: path] = maybe(UInt64.random(in: 0...UInt64.max, using: &generator), &generator)
        }
        return counters
    }

    // MARK: - All others

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], 0..<60 as Range<UInt64>)
    func whatIsCarriedComesBack(order: ByteOrder, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var (reader, file, writer) = Self.section(order)
        let frame = Self.octets(&generator) + [1]
        // What a Simple Packet Block has of a longer packet.
        var interface = CaptureInterface(linkType: 1)
        interface.snapLength = UInt32(frame.count)
        writer.appendInterface(interface, to: &file)
        let (lines, other, custom) = (
            Self.octets(&generator), Self.octets(&generator), Self.octets(&generator)
        )
        let enterprise = UInt32.random(in: 0...UInt32.max, using: &generator)
        let type = UInt32.random(in: 0...0x5000_0000, using: &generator)
        let names = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
            (address: UInt32.random(in: 0...UInt32.max, using: &generator), name: Self.text(&generator))
        }
        writer.appendSecrets(lines.span, to: &file)
        writer.appendSecrets(type: type, other.span, to: &file)
        writer.appendNames(names, to: &file)
        writer.appendCustom(enterprise: enterprise, custom.span, mayBeCopied: seed % 2 == 0, to: &file)
        writer.appendSimplePacket(wireLength: 70_000, frame: frame.span, to: &file)
        let blocks = reader.blocks(file)
        let customType: UInt32 = seed % 2 == 0 ? 0xBAD : 0x4000_0BAD
        #expect(blocks.map(\.type) == [0x0A0D_0D0A, 1, 10, 10, 4, customType, 3])
        guard blocks.count == 7 else { return }
        for (block, (type, octets)) in zip(blocks[2...3], [(UInt32(0x544C_534B), lines), (type, other)]) {
            #expect(reader.number(block.body[0..<4]) == UInt64(type))
            #expect(reader.number(block.body[4..<8]) == UInt64(octets.count))
            #expect(Array(block.body[8..<8 + octets.count]) == octets)
        }
        // Addresses are in network order in either file; names end with a zero.
        let records = names.map { name in
            Option(code: 1, value: Reader(isBig: true).octets(UInt64(name.address), 4) + Array(name.name.utf8) + [0])
        }
        #expect(reader.options(blocks[4].body[...]) == records)
        #expect(reader.number(blocks[5].body[0..<4]) == UInt64(enterprise))
        #expect(Array(blocks[5].body[4..<4 + custom.count]) == custom)
        #expect(reader.number(blocks[6].body[0..<4]) == 70_000)
        #expect(Array(blocks[6].body[4..<4 + frame.count]) == frame)
        // And by the parser: a frame, and secrets with a line's end behind them.
        var parser = CaptureParser()
        parser.keepsSecrets = true
        var (position, frames) = (0, FrameList(capacity: 4))
        let stop = parser.parse(file.span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
        #expect(stop == .end && parser.statistics.badRecords == 0 && frames.count == 1)
        let isKeyLog = type == 0x544C_534B
        #expect(parser.takeSecrets() == lines + [0x0A] + (isKeyLog ? other + [0x0A] : []))
    }
}
