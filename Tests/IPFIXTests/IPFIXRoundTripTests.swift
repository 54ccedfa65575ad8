import CaptureTestSupport
import Flows
import IPFIX
import TestSupport
import Testing

@Suite struct IPFIXRoundTripTests {
    @Test(arguments: UInt64(0)..<200) func whatIsWrittenIsRead(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let task = FlowTask(
            name: seed == 7 ? "" : "task «\(seed)» " + String(repeating: "x", count: seed == 9 ? 900 : Int(seed)),
            fields: FlowSamples.task(named: "", using: &random).fields, bidirectional: seed % 3 == 0)
        let rows = FlowSamples.rows(Int.random(in: 0...300, using: &random), of: task, using: &random)
        let other = seed % 2 == 0 ? FlowSamples.other(of: task, using: &random) : nil
        let time = Int64(bitPattern: random.next())
        let file = IPFIXFile(task, domain: 3, time: time, rows: rows, other: other, evictedFlows: other == nil ? 0 : 42)
        let read = try file.decode()
        #expect(read.task == task)
        #expect(read.taskRecord?.time == time)
        #expect(read.taskRecord?.domain == 3)
        #expect(read.rows == rows)
        #expect(read.other == other)
        #expect(read.evictedFlows == (other == nil ? 0 : 42))
    }

    /// Counters take four octets until one of a row's needs more (RFC 7011 § 6.2).
    @Test(arguments: [false, true]) func countersTakeWhatTheyNeed(bidirectional: Bool) throws {
        let task = FlowTask(name: "flows", fields: .fiveTuple, bidirectional: bidirectional)
        let key = FlowKey(sourceHigh: 0, sourceLow: 1, destinationHigh: 0, destinationLow: 2, meta: 6 << 8 | 4)
        let narrow = FlowRecord(key: key, packets: 1, bytes: 1 << 32 - 1, reversePackets: bidirectional ? 7 : 0)
        var rows = [narrow]
        var wide = narrow
        wide.bytes = 1 << 32
        rows.append(wide)
        if bidirectional {
            wide = narrow
            wide.reverseBytes = .max
            rows.append(wide)
        }
        #expect(try IPFIXFile(task, rows: rows).decode().rows == rows)
        func octets(_ row: FlowRecord) -> Int {
            let rows = Array(repeating: row, count: 2)
            return IPFIXFile(task, rows: rows).octets.count - IPFIXFile(task, rows: [row]).octets.count
        }
        for row in rows.dropFirst() { #expect(octets(row) == octets(narrow) + (bidirectional ? 16 : 8)) }
    }

    @Test func manyRowsFillMessagesOfLegalLength() throws {
        var random = SeededGenerator(seed: 5)
        let task = FlowTask(name: "flows", fields: .fiveTuple)
        let rows = FlowSamples.rows(20_000, of: task, using: &random)
        let file = IPFIXFile(task, rows: rows)
        #expect(file.messages.count > 10)
        for message in file.messages {
            #expect(message.count <= IPFIXEncoder.messageOctetsMax)
            #expect(Int(message[2]) << 8 | Int(message[3]) == message.count)
        }
        // All but the last message are filled to within a record, its template and its set's header.
        #expect(file.messages.dropLast().allSatisfy { $0.count > IPFIXEncoder.messageOctetsMax - 300 })
        #expect(try file.decode().rows == rows)
    }

    /// The octets of the smallest file, each with its meaning (RFC 7011 § 3, RFC 5103 § 6.1).
    @Test func theOctetsOfAFile() {
        let task = FlowTask(name: "p", fields: KeyFields(protocol: true))
        let key = FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 17 << 8)
        let row = FlowRecord(key: key, packets: 2, bytes: 300, firstSeen: 0, lastSeen: 500_000_000, tcpFlags: 0x12)
        let header: [UInt8] = [0, 10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
        let taskTemplate: [UInt8] = [
            0, 3, 0, 26, 1, 0, 0, 4, 0, 1,  // options template 256: four fields, one of them scope
            0, 149, 0, 4, 1, 44, 255, 255, 1, 67, 0, 8, 1, 69, 0, 8,
        ]
        let taskRecord: [UInt8] =
            [1, 0, 0, 26, 0, 0, 0, 1, 1, 0x70, 0, 0, 0, 0, 0, 0, 3, 232]  // domain 1, «p», 1000 ms
            + [0x83, 0xAA, 0x7E, 0x81, 0, 0, 0, 0]  // 2,208,988,801 s since 1900
        let rowTemplate: [UInt8] = [
            0, 2, 0, 32, 1, 6, 0, 6,  // template 262: six fields
            0, 4, 0, 1, 0, 156, 0, 8, 0, 157, 0, 8, 0, 2, 0, 4, 1, 96, 0, 4, 0, 6, 0, 2,
        ]
        let rowSet: [UInt8] =
            [1, 6, 0, 31, 17, 0x83, 0xAA, 0x7E, 0x80, 0, 0, 0, 0, 0x83, 0xAA, 0x7E, 0x80, 0x80, 0, 0, 0]
            + [0, 0, 0, 2, 0, 0, 1, 44, 0, 0x12]
        let end: [UInt8] =
            [0, 3, 0, 18, 1, 1, 0, 2, 0, 1, 0, 149, 0, 4, 0, 42, 0, 8]
            + [1, 1, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
        let parts = [header, taskTemplate, taskRecord, rowTemplate, rowSet, end]
        let octets = IPFIXFile(task, time: 1_000_000_000, rows: [row]).octets
        var expected = parts.flatMap { $0 }
        expected[2] = UInt8(expected.count >> 8)
        expected[3] = UInt8(expected.count & 0xFF)
        #expect(octets == expected)
    }
}
