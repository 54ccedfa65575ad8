import CaptureTestSupport
import Testing

@testable import CaptureFiles

/// The variants of the classic format, built field by field.
@Suite struct PcapVariantTests {
    /// A file header with the given fields and records of the given 32-bit words, each followed by its frame.
    static func file(
        magic: UInt32, _ order: ByteOrder = .littleEndian, major: UInt16 = 2, minor: UInt16 = 4, network: UInt32 = 1,
        zone: UInt32 = 0, extra: [UInt8] = [], records: [(words: [UInt32], frame: [UInt8])]
    ) -> [UInt8] {
        var octets: [UInt8] = []
        order.append(magic, to: &octets)
        order.append(major, to: &octets)
        order.append(minor, to: &octets)
        for word in [zone, 0, 65_535, network] { order.append(word, to: &octets) }
        octets += extra
        for record in records {
            for word in record.words { order.append(word, to: &octets) }
            octets += record.frame
        }
        return octets
    }

    static let frame: [UInt8] = [1, 2, 3, 4, 5]

    func expectOne(
        _ file: [UInt8], time: Int64 = 7_000_008_000, captured: UInt32 = 5, wire: UInt32 = 60, at offset: Int = 40,
        linkType: UInt16 = 1, _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let parsed = ParsedCapture(file)
        #expect(parsed.stop == .end, sourceLocation: sourceLocation)
        #expect(
            parsed.frames.first
                == ParsedCapture.Frame(
                    time: time, fileOffset: offset, capturedLength: captured, wireLength: wire, linkType: linkType,
                    interface: 0), sourceLocation: sourceLocation)
    }

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian]) func readsModifiedRecords(order: ByteOrder) {
        // Interface index, protocol, packet type, padding.
        let record: [UInt32] = [7, 8, 5, 60, 3, 0x0800_0000]
        expectOne(Self.file(magic: 0xA1B2_CD34, order, records: [(record, Self.frame)]), at: 48)
        let two = ParsedCapture(
            Self.file(magic: 0xA1B2_CD34, order, records: [(record, Self.frame), (record, Self.frame)]))
        #expect(two.frames.count == 2 && two.stop == .end)
        #expect(two.frames.last?.fileOffset == 24 + 29 + 24)
    }

    @Test(arguments: [ByteOrder.littleEndian, .bigEndian], [1, 2, 5]) func readsTheOtherModifiedRecords(
        order: ByteOrder, count: Int
    ) {
        let record: [UInt32] = [7, 8, 5, 60, 3, 0x0800_0000, 0]
        let file = Self.file(
            magic: 0xA1B2_CD34, order, records: Array(repeating: (record, Self.frame), count: count))
        let parsed = ParsedCapture(file)
        #expect(parsed.frames.count == count && parsed.stop == .end)
        #expect(parsed.frames.last?.fileOffset == file.count - 5)
        #expect(ParsedCapture(file) { _ in 1 }.frames == parsed.frames)
    }

    @Test func readsIxiaFiles() {
        let records = [([UInt32(7), 8, 5, 60], Self.frame)]
        expectOne(Self.file(magic: 0x1C00_01AB, extra: [0, 0, 0, 21], records: records), at: 44)
        expectOne(
            Self.file(magic: 0x1C00_01AC, extra: [0, 0, 0, 21], records: records), time: 7_000_000_008, at: 44)
    }

    @Test func readsAIXFiles() {
        let records = [([UInt32(7), 8, 60, 5], Self.frame)]
        expectOne(Self.file(magic: 0xA1B2_C3D4, minor: 2, network: 6, records: records), time: 7_000_000_008)
    }

    @Test func readsLengthsInTheOrderOfTheVersion() {
        func file(_ major: UInt16, _ minor: UInt16, _ lengths: [UInt32]) -> [UInt8] {
            Self.file(magic: 0xA1B2_C3D4, major: major, minor: minor, records: [([7, 8] + lengths, Self.frame)])
        }
        expectOne(file(2, 4, [5, 60]))
        expectOne(file(2, 2, [60, 5]))
        expectOne(file(543, 0, [60, 5]))
        expectOne(file(2, 3, [60, 5]))
        expectOne(file(2, 3, [5, 60]))
        // Captured beyond the wire length is kept where the version leaves no doubt.
        let odd = ParsedCapture(file(2, 4, [5, 3]))
        #expect(odd.frames.first?.capturedLength == 5 && odd.frames.first?.wireLength == 3)
        #expect(odd.parser.statistics.capturedBeyondWire == 1)
    }

    @Test func takesTheLinkTypeFromTheLowerHalf() {
        let records = [([UInt32(7), 8, 5, 60], Self.frame)]
        let file = Self.file(magic: 0xA1B2_C3D4, network: 0x2400_0114, records: records)
        expectOne(file, linkType: 276)
        #expect(ParsedCapture(file).parser.interfaces.first?.frameCheckOctets == 4)
        // Without the "present" flag the length means nothing.
        let unflagged = ParsedCapture(Self.file(magic: 0xA1B2_C3D4, network: 0x3000_0001, records: records))
        #expect(unflagged.frames.count == 1 && unflagged.parser.interfaces[0].frameCheckOctets == nil)
        let reserved = ParsedCapture(Self.file(magic: 0xA1B2_C3D4, network: 0x0001_0001, records: records))
        #expect(reserved.failure.reason == .reservedLinkTypeBits)
    }

    @Test func ignoresTheZone() {
        expectOne(Self.file(magic: 0xA1B2_C3D4, zone: 3600, records: [([7, 8, 5, 60], Self.frame)]))
    }

    @Test func addsPartsOfASecondBeyondOneAsWiresharkDoes() {
        func time(_ magic: UInt32, _ fraction: UInt32) -> Int64? {
            let parsed = ParsedCapture(Self.file(magic: magic, records: [([7, fraction, 5, 60], Self.frame)]))
            #expect(parsed.parser.statistics.oddTimes == 1)
            return parsed.frames.first?.time
        }
        #expect(time(0xA1B2_C3D4, 1_000_000) == 8_000_000_000)
        #expect(time(0xA1B2_3C4D, 1_000_000_000) == 8_000_000_000)
        // 0x20202020 µs is 538,976,288,000 ns, modulo 2³² 2,105,376,000.
        #expect(time(0xA1B2_C3D4, 0x2020_2020) == 9_105_376_000)
        // 2³¹ ns is −2³¹ as a signed number: 7 s − 2,147,483,648 ns.
        #expect(time(0xA1B2_3C4D, 0x8000_0000) == 4_852_516_352)
    }

    @Test func refusesVersionOne() {
        let failure = ParsedCapture(Self.file(magic: 0xA1B2_C3D4, major: 1, records: [])).failure
        #expect(failure.reason == .unsupportedVersion)
        #expect("\(failure)" == "at octet 0: version 1.4 of the format is not supported")
    }

    @Test func refusesWhatIsNoCapture() {
        #expect(ParsedCapture(Array("#!/bin/sh\n".utf8)).failure.reason == .notACapture)
        #expect(ParsedCapture([]).failure.reason == .empty)
        let short = ParsedCapture([0xD4, 0xC3, 0xB2]).failure
        #expect("\(short)".hasSuffix("the file has only 3 octets, too few for a capture"))
    }

    /// A record that claims 4 GiB breaks the framing: everything before it is delivered, nothing is asked for.
    @Test(arguments: [1, 100_000]) func stopsAtARecordThatClaimsTooMuch(piece: Int) {
        let file = Self.file(
            magic: 0xA1B2_C3D4, records: [([7, 8, 5, 60], Self.frame), ([7, 8, .max, .max], Self.frame)])
        let parsed = ParsedCapture(file) { _ in piece }
        #expect(parsed.frames.count == 1)
        #expect(parsed.failure == CaptureFailure(.recordTooLarge, at: 45, found: 0xFFFF_FFFF, expected: 262_144))
        #expect("\(parsed.failure)" == "at octet 45: record claims 4294967295 octets; at most 262144 can be")
    }

    @Test func acceptsTheLargestRecordOfEachLinkType() {
        func frames(_ linkType: UInt32, _ captured: UInt32) -> Int {
            let frame = [UInt8](repeating: 0, count: Int(captured))
            return ParsedCapture(
                Self.file(magic: 0xA1B2_C3D4, network: linkType, records: [([7, 8, captured, captured], frame)])
            ).frames.count
        }
        #expect(frames(1, 262_144) == 1)
        #expect(frames(1, 262_145) == 0)
        #expect(frames(231, 262_145) == 1)
    }

    /// After a failure or the end, further calls say the same.
    @Test func endsForGood() {
        var parser = CaptureParser()
        var frames = FrameList(capacity: 1)
        for _ in 0..<2 {
            var position = 0
            let stop = parser.parse(
                [1, 2, 3, 4].span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
            #expect(stop == .failed(CaptureFailure(.notACapture, at: 0, found: 0x0102_0304)))
        }
    }

    /// A copy goes on from where the original stood, on its own.
    @Test func isAValue() {
        let file = WrittenCapture.pcap(.littleEndian, .microseconds).octets
        var parser = CaptureParser()
        var frames = FrameList(capacity: 2)
        var position = 0
        _ = parser.parse(file.span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
        var copy = parser
        var copyPosition = position
        frames.removeAll()
        _ = parser.parse(file.span, position: &position, fileOffset: 0, isFinal: true, frames: &frames)
        let first = frames.span[0]
        frames.removeAll()
        _ = copy.parse(file.span, position: &copyPosition, fileOffset: 0, isFinal: true, frames: &frames)
        let second = frames.span[0]
        #expect(first == second && copyPosition == position)
    }
}
