import Foundation
import Testing

/// Every frame of the shared captures, and every flow they add up to, compared with what tshark says of them.
@Suite struct DissectionConformanceTests {
    /// The folder of further captures with oracles, from the environment.
    static let vectors: URL? = {
        let path = ProcessInfo.processInfo.environment["NETSPECTRA_VECTORS"]
        if path == nil { print("skipped: NETSPECTRA_VECTORS is not set") }
        return path.map { URL(fileURLWithPath: $0).appendingPathComponent("pcapflowlab") }
    }()

    @Test(.enabled(if: CaptureReadingConformanceTests.isAvailable))
    func dissectsTheCorpusAsTsharkDoes() throws {
        let folder = try #require(CaptureOracle.folder)
        let oracles = folder.appendingPathComponent("oracle")
        var packets = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: oracles.path).sorted() {
            guard name.hasSuffix(".json") || name.hasSuffix(".json.gz") else { continue }
            guard !name.contains(".http.json"), !name.contains(".app.json") else { continue }
            let oracle = try DissectionOracle(json: CaptureOracle.contents(oracles.appendingPathComponent(name)))
            packets += try compare(oracle, in: folder)
        }
        print("\(packets) packets of the corpus dissected in both tunnel modes")
        #expect(packets > 28_000)
    }

    @Test(.enabled(if: vectors != nil))
    func dissectsTheVectorsAsTsharkDoes() throws {
        let folder = try #require(Self.vectors)
        let lines = try Data(contentsOf: folder.appendingPathComponent("oracle.jsonl")).split(separator: 0x0A)
        #expect(lines.count == 354)
        for line in lines { _ = try compare(DissectionOracle(json: Array(line)), in: folder) }
    }

    /// The number of packets compared.
    private func compare(_ oracle: DissectionOracle, in folder: URL) throws -> Int {
        guard !oracle.readersRefusing.contains("tshark") else { return 0 }
        let octets = try CaptureOracle.contents(folder.appendingPathComponent(oracle.file))
        let comparison = DissectionComparison(octets, oracle)
        let known = DissectionDifferences.known[oracle.file]
        let numbers = Set(comparison.differences.keys)
        #expect(
            numbers == Set(known?.packets ?? []),
            """
            \(oracle.file): \
            \(comparison.differences.sorted { $0.key < $1.key }.prefix(5).map(\.value)); a packet listed \
            as a known difference that agrees must be struck from the list
            """)
        // Where the frames themselves are read differently, so are their lengths.
        if known == nil, CaptureReadingConformanceTests.differences[oracle.file] == nil {
            #expect(comparison.flowComplaints(oracle).prefix(5) == [], "\(oracle.file)")
        }
        return oracle.packets.count
    }
}
