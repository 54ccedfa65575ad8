import Flows
import KernelIO

/// Puts the rows of some tables in order, on several threads.
///
/// Each thread ranks a share of the rows and puts them into classes of similar rank; then runs of classes are sorted
/// apart. Keys are unique, so the order does not depend on who did what.
struct RowSorter: Sendable {
    let tables: [FlowTables]
    let order: RowOrder
    /// Rows wanted; `nil` for all.
    let limit: Int?
    let threads: Int
    var memory = SortMemoryPool()

    func sorted() -> SortedRows {
        let rowCount = tables.reduce(0) { $0 + $1.count }
        let parts = max(1, min(threads, rowCount / Self.partRowsMin))
        let shares = RowSegment.shares(of: tables, parts: parts)
        // Octets and packets are small numbers; of other ranks only the differences are.
        let highest =
            order == .bytes || order == .packets
            ? .max
            : mapConcurrently(shares.count, threads: threads) {
                RankedRows.highestRank(shares[$0], of: tables, order: order)
            }.reduce(0, max)
        let ranked = mapConcurrently(shares.count, threads: threads) {
            RankedRows(shares[$0], of: tables, order: order, highest: highest)
        }
        let sums = ranked.reduce(into: RowSums()) { $0.add($1.sums) }
        let wanted = min(limit ?? rowCount, rowCount)
        guard wanted > 0 else { return SortedRows(order: MappedArray(count: 0), count: 0, sums: sums) }
        let runs = Runs(ranked.map(\.histogram), wanted: wanted)
        var places = MappedArray<RowReference>(count: runs.cuts[runs.cuts.count - 1])
        let lastClass = runs.lastClass
        places.sortConcurrently(counts: ranked.map { Array($0.histogram[...lastClass]) }, threads: threads) {
            ranked[$0].sort(into: &$1, lastClass: lastClass)
        }
        places.modifyConcurrently(cuts: runs.cuts, threads: threads) { run, rows in
            let memory = memory.take()
            sort(runs.parts(of: run, &rows) { split(&$0, $1, memory) }, &rows, memory)
            self.memory.giveBack(memory)
        }
        return SortedRows(order: places, count: wanted, sums: sums)
    }

    /// Below this a further thread costs more than it brings.
    private static var partRowsMin: Int { 1 << 14 }

    /// Sorts parts, as many at a time as stay in the cache.
    ///
    /// - Parameter ends: where each part ends.
    private func sort(_ ends: [Int], _ rows: inout MutableSpan<RowReference>, _ memory: SortMemory) {
        var (first, start) = (0, 0)
        for next in ends.indices {
            guard ends[next] - start >= Runs.rowsMax || next == ends.count - 1 else { continue }
            let range = start..<ends[next]
            memory.grow(to: range.count)
            var part = rows._mutatingExtracting(range)
            sort(ends[first...next].map { $0 - start }, &part, &memory.items, &memory.spare)
            (first, start) = (next + 1, ends[next])
        }
    }

    /// - Parameter ends: where each class ends.
    private func sort(
        _ ends: [Int], _ rows: inout MutableSpan<RowReference>, _ items: inout MappedArray<SortItem>,
        _ spare: inout MappedArray<SortItem>
    ) {
        var gathered = items.mutableSpan
        var other = spare.mutableSpan
        fill(&gathered, with: rows.span)
        var start = 0
        for end in ends {
            if end - start > 1 {
                DigitSort.sort(&gathered, &other, start..<end)
                sortTies(&gathered, start..<end)
            }
            start = end
        }
        for i in rows.indices { rows[i] = gathered[i].row }
    }

    /// Says of each row what it is sorted by.
    private func fill(_ items: inout MutableSpan<SortItem>, with rows: Span<RowReference>) {
        let (positions, ends) = RowReference.positionsBySource(rows, sources: 2 * tables.count)
        var start = 0
        for source in ends.indices where ends[source] > start {
            let chosen = positions.span.extracting(start..<ends[source])
            let table = tables[source / 2]
            if source & 1 == 0 {
                Self.fill(&items, table.compact, rows, chosen, order)
            } else {
                Self.fill(&items, table.wide, rows, chosen, order)
            }
            start = ends[source]
        }
    }

    @inline(__always)
    private static func fill<Key>(
        _ items: inout MutableSpan<SortItem>, _ store: borrowing FlowStore<Key>, _ rows: Span<RowReference>,
        _ positions: Span<UInt32>, _ order: RowOrder
    ) {
        let entries = store.rows
        let distance = RowReference.prefetchDistance
        for i in positions.indices {
            if i &+ distance < positions.count { entries.prefetch(rows[Int(positions[i &+ distance])].index) }
            let position = Int(positions[i])
            let row = rows[position]
            let words = entries[row.index].sortWords
            items[position] = SortItem(
                rank: entries[row.index].rank(order), first: words.first, second: words.second, row: row)
        }
    }

    /// Wide keys of the same source, which the items do not tell apart.
    private func sortTies(_ items: inout MutableSpan<SortItem>, _ range: Range<Int>) {
        var start = range.lowerBound
        while start < range.upperBound {
            var end = start + 1
            while end < range.upperBound, items[end].ties(with: items[start]) { end += 1 }
            if end - start > 1 {
                var keyed = (start..<end).map { (key: key(of: items[$0].row), row: items[$0].row) }
                keyed.sort { $0.key < $1.key }
                for offset in keyed.indices { items[start + offset].row = keyed[offset].row }
            }
            start = end
        }
    }

    /// The key as the row shows it: from the initiator's side.
    private func key(of row: RowReference) -> FlowKey {
        let table = tables[row.table]
        return row.isWide ? table.wide.record(at: row.index).key : table.compact.record(at: row.index).key
    }
}

/// All rows in order, or the first of them, and what they add up to.
struct SortedRows: ~Copyable {
    let order: MappedArray<RowReference>
    /// Rows wanted; `order` may hold a few more.
    let count: Int
    let sums: RowSums

    consuming func takeOrder() -> MappedArray<RowReference> { order }
}

/// Neighbouring classes that are sorted together: some thousand rows, so that sorting them stays in the cache.
private struct Runs: Sendable {
    private var classes: [Range<Int>] = []
    /// How many rows there are in each class.
    private var counts: [Int] = []
    /// Where each run begins in the order, and where the last one ends.
    private(set) var cuts = [0]
    /// The class that holds the last row wanted.
    private(set) var lastClass = 0

    static var rowsMax: Int { 1 << 14 }

    init(_ histograms: [[Int]], wanted: Int) {
        var (firstClass, start, end) = (0, 0, 0)
        for rankClass in 0..<RankClass.count where end < wanted {
            counts.append(histograms.reduce(0) { $0 + $1[rankClass] })
            end += counts[rankClass]
            lastClass = rankClass
            if end - start >= Self.rowsMax || end >= wanted {
                classes.append(firstClass..<rankClass + 1)
                cuts.append(end)
                (firstClass, start) = (rankClass + 1, end)
            }
        }
    }

    /// Where in a run the parts end that are sorted apart: its classes, and of large ones with a single rank what
    /// `split` makes of their rows.
    func parts(
        of run: Int, _ rows: inout MutableSpan<RowReference>,
        split: (inout MutableSpan<RowReference>, Range<Int>) -> [Int]
    ) -> [Int] {
        var ends: [Int] = []
        var start = 0
        for rankClass in classes[run] {
            let end = start + counts[rankClass]
            if end - start > Self.rowsMax, RankClass.isOneRank(rankClass) {
                ends += split(&rows, start..<end)
            } else {
                ends.append(end)
            }
            start = end
        }
        return ends
    }
}
