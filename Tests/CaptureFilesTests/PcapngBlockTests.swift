import CaptureTestSupport
import Testing

@testable import CaptureFiles

/// Blocks that say impossible things: counted by cause and skipped, or the end of the file.
@Suite struct PcapngBlockTests {
    /// A section of blocks given as type and body; lengths are right unless told otherwise.
    struct Builder {
        var octets: [UInt8] = []
        var order = ByteOrder.littleEndian

        init(_ order: ByteOrder = .littleEndian, version: (UInt16, UInt16) = (1, 0), interface: Bool = true) {
            self.order = order
            block(.sectionHeader, [0x1A2B_3C4D, halves(version.0, version.1), .max, .max])
            if interface { block(.interfaceDescription, [halves(1, 0), 0]) }
        }

        /// Two 16-bit numbers as the 32-bit word that has them in this order in the file.
        func halves(_ first: UInt16, _ second: UInt16) -> UInt32 {
            order == .littleEndian ? UInt32(second) << 16 | UInt32(first) : UInt32(first) << 16 | UInt32(second)
        }

        mutating func block(
            _ type: BlockType, _ words: [UInt32], _ tail: [UInt8] = [], length: UInt32? = nil, second: UInt32? = nil
        ) {
            let right = UInt32(12 + 4 * words.count + tail.count)
            for word in [type.rawValue, length ?? right] + words { order.append(word, to: &octets) }
            octets += tail
            order.append(second ?? length ?? right, to: &octets)
        }

        /// An Enhanced Packet Block of eight octets at one microsecond.
        mutating func packet(interface: UInt32 = 0, captured: UInt32 = 8, _ tail: [UInt8] = []) {
            block(.enhancedPacket, [interface, 0, 1, captured, 60], [1, 2, 3, 4, 5, 6, 7, 8] + tail)
        }

        func parsed() -> ParsedCapture { ParsedCapture(octets) }
    }

    static let orders: [ByteOrder] = [.littleEndian, .bigEndian]

    /// One bad block between two good packets: both are delivered, the bad one is counted under its cause.
    @Test(arguments: orders, BadRecord.allCases) func badBlocksAreCountedAndSkipped(order: ByteOrder, cause: BadRecord)
    {
        var file = Builder(order)
        file.packet()
        switch cause {
        case .unknownInterface: file.packet(interface: 1)
        case .capturedLengthBeyondBlock: file.packet(captured: 9)
        case .capturedLengthTooLarge:
            file.block(
                .enhancedPacket, [0, 0, 1, 262_145, 262_145], [UInt8](repeating: 0, count: 262_148))
        case .blockTooShort: file.block(.enhancedPacket, [0, 0, 1, 8])
        case .blockTooLong: file.block(.enhancedPacket, [0, 0, 1, 8, 8], [UInt8](repeating: 0, count: 1 << 20))
        case .badOption: file.block(.interfaceDescription, [file.halves(1, 0), 0, file.halves(9, 100)])
        case .tooManyInterfaces:
            for _ in 0..<65_536 { file.block(.interfaceDescription, [file.halves(1, 0), 0]) }
        }
        file.packet()
        let parsed = file.parsed()
        #expect(parsed.frames.map(\.time) == [1000, 1000])
        #expect(parsed.stop == .end)
        #expect(parsed.parser.statistics[cause] == 1)
        #expect(parsed.parser.statistics.badRecords == 1)
        let pieces = ParsedCapture(file.octets) { _ in 1000 }
        #expect(pieces.frames == parsed.frames && pieces.parser.statistics == parsed.parser.statistics)
    }

