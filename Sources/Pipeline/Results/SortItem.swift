import Flows

/// A row on its way to its place: what it is sorted by, and where it lies.
struct SortItem: BitwiseCopyable, Sendable {
    /// Smaller comes first.
    var rank: UInt64
    /// The key's order as two words. Of a compact key the whole of it, of a wide key the source address.
    var first: UInt64
    var second: UInt64
    var row: RowReference

    static var words: Int { 4 }

    @inline(__always)
    func word(_ number: Int) -> UInt64 {
        switch number {
        case 0: rank
        // IPv4 before IPv6.
        case 1: row.isWide ? 1 : 0
        case 2: first
        default: second
        }
    }

    @inline(__always)
    static func < (a: SortItem, b: SortItem) -> Bool {
        if a.rank != b.rank { return a.rank < b.rank }
        if a.row.isWide != b.row.isWide { return b.row.isWide }
        if a.first != b.first { return a.first < b.first }
        return a.second < b.second
    }

    /// All words agree: only whole keys can tell them apart.
    @inline(__always)
    func ties(with other: SortItem) -> Bool {
        rank == other.rank && first == other.first && second == other.second && row.isWide == other.row.isWide
    }
}

/// Sorts items by their words: the most significant digit that differs first, eight bits at a time, and few items by
/// insertion. Its time is bounded by the number of digits, whoever chose the values.
enum DigitSort {
    /// - Parameters:
    ///   - spare: as long as `items`.
    ///   - word: the words before it are known to agree.
    static func sort(
        _ items: inout MutableSpan<SortItem>, _ spare: inout MutableSpan<SortItem>, _ range: Range<Int>, word: Int = 0
    ) {
        if range.count <= insertionMax { return insert(&items, range) }
        var word = word
        var (lowest, highest) = bounds(items, range, word)
        while lowest == highest {
            word += 1
            if word == SortItem.words { return }
            (lowest, highest) = bounds(items, range, word)
        }
        // As many digits as there are items to a sixteenth; the top ones of the widest difference.
        let bits = min(8, max(2, 60 - range.count.leadingZeroBitCount))
        let shift = UInt64(max(0, 64 - (highest - lowest).leadingZeroBitCount - bits))
        var ends: [256 of Int32] = .init(repeating: 0)
        for i in range { ends[Int((items[i].word(word) &- lowest) >> shift)] += 1 }
        var sum: Int32 = 0
        for digit in 0..<256 {
            let count = ends[digit]
            ends[digit] = sum
            sum += count
        }
        for i in range {
            let digit = Int((items[i].word(word) &- lowest) >> shift)
            spare[range.lowerBound + Int(ends[digit])] = items[i]
            ends[digit] += 1
        }
        for i in range { items[i] = spare[i] }
        var start = range.lowerBound
        for digit in 0..<256 {
            let end = range.lowerBound + Int(ends[digit])
            if end - start > 1 { sort(&items, &spare, start..<end, word: word) }
            start = end
        }
    }

    private static var insertionMax: Int { 32 }

    @inline(__always)
    private static func bounds(
        _ items: borrowing MutableSpan<SortItem>, _ range: Range<Int>, _ word: Int
    ) -> (UInt64, UInt64) {
        var lowest = UInt64.max
        var highest: UInt64 = 0
        for i in range {
            let value = items[i].word(word)
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        return (lowest, highest)
    }

    private static func insert(_ items: inout MutableSpan<SortItem>, _ range: Range<Int>) {
        guard range.count > 1 else { return }
        for i in range.dropFirst() {
            let item = items[i]
            var place = i
            while place > range.lowerBound, item < items[place - 1] {
                items[place] = items[place - 1]
                place -= 1
            }
            items[place] = item
        }
    }
}
