import AppProtocols
import Events
import Octets
import TLS

/// The connections of one share of all keys: finds each event's worker, lets time pass for the silent ones, and keeps
/// their number within its limit. Used by one thread at a time, with the others of its group.
///
/// A value, as are its workers: in objects each access would be checked, and each reference counted, for every event.
struct EventShard {
    /// After so many ticks without an event a connection is held for silent.
    static let idleTicks: Int64 = 10
    /// After so many, what is incomplete is shown as far as it came.
    static let longIdleTicks: Int64 = 100

    private let index: Int
    private let settings: EventProcessor.Settings
    private let context: ParserContext
    private let recorder: MessageRecorder
    /// Where parsers' messages go: the recorder, or what redacts them first.
    private let sink: any MessageSink
    private let redacting: RedactingSink?
    private var table = WorkerTable()
    /// The newest of the workers of a socket; the others hang on it.
    private var slotOfSocket: [UInt64: Int32] = [:]
    /// What all workers hold, and may hold.
    private var heldOctets = 0
    private var heldOctetsPeak = 0
    private let heldOctetsMax: Int
    private var wheel: TimerWheel?
    private var timerCount = 0
    private var due: [Int32] = []

    init(
        _ index: Int, _ settings: EventProcessor.Settings, _ context: ParserContext,
        _ renderer: any MessageRenderer
    ) {
        self.index = index
        self.settings = settings
        self.context = context
        heldOctetsMax = settings.heldOctetsMax / EventProcessor.shardCount
        let recorder = MessageRecorder(renderer)
        self.recorder = recorder
        let redacting = settings.redaction.map { redaction in
            RedactingSink(Redactor(redaction, salt: settings.redactionSalt, tools: context.tools), before: recorder)
        }
        self.redacting = redacting
        let redacted: any MessageSink = redacting ?? recorder
        sink = settings.parser.filter.map { FilteringSink($0, recorder, before: redacted) } ?? redacted
    }

    var counts: MessageCounts { recorder.counts }

    /// Takes its events of a batch, in order, and lets time pass before each and after the last.
    mutating func process(_ batch: EventBatch, into output: GroupOutput) {
        recorder.begin(output)
        let numbers = batch.entriesOfShard[index]
        var next = 0
        while next < numbers.count {
            let number = batch.entries[Int(numbers[next])].chunk
            if number < batch.chunks.count {
                let memory = batch.chunks[number].memory
                next = process(batch, numbers, from: next, in: number, memory.span)
            } else {
                // No event of the batch has a payload.
                next = process(batch, numbers, from: next, in: number, Span())
            }
        }
        passTime(to: batch.clock, in: batch)
        if batch.isLast { endAll(at: batch.entries.count, time: batch.clock) }
        recorder.end(output)
    }

    /// Takes events, from the one of number `first` on, as long as their payloads lie in one chunk.
    /// - Returns: the number of the first one that was not taken.
    private mutating func process(
        _ batch: EventBatch, _ numbers: [Int32], from first: Int, in chunk: Int, _ octets: Span<UInt8>
    ) -> Int {
        // Asked for once, not for each event.
        let (entries, clocks, serialBase) = (batch.entries, batch.clocks, batch.serialBase)
        var tick: Int64?
        var next = first
        var delivered = (events: 0 as UInt64, octets: 0 as UInt64)
        while next < numbers.count {
            let event = Int(numbers[next])
            let payload = entries[event].payload
            guard payload.isEmpty || entries[event].chunk == chunk else { break }
            let now = TimerWheel.tick(at: clocks[event])
            if now != tick {
                tick = now
                passTime(to: clocks[event], in: batch)
            }
            recorder.place = RecordPlace(event: event, due: .max, serial: 0)
            take(entries[event].head, octets.extracting(payload), serial: serialBase &+ UInt64(event), in: now)
            if entries[event].head.kind.hasPayload {
                delivered.events += 1
                delivered.octets += UInt64(payload.count)
            }
            next += 1
        }
        recorder.counts.deliveredEvents += delivered.events
        recorder.counts.deliveredOctets += delivered.octets
        return next
    }

    // MARK: - Events

