/// Bringing payload into order.
extension StreamReassembler {
    /// Delivers a segment's payload as far as it is new and nothing is missing before it; keeps the rest.
    ///
    /// - Parameters:
    ///   - octets: the captured part.
    ///   - count: octets on the wire.
    mutating func place<Sink: StreamSink & ~Copyable>(
        _ octets: Span<UInt8>, count: Int, at sequence: UInt32, _ index: Int, _ side: Int, time: Int64,
        to sink: inout Sink
    ) {
        if table.entries[index].halves[side].distance(to: sequence) > 0 {
            makeRoom(for: count, at: time, to: &sink)
        }
        var distance = table.entries[index].halves[side].distance(to: sequence)
        if abs(distance) > settings.windowOctets {
            guard takeStray(octets.count, count, sequence, index, side, at: time, to: &sink) else { return }
            distance = 0
        }
        table.entries[index].halves[side].strays = 0
        var (octets, count) = (octets, count)
        if distance < 0 {
            let passed = min(-distance, count)
            discardPassed(min(passed, octets.count), behind: -distance, index, side)
            octets = octets.extracting(droppingFirst: min(passed, octets.count))
            count -= passed
            distance += passed
            if count == 0 { return }
        }
        let half = table.entries[index].halves[side]
        if half.flags.contains(.finKnown) {
            let room = max(half.distance(to: half.fin) - distance, 0)
            if room < count {
                counters.outOfWindow += UInt64(max(octets.count - room, 0))
                octets = octets.extracting(first: min(octets.count, room))
                count = room
                if count == 0 { return }
            }
        }
        if distance > 0 {
            keep(octets, count, half.next &+ UInt32(distance), index, side, at: time)
        } else if half.backlog < 0 {
            deliver(octets, count, index, side, at: time, to: &sink)
        } else {
            deliverAroundWaiting(octets, count, index, side, at: time, to: &sink)
        }
    }

    /// Counts octets whose place has passed.
    private mutating func discardPassed(_ octets: Int, behind: Int, _ index: Int, _ side: Int) {
        let passed = Int(min(table.entries[index].halves[side].passed, UInt64(Int.max)))
        let beforeStart = min(max(behind - passed, 0), octets)
        counters.beforeStart += UInt64(beforeStart)
        counters.retransmitted += UInt64(octets - beforeStart)
        counters.retransmittedSegments += 1
    }

    /// A segment too far from what is expected. Three in a row that continue each other say that the stream is there
    /// now and that much of it was not captured; one alone is a stray.
    ///
    /// - Returns: whether the stream goes on with this segment.
    private mutating func takeStray<Sink: StreamSink & ~Copyable>(
        _ captured: Int, _ count: Int, _ sequence: UInt32, _ index: Int, _ side: Int, at time: Int64,
        to sink: inout Sink
    ) -> Bool {
        let half = table.entries[index].halves[side]
        let strays = half.strays > 0 && half.strayNext == sequence ? half.strays + 1 : 1
        guard strays >= 3, !half.flags.contains(.finKnown) else {
            table.entries[index].halves[side].strays = strays
            table.entries[index].halves[side].strayNext = sequence &+ UInt32(truncatingIfNeeded: count)
            counters.outOfWindow += UInt64(captured)
            return false
        }
        while table.entries[index].halves[side].backlog >= 0 {
            passHole(index, side, .jump, at: time, to: &sink)
        }
        if !table.entries[index].flags.contains(.announced) { announce(index, speaker: side, to: &sink) }
        table.entries[index].halves[side].next = sequence
        counters.gaps[.jump] += 1
        sink.gap(
            StreamGap(octets: nil, cause: .jump), direction(index, side), of: id(of: index), at: time)
        return true
    }

    /// Delivers octets that are next; those that were not captured become a gap.
    private mutating func deliver<Sink: StreamSink & ~Copyable>(
        _ octets: Span<UInt8>, _ count: Int, _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) {
        if !table.entries[index].flags.contains(.announced) { announce(index, speaker: side, to: &sink) }
        table.entries[index].halves[side].advance(by: count)
        if !octets.isEmpty {
            counters.delivered &+= UInt64(octets.count)
            sink.data(octets, direction(index, side), of: id(of: index), at: time)
        }
        if count > octets.count { mark(count - octets.count, .snapLength, index, side, at: time, to: &sink) }
    }

    private mutating func mark<Sink: StreamSink & ~Copyable>(
        _ count: Int, _ cause: StreamGap.Cause, _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) {
        counters.gaps[cause] += 1
        counters.gapOctets[cause] += UInt64(count)
        sink.gap(StreamGap(octets: count, cause: cause), direction(index, side), of: id(of: index), at: time)
    }

    /// Delivers a segment that begins where the stream stands, and what waits inside and behind it: where both have an
    /// octet, what waits came first.
    private mutating func deliverAroundWaiting<Sink: StreamSink & ~Copyable>(
        _ octets: Span<UInt8>, _ count: Int, _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) {
        let waiting = Int(table.entries[index].halves[side].backlog)
        var done = 0
        while done < count {
            let head = backlogs.items[waiting].queue.head
            let before = head < 0 ? Int.max : table.entries[index].halves[side].distance(to: pool[head].start)
            let free = min(before, count - done)
            if free > 0 {
                let piece = min(done, octets.count)..<min(done + free, octets.count)
                deliver(octets.extracting(piece), free, index, side, at: time, to: &sink)
                done += free
            }
            let drained = drain(waiting, index, side, at: time, to: &sink)
            let covered = min(drained, count - done)
            counters.overlapping += UInt64(max(min(done + covered, octets.count) - min(done, octets.count), 0))
            done += covered
        }
        _ = drain(waiting, index, side, at: time, to: &sink)
        resumeWait(index, side, at: time)
    }

