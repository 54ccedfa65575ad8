import CaptureFiles
import CaptureTestSupport
import Events
import Foundation
import Headers
import Streams
import Testing

/// The octets of every stream of the corpus' captures, compared with those that `tshark -z follow,tcp,raw` shows.
@Suite struct FollowConformanceTests {
    private static let corpus = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS"]
    private static let tshark = ["/usr/bin/tshark", "/usr/local/bin/tshark"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    /// Larger captures would take minutes in a debug build.
    private static let octetsMax = 3_000_000
    private static let streamsMax = 400

    /// Both directions of a connection, each under the text of its sender's address and port.
    typealias Followed = [String: [UInt8]]

    @Test(.enabled(if: corpus != nil && tshark != nil, "needs NETSPECTRA_CORPUS and tshark"))
    func agreesWithTshark() throws {
        let corpus = try #require(Self.corpus)
        var compared = (captures: 0, streams: 0, octets: 0)
        var differing: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(atPath: corpus).sorted() {
            guard [".pcap", ".pcapng", ".cap"].contains(where: file.hasSuffix) else { continue }
            let path = corpus + "/" + file
            let capture = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            guard capture.count <= Self.octetsMax else { continue }
            let ours = Self.reassemble(capture)
            guard !ours.isEmpty, ours.count <= Self.streamsMax, let theirs = try Self.follow(path) else { continue }
            compared.captures += 1
            for (key, streams) in Self.byEnds(ours) {
                let expected = Self.byEnds(theirs)[key] ?? []
                compared.streams += streams.count
                compared.octets += streams.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } }
                if !Self.agrees(streams, expected) {
                    differing.insert(file)
                    Self.show(file, key, streams, expected)
                }
            }
            for key in Self.byEnds(theirs).keys where Self.byEnds(ours)[key] == nil {
                differing.insert(file)
                print("\(file): only tshark has \(key)")
            }
        }
        print("compared \(compared)")
        #expect(compared.captures >= 12)
        // docs/conformance.md says why.
        #expect(differing == ["nDPI__reasm_crash_anon.pcapng"])
    }

    private static func show(_ file: String, _ key: [String], _ ours: [Followed], _ theirs: [Followed]) {
        func sizes(_ streams: [Followed]) -> String {
            streams.map { stream in key.map { "\(stream[$0]?.count ?? 0)" }.joined(separator: "/") }
                .joined(separator: " ")
        }
        print("\(file): \(key) here \(sizes(ours)), tshark \(sizes(theirs))")
    }

    private static func byEnds(_ streams: [Followed]) -> [[String]: [Followed]] {
        Dictionary(grouping: streams) { $0.keys.sorted() }
    }

    private static func reassemble(_ file: [UInt8]) -> [Followed] {
        let capture = ParsedCapture(file)
        // tshark follows whatever TCP it comes upon.
        var settings = StreamSettings()
        settings.tunnels = .inner
        var reassembler = StreamReassembler(settings: settings)
        var sink = RecordedStreams()
        for frame in capture.frames {
            reassembler.receive(
                frame: file.span.extracting(frame.fileOffset..<frame.fileOffset + Int(frame.capturedLength)),
                linkType: LinkType(rawValue: frame.linkType), time: frame.time, wireLength: frame.wireLength, to: &sink)
            if !reassembler.ledger.isBalanced { Issue.record("\(reassembler.ledger)") }
        }
        reassembler.finish(to: &sink)
        #expect(reassembler.ledger.isBalanced && reassembler.fragmentLedger.isBalanced)
        return sink.streams.map { stream in
            let connection = stream.connection
            return followed(
                "\(connection.opener):\(connection.openerPort)", octets(stream.pieces[.sent] ?? []),
                "\(connection.responder):\(connection.responderPort)", octets(stream.pieces[.received] ?? []))
        }
    }

    /// An end may talk to itself.
    private static func followed(_ a: String, _ fromA: [UInt8], _ b: String, _ fromB: [UInt8]) -> Followed {
        Followed([(a, fromA), (b, fromB)], uniquingKeysWith: +)
    }

    /// Whether a direction agrees. Here what waits when the capture ends is delivered behind a gap; tshark does not
    /// show it unless the peer has acknowledged it, so it may stop at a gap.
    private static func agrees(_ ours: [Followed], _ theirs: [Followed]) -> Bool {
        guard ours.count == theirs.count else { return false }
        return zip(ours, theirs).allSatisfy { ours, theirs in
            ours.allSatisfy { node, octets in
                let expected = theirs[node] ?? []
                if octets == expected { return true }
                let rest = octets.dropFirst(expected.count)
                return octets.starts(with: expected) && rest.first == UInt8(ascii: "[")
                    && rest.contains(Array(" bytes missing in capture file]\0".utf8))
            }
        }
    }

    /// Gaps in tshark's words, which it finds only before data that came.
    private static func octets(_ pieces: [RecordedStreams.Piece]) -> [UInt8] {
        var pieces = pieces
        while case .gap = pieces.last { pieces.removeLast() }
        return pieces.flatMap { piece -> [UInt8] in
            switch piece {
            case .data(let octets): octets
            case .gap(let count, _): Array("[\(count ?? -1) bytes missing in capture file]\0".utf8)
            }
        }
    }

    /// `nil` where tshark does not read the capture.
    private static func follow(_ path: String) throws -> [Followed]? {
        guard
            let last = try run(["-r", path, "-T", "fields", "-e", "tcp.stream"])
                .split(whereSeparator: { "\n,".contains($0) }).compactMap({ Int($0) }).max(), last < streamsMax
        else { return nil }
        let taps = (0...last).flatMap { ["-z", "follow,tcp,raw,\($0)"] }
        var streams: [Followed] = []
        var nodes = ["", ""]
        for line in try run(["-q", "-r", path] + taps).split(separator: "\n") {
            if line.hasPrefix("Node ") {
                let node = line.dropFirst("Node 0: ".count)
                let colon = node.lastIndex(of: ":") ?? node.endIndex
                let address = node[..<colon].replacingOccurrences(of: "[", with: "")
                    .replacingOccurrences(of: "]", with: "")
                nodes[line.hasPrefix("Node 0") ? 0 : 1] = address + String(node[colon...])
                if line.hasPrefix("Node 1") { streams.append(followed(nodes[0], [], nodes[1], [])) }
            } else if !streams.isEmpty, let first = line.first, "0123456789abcdef\t".contains(first) {
                streams[streams.count - 1][nodes[first == "\t" ? 1 : 0], default: []] += hex(line.drop { $0 == "\t" })
            }
        }
        // The last tap is shown first.
        return streams.reversed().filter { $0.values.contains { !$0.isEmpty } }
    }

    private static func hex(_ text: Substring) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tshark ?? "")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let octets = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: octets, as: UTF8.self)
    }
}