    /// - Parameter tick: when it comes; its own time may lie before, as it waited for others.
    private mutating func take(_ head: EventHead, _ payload: Span<UInt8>, serial: UInt64, in tick: Int64) {
        switch head.kind {
        case .data:
            let slot = touch(head, serial, in: tick)
            if head.missing > 0 { skip(head.missing, head, slot) }
            account(table[slot].receive(payload, head, to: sink))
            if heldOctets > heldOctetsMax { relieve(at: head.time) }
        case .gap:
            let slot = touch(head, serial, in: tick)
            skip(head.missing, head, slot)
            account(table[slot].account())
        case .closed:
            guard let slot = table.slot(of: head.key) else { return }
            recorder.slot = slot
            table[slot].pause(.closed, head.direction, at: head.time, to: sink)
            account(table[slot].account())
        case .aborted:
            if let slot = table.slot(of: head.key) { end(slot, at: head.time) }
        case .destroyed:
            while let slot = slotOfSocket[head.sock] { end(slot, at: head.time) }
        case .text:
            if let base = shown(head) { recorder.append(text: payload, base) }
        case .tls:
            // It is no message, but a filter of messages may ask for its ends.
            if let base = shown(head) { recorder.append(TLSSummary(encoded: payload), base) }
        }
    }

    /// Who is shown with an event that goes by the parsers, and is counted. `nil`: it is not asked for.
    private func shown(_ head: EventHead) -> BaseInfo? {
        let base = BaseInfo(head)
        guard settings.parser.filter?.matches(base) != false else {
            recorder.counts.filteredMessages += 1
            return nil
        }
        recorder.counts.texts += 1
        return base
    }

    private mutating func skip(_ octets: UInt64, _ head: EventHead, _ slot: Int32) {
        let known = octets == EventHead.unknown ? nil : octets
        recorder.counts.missingOctets += known ?? 0
        table[slot].skip(known, head, to: sink)
    }

    // MARK: - Memory

    /// A connection holds so many octets more than before.
    private mutating func account(_ more: Int) {
        heldOctets += more
        guard heldOctets > heldOctetsPeak else { return }
        heldOctetsPeak = heldOctets
        recorder.counts.heldOctetsPeak = UInt64(clamping: heldOctets)
    }

    /// All together hold too much: those silent for longest show what they have, and if what cannot be shown yet
    /// (heads, tables) is still too much, they end. Down to the half, so that the search costs little per octet.
    private mutating func relieve(at time: Int64) {
        let goal = heldOctetsMax / 2
        var slot = table.oldest
        while heldOctets > goal, slot >= 0 {
            if table[slot].heldOctets >= Self.worthFlushing { flush(slot, at: time) }
            slot = table[slot].newer
        }
        slot = table.oldest
        while heldOctets > goal, slot >= 0 {
            let next = table[slot].newer
            if table[slot].heldOctets > 0 {
                recorder.counts.overflowConnections += 1
                recorder.counts.overflowOctets += UInt64(table[slot].heldOctets)
                end(slot, at: time)
            }
            slot = next
        }
    }

    /// A connection that holds less is left alone: to cut its message in two gains nothing.
    private static let worthFlushing = 1_024

    /// Shows what a connection holds, marked incomplete; what follows is a continuation.
    private mutating func flush(_ slot: Int32, at time: Int64) {
        let before = table[slot].heldOctets
        recorder.slot = slot
        table[slot].pause(.memory, at: time, to: sink)
        account(table[slot].account())
        guard table[slot].heldOctets < before else { return }
        recorder.counts.flushedConnections += 1
        recorder.counts.flushedOctets += UInt64(before - table[slot].heldOctets)
    }

    // MARK: - Workers

    /// The worker of an event's connection, now the newest; its messages come next.
    private mutating func touch(_ head: EventHead, _ serial: UInt64, in tick: Int64) -> Int32 {
        let key = head.key
        let slot = table.touch(key) ?? open(key, serial, at: head.time)
        if table[slot].note(head, in: tick) { recorder.note(head, of: slot) }
        if !table[slot].hasTimer { setTimer(slot, due: table[slot].lastTick + Self.idleTicks) }
        recorder.slot = slot
        return slot
    }

