import CaptureTestSupport
import Flows
import Glibc
import Outputs
import TestSupport
import Testing

/// Wireshark reads the `.dat` files: an independent reader of RFC 7011 and RFC 5103.
@Suite struct TsharkTests {
    static let isInstalled: Bool = {
        let path = Golden.environment("PATH") ?? ""
        let isFound = path.split(separator: ":").contains { unsafe access("\($0)/tshark", X_OK) == 0 }
        if !isFound { print("tshark is not installed: its tests are skipped") }
        return isFound
    }()

    /// What tshark prints with these arguments.
    private func tshark(_ arguments: String, in directory: String) throws -> String {
        let output = directory + "/tshark.out"
        #expect(unsafe system("tshark \(arguments) > \(output) 2> /dev/null") == 0)
        return String(decoding: try Golden.read(output), as: UTF8.self)
    }

    @Test(.enabled(if: isInstalled)) func everyFieldIsReadByTshark() throws {
        try Golden.withTemporaryDirectory { root in
            let path = try SnapshotDirectoryWriter(root: root).writeDirectory(Fixtures.snapshot)
            let fields = [
                "srcaddr", "srcaddrv6", "srcport", "dstport", "protocol", "packets", "tcpflags", "timestart",
                "observation_domain_name",
            ]
            let text = try tshark(
                "-r \(path)/five_tuple/shard_0.dat -T fields -E separator=/s "
                    + fields.map { "-e cflow.\($0)" }.joined(separator: " "), in: root)
            #expect(text.contains("10.0.0.1,192.168.0.1 2001:db8:0:1:feed::1 51234,40000,0 443,53,0 6,17,1 1200,2,1"))
            #expect(text.contains("0x001b,0x0000,0x0000"))
            #expect(text.contains("five_tuple"))
            let networks = try tshark("-r \(path)/net__a___b_/shard_0.dat -V", in: root)
            for line in [
                "SrcPrefix: 10.0.0.0", "SrcMask: 24", "DstNet: 2001:db8:2::", "Vlan Id: 4094",
                "Layer2 Octet Delta Count: 1000\n", "StartTime: Feb 29, 2024 23:59:58.000000001 UTC",
                "Packets: 20 (Reverse Type 2 PKTS)", "20000 (Reverse Type 352 layer2OctetDeltaCount)", "Flows: 6\n",
                "Biflow Direction: Initiator (1)", "FlowsExp: 2\n",
            ] {
                #expect(networks.contains(line), "\(line)")
            }
        }
    }

    /// Many messages with every kind of record: nothing malformed, no warning, no message missed.
    @Test(.enabled(if: isInstalled), arguments: UInt64(0)..<4) func nothingIsMalformed(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var task = FlowSamples.task(named: "task", using: &random)
        task.fields.source = .whole
        let rows = FlowSamples.rows(4000, of: task, using: &random)
        let other = FlowSamples.other(of: task, using: &random)
        let snapshot = Snapshot(
            time: Fixtures.time, results: [FlowSamples.result(task, rows, other: other, evictedFlows: 1)])
        try Golden.withTemporaryDirectory { root in
            let path = try SnapshotDirectoryWriter(root: root, syncs: false).writeDirectory(snapshot)
            let file = "\(path)/task/shard_0.dat"
            #expect(try tshark("-r \(file) -Y '_ws.malformed || _ws.expert'", in: root).isEmpty)
            let text = try tshark("-r \(file) -V", in: root)
            #expect(text.split(separator: "\n").count { $0.hasPrefix("        Flow ") } == 4000 + 3)
            #expect(!text.contains("alformed") && !text.contains("No template found"))
        }
    }
}
