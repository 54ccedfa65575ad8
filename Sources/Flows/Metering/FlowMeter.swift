import Headers

/// Makes flow records of packets, as NetFlow and IPFIX exporters do (RFC 5470 § 5.1): one table of conversations by
/// five-tuple and VLAN, whose records end when a flow falls silent, lasts long or closes.
///
/// The packets' own times drive it; a caller who has a clock tells it with `advance`, so that flows end although no
/// packet comes. Every packet is counted in exactly one record: their sums are those of plain counting. Records that
/// ended wait in `ended` until they are taken.
public struct FlowMeter: Sendable {
    /// Packets that `count` takes at a time.
    public static let batch = 256
    /// Silent flows that one packet ends at most, so that `ended` stays small whatever times say; the next goes on.
    static let stepMax = 64

    public let settings: FlowMeterSettings
    /// Records that ended, in the order in which they did.
    public private(set) var ended: [MeteredFlow] = []

    private var table = MeterTable()
    /// Flows that go on, and TCP connections that are closed; the longest silent first, to within `lag`.
    private var lasting = EntryList()
    private var closed = EntryList()
    private let plan = KeyPlan(FlowTask(name: "", fields: FlowMeter.key, bidirectional: true))
    private let lag: Int64
    /// What of the packets' times has passed, without their jumps back.
    private var clock: Int64 = 0
    /// The packet time that `clock` stands at; `nil` before the first packet.
    private var reference: Int64?
    /// Nothing ends before this, on `clock`.
    private var nextEnd = Int64.max
    /// Of the batch that is being counted: keys, hashes, directions, and where their flows may be.
    private var staged: [Staged] = []

    private struct Staged: BitwiseCopyable, Sendable {
        var key: FlowKey
        var hash: UInt32
        var direction: UInt8
        var index: Int32
    }

    /// The fields that tell flows apart.
    public static let key = KeyFields(
        source: .whole, destination: .whole, sourcePort: true, destinationPort: true, protocol: true, vlan: true)

    public init(_ settings: FlowMeterSettings) {
        self.settings = settings
        lag = max(min(1_000_000_000, settings.idleNanoseconds / 8, settings.lingerNanoseconds / 8), 1)
        staged.reserveCapacity(Self.batch)
    }

    /// Flows that go on.
    public var flowCount: Int { table.count }

    /// The records that ended so far; afterwards there are none.
    public mutating func takeEnded() -> [MeteredFlow] {
        defer { ended.removeAll(keepingCapacity: true) }
        return ended
    }

    /// Counts packets, in their order.
    public mutating func count(_ packets: Span<MeteredPacket>) {
        var start = 0
        while start < packets.count {
            let end = min(start + Self.batch, packets.count)
            count(batch: packets.extracting(start..<end))
            start = end
        }
    }

    /// First all loads from the index, then all from the table, then the work: within each run the loads do not depend
    /// on each other, so the processor waits for them together.
    private mutating func count(batch packets: Span<MeteredPacket>) {
        staged.removeAll(keepingCapacity: true)
        for i in packets.indices {
            let (key, direction) = plan.wide(packets[i].key)
            let hash = key.hash(seed: settings.seed)
            staged.append(
                Staged(key: key, hash: hash, direction: direction, index: Int32(table.candidate(hash: hash))))
        }
        for i in packets.indices where staged[i].index >= 0 {
            if table.entries[Int(staged[i].index)].key != staged[i].key { staged[i].index = -1 }
        }
        for i in packets.indices { count(packets[i], staged[i]) }
    }

    @inline(__always)
    private mutating func count(_ packet: MeteredPacket, _ staged: Staged) {
        pass(to: packet.time)
        let direction = Int(staged.direction)
        var index = Int(staged.index)
        // The packets before it in the batch may have ended or begun its flow.
        if index < 0 || table.entries[index].key != staged.key { index = table.find(staged.key, hash: staged.hash) }
        if index >= 0 { index = settle(index, packet, direction) }
        if index < 0 { index = begin(staged) }
        table.entries[index].count(packet, direction)
        if table.entries[index].isClosed || clock &- table.entries[index].placed > lag { place(index) }
        table.entries[index].heard = clock
    }

    /// Ends what the packet shows to have ended: the flow it would belong to, or only its record.
    /// - Returns: the flow's entry, or -1 if it is gone.
    @inline(__always)
    private mutating func settle(_ index: Int, _ packet: MeteredPacket, _ direction: Int) -> Int {
        let silence = Self.elapsed(from: table.entries[index].lastSeen, to: packet.time)
        let isClosed = table.entries[index].isClosed
        if silence > (isClosed ? linger : settings.idleNanoseconds) {
            end(index, isClosed ? .endOfFlow : .idle)
            return -1
        }
        if packet.tcpFlags.contains(.syn), table.entries[index].isSucceeded(by: packet, direction) {
            end(index, .endOfFlow)
            return -1
        }
        if Self.elapsed(from: table.entries[index].firstSeen, to: packet.time) >= settings.activeNanoseconds {
            ended.append(table.entries[index].takeRecord(.active))
        }
        return index
    }

