import Headers

/// What a segment means for its connection: handshake, payload, end (RFC 9293 § 3.10).
extension StreamReassembler {
    /// Takes a segment of the capture.
    @inline(__always)
    mutating func accept<Sink: StreamSink & ~Copyable>(
        _ segment: TCPSegment, _ payload: Span<UInt8>, at time: Int64, to sink: inout Sink
    ) {
        counters.segments &+= 1
        counters.seen &+= UInt64(payload.count)
        let hash = segment.key.hash(seed: settings.seed)
        let index = table.find(segment.key, hash: hash)
        if index >= 0, acceptInOrder(segment, payload, index, at: time, to: &sink) { return }
        acceptUncommon(segment, payload, index, hash, at: time, to: &sink)
    }

    /// The common case: an established connection on which nothing waits gets the next octets, or an acknowledgment.
    @inline(__always)
    private mutating func acceptInOrder<Sink: StreamSink & ~Copyable>(
        _ segment: TCPSegment, _ payload: Span<UInt8>, _ index: Int, at time: Int64, to sink: inout Sink
    ) -> Bool {
        // The sides by name: by a number that is not known before, an inline array is copied.
        let isLow = segment.side == 0
        let half = isLow ? table.entries[index].halves[0] : table.entries[index].halves[1]
        let otherFlags = isLow ? table.entries[index].halves[1].flags : table.entries[index].halves[0].flags
        guard half.flags == .started || half.flags == [.started, .synSeen], half.backlog < 0,
            half.next == segment.sequence, segment.flags.isDisjoint(with: [.syn, .fin, .rst]),
            payload.count == segment.count, table.entries[index].flags.contains(.announced),
            otherFlags.contains(.started)
        else { return false }
        table.touch(index, at: time)
        if segment.count == 0 { return true }
        let otherNext = isLow ? table.entries[index].halves[1].next : table.entries[index].halves[0].next
        let otherBacklog = isLow ? table.entries[index].halves[1].backlog : table.entries[index].halves[0].backlog
        guard otherBacklog < 0, Int32(bitPattern: segment.acknowledgment &- otherNext) <= 0 else { return false }
        table.entries[index].halves[segment.side].advance(by: segment.count)
        table.entries[index].halves[segment.side].strays = 0
        counters.delivered &+= UInt64(payload.count)
        sink.data(payload, direction(index, segment.side), of: id(of: index), at: time)
        return true
    }

    @inline(never)
    private mutating func acceptUncommon<Sink: StreamSink & ~Copyable>(
        _ segment: TCPSegment, _ payload: Span<UInt8>, _ found: Int, _ hash: UInt32, at time: Int64,
        to sink: inout Sink
    ) {
        var index = found
        if index >= 0, isReuse(segment, of: index) {
            end(index, .reused, to: &sink)
            index = -1
        }
        if index < 0 {
            guard segment.flags.contains(.syn) || segment.count > 0 && !segment.flags.contains(.rst) else {
                counters.orphanSegments += 1
                counters.outOfWindow += UInt64(payload.count)
                return
            }
            index = open(segment.key, hash, at: time, to: &sink)
        }
        table.touch(index, at: time)
        if segment.flags.contains(.syn) { synchronise(segment, index) }
        noteAcknowledgment(segment, index)
        if segment.flags.contains(.rst) {
            // What a reset carries explains it (RFC 9293 § 3.5.3); it is no part of the stream.
            counters.outOfWindow += UInt64(payload.count)
            reset(segment, index, at: time, to: &sink)
            return
        }
        let side = segment.side
        let sequence = segment.flags.contains(.syn) ? segment.sequence &+ 1 : segment.sequence
        var skipped = 0
        if !table.entries[index].halves[side].flags.contains(.started) {
            guard segment.count > 0 || segment.flags.contains(.fin) else { return }
            skipped = join(segment, payload, index, at: sequence)
        }
        table.entries[index].halves[side].rewind(to: sequence)
        noteKeepAlive(segment, index)
        if segment.count > skipped {
            place(
                payload.extracting(droppingFirst: min(skipped, payload.count)), count: segment.count - skipped,
                at: sequence &+ UInt32(skipped), index, side, arrival(of: segment, index, at: time), to: &sink)
        }
        if segment.flags.contains(.fin) { noteFIN(segment.end, index, side, at: time) }
        closeWhereDue(index, side, at: time, to: &sink)
        checkWait(index, side, at: time, to: &sink)
    }

