/// Bringing payload into order.
extension StreamReassembler {
    /// Delivers a segment's payload as far as it is new and nothing is missing before it; keeps the rest.
    ///
    /// - Parameters:
    ///   - octets: the captured part.
    ///   - count: octets on the wire.
    mutating func place<Sink: StreamSink & ~Copyable>(
        _ octets: Span<UInt8>, count: Int, at sequence: UInt32, _ index: Int, _ side: Int,
        _ arrival: BlockPool.Arrival, to sink: inout Sink
    ) {
        let time = arrival.time
        if table.entries[index].halves[side].distance(to: sequence) > 0 || mustWait(arrival, index, side) {
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
        // Where there is no room, octets that are next are given too early rather than not at all.
        if distance > 0 || mustWait(arrival, index, side) && pool.canHold(count) {
            if distance > 0 { counters.outOfOrderSegments += 1 }
            keep(octets, count, half.next &+ UInt32(distance), index, side, arrival)
        } else if half.backlog < 0 {
            deliver(octets, count, index, side, at: time, to: &sink)
        } else {
            deliverAroundWaiting(octets, count, index, side, arrival, to: &sink)
        }
        settle(index, at: time, notBefore: time, to: &sink)
    }

    /// Whether octets that are next have to wait for those of the peer that they, or others before them, acknowledge.
    private func mustWait(_ arrival: BlockPool.Arrival, _ index: Int, _ side: Int) -> Bool {
        arrival.isAhead || reason(index, side) == .acknowledgedOctets
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
            endWait(index, side, .jump, at: time, to: &sink)
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

    /// Delivers a segment that begins where the stream stands, and what waits inside it: where both have an octet, what
    /// waits came first.
    private mutating func deliverAroundWaiting<Sink: StreamSink & ~Copyable>(
        _ octets: Span<UInt8>, _ count: Int, _ index: Int, _ side: Int, _ arrival: BlockPool.Arrival,
        to sink: inout Sink
    ) {
        let waiting = existingBacklog(index, side)
        var done = 0
        while done < count {
            let half = table.entries[index].halves[side]
            let head = backlogs.items[waiting].queue.head
            let free = min(head < 0 ? Int.max : half.distance(to: pool[head].start), count - done)
            if free > 0 {
                let piece = min(done, octets.count)..<min(done + free, octets.count)
                deliver(octets.extracting(piece), free, index, side, at: arrival.time, to: &sink)
                done += free
            } else if isReady(index, side) {
                let moved = deliverFirst(index, side, at: arrival.time, to: &sink)
                let covered = min(moved, count - done)
                counters.overlapping += UInt64(max(min(done + covered, octets.count) - min(done, octets.count), 0))
                done += covered
            } else {
                let rest = octets.extracting(droppingFirst: min(done, octets.count))
                keep(rest, count - done, half.next, index, side, arrival)
                return
            }
        }
    }

    private mutating func keep(
        _ octets: Span<UInt8>, _ count: Int, _ sequence: UInt32, _ index: Int, _ side: Int,
        _ arrival: BlockPool.Arrival
    ) {
        let waiting = backlog(of: index, side, at: arrival.time)
        let insertion = pool.insert(
            octets, count: count, at: sequence, base: table.entries[index].halves[side].next, arrival,
            into: &backlogs.items[waiting].queue)
        counters.inFlight += UInt64(insertion.stored)
        counters.overlapping += UInt64(insertion.overlapping)
        counters.dropped += UInt64(insertion.dropped)
    }

    /// Makes room for a segment that has to wait, by waiting no longer for what has been waited for longest.
    private mutating func makeRoom<Sink: StreamSink & ~Copyable>(
        for count: Int, at time: Int64, to sink: inout Sink
    ) {
        while !pool.canHold(count) {
            var oldest = backlogs.oldest(.earlierOctets)
            if oldest < 0 { oldest = backlogs.oldest(.acknowledgedOctets) }
            guard oldest >= 0 else { return }
            let backlog = backlogs.items[Int(oldest)]
            endWait(Int(backlog.entry), Int(backlog.side), .memory, at: time, to: &sink)
        }
    }

    // MARK: What waits

    /// The place where a direction's segments wait; negative: none do.
    private func existingBacklog(_ index: Int, _ side: Int) -> Int { Int(table.entries[index].halves[side].backlog) }

    mutating func backlog(of index: Int, _ side: Int, at time: Int64) -> Int {
        let existing = existingBacklog(index, side)
        if existing >= 0 { return existing }
        let opened = backlogs.open(
            Backlog(
                entry: Int32(index), side: Int32(side), since: time, passed: table.entries[index].halves[side].passed,
                reason: .earlierOctets))
        table.entries[index].halves[side].backlog = opened
        return Int(opened)
    }

    /// The first block that waits in a direction; negative: none does.
    private func head(_ index: Int, _ side: Int) -> Int32 {
        let waiting = existingBacklog(index, side)
        return waiting < 0 ? -1 : backlogs.items[waiting].queue.head
    }

    /// What a direction waits for; `nil`: for nothing.
    private func reason(_ index: Int, _ side: Int) -> Backlog.Reason? {
        let waiting = existingBacklog(index, side)
        guard waiting >= 0 else { return nil }
        let head = backlogs.items[waiting].queue.head
        return head >= 0 && pool[head].start == table.entries[index].halves[side].next
            ? .acknowledgedOctets : .earlierOctets
    }

    /// Whether the first block of a direction is next, and all has come that its sender had received before.
    private func isReady(_ index: Int, _ side: Int) -> Bool {
        let head = head(index, side)
        guard head >= 0, pool[head].start == table.entries[index].halves[side].next else { return false }
        return !pool[head].arrival.isAhead || missing(upTo: pool[head].arrival.acknowledgment, index, 1 - side) == 0
    }

    /// Octets that a direction still has to give before it stands where its peer said it stood.
    private func missing(upTo acknowledgment: UInt32, _ index: Int, _ side: Int) -> Int {
        let half = table.entries[index].halves[side]
        let missing = max(half.distance(to: acknowledgment), 0)
        return half.flags.contains(.finKnown) ? min(missing, max(half.distance(to: half.fin), 0)) : missing
    }

    /// Delivers the first block that waits.
    ///
    /// - Precondition: it is ready.
    /// - Returns: octets that the stream moved on.
    private mutating func deliverFirst<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) -> Int {
        let waiting = existingBacklog(index, side)
        let head = backlogs.items[waiting].queue.head
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
        return Int(block.count)
    }

    /// Delivers what waits and is ready by now, in both directions, and sees what the rest waits for.
    ///
    /// - Parameter earliest: when that came which was waited for. Where it did not come, the octets have the times at
    ///   which they came themselves.
    private mutating func settle<Sink: StreamSink & ~Copyable>(
        _ index: Int, at time: Int64, notBefore earliest: Int64, to sink: inout Sink
    ) {
        guard table.entries[index].hasBacklog else { return }
        var latest = earliest
        while let side = readySide(index) {
            latest = max(latest, pool[head(index, side)].arrival.time)
            _ = deliverFirst(index, side, at: latest, to: &sink)
        }
        for side in 0...1 { reviewWait(index, side, at: time, notBefore: earliest, to: &sink) }
    }

    /// The direction whose first block is ready; of both the one that came first.
    private func readySide(_ index: Int) -> Int? {
        switch (isReady(index, 0), isReady(index, 1)) {
        case (false, false): nil
        case (true, false): 0
        case (false, true): 1
        case (true, true): pool[head(index, 1)].arrival.time < pool[head(index, 0)].arrival.time ? 1 : 0
        }
    }

    /// Waits anew where a direction got on or waits for another reason; no longer where nothing waits any more.
    private mutating func reviewWait<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, at time: Int64, notBefore earliest: Int64, to sink: inout Sink
    ) {
        guard let reason = reason(index, side) else { return }
        let half = table.entries[index].halves[side]
        let backlog = backlogs.items[Int(half.backlog)]
        if backlog.queue.isEmpty, !half.flags.contains(.finKnown) || half.next == half.fin {
            backlogs.close(half.backlog)
            table.entries[index].halves[side].backlog = -1
            closeWhereDue(index, side, at: backlog.finTime.map { max($0, earliest) } ?? time, to: &sink)
        } else if reason != backlog.reason || half.passed != backlog.passed {
            backlogs.restart(half.backlog, for: reason, passed: half.passed, at: time)
        }
    }