    private mutating func begin(_ staged: Staged) -> Int {
        if table.count >= max(settings.flowsMax, 1) { makeRoom() }
        let index = table.insert(
            MeterEntry(key: staged.key, hash: staged.hash, direction: staged.direction, clock: clock))
        lasting.append(Int32(index), &table.entries)
        noteEnd(after: settings.idleNanoseconds)
        return index
    }

    /// Moves a flow that was heard to the end of its list.
    @inline(never)
    private mutating func place(_ index: Int) {
        let entry = Int32(index)
        if table.entries[index].isListedAsClosed {
            guard clock &- table.entries[index].placed > lag else { return }
            closed.remove(entry, &table.entries)
        } else {
            lasting.remove(entry, &table.entries)
        }
        table.entries[index].placed = clock
        table.entries[index].isListedAsClosed = table.entries[index].isClosed
        if table.entries[index].isClosed {
            closed.append(entry, &table.entries)
            noteEnd(after: linger)
        } else {
            lasting.append(entry, &table.entries)
        }
    }

    private mutating func noteEnd(after timeout: Int64) {
        let (end, overflow) = clock.addingReportingOverflow(timeout)
        if !overflow { nextEnd = min(nextEnd, end) }
    }

    private var linger: Int64 { min(settings.lingerNanoseconds, settings.idleNanoseconds) }

    private mutating func end(_ index: Int, _ reason: FlowEndReason) {
        ended.append(table.entries[index].takeRecord(reason))
        if table.entries[index].isListedAsClosed {
            closed.remove(Int32(index), &table.entries)
        } else {
            lasting.remove(Int32(index), &table.entries)
        }
        table.remove(index)
    }

    /// A closed connection makes room first: it has nothing more to say.
    private mutating func makeRoom() {
        if closed.head >= 0 { return end(Int(closed.head), .endOfFlow) }
        if lasting.head >= 0 { end(Int(lasting.head), .lackOfResources) }
    }
}

/// Time.
extension FlowMeter {
    /// Tells the time by a clock that also goes on between packets: for live traffic.
    ///
    /// - Returns: whether there is more to end at this time; then it is to be called again, once `ended` was taken.
    public mutating func advance(to time: Int64) -> Bool {
        pass(to: time)
        return clock >= nextEnd
    }

    /// Ends the records of all flows, some at a time: call it until it says that nothing is left.
    public mutating func endSome() -> Bool {
        for _ in 0..<1024 {
            if closed.head >= 0 {
                end(Int(closed.head), .endOfFlow)
            } else if lasting.head >= 0 {
                end(Int(lasting.head), .forced)
            } else {
                return false
            }
        }
        return true
    }

    @inline(__always)
    private mutating func pass(to time: Int64) {
        guard let reference else { return self.reference = time }
        let step = Self.elapsed(from: reference, to: time)
        if step > 0 {
            // Both are non-negative, and the sum of all steps of a clock that never goes back fits.
            clock = clock.addingReportingOverflow(step).overflow ? .max : clock &+ step
            self.reference = time
        } else if step < 0, step < -settings.idleNanoseconds {
            // Set back: what follows counts from here, or nothing would end until it has caught up.
            self.reference = time
        }
        if clock >= nextEnd { endSilent() }
    }

    /// Ends flows that were silent for too long, some at a time.
    @inline(never)
    private mutating func endSilent() {
        var left = Self.stepMax
        nextEnd = .max
        while closed.head >= 0, isDue(closed.head, after: linger, &left) { end(Int(closed.head), .endOfFlow) }
        while lasting.head >= 0, isDue(lasting.head, after: settings.idleNanoseconds, &left) {
            end(Int(lasting.head), .idle)
        }
    }

    /// Whether the longest silent flow of a list has ended; if not, notes when it may have.
    private mutating func isDue(_ head: Int32, after timeout: Int64, _ left: inout Int) -> Bool {
        let (end, overflow) = table.entries[Int(head)].heard.addingReportingOverflow(timeout)
        if !overflow, end < clock, left > 0 {
            left -= 1
            return true
        }
        nextEnd = min(nextEnd, overflow || end == .max ? .max : end + 1)
        return false
    }

    /// Nanoseconds between two times, or the most there are.
    @inline(__always)
    static func elapsed(from start: Int64, to end: Int64) -> Int64 {
        let (difference, overflow) = end.subtractingReportingOverflow(start)
        if overflow { return start < end ? .max : .min }
        return difference
    }
}