    /// Whether a segment belongs to a new connection that has taken the ports of a known one.
    private func isReuse(_ segment: TCPSegment, of index: Int) -> Bool {
        let entry = table.entries[index]
        let half = entry.halves[segment.side]
        let isOver = !entry.flags.isDisjoint(with: [.reset, .finished])
        guard segment.flags.contains(.syn) else {
            // The new connection's handshake is not in the capture, but its numbers are not the old one's.
            return entry.flags.contains(.finished) && segment.count > 0 && half.flags.contains(.started)
                && abs(half.distance(to: segment.sequence)) > Self.lateOctets
        }
        let isOpening = !segment.flags.contains(.ack)
        if half.flags.contains(.synSeen) {
            if half.initial == segment.sequence { return isOpening && isOver }
            // A server that keeps no state answers a repeated SYN with another number; nothing was said yet.
            return isOpening || isOver || half.flags.contains(.finKnown) || entry.hasPassedData || entry.hasBacklog
        }
        if half.flags.contains(.started) {
            // The SYN of a connection that was joined too early precedes its first octet.
            return segment.sequence &+ 1 != half.next &- UInt32(truncatingIfNeeded: half.passed)
        }
        guard isOpening, entry.halves[1 - segment.side].passed > 0 else { return false }
        return !(half.flags.contains(.hinted) && half.initial == segment.sequence &+ 1)
    }

    /// How far the repetitions of a finished connection's segments may lie from its end.
    private static let lateOctets = 1 << 20

    private mutating func open<Sink: StreamSink & ~Copyable>(
        _ key: StreamKey, _ hash: UInt32, at time: Int64, to sink: inout Sink
    ) -> Int {
        while table.count >= max(settings.connectionsMax, 1) {
            let oldest = table.brief.head >= 0 ? table.brief.head : table.lasting.head
            end(Int(oldest), .evicted, to: &sink)
        }
        return table.insert(StreamEntry(key: key, hash: hash, time: time))
    }

    private mutating func synchronise(_ segment: TCPSegment, _ index: Int) {
        let side = segment.side
        var half = table.entries[index].halves[side]
        if half.flags.contains(.synSeen), half.initial == segment.sequence {
            counters.repeatedSYNs += 1
            return
        }
        // A connection that was joined too early goes on where it is.
        let isLate = half.flags.contains(.started) && !half.flags.contains(.synSeen)
        if !isLate { half.start(at: segment.sequence &+ 1) }
        half.initial = segment.sequence
        half.flags.insert(.synSeen)
        half.flags.remove(.hinted)
        table.entries[index].halves[side] = half
        guard table.entries[index].flags.isDisjoint(with: [.announced, .openerKnown]) else { return }
        table.entries[index].setOpener(segment.flags.contains(.ack) ? 1 - side : side)
        table.entries[index].flags.insert(.openerKnown)
    }

    /// Of a handshake that was seen in part, acknowledgments tell where the unheard end's stream is at most; the
    /// earliest one counts, since data may be captured behind its acknowledgment.
    private mutating func noteAcknowledgment(_ segment: TCPSegment, _ index: Int) {
        let other = 1 - segment.side
        guard segment.flags.contains(.ack), !segment.flags.contains(.rst),
            table.entries[index].flags.contains(.openerKnown),
            !table.entries[index].halves[other].flags.contains(.started)
        else { return }
        let half = table.entries[index].halves[other]
        if half.flags.contains(.hinted), Int32(bitPattern: segment.acknowledgment &- half.initial) >= 0 { return }
        table.entries[index].halves[other].initial = segment.acknowledgment
        table.entries[index].halves[other].flags.insert(.hinted)
    }

    /// Starts a direction whose SYN was not seen.
    ///
    /// - Returns: octets of the segment that are none of the stream's: those of a keep-alive probe, which repeats the
    ///   octet before the next one with anything for its value (RFC 9293 § 3.8.4).
    private mutating func join(
        _ segment: TCPSegment, _ payload: Span<UInt8>, _ index: Int, at sequence: UInt32
    ) -> Int {
        var half = table.entries[index].halves[segment.side]
        var start = sequence
        var skipped = 0
        let hintDistance = Int(Int32(bitPattern: sequence &- half.initial))
        if half.flags.contains(.hinted), hintDistance >= 0, hintDistance <= settings.windowOctets {
            start = half.initial
        } else if segment.count == 1, payload.count == 1, payload[0] == 0, segment.flags == .ack {
            counters.keepAlives += 1
            counters.beforeStart += 1
            start = sequence &+ 1
            skipped = 1
        }
        half.flags.remove(.hinted)
        half.start(at: start)
        table.entries[index].halves[segment.side] = half
        return skipped
    }

