import Flows
import KernelIO

/// Some rows of one table.
struct RowSegment: Sendable {
    var table: Int
    var isWide: Bool
    var range: Range<Int>

    /// All rows of the tables in `parts` shares of about the same size.
    static func shares(of tables: [FlowTables], parts: Int) -> [[RowSegment]] {
        let total = tables.reduce(0) { $0 + $1.count }
        let size = max(1, (total + parts - 1) / parts)
        var shares: [[RowSegment]] = []
        var room = 0
        func add(_ table: Int, isWide: Bool, count: Int) {
            var start = 0
            while start < count {
                if room == 0 {
                    shares.append([])
                    room = size
                }
                let end = min(count, start + room)
                shares[shares.count - 1].append(RowSegment(table: table, isWide: isWide, range: start..<end))
                room -= end - start
                start = end
            }
        }
        for table in tables.indices {
            add(table, isWide: false, count: tables[table].compact.count)
            add(table, isWide: true, count: tables[table].wide.count)
        }
        return shares
    }
}

/// Rows added up.
struct RowSums: Sendable {
    var totals = PacketCount()
    /// `Int64.min` without rows.
    var lastSeen = Int64.min

    mutating func add(_ other: RowSums) {
        totals.add(other.totals)
        lastSeen = max(lastSeen, other.lastSeen)
    }
}

/// A share of the rows with the rank of each: smaller ranks come first.
final class RankedRows: Sendable {
    private let segments: [RowSegment]
    private let ranks: MappedArray<UInt64>
    private let count: Int
    let sums: RowSums
    let highest: UInt64

    init(_ segments: [RowSegment], of tables: [FlowTables], order: RowOrder) {
        count = segments.reduce(0) { $0 + $1.range.count }
        var ranks = MappedArray<UInt64>(count: count)
        var sums = RowSums()
        var highest: UInt64 = 0
        var start = 0
        for segment in segments {
            let table = tables[segment.table]
            var part = ranks.mutableSpan
            if segment.isWide {
                Self.rankAll(table.wide, segment.range, order, &part, start, &sums, &highest)
            } else {
                Self.rankAll(table.compact, segment.range, order, &part, start, &sums, &highest)
            }
            start += segment.range.count
        }
        self.segments = segments
        self.ranks = ranks
        self.sums = sums
        self.highest = highest
    }

    @inline(__always)
    private static func rankAll<Key>(
        _ store: borrowing FlowStore<Key>, _ range: Range<Int>, _ order: RowOrder, _ ranks: inout MutableSpan<UInt64>,
        _ start: Int, _ sums: inout RowSums, _ highest: inout UInt64
    ) {
        let rows = store.rows.extracting(range)
        for i in rows.indices {
            let counters = rows[i].counters
            let (bytes, packets) = (counters.totalBytes, counters.totalPackets)
            sums.totals.bytes += bytes
            sums.totals.packets += packets
            sums.lastSeen = max(sums.lastSeen, counters.lastSeen)
            let rank = rows[i].rank(order)
            highest = max(highest, rank)
            ranks[start &+ i] = rank
        }
    }

    /// How many rows there are in each class of ranks below `highest`.
    func histogram(highest: UInt64) -> [Int] {
        var counts = [Int](repeating: 0, count: RankClass.count)
        Self.count(ranks, count, highest, &counts)
        return counts
    }

    private static func count(
        _ ranks: borrowing MappedArray<UInt64>, _ count: Int, _ highest: UInt64, _ counts: inout [Int]
    ) {
        var counts = counts.mutableSpan
        let ranks = ranks.span
        for i in 0..<count { counts[RankClass.of(ranks[i], highest: highest)] += 1 }
    }

    /// The rows of the classes up to `lastClass`, class by class.
    func classified(histogram: [Int], highest: UInt64, lastClass: Int) -> ClassifiedRows {
        var starts = [0]
        for count in histogram[...lastClass] { starts.append(starts[starts.count - 1] + count) }
        var rows = MappedArray<RowReference>(count: starts[lastClass + 1])
        var ends = starts
        var start = 0
        for segment in segments {
            var ends = ends.mutableSpan
            var rows = rows.mutableSpan
            Self.scatter(segment, ranks, start, highest, lastClass, &ends, &rows)
            start += segment.range.count
        }
        return ClassifiedRows(rows: rows, starts: starts)
    }

