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

/// A share of the rows with the class of each row's rank.
final class RankedRows: Sendable {
    private let segments: [RowSegment]
    private let classes: MappedArray<UInt16>
    /// How many rows there are in each class.
    let histogram: [Int]
    let sums: RowSums

    /// - Parameter highest: no rank is above it.
    init(_ segments: [RowSegment], of tables: [FlowTables], order: RowOrder, highest: UInt64) {
        var classes = MappedArray<UInt16>(count: segments.reduce(0) { $0 + $1.range.count })
        var histogram = [Int](repeating: 0, count: RankClass.count)
        var sums = RowSums()
        var start = 0
        for segment in segments {
            let table = tables[segment.table]
            var part = classes.mutableSpan
            if segment.isWide {
                Self.classify(table.wide, segment.range, order, highest, &part, start, &histogram, &sums)
            } else {
                Self.classify(table.compact, segment.range, order, highest, &part, start, &histogram, &sums)
            }
            start += segment.range.count
        }
        self.segments = segments
        self.classes = classes
        self.histogram = histogram
        self.sums = sums
    }

    @inline(__always)
    private static func classify<Key>(
        _ store: borrowing FlowStore<Key>, _ range: Range<Int>, _ order: RowOrder, _ highest: UInt64,
        _ classes: inout MutableSpan<UInt16>, _ start: Int, _ histogram: inout [Int], _ sums: inout RowSums
    ) {
        let rows = store.rows.extracting(range)
        var histogram = histogram.mutableSpan
        for i in rows.indices {
            let counters = rows[i].counters
            sums.totals.bytes += counters.totalBytes
            sums.totals.packets += counters.totalPackets
            sums.lastSeen = max(sums.lastSeen, counters.lastSeen)
            let rankClass = RankClass.of(rows[i].rank(order), highest: highest)
            histogram[rankClass] += 1
            classes[start &+ i] = UInt16(truncatingIfNeeded: rankClass)
        }
    }

    /// The highest rank of all rows.
    static func highestRank(_ segments: [RowSegment], of tables: [FlowTables], order: RowOrder) -> UInt64 {
        segments.reduce(0) { highest, segment in
            let table = tables[segment.table]
            return max(
                highest,
                segment.isWide
                    ? highestRank(table.wide, segment.range, order) : highestRank(table.compact, segment.range, order))
        }
    }

    @inline(__always)
    private static func highestRank<Key>(
        _ store: borrowing FlowStore<Key>, _ range: Range<Int>, _ order: RowOrder
    ) -> UInt64 {
        let rows = store.rows.extracting(range)
        var highest: UInt64 = 0
        for i in rows.indices { highest = max(highest, rows[i].rank(order)) }
        return highest
    }

    /// Puts each row of the classes up to `lastClass` into its class.
    func sort(into sorted: inout ArrayParts<RowReference>, lastClass: Int) {
        var start = 0
        for segment in segments {
            Self.sort(segment, classes, start, into: &sorted, lastClass)
            start += segment.range.count
        }
    }

    @inline(__always)
    private static func sort(
        _ segment: RowSegment, _ classes: borrowing MappedArray<UInt16>, _ start: Int,
        into sorted: inout ArrayParts<RowReference>, _ lastClass: Int
    ) {
        let classes = classes.span.extracting(start..<start + segment.range.count)
        for i in classes.indices {
            let rankClass = Int(classes[i])
            guard rankClass <= lastClass else { continue }
            let row = RowReference(
                table: segment.table, isWide: segment.isWide, index: segment.range.lowerBound &+ i)
            sorted.append(row, to: rankClass)
        }
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

    /// All ranks of the class are the same.
    static func isOneRank(_ rankClass: Int) -> Bool { rankClass >= count - 128 }
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