    @Test(arguments: orders) func otherPacketBlocksAreHeldToTheSame(order: ByteOrder) {
        var file = Builder(order, interface: false)
        file.block(.simplePacket, [4], [1, 2, 3, 4])  // no interface yet
        file.block(.interfaceDescription, [file.halves(1, 0), 3])
        file.block(.simplePacket, [4], [1, 2, 3, 4])  // snap length 3
        file.block(.simplePacket, [3])  // no room for a frame
        file.block(.simplePacket, [])
        file.block(.packet, [file.halves(0, 5), 0, 1, 4, 60], [1, 2, 3, 4])
        file.block(.packet, [file.halves(0, 0xFFFF), 0, 1, 4, 60], [1, 2, 3, 4])
        file.block(.packet, [file.halves(1, 0), 0, 1, 4, 60], [1, 2, 3, 4])
        file.block(.interfaceStatistics, [1, 0, 0])
        file.block(.interfaceStatistics, [0, 0])
        let parsed = file.parsed()
        let statistics = parsed.parser.statistics
        #expect(parsed.frames.map(\.capturedLength) == [3, 4, 4])
        #expect(parsed.frames.map(\.wireLength) == [4, 60, 60])
        #expect(statistics.simplePacketBlocks == 1 && statistics.packetBlocks == 2)
        #expect(statistics.droppedBeforePackets == 5)
        #expect(statistics[.unknownInterface] == 3)
        #expect(statistics[.capturedLengthBeyondBlock] == 1)
        #expect(statistics[.blockTooShort] == 2)
    }

    /// A broken interface block keeps its number, so that later frames go to the right one.
    @Test(arguments: orders) func brokenInterfacesKeepTheirNumber(order: ByteOrder) {
        var file = Builder(order, interface: false)
        file.block(.interfaceDescription, [1])
        file.block(.interfaceDescription, [file.halves(113, 0), 0])
        file.packet(interface: 0)
        file.packet(interface: 1)
        let parsed = file.parsed()
        #expect(parsed.frames.map(\.linkType) == [113])
        #expect(parsed.frames.map(\.interface) == [1])
        #expect(parsed.parser.statistics[.blockTooShort] == 1)
        #expect(parsed.parser.statistics[.unknownInterface] == 1)
    }

    @Test(arguments: orders) func brokenFramingStops(order: ByteOrder) {
        func failure(_ change: (inout Builder) -> Void) -> CaptureFailure {
            var file = Builder(order)
            file.packet()
            change(&file)
            file.packet()
            let parsed = file.parsed()
            #expect(parsed.frames.count == 1)
            #expect(ParsedCapture(file.octets) { _ in 3 }.stop == parsed.stop)
            return parsed.failure
        }
        let short = failure { $0.block(.custom, [1], length: 8) }
        #expect(short == CaptureFailure(.blockLengthTooShort, at: 88, found: 8, expected: 12))
        let differ = failure { $0.block(.custom, [1], second: 20) }
        #expect(differ == CaptureFailure(.blockLengthsDiffer, at: 88, found: 16, expected: 20))
        #expect("\(differ)" == "at octet 88: block length 16 at the block's start, 20 at its end")
        let magic = failure { $0.block(.sectionHeader, [1, 2, 3, 4]) }
        #expect(magic.reason == .badByteOrderMagic)
        let version = failure { $0.block(.sectionHeader, [0x1A2B_3C4D, $0.halves(2, 0), .max, .max]) }
        #expect(version == CaptureFailure(.unsupportedVersion, at: 88, found: 2, expected: 0))
        let large = failure { $0.block(.interfaceDescription, [1, 0], length: .max) }
        #expect(large.reason == .blockTooLarge)
        let tiny = failure { $0.block(.sectionHeader, [0x1A2B_3C4D]) }
        #expect(tiny.reason == .blockLengthTooShort)
    }

