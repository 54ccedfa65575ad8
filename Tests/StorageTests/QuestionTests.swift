import CaptureTestSupport
import Flows
import Headers
import KernelIO
import Outputs
import Storage
import TestSupport
import Testing

@Suite struct QuestionTests {
    private static func with<Result>(
        _ snapshots: [Snapshot], isCumulative: Bool = false, _ body: (SQLiteStore) throws -> Result
    ) throws -> Result {
        try Golden.withTemporaryDirectory { folder in
            let store = try SQLiteStore(path: folder + "/x.db", access: .write)
            try StoreSamples.store(snapshots, StoredRun(source: "test", isCumulative: isCumulative), in: store)
            return try body(store)
        }
    }

    /// Against sums by text, made of single rows.
    @Test func sumsAreThoseOfTheRows() throws {
        let snapshots = StoreSamples.snapshots(6, tasks: [StoreSamples.oneWay], seed: 11)
        var question = FlowQuestion()
        question.fields = try KeyFields(parsing: "SrcIP/24/48,Protocol")
        question.filter = try PacketFilter(parsing: "dst_port == 443")
        question.from = snapshots[1].time
        question.to = snapshots[4].time
        var expected: [String: [UInt64]] = [:]
        for snapshot in snapshots[1...4] {
            var rows: [FlowRecord] = []
            snapshot.results[0].rows.read(0..<snapshot.results[0].rows.count, into: &rows)
            for row in rows where row.key.destinationPort == 443 {
                let source = row.key.source
                let network =
                    source.family == .v4
                    ? IPAddress(v4: UInt32(source.low) & 0xFFFF_FF00)
                    : IPAddress(v6: source.high & 0xFFFF_FFFF_FFFF_0000, 0)
                let name = "\(network) \(row.key.protocol)"
                let old = expected[name] ?? [0, 0, .max, 0, 0]
                expected[name] = [
                    old[0] + row.packets, old[1] + row.bytes, min(old[2], UInt64(row.firstSeen)),
                    max(old[3], UInt64(row.lastSeen)), old[4] | UInt64(row.tcpFlags),
                ]
            }
        }
        let answer = try Self.with(snapshots) { try StoreSamples.ask(question, $0) }
        var found: [String: [UInt64]] = [:]
        for row in answer.rows.map(\.record) {
            found["\(row.key.source) \(row.key.protocol)"] = [
                row.packets, row.bytes, UInt64(row.firstSeen), UInt64(row.lastSeen), UInt64(row.tcpFlags),
            ]
        }
        #expect(found == expected && !expected.isEmpty)
        #expect(answer.rows.map(\.record.bytes) == answer.rows.map(\.record.bytes).sorted(by: >))
        #expect(answer.snapshotCount == 4 && answer.rowCount == UInt64(expected.count))
    }

