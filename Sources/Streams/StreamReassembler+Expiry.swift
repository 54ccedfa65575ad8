/// What ends with time, or to make room.
extension StreamReassembler {
    /// How many connections and waits one packet may end, so that none takes long.
    private static let perPacketMax = 64

    /// Ends the waits and connections whose time is over.
    @inline(__always)
    mutating func expire<Sink: StreamSink & ~Copyable>(at time: Int64, to sink: inout Sink) {
        if !backlogs.isEmpty { expireWaits(at: time, to: &sink) }
        if isOver(table.brief.head, settings.briefNanoseconds, at: time)
            || isOver(table.lasting.head, settings.idleNanoseconds, at: time)
        {
            expireConnections(at: time, to: &sink)
        }
    }

    /// A backlog whose wait is over, or seems to begin in the future, as time ran backwards.
    private func waitThatIsOver(at time: Int64) -> Int32? {
        if isWaitOver(.earlierOctets, settings.waitingNanoseconds, at: time) { return backlogs.oldest(.earlierOctets) }
        if isWaitOver(.acknowledgedOctets, settings.acknowledgedNanoseconds, at: time) {
            return backlogs.oldest(.acknowledgedOctets)
        }
        return nil
    }

    @inline(__always)
    private func isWaitOver(_ reason: Backlog.Reason, _ limit: Int64, at time: Int64) -> Bool {
        let oldest = backlogs.oldest(reason)
        guard oldest >= 0 else { return false }
        let since = backlogs.items[Int(oldest)].since
        return elapsed(since: since, at: time) > limit || since > time
    }

    @inline(__always)
    private func isOver(_ head: Int32, _ limit: Int64, at time: Int64) -> Bool {
        guard head >= 0 else { return false }
        let placed = table.entries[Int(head)].placed
        return elapsed(since: placed, at: time) > limit || placed > time
    }

    /// Nanoseconds between two times, of which hostile captures may have any.
    @inline(__always)
    private func elapsed(since start: Int64, at time: Int64) -> Int64 {
        let (difference, overflow) = time.subtractingReportingOverflow(start)
        return overflow ? (time > start ? .max : .min) : difference
    }

    @inline(never)
    private mutating func expireWaits<Sink: StreamSink & ~Copyable>(at time: Int64, to sink: inout Sink) {
        for _ in 0..<Self.perPacketMax {
            guard let index = waitThatIsOver(at: time) else { return }
            let backlog = backlogs.items[Int(index)]
            if backlog.since > time {
                // Time ran backwards: what began in the future begins now.
                backlogs.items[Int(index)].since = time
            } else {
                endWait(Int(backlog.entry), Int(backlog.side), .waitingTime, at: time, to: &sink)
            }
        }
    }

    @inline(never)
    private mutating func expireConnections<Sink: StreamSink & ~Copyable>(at time: Int64, to sink: inout Sink) {
        for _ in 0..<Self.perPacketMax {
            if isOver(table.brief.head, settings.briefNanoseconds, at: time) {
                expireOldest(Int(table.brief.head), settings.briefNanoseconds, at: time, to: &sink)
            } else if isOver(table.lasting.head, settings.idleNanoseconds, at: time) {
                expireOldest(Int(table.lasting.head), settings.idleNanoseconds, at: time, to: &sink)
            } else {
                return
            }
        }
    }

    private mutating func expireOldest<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ limit: Int64, at time: Int64, to sink: inout Sink
    ) {
        if table.entries[index].placed > time {
            table.entries[index].placed = time
            table.entries[index].lastSeen = time
        } else if elapsed(since: table.entries[index].lastSeen, at: time) > limit {
            end(index, .idle, to: &sink)
        } else {
            table.replace(index, at: table.entries[index].lastSeen)
        }
    }

    /// Ends a connection: what waits is delivered behind gaps, and the sink is told, unless it was before.
    mutating func end<Sink: StreamSink & ~Copyable>(_ index: Int, _ reason: StreamEnd, to sink: inout Sink) {
        let time = table.entries[index].lastSeen
        while let side = longerWaiting(index) { endWait(index, side, .end, at: time, to: &sink) }
        let flags = table.entries[index].flags
        if flags.isDisjoint(with: [.announced, .finished]) {
            counters.withoutData += 1
            if reason == .evicted { counters.withoutDataEvicted += 1 }
        } else if !flags.contains(.finished) {
            let reason = flags.contains(.reset) && reason != .captureEnd ? .reset : reason
            counters.ended[reason] += 1
            sink.ended(reason, of: id(of: index), at: time)
        } else if !flags.contains(.announced) {
            counters.withoutData += 1
        }
        table.remove(index)
    }
}
