import CaptureTestSupport
import Testing

@testable import CaptureFiles

/// Write, read, and get the same: whole, cut at every octet, and through windows of every kind.
@Suite struct CaptureRoundTripTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var capture: WrittenCapture
    }

    static let orders: [ByteOrder] = [.littleEndian, .bigEndian]

    static let cases: [Case] =
        orders.flatMap { order in
            [SecondFraction.microseconds, .nanoseconds].map { fraction in
                Case(testDescription: "pcap \(order) \(fraction)", capture: .pcap(order, fraction))
            }
        } + orders.map { Case(testDescription: "pcapng \($0)", capture: .pcapng($0)) }

    @Test(arguments: cases) func writtenFramesComeBack(_ test: Case) {
        let parsed = ParsedCapture(test.capture.octets)
        #expect(parsed.frames == test.capture.frames)
        #expect(parsed.stop == .end)
        #expect(parsed.parser.statistics.frames == UInt64(test.capture.frames.count))
        #expect(parsed.parser.statistics.badRecords == 0)
    }

    @Test(arguments: cases) func everythingWholeBeforeACutIsDelivered(_ test: Case) {
        let capture = test.capture
        for cut in 0...capture.octets.count {
            let parsed = ParsedCapture(Array(capture.octets[..<cut]))
            let whole = capture.boundaries.lastIndex { $0 <= cut }
            #expect(parsed.frames == Array(capture.frames.prefix(whole.map { capture.framesBefore[$0] } ?? 0)))
            if cut == 0 {
                #expect(parsed.stop == .failed(ParsedCapture([]).failure))
            } else if cut < 4 {
                #expect(parsed.failure.reason == .tooShort)
            } else if capture.boundaries.contains(cut) {
                #expect(parsed.stop == .end, "cut at \(cut)")
            } else if case .endedEarly(let short) = parsed.stop {
                #expect(short.fileOffset == Int64(whole.map { capture.boundaries[$0] } ?? 0))
                #expect(short.fileOffset + Int64(short.available) == Int64(cut))
                #expect(short.needed > Int64(short.available))
            } else {
                Issue.record("cut at \(cut): \(parsed.stop)")
            }
        }
    }

    @Test(arguments: cases, [1, 2, 3, 7, 16, 100, 4096, 65_536]) func everyPieceSizeAgrees(_ test: Case, piece: Int) {
        expectSame(ParsedCapture(test.capture.octets), ParsedCapture(test.capture.octets, capacity: 3) { _ in piece })
    }

    @Test(arguments: cases, 0..<20) func randomPiecesAgree(_ test: Case, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces = (0...test.capture.octets.count).map { _ in Int.random(in: 1...200, using: &generator) }
        let capacity = Int.random(in: 1...5, using: &generator)
        expectSame(
            ParsedCapture(test.capture.octets), ParsedCapture(test.capture.octets, capacity: capacity) { pieces[$0] })
    }

    /// A large unneeded block is skipped, not buffered, and the rest is read as if it had been buffered.
    @Test(arguments: orders, [1, 1000, 100_000]) func largeUnneededBlocksAreSkipped(order: ByteOrder, piece: Int) {
        let capture = WrittenCapture.pcapng(order, skippedOctets: 300_000)
        let parsed = ParsedCapture(capture.octets) { _ in piece }
        #expect(parsed.frames == capture.frames)
        expectSame(ParsedCapture(capture.octets), parsed)
        // One octet at a time without skipping would take 300,000 calls.
        #expect(parsed.calls < 10_000)
    }

    @Test(arguments: orders) func aSkippedBlockThatIsCutEndsEarly(order: ByteOrder) {
        let capture = WrittenCapture.pcapng(order, skippedOctets: 300_000)
        let blocks = zip(capture.boundaries, capture.boundaries.dropFirst())
        let start = blocks.first { start, end in end - start > 300_000 }!.0
        for cut in [start + 12, start + 1000, start + 300_000, start + 300_014] {
            let file = Array(capture.octets[..<cut])
            let whole = ParsedCapture(file)
            guard case .endedEarly(let short) = whole.stop else {
                Issue.record("cut at \(cut): \(whole.stop)")
                continue
            }
            #expect(short.fileOffset == Int64(start))
            #expect(short.available == cut - start)
            expectSame(whole, ParsedCapture(file) { _ in 64 })
        }
    }

    @Test(arguments: orders) func interfacesAndSectionsSayWhatWasWritten(order: ByteOrder) {
        let parser = ParsedCapture(WrittenCapture.pcapng(order).octets).parser
        #expect(parser.interfaces.count == 4)
        #expect(parser.interfaces.map(\.section) == [0, 0, 1, 1])
        #expect(parser.interfaces[0].name == "eth0")
        #expect(parser.interfaces[0].filter == "ip or ip6")
        #expect(parser.interfaces[0].speed == 1_000_000_000)
        #expect(parser.interfaces[0].snapLength == 96)
        #expect(parser.interfaces[0].resolution == .microseconds)
        #expect(parser.interfaces[1].resolution == .nanoseconds)
        #expect(parser.interfaces[1].offsetSeconds == 1_000_000_000)
        #expect(parser.interfaces[1].details == "every interface")
        #expect(parser.interfaces[1].frameCheckOctets == 4)
        #expect(parser.interfaces[1].counters?.received == 10)
        #expect(parser.interfaces[1].counters?.droppedByInterface == 3)
        #expect(parser.interfaces[1].counters?.delivered == nil)
        #expect(parser.sections.map(\.application) == ["the tests", "the tests"])
        #expect(parser.sections.map(\.hardware) == ["a machine", "a machine"])
        #expect(parser.sections[0].byteOrder == order && parser.sections[1].byteOrder != order)
        let statistics = parser.statistics
        #expect(statistics.sections == 2 && statistics.interfaceDescriptionBlocks == 4)
        #expect(statistics.nameResolutionBlocks == 2 && statistics.interfaceStatisticsBlocks == 2)
        #expect(statistics.decryptionSecretsBlocks == 2 && statistics.customBlocks == 2)
        #expect(statistics.framesWithoutTime == 2)
        // Packets 0, 5 and 10 of both sections say that two were dropped before them.
        #expect(statistics.droppedBeforePackets == 12)
    }

    private func expectSame(_ a: ParsedCapture, _ b: ParsedCapture) {
        #expect(a.frames == b.frames)
        #expect(a.stop == b.stop)
        #expect(a.parser.statistics == b.parser.statistics)
        #expect(a.parser.interfaces == b.parser.interfaces)
        #expect(a.parser.sections == b.parser.sections)
        #expect(a.parser.format == b.parser.format)
    }
}

extension ParsedCapture {
    /// The failure it stopped with; fails the test and stands in for one where it did not.
    var failure: CaptureFailure {
        guard case .failed(let failure) = stop else {
            Issue.record("stopped with \(stop), not with a failure")
            return CaptureFailure(.empty, at: -1)
        }
        return failure
    }
}
