import Flows
import KernelIO

/// A flow table with the memory it lies in. Owned by one thread at a time.
struct FlowStore<Key: TableKey>: ~Copyable, Sendable {
    typealias Table = FlowTable<Key>

    private var slots: MappedArray<UInt64>
    private var entries: MappedArray<FlowEntry<Key>>
    private(set) var count = 0

    init(slots: Int = 1 << 12) {
        self.slots = MappedArray(count: slots)
        entries = MappedArray(count: Table.capacity(slots: slots))
    }

    /// Counts updates, at most `Table.batch` of them.
    @inline(__always)
    mutating func apply(_ updates: borrowing MappedArray<FlowUpdate<Key>>, count: Int) {
        if self.count + count > entries.count { grow() }
        Self.apply(updates.span.extracting(0..<count), &slots, &entries, &self.count)
    }

    /// Two spans of one struct's fields can only be had of separate parameters.
    @inline(__always)
    private static func apply(
        _ updates: Span<FlowUpdate<Key>>, _ slots: inout MappedArray<UInt64>,
        _ entries: inout MappedArray<FlowEntry<Key>>, _ count: inout Int
    ) {
        var slots = slots.mutableSpan
        var entries = entries.mutableSpan
        Table.apply(updates, slots: &slots, entries: &entries, count: &count)
    }

    @inline(never)
    private mutating func grow() {
        var larger = MappedArray<UInt64>(count: slots.count * 2)
        var span = larger.mutableSpan
        Table.rehash(from: slots.span, into: &span)
        slots = larger
        entries.grow(to: Table.capacity(slots: slots.count))
    }

    var rows: Span<FlowEntry<Key>> {
        @_lifetime(borrow self) borrowing get { entries.span.extracting(0..<count) }
    }

    var byteCount: Int { slots.byteCount + entries.byteCount }
}