    /// A block that claims 4 GiB is skipped over and nothing is buffered for it; the file just ends early.
    @Test(arguments: orders) func aClaimOfFourGibibytesBuffersNothing(order: ByteOrder) {
        var file = Builder(order)
        file.packet()
        file.block(BlockType(rawValue: 0x7777), [1, 2, 3], length: 0xFFFF_FFFC)
        let whole = file.parsed()
        #expect(whole.frames.count == 1)
        #expect(
            whole.stop
                == .endedEarly(CutShort(fileOffset: 88, available: 24, needed: 0xFFFF_FFFC)))
        // ParsedCapture itself checks that no window was asked to grow beyond a record.
        #expect(ParsedCapture(file.octets) { _ in 1 }.stop == whole.stop)
    }

    /// A packet is lost with its block, once; with a block of another type there is none.
    @Test(arguments: orders) func onlyPacketsAreLostWithTheirBlocks(order: ByteOrder) {
        func parsed(_ change: (inout Builder) -> Void) -> CaptureParser {
            var file = Builder(order)
            file.packet()
            change(&file)
            return file.parsed().parser
        }
        for type in [BlockType.enhancedPacket, .packet, .simplePacket] {
            let claimed = parsed { $0.block(type, [0, 0, 0, 4, 4, 5], length: 0xFFFF_FFFC) }
            #expect(claimed.endedWithinPacket && claimed.statistics.badRecords == 0)
            let differ = parsed { $0.block(type, [0, 0, 0, 4, 4, 5], second: 20) }
            #expect(differ.endedWithinPacket && differ.statistics.badRecords == 0)
        }
        for type in [BlockType(rawValue: 0x7777), .custom, .interfaceStatistics] {
            let claimed = parsed { $0.block(type, [0, 0, 0, 4, 4, 5], length: 0xFFFF_FFFC) }
            #expect(!claimed.endedWithinPacket && claimed.statistics.badRecords == 0)
            #expect(claimed.statistics.unknownBlocks == 0 && claimed.statistics.customBlocks == 0)
        }
        let whole = parsed { $0.block(.interfaceStatistics, [UInt32](repeating: 0, count: 300_000)) }
        #expect(!whole.endedWithinPacket && whole.statistics[.blockTooLong] == 1)
        #expect(whole.statistics.packetsLost(.blockTooLong) == 0)
        let packet = parsed { $0.block(.enhancedPacket, [UInt32](repeating: 0, count: 300_000)) }
        #expect(!packet.endedWithinPacket && packet.statistics.packetsLost(.blockTooLong) == 1)
    }

    @Test(arguments: orders) func lengthsThatLeaveOutPaddingAreRoundedUp(order: ByteOrder) {
        var file = Builder(order)
        file.block(.enhancedPacket, [0, 0, 1, 6, 60], [1, 2, 3, 4, 5, 6, 0, 0], length: 38)
        file.packet()
        #expect(file.parsed().frames.map(\.capturedLength) == [6, 8])
        #expect(file.parsed().stop == .end)
    }

    @Test func versionOneTwoIsVersionOne() {
        var file = Builder(version: (1, 2))
        file.packet()
        #expect(file.parsed().frames.count == 1)
        #expect(Builder(version: (1, 1)).parsed().failure.reason == .unsupportedVersion)
    }

    @Test func unknownBlocksAreCounted() {
        var file = Builder()
        file.block(BlockType(rawValue: 0x8000_0001), [1, 2, 3])
        file.block(.custom, [1])
        file.block(.customNotCopied, [1])
        file.block(.decryptionSecrets, [1, 0])
        file.block(.nameResolution, [])
        let statistics = file.parsed().parser.statistics
        #expect(statistics.unknownBlocks == 1 && statistics.customBlocks == 2)
        #expect(statistics.decryptionSecretsBlocks == 1 && statistics.nameResolutionBlocks == 1)
    }

    /// Texts are bounded, one by one and all together.
    @Test func textsAreCut() {
        var interface = CaptureInterface(linkType: 1)
        interface.name = String(repeating: "n", count: 60_000)
        var writer = PcapngWriter()
        var octets: [UInt8] = []
        writer.appendSectionHeader(to: &octets)
        for _ in 0..<5000 { writer.appendInterface(interface, to: &octets) }
        let interfaces = ParsedCapture(octets).parser.interfaces
        #expect(interfaces.count == 5000)
        #expect(interfaces[0].name.utf8.count == CaptureInterface.textOctetsMax)
        #expect(interfaces.reduce(0) { $0 + $1.name.utf8.count } == CaptureInterface.textOctetsInAllMax)
    }
}
