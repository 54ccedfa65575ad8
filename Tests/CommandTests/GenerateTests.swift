import Foundation
import Testing

/// `generate`, and that `analyze` finds in its captures what it says is in them.
@Suite struct GenerateTests {
    private static let options = [
        "--packets", "20000", "--flows", "500", "--tunnel-share", "0.1", "--vlan-share", "0.3", "--ipv6-share", "0.4",
    ]

    @Test(arguments: ["pcap", "pcapng"])
    func equalOptionsGiveEqualOctets(format: String) throws {
        let arguments = ["generate", "--format", format] + Self.options
        let first = try Command.run(arguments + ["-"])
        #expect(first.code == 0 && first.errors == "" && first.output.count > 1_000_000)
        #expect(try Command.run(arguments + ["-"]).output == first.output)
        #expect(try Command.run(arguments + ["--seed", "2", "-"]).output != first.output)
        try Command.withFolder { folder throws in
            let file = folder.appending(path: "a")
            #expect(try Command.run(arguments + [file.path]).code == 0)
            #expect(try Data(contentsOf: file) == first.output)
            // Nothing else stays behind.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
        }
    }

    @Test(arguments: ["0", "160"])
    func analyzeCountsTheTruth(snapLength: String) throws {
        try Command.withFolder { folder throws in
            let made = try Command.run(
                ["generate", "--snap-length", snapLength, "--nanoseconds", "--truth", "truth.csv"] + Self.options
                    + ["a.pcap"], folder: folder)
            #expect(made.code == 0)
            let counted = try Command.run(
                "analyze", "-k", "SrcIP,DstIP,SrcPort,DstPort,Protocol,VLAN", "-b", "--tunnels", "inner", "-f", "csv",
                "a.pcap", folder: folder)
            let truth = try table(String(contentsOf: folder.appending(path: "truth.csv"), encoding: .utf8))
            let rows = table(counted.text)
            let key = ["src_ip", "dst_ip", "src_port", "dst_port", "protocol", "vlan"]
            let values = ["packets", "bytes", "reverse_packets", "reverse_bytes", "first_seen", "last_seen"]
            func indexed(_ rows: [[String: String]]) -> [[String]: [String]] {
                Dictionary(
                    rows.map { row in (key.map { row[$0] ?? "" }, values.map { row[$0] ?? "" }) },
                    uniquingKeysWith: { $1 })
            }
            let expected = indexed(
                truth.map { row in row.merging(row["vlan"] == "" ? ["vlan": "0"] : [:]) { $1 } })
            #expect(expected.count == 500 && rows.count == 500)
            #expect(indexed(rows) == expected)
        }
    }

    /// A CSV with nothing quoted but the task, by column.
    private func table(_ text: String) -> [[String: String]] {
        let lines = text.replacing(/"[^"]*"/, with: "task").split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        return lines.dropFirst().map { line in
            Dictionary(uniqueKeysWithValues: zip(lines[0].map(String.init), line.map(String.init)))
        }
    }
}