    @inline(__always)
    private static func scatter(
        _ segment: RowSegment, _ ranks: borrowing MappedArray<UInt64>, _ start: Int, _ highest: UInt64,
        _ lastClass: Int, _ ends: inout MutableSpan<Int>, _ rows: inout MutableSpan<RowReference>
    ) {
        let ranks = ranks.span.extracting(start..<start + segment.range.count)
        for i in ranks.indices {
            let rankClass = RankClass.of(ranks[i], highest: highest)
            guard rankClass <= lastClass else { continue }
            rows[ends[rankClass]] = RowReference(
                table: segment.table, isWide: segment.isWide, index: segment.range.lowerBound &+ i)
            ends[rankClass] += 1
        }
    }
}

/// Rows of one share, class by class.
final class ClassifiedRows: Sendable {
    private let rows: MappedArray<RowReference>
    /// Where each class begins, and where the last one ends.
    private let starts: [Int]

    init(rows: consuming MappedArray<RowReference>, starts: [Int]) {
        self.rows = rows
        self.starts = starts
    }

    /// Copies a class to `end` on, and moves `end` behind it.
    func copy(_ rankClass: Int, to gathered: inout MutableSpan<RowReference>, at end: inout Int) {
        Self.copy(rows, starts[rankClass]..<starts[rankClass + 1], &gathered, &end)
    }

    @inline(__always)
    private static func copy(
        _ rows: borrowing MappedArray<RowReference>, _ range: Range<Int>,
        _ gathered: inout MutableSpan<RowReference>, _ end: inout Int
    ) {
        let part = rows.span.extracting(range)
        for i in part.indices { gathered[end &+ i] = part[i] }
        end += part.count
    }
}

/// Classes of ranks in their order: fine near the highest rank, where most flows are (the smallest ones), and coarser
/// the further away, 64 to each power of two.
enum RankClass {
    static var count: Int { 59 * 64 }

    @inline(__always)
    static func of(_ rank: UInt64, highest: UInt64) -> Int {
        let distance = highest &- rank
        if distance < 64 { return count &- 1 &- Int(truncatingIfNeeded: distance) }
        let exponent = 63 &- distance.leadingZeroBitCount
        let mantissa = Int(truncatingIfNeeded: distance >> UInt64(exponent &- 6)) & 63
        return count &- 1 &- ((exponent &- 5) &* 64 &+ mantissa)
    }
}

extension FlowEntry {
    /// Smaller ranks come first.
    @inline(__always)
    func rank(_ order: RowOrder) -> UInt64 {
        switch order {
        case .bytes: ~counters.totalBytes
        case .packets: ~counters.totalPackets
        case .firstSeen: Self.latestFirst(counters.firstSeen)
        case .lastSeen: Self.latestFirst(counters.lastSeen)
        case .duration: ~UInt64(bitPattern: counters.lastSeen &- counters.firstSeen)
        // The family and as much of the key's first word as fits beside it.
        case .key: (Key.self == FlowKey.self ? 1 << 63 : 0) | sortWords.first >> 1
        }
    }

    /// Signed times in reverse unsigned order.
    @inline(__always)
    private static func latestFirst(_ time: Int64) -> UInt64 { ~(UInt64(bitPattern: time) ^ 1 << 63) }

    /// The key's order, as the row shows it (from the initiator's side), in two words; see `SortItem`.
    @inline(__always)
    var sortWords: (first: UInt64, second: UInt64) {
        var key = key.flowKey
        if counters.initiatorIsReverse { key.swapEnds() }
        if Key.self == FlowKey.self { return (key.sourceHigh, key.sourceLow) }
        return (key.sourceLow << 32 | key.destinationLow, key.meta)
    }
}