    /// Delivers what waits and is now next.
    ///
    /// - Returns: octets that the stream moved on.
    private mutating func drain<Sink: StreamSink & ~Copyable>(
        _ waiting: Int, _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) -> Int {
        var moved = 0
        while true {
            let head = backlogs.items[waiting].queue.head
            guard head >= 0, pool[head].start == table.entries[index].halves[side].next else { return moved }
            let block = pool[head]
            if !table.entries[index].flags.contains(.announced) { announce(index, speaker: side, to: &sink) }
            table.entries[index].halves[side].advance(by: Int(block.count))
            if block.isMissing {
                mark(Int(block.count), .snapLength, index, side, at: time, to: &sink)
            } else {
                counters.inFlight -= UInt64(block.count)
                counters.delivered += UInt64(block.count)
                sink.data(pool.octets(head), direction(index, side), of: id(of: index), at: time)
            }
            pool.removeFirst(&backlogs.items[waiting].queue)
            moved += Int(block.count)
        }
    }

    private mutating func keep(
        _ octets: Span<UInt8>, _ count: Int, _ sequence: UInt32, _ index: Int, _ side: Int, at time: Int64
    ) {
        let waiting = backlog(of: index, side, at: time)
        let insertion = pool.insert(
            octets, count: count, at: sequence, base: table.entries[index].halves[side].next,
            into: &backlogs.items[waiting].queue)
        counters.outOfOrderSegments += 1
        counters.inFlight += UInt64(insertion.stored)
        counters.overlapping += UInt64(insertion.overlapping)
        counters.dropped += UInt64(insertion.dropped)
    }

    /// Makes room for a segment that has to wait, by waiting no longer for what has been waited for longest.
    private mutating func makeRoom<Sink: StreamSink & ~Copyable>(
        for count: Int, at time: Int64, to sink: inout Sink
    ) {
        // It may fall on both sides of what is there, and begin and end in the middle of blocks.
        while pool.available < count / BlockPool.blockOctets + 3, backlogs.oldest >= 0 {
            let oldest = backlogs.items[Int(backlogs.oldest)]
            passHole(Int(oldest.entry), Int(oldest.side), .memory, at: time, to: &sink)
        }
    }

    // MARK: Waiting

    /// The place where a direction's segments wait.
    func existingBacklog(_ index: Int, _ side: Int) -> Int { Int(table.entries[index].halves[side].backlog) }

    mutating func backlog(of index: Int, _ side: Int, at time: Int64) -> Int {
        let existing = existingBacklog(index, side)
        if existing >= 0 { return existing }
        let opened = backlogs.open(entry: index, side: side, at: time)
        table.entries[index].halves[side].backlog = opened
        return Int(opened)
    }

    /// After the stream has moved: waits anew for what is missing next, or for nothing.
    private mutating func resumeWait(_ index: Int, _ side: Int, at time: Int64) {
        let half = table.entries[index].halves[side]
        if backlogs.items[Int(half.backlog)].queue.isEmpty,
            !half.flags.contains(.finKnown) || half.next == half.fin
        {
            backlogs.close(half.backlog)
            table.entries[index].halves[side].backlog = -1
        } else {
            backlogs.restart(half.backlog, at: time)
        }
    }

    /// Gives up waiting for the first missing octets of a direction, and delivers what waited for them.
    ///
    /// - Precondition: something waits there.
    mutating func passHole<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, _ cause: StreamGap.Cause, at time: Int64, to sink: inout Sink
    ) {
        let waiting = existingBacklog(index, side)
        let half = table.entries[index].halves[side]
        let head = backlogs.items[waiting].queue.head
        let missing = half.distance(to: head >= 0 ? pool[head].start : half.fin)
        if missing > 0 {
            if !table.entries[index].flags.contains(.announced) { announce(index, speaker: side, to: &sink) }
            table.entries[index].halves[side].advance(by: missing)
            mark(missing, cause, index, side, at: time, to: &sink)
        }
        _ = drain(waiting, index, side, at: time, to: &sink)
        resumeWait(index, side, at: time)
        closeWhereDue(index, side, at: time, to: &sink)
    }

    /// Counts a packet of a direction on which something waits, and ends the wait where a bound is reached.
    mutating func checkWait<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, isPacket: Bool, at time: Int64, to sink: inout Sink
    ) {
        guard existingBacklog(index, side) >= 0 else { return }
        if isPacket { backlogs.items[existingBacklog(index, side)].packets += 1 }
        while existingBacklog(index, side) >= 0, let cause = exceededBound(existingBacklog(index, side)) {
            passHole(index, side, cause, at: time, to: &sink)
        }
    }

    private func exceededBound(_ waiting: Int) -> StreamGap.Cause? {
        let backlog = backlogs.items[waiting]
        if backlog.queue.blocks * BlockPool.blockOctets > settings.waitingOctetsMax { return .waitingOctets }
        if backlog.packets > settings.waitingPacketsMax { return .waitingPackets }
        return nil
    }
}
