import CaptureTestSupport
import Foundation
import Testing

@testable import CaptureFiles

/// Real captures cut at every octet of their last record or block: all before it is read, and one cut is told.
@Suite struct CaptureTruncationConformanceTests {
    /// Captures of the folders that NETSPECTRA_CORPUS and NETSPECTRA_CORPUS_TLS name.
    static let captures: [URL] = ["NETSPECTRA_CORPUS", "NETSPECTRA_CORPUS_TLS"].flatMap { name -> [URL] in
        guard let path = ProcessInfo.processInfo.environment[name] else { return [] }
        let folder = URL(fileURLWithPath: path)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.sorted().filter { $0.contains(".pcap") || $0.contains(".cap") }
            .filter { !$0.hasSuffix(".json") && !$0.hasSuffix(".keylog") }
            .map { folder.appendingPathComponent($0) }
    }

    /// A cut for each octet, and of long blocks those near both ends and some between.
    private static func cuts(_ last: Range<Int>) -> [Int] {
        let near = 150
        guard last.count > 3 * near else { return last.dropFirst().map { $0 } }
        let between = stride(from: last.lowerBound + near, to: last.upperBound - near, by: max(last.count / near, 1))
        return last.dropFirst().prefix(near) + Array(between) + last.suffix(near)
    }

    /// Where the last record or block that can be read begins, by walking lengths as they stand in the file.
    private static func lastRecord(_ octets: [UInt8], _ whole: ParsedCapture) -> Int? {
        guard case .pcapng = whole.parser.format else {
            // Records lie close by each other: the last one begins where the one before it ends.
            guard let last = whole.frames.last, whole.frames.count > 1 else { return nil }
            let before = whole.frames[whole.frames.count - 2]
            let end = before.fileOffset + Int(before.capturedLength)
            return end < last.fileOffset ? end : nil
        }
        var (start, last, isBig) = (0, 0, false)
        while octets.count - start >= 12 {
            func number(_ at: Int) -> Int {
                let four = octets[start + at..<start + at + 4]
                return (isBig ? Array(four) : four.reversed()).reduce(0) { $0 << 8 | Int($1) }
            }
            if octets[start..<start + 4] == [0x0A, 0x0D, 0x0D, 0x0A] { isBig = octets[start + 8] == 0x1A }
            last = start
            start += max((number(4) + 3) & ~3, 12)
        }
        return start == octets.count ? last : nil
    }

    @Test(.enabled(if: !captures.isEmpty, "neither NETSPECTRA_CORPUS nor NETSPECTRA_CORPUS_TLS is set"))
    func everythingBeforeTheCutIsRead() throws {
        var (files, cuts) = (0, 0)
        for url in Self.captures {
            var octets = try CaptureOracle.contents(url)
            var whole = ParsedCapture(octets)
            // Of a damaged file what stands before the damage is a capture, too.
            switch whole.stop {
            case .endedEarly(let short): octets = Array(octets[..<Int(short.fileOffset)])
            case .failed(let failure): octets = Array(octets[..<Int(failure.fileOffset)])
            default: break
            }
            if whole.stop != .end { whole = ParsedCapture(octets) }
            guard !octets.isEmpty, let last = Self.lastRecord(octets, whole), last > 0 else { continue }
            #expect(whole.stop == .end, "\(url.lastPathComponent)")
            let before = ParsedCapture(Array(octets[..<last]))
            #expect(before.stop == .end, "\(url.lastPathComponent)")
            #expect(before.frames == whole.frames.filter { $0.fileOffset < last }, "\(url.lastPathComponent)")
            files += 1
            let parser = Self.parser(upTo: last, of: octets)
            for cut in Self.cuts(last..<octets.count) {
                cuts += 1
                Self.expectACut(parser, octets, last..<cut, url.lastPathComponent)
            }
        }
        print("\(files) captures cut at \(cuts) places")
        #expect(files > 10 && cuts > 1_000)
    }

    /// A parser that waits for the record that begins at `end`.
    private static func parser(upTo end: Int, of octets: [UInt8]) -> CaptureParser {
        var parser = CaptureParser()
        var frames = FrameList(capacity: 1_024)
        _ = parse(&parser, octets, 0..<end, isFinal: false, &frames)
        return parser
    }

    private static func parse(
        _ parser: inout CaptureParser, _ octets: [UInt8], _ range: Range<Int>, isFinal: Bool, _ frames: inout FrameList
    ) -> CaptureParser.Stop {
        var start = range.lowerBound
        while true {
            var position = 0
            let stop = parser.parse(
                octets.span.extracting(start..<range.upperBound), position: &position, fileOffset: Int64(start),
                isFinal: isFinal, frames: &frames)
            start += position
            switch stop {
            case .full: frames.removeAll()
            case .skip(let count): start = min(start + Int(count), range.upperBound)
            default: return stop
            }
        }
    }

    /// Goes on with the last record, which is cut.
    private static func expectACut(_ before: CaptureParser, _ octets: [UInt8], _ tail: Range<Int>, _ name: String) {
        var parser = before
        let statistics = parser.statistics
        var frames = FrameList(capacity: 4)
        let stop = parse(&parser, octets, tail, isFinal: true, &frames)
        #expect(frames.isEmpty, "\(name), cut at \(tail.upperBound)")
        #expect(parser.statistics.badRecords == statistics.badRecords, "\(name), cut at \(tail.upperBound)")
        guard case .endedEarly(let short) = stop else {
            Issue.record("\(name), cut at \(tail.upperBound): \(stop)")
            return
        }
        #expect(short.fileOffset == Int64(tail.lowerBound) && short.available == tail.count, "\(name)")
    }
}
