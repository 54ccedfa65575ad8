/// What waits on one direction of a connection.
struct Backlog: BitwiseCopyable {
    var queue = SegmentQueue()
    /// Entry of the connection, and side of the sender.
    var entry: Int32
    var side: Int32
    /// Packets of the direction since the wait began, or since it last got something.
    var packets = 0
    /// When that was.
    var since: Int64
}

/// All directions on which something waits, the longest waiting first.
struct Backlogs {
    var items: [Backlog] = []
    private var links: [IndexList.Link] = []
    private var free: [Int32] = []
    private var order = IndexList()

    /// The one that waits longest; -1 for none.
    var oldest: Int32 { order.head }

    mutating func open(entry: Int, side: Int, at time: Int64) -> Int32 {
        let backlog = Backlog(entry: Int32(entry), side: Int32(side), since: time)
        let index: Int32
        if let reused = free.popLast() {
            index = reused
            items[Int(index)] = backlog
        } else {
            index = Int32(items.count)
            items.append(backlog)
            links.append(IndexList.Link())
        }
        order.append(index, &links)
        return index
    }

    /// Its direction got on: the wait begins anew.
    mutating func restart(_ index: Int32, at time: Int64) {
        items[Int(index)].packets = 0
        items[Int(index)].since = time
        order.remove(index, &links)
        order.append(index, &links)
    }

    mutating func close(_ index: Int32) {
        order.remove(index, &links)
        free.append(index)
    }
}
