import CaptureFiles
import Testing

/// What is kept of a pcapng besides its frames.
struct KeptBlocksTests {
    private static let keyLog = Array("CLIENT_RANDOM aa bb\n".utf8)

    /// A section with secrets, a frame, a name, secrets of another kind, a frame.
    private static func file(_ order: ByteOrder) -> [UInt8] {
        var octets: [UInt8] = []
        var writer = PcapngWriter(byteOrder: order)
        writer.appendSectionHeader(to: &octets)
        writer.appendInterface(CaptureInterface(linkType: 1), to: &octets)
        writer.appendSecrets(keyLog.span, to: &octets)
        let frame: [UInt8] = [1, 2, 3, 4, 5]
        writer.appendPacket(time: 1_000, frame: frame.span, comment: "first", to: &octets)
        writer.appendNames([(1, "name")], to: &octets)
        writer.appendSecrets(type: 1, keyLog.span, to: &octets)
        writer.appendPacket(time: 2_000, frame: frame.span, to: &octets)
        return octets
    }

    /// Parses the whole file, frame by frame where `capacity` is 1.
    private static func parse(_ octets: [UInt8], capacity: Int, _ change: (inout CaptureParser) -> Void)
        -> CaptureParser
    {
        var parser = CaptureParser()
        change(&parser)
        var position = 0
        while true {
            var frames = FrameList(capacity: capacity)
            let stop = parser.parse(octets.span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
            if stop != .full { return parser }
        }
    }

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], [1, 100])
    func keyLogsAreKeptWhereTheyAreAskedFor(order: ByteOrder, capacity: Int) {
        var parser = Self.parse(Self.file(order), capacity: capacity) { $0.keepsSecrets = true }
        #expect(parser.takeSecrets() == Self.keyLog + [10])
        #expect(parser.takeSecrets() == [] && parser.statistics.decryptionSecretsBlocks == 2)
        parser = Self.parse(Self.file(order), capacity: capacity) { _ in }
        #expect(parser.takeSecrets() == [] && parser.statistics.decryptionSecretsBlocks == 2)
    }

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], [1, 100])
    func blocksAreKeptWithTheirPlaces(order: ByteOrder, capacity: Int) {
        var parser = Self.parse(Self.file(order), capacity: capacity) { $0.keepsBlocks = true }
        let blocks = parser.takeBlocks()
        #expect(
            blocks.map(\.type) == [
                .sectionHeader, .interfaceDescription, .decryptionSecrets, .nameResolution, .decryptionSecrets,
            ])
        #expect(blocks.map(\.framesBefore) == [0, 0, 0, 1, 1] && blocks.allSatisfy { $0.byteOrder == order })
        #expect(blocks[2].secrets?.octets == Self.keyLog && blocks[2].secrets?.type == 0x544C_534B)
        #expect(blocks[3].secrets == nil)
        var header = blocks[0]
        header.forgetSectionLength()
        #expect(Array(header.octets[16..<24]) == [UInt8](repeating: 0xFF, count: 8))
    }

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian])
    func theBlockAroundAFrameIsFound(order: ByteOrder) throws {
        let octets = Self.file(order)
        var parser = CaptureParser()
        var position = 0
        var frames = FrameList(capacity: 10)
        _ = parser.parse(octets.span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
        #expect(frames.count == 2)
        for index in 0..<2 {
            let frame = Int(frames.span[index].offset)
            let found = CaptureBlock.packet(in: octets.span, around: frame, order)
            let range = try #require(found)
            #expect(range.lowerBound == frame - 28 && range.contains(frame))
        }
        let none = CaptureBlock.packet(in: octets.span, around: 40, order)
        #expect(none == nil)
    }
}