    // MARK: The end of a wait

    /// Gives up waiting for the first that is missing in a direction or for it, and delivers what waited for that.
    ///
    /// - Precondition: something waits there.
    mutating func endWait<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, _ cause: StreamGap.Cause, at time: Int64, to sink: inout Sink
    ) {
        let head = head(index, side)
        let half = table.entries[index].halves[side]
        if head >= 0, pool[head].start == half.next {
            passAcknowledged(by: head, index, 1 - side, cause, to: &sink)
        } else {
            // Before the first block that waits, or before the FIN.
            let finTime = backlogs.items[existingBacklog(index, side)].finTime
            pass(
                half.distance(to: head >= 0 ? pool[head].start : half.fin), index, side, cause,
                at: head >= 0 ? pool[head].arrival.time : finTime ?? time, to: &sink)
        }
        settle(index, at: time, notBefore: .min, to: &sink)
    }

    /// Marks octets as missing.
    private mutating func pass<Sink: StreamSink & ~Copyable>(
        _ missing: Int, _ index: Int, _ side: Int, _ cause: StreamGap.Cause, at time: Int64, to sink: inout Sink
    ) {
        guard missing > 0 else { return }
        if !table.entries[index].flags.contains(.announced) { announce(index, speaker: side, to: &sink) }
        table.entries[index].halves[side].advance(by: missing)
        mark(missing, cause, index, side, at: time, to: &sink)
    }

    /// Brings a direction to where its peer said it stood, with a block that waits for that: what has come is
    /// delivered, what has not is marked.
    private mutating func passAcknowledged<Sink: StreamSink & ~Copyable>(
        by waiting: Int32, _ index: Int, _ side: Int, _ cause: StreamGap.Cause, to sink: inout Sink
    ) {
        let (position, time) = (pool[waiting].arrival.acknowledgment, pool[waiting].arrival.time)
        // Whatever comes of it, the block is ready then.
        pool[waiting].arrival.isAhead = false
        while true {
            let missing = missing(upTo: position, index, side)
            if missing == 0 { return }
            let head = head(index, side)
            let hole = head < 0 ? Int.max : table.entries[index].halves[side].distance(to: pool[head].start)
            if hole > 0 {
                pass(min(hole, missing), index, side, cause, at: time, to: &sink)
                if hole > missing { table.entries[index].halves[side].assumed = UInt32(missing) }
            } else {
                // It came; that it waits in turn can only be where the numbers contradict themselves.
                _ = deliverFirst(index, side, at: pool[head].arrival.time, to: &sink)
            }
        }
    }

    /// Of two directions on which something waits, the one on which it came first; `nil`: none waits.
    func longerWaiting(_ index: Int) -> Int? {
        func time(_ side: Int) -> Int64? {
            guard existingBacklog(index, side) >= 0 else { return nil }
            let head = head(index, side)
            return head < 0 ? .max : pool[head].arrival.time
        }
        guard let low = time(0) else { return time(1).map { _ in 1 } }
        return (time(1) ?? .max) < low ? 1 : 0
    }

    /// Counts a packet of a direction on which something waits, and ends the wait where a bound is reached.
    mutating func checkWait<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) {
        guard existingBacklog(index, side) >= 0 else { return }
        backlogs.items[existingBacklog(index, side)].packets += 1
        while existingBacklog(index, side) >= 0, let cause = exceededBound(existingBacklog(index, side)) {
            endWait(index, side, cause, at: time, to: &sink)
        }
    }

    private func exceededBound(_ waiting: Int) -> StreamGap.Cause? {
        let backlog = backlogs.items[waiting]
        if backlog.queue.blocks * BlockPool.blockOctets > settings.waitingOctetsMax { return .waitingOctets }
        if backlog.packets > settings.waitingPacketsMax { return .waitingPackets }
        return nil
    }
}
