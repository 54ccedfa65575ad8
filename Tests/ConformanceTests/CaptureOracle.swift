import ContentCodings
import Foundation

/// What other readers say about a capture of the corpus: `oracle/<file>.json` or `.json.gz` beside it (see ORACLE.md
/// there).
struct CaptureOracle {
    struct Packet {
        /// `nil` where the reader shows none.
        var time: Int64?
        var capturedLength: Int
        /// Clipped to 2³¹ − 1.
        var wireLength: Int
        var section: Int?
        var interface: Int?
        var linkType: Int?
    }

    var file: String
    /// `nil`: every reader refuses the file.
    var packetCount: Int?
    /// `nil` where no reader that sums read the file.
    var originalOctets: Int?
    /// Capinfos did not read to the end, and the sum is tshark's, of lengths clipped to 2³¹ − 1.
    var isOriginalClipped: Bool
    /// In file order; empty where tshark refuses the file.
    var packets: [Packet]
    /// Frame number to "seconds.nanoseconds" where the latter lie outside a second.
    var oddTimes: [Int: String]
    var isTruncated: Bool
    var isRefusedByTshark: Bool
    /// Exit code 0 of tshark: it found nothing wrong to the end of the file.
    var isClean: Bool

    /// The corpus' folder, from the environment.
    static let folder = ProcessInfo.processInfo.environment["NETSPECTRA_CORPUS"].map { URL(fileURLWithPath: $0) }

    static func all(in folder: URL) throws -> [CaptureOracle] {
        let oracles = folder.appendingPathComponent("oracle")
        return try FileManager.default.contentsOfDirectory(atPath: oracles.path).sorted().compactMap { name in
            guard name.hasSuffix(".json") || name.hasSuffix(".json.gz") else { return nil }
            let file = name.replacingOccurrences(of: ".gz", with: "", options: [.anchored, .backwards])
                .replacingOccurrences(of: ".json", with: "", options: [.anchored, .backwards])
            guard !file.hasSuffix(".http"), !file.hasSuffix(".app") else { return nil }
            return try CaptureOracle(file: file, json: contents(oracles.appendingPathComponent(name)))
        }
    }

    /// A file's octets, decompressed as their first octets say.
    static func contents(_ url: URL) throws -> [UInt8] {
        let octets = [UInt8](try Data(contentsOf: url))
        guard let compression = Compression.detect(octets.span) else { return octets }
        var decompressor = try StreamDecompressor(compression)
        var result: [UInt8] = []
        var position = 0
        while true {
            var consumed = 0
            var stop = StreamDecompressor.Stop.needsInput
            let piece = try [UInt8](capacity: 1 << 16) { output in
                stop = try decompressor.decompress(
                    octets.span.extracting(position...), isFinal: true, consumed: &consumed, into: &output)
            }
            position += consumed
            result += piece
            if stop == .finished { return result }
        }
    }

    private init(file: String, json: [UInt8]) throws {
        func dictionary(_ value: Any?) -> [String: Any] { value as? [String: Any] ?? [:] }
        func integer(_ value: Any?) -> Int? { (value as? NSNumber)?.intValue }
        let root = dictionary(try JSONSerialization.jsonObject(with: Data(json)))
        let consensus = dictionary(root["consensus"])
        self.file = file
        packetCount = integer(consensus["packets"])
        originalOctets = integer(consensus["original_bytes"])
        isOriginalClipped = dictionary(consensus["packets_by_reader"])["capinfos"] == nil
        isRefusedByTshark = (consensus["readers_refusing"] as? [String] ?? []).contains("tshark")
        isTruncated = root["truncated"] as? Bool ?? false
        isClean = integer(dictionary(root["tshark"])["rc"]) == 0
        let columns = root["packet_columns"] as? [String] ?? []
        func column(_ name: String) -> Int { columns.firstIndex(of: name) ?? 0 }
        let (time, captured, wire) = (column("ts_ns"), column("caplen"), column("len"))
        let (section, interface, linkType) = (column("section"), column("interface_id"), column("linktype"))
        packets = (root["packets"] as? [[Any]] ?? []).map { row in
            Packet(
                time: (row[time] as? NSNumber)?.int64Value, capturedLength: integer(row[captured]) ?? -1,
                wireLength: integer(row[wire]) ?? -1, section: integer(row[section]),
                interface: integer(row[interface]), linkType: integer(row[linkType]))
        }
        oddTimes = [:]
        for (number, text) in dictionary(root["odd_timestamps"]) {
            if let number = Int(number), let text = text as? String { oddTimes[number] = text }
        }
    }
}
