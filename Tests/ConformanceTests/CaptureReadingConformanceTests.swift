import CaptureFiles
import CaptureTestSupport
import Foundation
import Testing

/// Every capture of the corpus: packets, lengths, times, link types and interfaces as other readers see them, in file
/// order.
@Suite struct CaptureReadingConformanceTests {
    static let isAvailable: Bool = {
        if CaptureOracle.folder == nil { print("skipped: NETSPECTRA_CORPUS is not set") }
        return CaptureOracle.folder != nil
    }()

    /// Files where this reader and the oracle differ, with the reason. docs/conformance.md says more on each.
    static let differences: [String: String] = [
        "PcapPlusPlus__cf-4829420752470016.pcap":
            "the part of a second wraps to a negative number of nanoseconds, which the oracle took without its sign",
        "tcpdump__atm-oam-heapoverflow.pcap":
            "Wireshark does not count the SunATM pseudo-header's octets; here a frame is all that its record holds",
    ]

    @Test(.enabled(if: isAvailable)) func readsTheCorpusAsOtherReadersDo() throws {
        let folder = try #require(CaptureOracle.folder)
        let oracles = try CaptureOracle.all(in: folder)
        #expect(oracles.count > 100)
        var differing: [String] = []
        for oracle in oracles {
            let octets = try CaptureOracle.contents(folder.appendingPathComponent(oracle.file))
            let capture = ParsedCapture(octets)
            let complaints = Self.complaints(capture, oracle)
            if !complaints.isEmpty { differing.append(oracle.file) }
            if Self.differences[oracle.file] == nil {
                #expect(complaints == [], "\(oracle.file)")
            } else {
                #expect(complaints != [], "\(oracle.file) agrees: strike it from the differences")
            }
        }
        print("\(oracles.count) captures, \(oracles.count - differing.count) as the oracles say")
    }

    /// What differs, in words; at most five per file.
    static func complaints(_ capture: ParsedCapture, _ oracle: CaptureOracle) -> [String] {
        var complaints: [String] = []
        if capture.frames.count != oracle.packetCount ?? 0 {
            complaints.append("\(capture.frames.count) packets, not \(oracle.packetCount ?? 0)")
        }
        let limit = oracle.isOriginalClipped ? UInt32(Int32.max) : .max
        let original = capture.frames.reduce(0) { $0 + Int(min($1.wireLength, limit)) }
        if let expected = oracle.originalOctets, original != expected {
            complaints.append("\(original) original octets, not \(expected)")
        }
        complaints += endComplaints(capture.stop, capture.parser.statistics, oracle)
        if !oracle.isRefusedByTshark {
            for (index, packet) in oracle.packets.enumerated() where index < capture.frames.count {
                complaints += packetComplaints(index, capture, packet, oracle.oddTimes[index + 1])
                if complaints.count > 5 { break }
            }
        }
        return Array(complaints.prefix(5))
    }

    /// A clean end where tshark finds nothing wrong, a cut where it finds one, damage where it finds damage.
    private static func endComplaints(
        _ stop: CaptureParser.Stop, _ statistics: CaptureStatistics, _ oracle: CaptureOracle
    ) -> [String] {
        let expected: String
        let holds: Bool
        switch (oracle.isTruncated, oracle.isClean || oracle.isRefusedByTshark && oracle.packetCount != nil) {
        case (true, _):
            expected = "cut short"
            if case .endedEarly = stop { holds = true } else { holds = false }
        case (false, true):
            expected = "clean end"
            holds = stop == .end && statistics.badRecords == 0
        case (false, false):
            expected = "damage"
            if case .failed = stop { holds = true } else { holds = statistics.badRecords > 0 }
        }
        return holds ? [] : ["\(stop) with \(statistics.badRecords) bad records, not a \(expected)"]
    }

    private static func packetComplaints(
        _ index: Int, _ capture: ParsedCapture, _ packet: CaptureOracle.Packet, _ oddTime: String?
    ) -> [String] {
        let frame = capture.frames[index]
        var complaints: [String] = []
        func check<T: Equatable>(_ what: String, _ found: T, _ expected: T?) {
            if let expected, found != expected {
                complaints.append("packet \(index + 1): \(what) \(found), not \(expected)")
            }
        }
        check("time", frame.time, packet.time ?? oddTime.flatMap(nanoseconds) ?? (packet.time == nil ? 0 : nil))
        check("captured length", Int(frame.capturedLength), packet.capturedLength)
        check("wire length", min(Int(frame.wireLength), Int(Int32.max)), packet.wireLength)
        check("link type", Int(frame.linkType), packet.linkType)
        let interface = capture.parser.interfaces[Int(frame.interface)]
        let firstOfSection = capture.parser.interfaces.firstIndex { $0.section == interface.section } ?? 0
        if let section = packet.section { check("section", interface.section + 1, section) }
        if let local = packet.interface { check("interface", Int(frame.interface) - firstOfSection, local) }
        return complaints
    }

    /// tshark's text of a time whose nanoseconds exceed a second, or are negative, which it shows before the seconds.
    private static func nanoseconds(_ text: String) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: ".").compactMap { Int64($0) }
        guard parts.count == 2 else { return nil }
        return parts[0] * 1_000_000_000 + (isNegative ? -parts[1] : parts[1])
    }
}
