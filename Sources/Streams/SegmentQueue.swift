/// Segments of one stream that wait for what is missing before them: blocks of a pool in order, without overlap.
struct SegmentQueue: BitwiseCopyable {
    /// -1 where the queue is empty.
    fileprivate(set) var head: Int32 = -1
    fileprivate(set) var tail: Int32 = -1
    fileprivate(set) var blocks = 0

    var isEmpty: Bool { head < 0 }
}

/// What became of octets on their way into a queue.
struct QueueInsertion: Equatable {
    var stored = 0
    /// Were there already: the first copy stays.
    var overlapping = 0
    /// Found no block.
    var dropped = 0
}

extension BlockPool {
    /// Puts a segment into its place in a queue.
    ///
    /// Positions are compared by their distance from `base`, modulo 2³².
    ///
    /// - Parameters:
    ///   - octets: the captured part of the segment.
    ///   - count: octets of the segment on the wire; those that `octets` does not have are kept as missing.
    ///   - base: a position before everything in the queue, and at most 2³¹ octets before the segment's end.
    mutating func insert(
        _ octets: Span<UInt8>, count: Int, at start: UInt32, base: UInt32, _ arrival: Arrival = Arrival(),
        into queue: inout SegmentQueue
    ) -> QueueInsertion {
        var result = QueueInsertion()
        let first = Int(start &- base)
        var position = first
        let end = first + count
        let capturedEnd = first + octets.count
        var (previous, current) = (Int32(-1), queue.head)
        // What arrives out of order mostly goes to the end.
        if queue.tail >= 0, distance(self[queue.tail].end, base) <= position { (previous, current) = (queue.tail, -1) }
        while position < end {
            while current >= 0, distance(self[current].end, base) <= position {
                (previous, current) = (current, self[current].next)
            }
            var limit = end
            if current >= 0 {
                let start = distance(self[current].start, base)
                if start <= position {
                    let next = min(end, distance(self[current].end, base))
                    result.overlapping += max(0, min(next, capturedEnd) - position)
                    position = next
                    continue
                }
                limit = min(end, start)
            }
            let isMissing = position >= capturedEnd
            if !isMissing { limit = min(limit, capturedEnd) }
            guard let block = room(at: base &+ UInt32(position), isMissing, arrival, &previous, current, &queue)
            else {
                result.dropped += max(0, capturedEnd - position)
                return result
            }
            if isMissing {
                self[block].count += UInt32(limit - position)
            } else {
                limit = min(limit, position + Self.blockOctets - Int(self[block].count))
                append(octets.extracting(position - first..<limit - first), to: block)
                result.stored += limit - position
            }
            position = limit
        }
        return result
    }

    /// The block that takes the octets from `position` on: `previous` where they continue it and it has room, else a
    /// new one between `previous` and `next`; `previous` is then the new one.
    private mutating func room(
        at position: UInt32, _ isMissing: Bool, _ arrival: Arrival, _ previous: inout Int32, _ next: Int32,
        _ queue: inout SegmentQueue
    ) -> Int32? {
        if previous >= 0 {
            let block = self[previous]
            // What is missing has no time that matters.
            let isAlike = isMissing ? block.arrival.isAhead || !arrival.isAhead : block.arrival == arrival
            if block.end == position, block.isMissing == isMissing, isAlike,
                isMissing || block.count < Self.blockOctets
            {
                return previous
            }
        }
        guard let index = take() else { return nil }
        self[index].start = position
        self[index].isMissing = isMissing
        self[index].arrival = arrival
        self[index].next = next
        if previous >= 0 { self[previous].next = index } else { queue.head = index }
        if next < 0 { queue.tail = index }
        queue.blocks += 1
        previous = index
        return index
    }

    @inline(__always)
    private func distance(_ position: UInt32, _ base: UInt32) -> Int { Int(position &- base) }

    /// Gives the first block back.
    ///
    /// - Precondition: the queue is not empty.
    mutating func removeFirst(_ queue: inout SegmentQueue) {
        let index = queue.head
        queue.head = self[index].next
        if queue.head < 0 { queue.tail = -1 }
        queue.blocks -= 1
        release(index)
    }

    mutating func removeAll(_ queue: inout SegmentQueue) {
        while !queue.isEmpty { removeFirst(&queue) }
    }
}