    private mutating func open(_ key: ConnectionKey, _ serial: UInt64, at time: Int64) -> Int32 {
        if table.count >= settings.connectionsMax / EventProcessor.shardCount { evictOldest(at: time) }
        recorder.counts.connections += 1
        // A socket's address is that of one connection, until it is destroyed.
        let conversation = Conversation(context, hasKnownEnd: key.kind == .sock)
        let slot = table.insert(EventWorker(key, serial: serial, conversation))
        recorder.forget(slot)
        redacting?.forget(connection: Int(slot))
        if key.kind == .sock {
            table[slot].nextOfSocket = slotOfSocket[key.id] ?? -1
            slotOfSocket[key.id] = slot
        }
        return slot
    }

    private mutating func evictOldest(at time: Int64) {
        guard table.oldest >= 0 else { return }
        recorder.counts.evictedConnections += 1
        end(table.oldest, at: time)
    }

    /// Shows what is left of a connection, and forgets it.
    private mutating func end(_ slot: Int32, at time: Int64) {
        recorder.slot = slot
        table[slot].pause(.aborted, at: time, to: sink)
        heldOctets -= table[slot].heldOctets
        table.remove(slot)
        if table[slot].key.kind == .sock { forgetSocket(slot) }
        table[slot].end()
        // A timer still in the wheel would be taken for that of the next worker in the slot, which has none: so the
        // slot is free only when the timer has come up.
        if !table[slot].hasTimer { table.free(slot) }
    }

    private mutating func forgetSocket(_ slot: Int32) {
        let (socket, next) = (table[slot].key.id, table[slot].nextOfSocket)
        let first = slotOfSocket[socket] ?? -1
        if first == slot {
            slotOfSocket[socket] = next < 0 ? nil : next
            return
        }
        var at = first
        while at >= 0 {
            if table[at].nextOfSocket == slot { table[at].nextOfSocket = next }
            at = table[at].nextOfSocket
        }
    }

    /// Ends all connections, in the order in which they were first seen.
    private mutating func endAll(at event: Int, time: Int64) {
        var all: [(serial: UInt64, slot: Int32)] = []
        var slot = table.oldest
        while slot >= 0 {
            all.append((table[slot].serial, slot))
            slot = table[slot].newer
        }
        for (serial, slot) in all.sorted(by: { $0.serial < $1.serial }) {
            recorder.place = RecordPlace(event: event, due: .max, serial: serial)
            end(slot, at: time)
        }
    }

    // MARK: - Time

    /// Lets time pass: connections that fell silent by then show what they hold.
    private mutating func passTime(to time: Int64, in batch: EventBatch) {
        let tick = TimerWheel.tick(at: time)
        guard time > Int64.min, let now = wheel?.now, tick > now else {
            if wheel == nil, time > Int64.min { wheel = TimerWheel(ticks: Int(Self.idleTicks) + 1, now: tick) }
            return
        }
        while timerCount > 0, let now = wheel?.now, now < tick {
            due.removeAll(keepingCapacity: true)
            wheel?.advance(into: &due)
            guard !due.isEmpty else { continue }
            timerCount -= due.count
            let slots = due.sorted { table[$0].serial < table[$1].serial }
            for slot in slots { comeUp(slot, tick: now + 1, in: batch) }
        }
        wheel?.jump(to: tick)
    }

    private mutating func comeUp(_ slot: Int32, tick: Int64, in batch: EventBatch) {
        table[slot].hasTimer = false
        guard !table[slot].hasEnded else { return table.free(slot) }
        let (isIdle, lastTick) = (table[slot].isIdle, table[slot].lastTick)
        let due = lastTick + (isIdle ? Self.longIdleTicks : Self.idleTicks)
        guard tick >= due else { return setTimer(slot, due: due) }
        let time = tick * TimerWheel.tickNanoseconds
        recorder.slot = slot
        recorder.place = RecordPlace(event: batch.firstEntry(reaching: time), due: tick, serial: table[slot].serial)
        table[slot].pause(isIdle ? .longIdle : .idle, at: time, to: sink)
        account(table[slot].account())
        guard !isIdle else { return }
        table[slot].isIdle = true
        if table[slot].isWaiting { setTimer(slot, due: lastTick + Self.longIdleTicks) }
    }

    /// Timers come up at least as often as a connection may fall silent: so events need not move them.
    private mutating func setTimer(_ slot: Int32, due tick: Int64) {
        table[slot].hasTimer = true
        timerCount += 1
        wheel?.insert(slot, due: tick)
    }
}
