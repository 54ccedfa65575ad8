/// What waits on one direction of a connection.
struct Backlog: BitwiseCopyable {
    /// What the first of it waits for.
    enum Reason { case earlierOctets, acknowledgedOctets }

    var queue = SegmentQueue()
    /// Entry of the connection, and side of the sender.
    var entry: Int32
    var side: Int32
    /// Packets of the direction since the wait began, or since it last got something.
    var packets = 0
    /// When that was, and what the direction had given by then.
    var since: Int64
    var passed: UInt64
    var reason: Reason
    /// When the FIN came, if it waits.
    var finTime: Int64?
}

/// All directions on which something waits, for each reason the longest waiting first.
struct Backlogs {
    var items: [Backlog] = []
    private var links: [IndexList.Link] = []
    private var free: [Int32] = []
    private var forEarlier = IndexList()
    private var forAcknowledged = IndexList()

    @inline(__always) var isEmpty: Bool { forEarlier.head < 0 && forAcknowledged.head < 0 }

    /// The one that waits longest for a reason; -1 for none.
    @inline(__always)
    func oldest(_ reason: Backlog.Reason) -> Int32 {
        reason == .earlierOctets ? forEarlier.head : forAcknowledged.head
    }

    mutating func open(_ backlog: Backlog) -> Int32 {
        let index: Int32
        if let reused = free.popLast() {
            index = reused
            items[Int(index)] = backlog
        } else {
            index = Int32(items.count)
            items.append(backlog)
            links.append(IndexList.Link())
        }
        append(index)
        return index
    }

    /// Its direction got on, or waits for another reason: the wait begins anew.
    mutating func restart(_ index: Int32, for reason: Backlog.Reason, passed: UInt64, at time: Int64) {
        remove(index)
        items[Int(index)].packets = 0
        items[Int(index)].since = time
        items[Int(index)].passed = passed
        items[Int(index)].reason = reason
        append(index)
    }

    mutating func close(_ index: Int32) {
        remove(index)
        free.append(index)
    }

    private mutating func append(_ index: Int32) {
        switch items[Int(index)].reason {
        case .earlierOctets: forEarlier.append(index, &links)
        case .acknowledgedOctets: forAcknowledged.append(index, &links)
        }
    }

    private mutating func remove(_ index: Int32) {
        switch items[Int(index)].reason {
        case .earlierOctets: forEarlier.remove(index, &links)
        case .acknowledgedOctets: forAcknowledged.remove(index, &links)
        }
    }
}