    @Test func differentValuesAreCounted() throws {
        let snapshots = StoreSamples.snapshots(4, tasks: [StoreSamples.oneWay], seed: 12)
        var peers: [IPAddress: Set<IPAddress>] = [:]
        for snapshot in snapshots {
            var rows: [FlowRecord] = []
            snapshot.results[0].rows.read(0..<snapshot.results[0].rows.count, into: &rows)
            for row in rows { peers[row.key.source, default: []].insert(row.key.destination) }
        }
        var question = FlowQuestion(order: .elements)
        question.elements = try KeyFields(parsing: "DstIP")
        let answer = try Self.with(snapshots) { try StoreSamples.ask(question, $0) }
        #expect(
            Dictionary(uniqueKeysWithValues: answer.rows.map { ($0.record.key.source, Int($0.elements ?? 0)) })
                == peers.mapValues(\.count))
    }

    /// A run that stores sums since its beginning gives the same counters as one that stores differences.
    @Test func cumulativeSnapshotsAreNotCountedTwice() throws {
        let snapshots = StoreSamples.snapshots(6, seed: 13)
        let sums = StoreSamples.cumulative(snapshots)
        for (name, question) in try StoreSamples.questions() where !name.contains("tcp_flags") {
            // Times and flags of a cumulative row are those since its beginning: only counters are compared, and a
            // filter by time cannot be asked of them.
            func counters(_ answer: FlowAnswer) -> Set<String> {
                Set(
                    answer.rows.map { row in
                        var key = row.record.key
                        var counts = [row.record.packets, row.record.reversePackets]
                        var bytes = [row.record.bytes, row.record.reverseBytes]
                        var back = key
                        back.swapEnds()
                        if answer.task.bidirectional, back < key {
                            (key, counts, bytes) = (back, counts.reversed(), bytes.reversed())
                        }
                        return "\(row.time ?? 0) \(key) \(counts) \(bytes) \(row.elements ?? 0)"
                    })
            }
            var question = question
            question.limit = nil
            let expected = try Self.with(snapshots) { try StoreSamples.ask(question, $0) }
            let answer = try Self.with(sums, isCumulative: true) { try StoreSamples.ask(question, $0) }
            // Who began may be another over all time than in a part of it, and filters look at that.
            if question.filter != nil, question.task == "conversations" { continue }
            #expect(counters(answer) == counters(expected), "\(name)")
        }
    }

    @Test func evictedFlowsBoundTheRows() throws {
        var random = SeededGenerator(seed: 14)
        let rows = StoreSamples.rows(10, StoreSamples.oneWay, before: StoreSamples.start, using: &random)
        let other = FlowRecord(
            key: FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0), packets: 5,
            bytes: 700, firstSeen: 1, lastSeen: 2)
        let snapshots = (0..<2).map { number in
            Snapshot(
                time: StoreSamples.start + Int64(number),
                results: [StoreSamples.result(StoreSamples.oneWay, rows, other: number == 0 ? nil : other)])
        }
        try Self.with(snapshots) { store in
            let answer = try StoreSamples.ask(FlowQuestion(), store)
            #expect(answer.rows.allSatisfy { $0.bound == RowBound(packetsUnder: 5, bytesUnder: 700) })
            #expect(answer.rows.allSatisfy { $0.bound.exactness == .atLeast })
            #expect(answer.otherPackets == 5 && answer.otherBytes == 700)
            var first = FlowQuestion()
            first.to = StoreSamples.start
            #expect(try StoreSamples.ask(first, store).rows.allSatisfy { $0.bound.exactness == .exact })
        }
    }

    /// Bounds of sketched rows are stored, and add up.
    @Test func boundsOfRowsAddUp() throws {
        var random = SeededGenerator(seed: 15)
        let rows = StoreSamples.rows(20, StoreSamples.oneWay, before: StoreSamples.start, using: &random)
        let sketched = SketchedRows(rows: rows)
        let snapshots = [0, 1].map {
            Snapshot(
                time: StoreSamples.start + $0, results: [StoreSamples.result(StoreSamples.oneWay, sketched)])
        }
        let answer = try Self.with(snapshots) { try StoreSamples.ask(FlowQuestion(order: .key), $0) }
        #expect(answer.rows.count == rows.count)
        for (row, index) in zip(answer.rows, rows.indices) {
            let bound = sketched.bound(index)
            #expect(row.bound == bound + bound)
        }
    }

    @Test func questionsThatCannotBeAnsweredSayWhy() throws {
        try Self.with(StoreSamples.snapshots(1, tasks: [StoreSamples.hosts], seed: 16)) { store in
            func failure(_ change: (inout FlowQuestion) throws -> Void) throws -> String {
                var question = FlowQuestion()
                try change(&question)
                let failure = #expect(throws: QuestionFailure.self) { try QuestionPlan(question, store.catalogue()) }
                return failure?.description ?? ""
            }
            let unknownField = try failure { $0.fields = try KeyFields(parsing: "DstPort") }
            #expect(unknownField.contains("no stored task has DstPort"))
            let longerPrefix = try failure { $0.fields = try KeyFields(parsing: "SrcIP") }
            #expect(longerPrefix.contains("SrcIP/24"))
            let unknownInFilter = try failure { $0.filter = try PacketFilter(parsing: "dst_port == 1") }
            #expect(unknownInFilter.contains("DstPort"))
            let length = try failure { $0.filter = try PacketFilter(parsing: "length > 1") }
            #expect(length.contains("no length"))
            let unknownTask = try failure { $0.task = "other" }
            #expect(unknownTask.contains("hosts"))
        }
    }
}

/// Rows of a sketch: each with a bound of its own.
struct SketchedRows: BoundedRows {
    let rows: [FlowRecord]

    var count: Int { rows.count }
    func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) { rows.read(range, into: &buffer) }
    func readBounds(_ range: Range<Int>, into bounds: inout [RowBound]) { bounds = range.map(bound) }

    func bound(_ index: Int) -> RowBound {
        RowBound(Exactness.allCases[index % 4], packets: UInt64(index + 1), bytes: UInt64(index + 1) * 100)
    }
}
