import CaptureTestSupport
import Flows
import Testing

@testable import Pipeline

/// Rows in enough number that several threads share the sorting, with many ties, against the plainest sort there is.
@Suite struct RowSorterTests {
    /// Tables as workers leave them: no key is in two of them.
    private static func tables(_ count: Int, rows: Int, spread: UInt64, seed: UInt64) -> [FlowTables] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { table in
            var compact = FlowStore<CompactKey>(seed: seed)
            var wide = FlowStore<FlowKey>(seed: seed)
            for row in 0..<rows {
                let number = UInt64(row * count + table)
                let counters = counters(&random, spread: spread)
                if row % 4 == 0 {
                    // Few sources, so that the rest of the key must decide.
                    let key = FlowKey(
                        sourceHigh: number % 3, sourceLow: number % 2, destinationHigh: 0, destinationLow: number,
                        meta: 6)
                    wide.merge(1) { _ in FlowEntry(key: key, counters: counters) }
                } else {
                    let key = CompactKey(addresses: number * 0x9E37_79B9, meta: 4)
                    compact.merge(1) { _ in FlowEntry(key: key, counters: counters) }
                }
            }
            return FlowTables(compact: compact, wide: wide)
        }
    }

    private static func counters(_ random: inout SeededGenerator, spread: UInt64) -> FlowCounters {
        func number() -> UInt64 { .random(in: 1...spread, using: &random) >> UInt64.random(in: 0...20, using: &random) }
        // Sums of all rows must fit 64 bits.
        let sumMask: UInt64 = 1 << 46 - 1
        let first = Int64(bitPattern: number())
        let isReverse = Bool.random(using: &random)
        return FlowCounters(
            packets: [number() & sumMask, number() & sumMask],
            bytes: [
                number() & sumMask | (isReverse ? 0 : FlowCounters.firstBit),
                number() & sumMask | (isReverse ? FlowCounters.firstBit : 0),
            ], firstSeen: first, lastSeen: max(first, Int64(bitPattern: number())))
    }

    private static func rows(_ tables: [FlowTables], _ order: RowOrder, limit: Int?, threads: Int) -> [FlowRecord] {
        let sorted = RowSorter(tables: tables, order: order, limit: limit, threads: threads).sorted()
        let count = sorted.count
        let rows = TableRows(tables: tables, order: sorted.takeOrder(), count: count)
        var records: [FlowRecord] = []
        rows.read(0..<rows.count, into: &records)
        return records
    }

    @Test(arguments: RowOrder.allCases, [3, .max] as [UInt64]) func sortsAsAPlainSortDoes(
        order: RowOrder, spread: UInt64
    ) {
        let tables = Self.tables(3, rows: 13_000, spread: spread, seed: spread & 7)
        func rank(_ record: FlowRecord) -> [UInt64] {
            switch order {
            case .bytes: [~record.totalBytes]
            case .packets: [~record.totalPackets]
            case .firstSeen: [UInt64(Int128(Int64.max) - Int128(record.firstSeen))]
            case .lastSeen: [UInt64(Int128(Int64.max) - Int128(record.lastSeen))]
            case .duration: [~UInt64(bitPattern: record.lastSeen &- record.firstSeen)]
            case .key: []
            }
        }
        var all: [(rank: [UInt64], record: FlowRecord)] = []
        for table in tables {
            for index in 0..<table.compact.count { all.append(([], table.compact.record(at: index))) }
            for index in 0..<table.wide.count { all.append(([], table.wide.record(at: index))) }
        }
        for index in all.indices { all[index].rank = rank(all[index].record) }
        all.sort { a, b in
            if let first = a.rank.first, let second = b.rank.first, first != second { return first < second }
            return a.record.key < b.record.key
        }
        let expected = all.map(\.record)
        for threads in [1, 2, 5] {
            #expect(Self.rows(tables, order, limit: nil, threads: threads) == expected, "\(threads) threads")
            for limit in [1, 1_000, 20_000, expected.count - 1] {
                #expect(Self.rows(tables, order, limit: limit, threads: threads) == Array(expected.prefix(limit)))
            }
        }
    }
}
