import Flows
import KernelIO

// Many flows are of the smallest size there is. Sorted as a whole they would leave the cache.
extension RowSorter {
    /// Puts rows of the same rank, table by table, into parts of some thousand: all keys of a part are below those of
    /// the next one.
    ///
    /// - Returns: where each part ends. Keys that are much alike stay together, however many.
    func split(_ rows: inout MutableSpan<RowReference>, _ range: Range<Int>, _ memory: SortMemory) -> [Int] {
        memory.growForSplit(to: range.count)
        let wideStart = Self.moveWideBehind(&rows, range, &memory.rows)
        var ends: [Int] = []
        for family in [range.lowerBound..<wideStart, wideStart..<range.upperBound] where !family.isEmpty {
            let (lowest, highest) = readWords(rows, family, &memory.words)
            Self.scatter(&rows, family, memory.words, lowest, highest, &memory.rows, &ends)
        }
        return ends
    }

    /// IPv4 before IPv6.
    private static func moveWideBehind(
        _ rows: inout MutableSpan<RowReference>, _ range: Range<Int>, _ spare: inout MappedArray<RowReference>
    ) -> Int {
        var spare = spare.mutableSpan
        var (compact, wide) = (range.lowerBound, 0)
        for i in range {
            let row = rows[i]
            if row.isWide {
                spare[wide] = row
                wide += 1
            } else {
                rows[compact] = row
                compact += 1
            }
        }
        for i in 0..<wide { rows[compact + i] = spare[i] }
        return compact
    }

    /// The first words of the rows' keys, and the lowest and the highest of them.
    private func readWords(
        _ rows: borrowing MutableSpan<RowReference>, _ range: Range<Int>, _ words: inout MappedArray<UInt64>
    ) -> (lowest: UInt64, highest: UInt64) {
        var words = words.mutableSpan
        var bounds = (lowest: UInt64.max, highest: UInt64(0))
        var start = range.lowerBound
        while start < range.upperBound {
            let row = rows[start]
            var end = start + 1
            while end < range.upperBound, rows[end].source == row.source { end += 1 }
            if row.isWide {
                Self.readWords(tables[row.table].wide, rows, start..<end, range.lowerBound, &words, &bounds)
            } else {
                Self.readWords(tables[row.table].compact, rows, start..<end, range.lowerBound, &words, &bounds)
            }
            start = end
        }
        return bounds
    }

    @inline(__always)
    private static func readWords<Key>(
        _ store: borrowing FlowStore<Key>, _ rows: borrowing MutableSpan<RowReference>, _ range: Range<Int>,
        _ first: Int, _ words: inout MutableSpan<UInt64>, _ bounds: inout (lowest: UInt64, highest: UInt64)
    ) {
        let entries = store.rows
        let distance = RowReference.prefetchDistance
        for i in range {
            if i &+ distance < range.upperBound { entries.prefetch(rows[i &+ distance].index) }
            let word = entries[rows[i].index].sortWords.first
            words[i &- first] = word
            bounds = (min(bounds.lowest, word), max(bounds.highest, word))
        }
    }

    /// Puts rows into parts by the top bits in which their words differ.
    private static func scatter(
        _ rows: inout MutableSpan<RowReference>, _ range: Range<Int>, _ words: borrowing MappedArray<UInt64>,
        _ lowest: UInt64, _ highest: UInt64, _ spare: inout MappedArray<RowReference>, _ ends: inout [Int]
    ) {
        let words = words.span
        var spare = spare.mutableSpan
        // One to two thousand rows to a part, where keys are spread evenly.
        let bits = min(10, max(0, 53 - range.count.leadingZeroBitCount))
        let shift = UInt64(max(0, 64 - (highest - lowest).leadingZeroBitCount - bits))
        var places = [Int](repeating: 0, count: 1 << bits)
        for i in 0..<range.count { places[Int((words[i] &- lowest) >> shift)] += 1 }
        var sum = 0
        for part in places.indices {
            let count = places[part]
            places[part] = sum
            sum += count
            if count > 0 { ends.append(range.lowerBound + sum) }
        }
        for i in 0..<range.count {
            let part = Int((words[i] &- lowest) >> shift)
            spare[places[part]] = rows[range.lowerBound + i]
            places[part] += 1
        }
        for i in 0..<range.count { rows[range.lowerBound + i] = spare[i] }
    }
}
