import KernelIO

/// Where one thread at a time sorts.
final class SortMemory: @unchecked Sendable {
    var items = MappedArray<SortItem>(count: 0)
    var spare = MappedArray<SortItem>(count: 0)
    /// For `RowSorter.split`.
    var words = MappedArray<UInt64>(count: 0)
    var rows = MappedArray<RowReference>(count: 0)

    func grow(to count: Int) {
        items.grow(to: count)
        spare.grow(to: count)
    }

    func growForSplit(to count: Int) {
        words.grow(to: count)
        rows.grow(to: count)
    }
}

/// Memory that was filled is used again: the system's pages are dear.
final class SortMemoryPool: Sendable {
    private let idle = Monitor([SortMemory]())

    func take() -> SortMemory { idle.withLock { $0.popLast() } ?? SortMemory() }
    func giveBack(_ memory: SortMemory) { idle.withLock { $0.append(memory) } }
}
