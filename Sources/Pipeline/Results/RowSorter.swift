import Flows
import KernelIO

/// Puts the rows of some tables in order, on several threads.
///
/// Each thread ranks a share of the rows and sorts it into classes of similar rank; then runs of classes, gathered from
/// all shares, are sorted apart. Keys are unique, so the order does not depend on who did what.
struct RowSorter: Sendable {
    let tables: [FlowTables]
    let order: RowOrder
    /// Rows wanted; `nil` for all.
    let limit: Int?
    let threads: Int

    func sorted() -> SortedRows {
        let rowCount = tables.reduce(0) { $0 + $1.count }
        let parts = max(1, min(threads, rowCount / Self.partRowsMin))
        let shares = RowSegment.shares(of: tables, parts: parts)
        let ranked = mapConcurrently(shares.count, threads: threads) {
            RankedRows(shares[$0], of: tables, order: order)
        }
        let sums = ranked.reduce(into: RowSums()) { $0.add($1.sums) }
        let wanted = min(limit ?? rowCount, rowCount)
        guard wanted > 0 else { return SortedRows(order: MappedArray(count: 0), count: 0, sums: sums) }
        let highest = ranked.reduce(0) { max($0, $1.highest) }
        let histograms = mapConcurrently(shares.count, threads: threads) { ranked[$0].histogram(highest: highest) }
        let runs = Runs(histograms, wanted: wanted)
        let classified = mapConcurrently(shares.count, threads: threads) {
            ranked[$0].classified(histogram: histograms[$0], highest: highest, lastClass: runs.lastClass)
        }
        var places = MappedArray<RowReference>(count: runs.cuts[runs.cuts.count - 1])
        // Memory that was filled is used again: the system's pages are dear.
        let spare = Monitor([SortMemory]())
        places.modifyConcurrently(cuts: runs.cuts, threads: threads) { run, rows in
            let memory = spare.withLock { $0.popLast() } ?? SortMemory()
            sort(runs.classes[run], of: classified, into: &rows, memory)
            spare.withLock { $0.append(memory) }
        }
        return SortedRows(order: places, count: wanted, sums: sums)
    }

    /// Below this a further thread costs more than it brings.
    private static var partRowsMin: Int { 1 << 14 }

    /// Gathers the classes from all shares, sorts each, and says where the rows lie.
    private func sort(
        _ classes: Range<Int>, of shares: [ClassifiedRows], into rows: inout MutableSpan<RowReference>,
        _ memory: SortMemory
    ) {
        var ends: [Int] = []
        var end = 0
        for rankClass in classes {
            for share in shares { share.copy(rankClass, to: &rows, at: &end) }
            ends.append(end)
        }
        memory.grow(to: rows.count)
        sort(ends, &rows, &memory.items, &memory.spare)
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

/// Where one thread at a time sorts.
private final class SortMemory: @unchecked Sendable {
    var items = MappedArray<SortItem>(count: 0)
    var spare = MappedArray<SortItem>(count: 0)

    func grow(to count: Int) {
        items.grow(to: count)
        spare.grow(to: count)
    }
}

/// Neighbouring classes that are sorted together: some thousand rows, so that sorting them stays in the cache.
private struct Runs: Sendable {
    private(set) var classes: [Range<Int>] = []
    /// Where each run begins in the order, and where the last one ends.
    private(set) var cuts = [0]
    /// The class that holds the last row wanted.
    private(set) var lastClass = 0

    private static var rowsMax: Int { 1 << 14 }

    init(_ histograms: [[Int]], wanted: Int) {
        var (firstClass, start, end) = (0, 0, 0)
        for rankClass in 0..<RankClass.count where end < wanted {
            end += histograms.reduce(0) { $0 + $1[rankClass] }
            lastClass = rankClass
            if end - start >= Self.rowsMax || end >= wanted {
                classes.append(firstClass..<rankClass + 1)
                cuts.append(end)
                (firstClass, start) = (rankClass + 1, end)
            }
        }
    }
}