    /// How a segment came. What it acknowledges of a direction that was heard had been received before the segment was
    /// sent: where it was not seen yet, it belongs before the segment. A single octet may be a FIN, which is none of
    /// the stream's; more than may wait is not believed.
    private func arrival(of segment: TCPSegment, _ index: Int, at time: Int64) -> BlockPool.Arrival {
        let peer = table.entries[index].halves[1 - segment.side]
        var arrival = BlockPool.Arrival(time: time)
        let distance = peer.distance(to: segment.acknowledgment)
        guard segment.flags.contains(.ack), peer.flags.contains(.started), !peer.flags.contains(.closed),
            distance > (peer.backlog < 0 ? 1 : 0), distance <= settings.waitingOctetsMax
        else { return arrival }
        arrival.acknowledgment = segment.acknowledgment
        arrival.isAhead = true
        return arrival
    }

    private mutating func noteKeepAlive(_ segment: TCPSegment, _ index: Int) {
        let half = table.entries[index].halves[segment.side]
        guard segment.count <= 1, half.flags.contains(.started), segment.sequence &+ 1 == half.next, half.passed > 0,
            segment.flags.isDisjoint(with: [.syn, .fin, .rst])
        else { return }
        counters.keepAlives += 1
    }

    /// - Parameter position: sequence number of the FIN.
    private mutating func noteFIN(_ position: UInt32, _ index: Int, _ side: Int, at time: Int64) {
        let half = table.entries[index].halves[side]
        if half.flags.contains(.finKnown) {
            if half.fin != position { counters.ignoredFINs += 1 }
            return
        }
        let distance = half.distance(to: position)
        var reached = 0
        if half.backlog >= 0 {
            let tail = backlogs.items[Int(half.backlog)].queue.tail
            if tail >= 0 { reached = half.distance(to: pool[tail].end) }
        }
        // The stream cannot end before what it has given, nor far from it.
        guard distance >= reached, distance <= settings.windowOctets else {
            counters.ignoredFINs += 1
            return
        }
        table.entries[index].halves[side].fin = position
        table.entries[index].halves[side].flags.insert(.finKnown)
        if distance > 0 { backlogs.items[backlog(of: index, side, at: time)].finTime = time }
    }

    /// Ends a direction when all before its FIN has passed, and the connection when both have ended.
    mutating func closeWhereDue<Sink: StreamSink & ~Copyable>(
        _ index: Int, _ side: Int, at time: Int64, to sink: inout Sink
    ) {
        let half = table.entries[index].halves[side]
        guard half.flags.contains(.finKnown), !half.flags.contains(.closed), half.next == half.fin else { return }
        table.entries[index].halves[side].flags.insert(.closed)
        let isAnnounced = table.entries[index].flags.contains(.announced)
        if isAnnounced { sink.closed(direction(index, side), of: id(of: index), at: time) }
        guard table.entries[index].halves[1 - side].flags.contains(.closed),
            !table.entries[index].flags.contains(.finished)
        else { return }
        if isAnnounced {
            counters.ended[.closed] += 1
            sink.ended(.closed, of: id(of: index), at: time)
        }
        table.entries[index].flags.insert(.finished)
        table.setBrief(index, true)
    }

    /// A reset counts where its sequence number is near what is expected, or where it answers what the peer has said.
    private mutating func reset<Sink: StreamSink & ~Copyable>(
        _ segment: TCPSegment, _ index: Int, at time: Int64, to sink: inout Sink
    ) {
        let (half, other) = (
            table.entries[index].halves[segment.side], table.entries[index].halves[1 - segment.side]
        )
        let isNear =
            half.flags.contains(.started)
            ? abs(half.distance(to: segment.sequence)) <= settings.windowOctets
            : segment.flags.contains(.ack) && other.flags.contains(.started)
                && abs(other.distance(to: segment.acknowledgment)) <= settings.windowOctets
        guard isNear else {
            counters.ignoredResets += 1
            return
        }
        counters.resets += 1
        guard table.entries[index].flags.isDisjoint(with: [.reset, .finished]) else { return }
        table.entries[index].flags.insert(.reset)
        table.setBrief(index, true)
        if table.entries[index].flags.contains(.announced) {
            sink.reset(by: direction(index, segment.side), of: id(of: index), at: time)
        }
    }
}
