import CaptureTestSupport
import Flows
import Headers
import Octets
import Outputs
import TestSupport
import Testing

@Suite struct RowFormatTests {
    private func text(_ format: some RowFormat, _ result: TaskResult, runs: [Range<Int>]? = nil) -> String {
        var buffer = OctetBuffer()
        for range in runs ?? [0..<result.rows.count] { format.append(result.rows, range, to: &buffer) }
        if let other = result.other {
            format.append(
                other: other, evictedFlows: result.evictedFlows, index: result.rows.count, to: &buffer)
        }
        return buffer.description
    }

    @Test func jsonLinesOfAFiveTuple() {
        let lines = text(JSONRowFormat(task: Fixtures.fiveTuple.task), Fixtures.fiveTuple).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines[1] == """
                {"task":"five_tuple","src_ip":"2001:db8:0:1:feed::1","dst_ip":"2001:db8::443","src_port":40000,\
                "dst_port":53,"protocol":17,"packets":2,"bytes":180,"first_seen":1709251198000000002,\
                "last_seen":1709251198000000002,"tcp_flags":0}
                """)
    }

    @Test func csvLinesOfNetworks() {
        let task = Fixtures.networks.task
        let lines = text(CSVRowFormat(task: task, columns: RowColumns([task])), Fixtures.networks)
        #expect(
            lines == """
                "net ""a"", b\n",10.0.0.0/24,93.184.216.0/24,4094,10,1000,20,20000,1709251198000000001,\
                1709251199000000001,2,18,,
                "net ""a"", b\n",2001:db8:1::/48,2001:db8:2::/48,0,1,70,0,0,1709251198000000001,\
                1709251198000000001,0,0,,
                "net ""a"", b\n",,,,7,700,3,300,1709251197999999996,1709251198000000006,16,4,true,6

                """)
    }

    /// Ranges formatted apart and put together are the whole: rows can be formatted on several threads.
    @Test(arguments: UInt64(0)..<20) func rangesConcatenate(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let task = FlowSamples.task(named: "t\(seed)", using: &random)
        let result = FlowSamples.result(task, FlowSamples.rows(700, of: task, using: &random))
        let cut = Int.random(in: 1..<700, using: &random)
        let formats: [any RowFormat] = [
            JSONRowFormat(task: task), JSONRowFormat(task: task, layout: .array(isFirstTask: true)),
            JSONRowFormat(task: task, snapshot: .min, layout: .array(isFirstTask: false)),
            CSVRowFormat(task: task, columns: RowColumns([task, Fixtures.networks.task], snapshot: true), snapshot: 5),
        ]
        for format in formats {
            #expect(text(format, result) == text(format, result, runs: [0..<cut, cut..<700]))
        }
    }

    /// Every field at its widest stays within the announced length.
    @Test func theWidestRowFits() {
        var task = FlowTask(name: "\u{1}\"\\\n", fields: .fiveTuple, bidirectional: true)
        task.fields.source = AddressPrefix(v4: 32, v6: 127)
        task.fields.destination = AddressPrefix(v4: 32, v6: 127)
        task.fields.vlan = true
        let address = IPAddress(v6: .max, .max - 1)
        let row = FlowRecord(
            key: Fixtures.key(address, address, (65_535, 65_535), protocol: 255, vlan: 4095), packets: .max,
            bytes: .max,
            reversePackets: .max, reverseBytes: .max, firstSeen: .min, lastSeen: .min, tcpFlags: 255,
            reverseTCPFlags: 255)
        let formats: [any RowFormat] = [
            JSONRowFormat(task: task, snapshot: .min, layout: .array(isFirstTask: false)),
            CSVRowFormat(task: task, columns: RowColumns([task], snapshot: true), snapshot: .min),
        ]
        for format in formats {
            var buffer = OctetBuffer()
            format.append([row], firstIndex: 1, to: &buffer)
            #expect(buffer.count <= format.rowOctetsMax)
            let rowCount = buffer.count
            format.append(other: row, evictedFlows: .max, index: 1, to: &buffer)
            #expect(buffer.count - rowCount <= format.rowOctetsMax)
        }
    }

    @Test func columnsAreThoseOfAllTasks() {
        #expect(
            RowColumns([Fixtures.total.task]).names
                == ["task", "packets", "bytes", "first_seen", "last_seen", "tcp_flags", "other", "evicted_flows"])
        #expect(
            RowColumns(Fixtures.snapshot.results.map(\.task), snapshot: true).names == [
                "snapshot", "task", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "vlan", "packets", "bytes",
                "reverse_packets", "reverse_bytes", "first_seen", "last_seen", "tcp_flags", "reverse_tcp_flags",
                "other", "evicted_flows",
            ])
    }
}
