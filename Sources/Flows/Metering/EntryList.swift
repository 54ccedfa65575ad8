/// Flows of a meter in the order in which they fell silent: a doubly linked list through the table's entries.
struct EntryList: Sendable {
    struct Link: BitwiseCopyable, Sendable {
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    /// The longest silent; -1 where the list is empty.
    private(set) var head: Int32 = -1
    private var tail: Int32 = -1

    mutating func append(_ index: Int32, _ entries: inout [MeterEntry]) {
        entries[Int(index)].link = Link(previous: tail, next: -1)
        if tail >= 0 { entries[Int(tail)].link.next = index } else { head = index }
        tail = index
    }

    /// - Precondition: `index` is in this list.
    mutating func remove(_ index: Int32, _ entries: inout [MeterEntry]) {
        let link = entries[Int(index)].link
        if link.previous >= 0 { entries[Int(link.previous)].link.next = link.next } else { head = link.next }
        if link.next >= 0 { entries[Int(link.next)].link.previous = link.previous } else { tail = link.previous }
    }
}
