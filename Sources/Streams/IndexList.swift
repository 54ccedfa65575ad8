/// A doubly linked list through elements of an array, by their indices; the links lie in an array beside it.
struct IndexList {
    struct Link: BitwiseCopyable {
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    /// -1 where the list is empty.
    private(set) var head: Int32 = -1
    private(set) var tail: Int32 = -1

    mutating func append(_ index: Int32, _ links: inout [Link]) {
        links[Int(index)] = Link(previous: tail, next: -1)
        if tail >= 0 { links[Int(tail)].next = index } else { head = index }
        tail = index
    }

    /// - Precondition: `index` is in this list.
    mutating func remove(_ index: Int32, _ links: inout [Link]) {
        let link = links[Int(index)]
        if link.previous >= 0 { links[Int(link.previous)].next = link.next } else { head = link.next }
        if link.next >= 0 { links[Int(link.next)].previous = link.previous } else { tail = link.previous }
    }
}
