import AppProtocols
import Events
import Octets
import TLS

/// The connections of one share of all keys: finds each event's worker, lets time pass for the silent ones, and keeps
/// their number within its limit. Used by one thread at a time, with the others of its group.
final class EventShard {
    /// After so many ticks without an event a connection is held for silent.
    static let idleTicks: Int64 = 10
    /// After so many, what is incomplete is shown as far as it came.
    static let longIdleTicks: Int64 = 100

    private let index: Int
    private let settings: EventProcessor.Settings
    private let tools: any BodyTools
    private let pools: ParserPools
    private let recorder: MessageRecorder
    /// Where parsers' messages go: the recorder, or what redacts them first.
    private let sink: any MessageSink
    private var table = WorkerTable()
    private var freeSlots: [Int32] = []
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
        _ index: Int, _ settings: EventProcessor.Settings, _ tools: any BodyTools, _ pools: ParserPools,
        _ renderer: any MessageRenderer
    ) {
        self.index = index
        self.settings = settings
        self.tools = tools
        self.pools = pools
        heldOctetsMax = settings.heldOctetsMax / EventProcessor.shardCount
        let recorder = MessageRecorder(renderer)
        self.recorder = recorder
        let redacted: any MessageSink =
            settings.redaction.map { redaction in
                RedactingSink(Redactor(redaction, salt: settings.redactionSalt, tools: tools), before: recorder)
            } ?? recorder
        sink = settings.parser.filter.map { FilteringSink($0, recorder, before: redacted) } ?? redacted
    }

    var counts: MessageCounts { recorder.counts }

    /// Takes its events of a batch, in order, and lets time pass before each and after the last.
    func process(_ batch: EventBatch, into output: GroupOutput) {
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
    private func process(
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
            take(entries[event].head, octets.extracting(payload), serial: serialBase &+ UInt64(event))
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

    private func take(_ head: EventHead, _ payload: Span<UInt8>, serial: UInt64) {
        switch head.kind {
        case .data:
            let worker = touch(head, serial)
            if worker.wasIdle, worker.key.kind != .sock, worker.conversation?.isAnother(payload, head.direction) == true
            {
                restart(worker, at: head.time)
            }
            let conversation = conversation(of: worker)
            if head.missing > 0 { skip(head.missing, head, conversation) }
            let held = conversation.receive(payload, head.direction, at: head.time, to: sink)
            account(worker, held)
            if heldOctets > heldOctetsMax { relieve(at: head.time) }
        case .gap:
            let worker = touch(head, serial)
            skip(head.missing, head, conversation(of: worker))
            account(worker)
        case .closed:
            guard let slot = table.slot(of: head.key), let worker = table.workers[Int(slot)] else { return }
            recorder.speakers = worker.speakers
            worker.conversation?.pause(.closed, head.direction, at: head.time, to: sink)
            account(worker)
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

    /// The descriptor was given to another connection: what the one before left is shown, and a new one begins.
    private func restart(_ worker: EventWorker, at time: Int64) {
        recorder.speakers = worker.speakers
        for direction in Direction.allCases { worker.conversation?.pause(.aborted, direction, at: time, to: sink) }
        worker.conversation = nil
    }

    private func skip(_ octets: UInt64, _ head: EventHead, _ conversation: Conversation) {
        let known = octets == EventHead.unknown ? nil : octets
        recorder.counts.missingOctets += known ?? 0
        conversation.skip(known, head.direction, at: head.time, to: sink)
    }

    private func conversation(of worker: EventWorker) -> Conversation {
        recorder.speakers = worker.speakers
        if let conversation = worker.conversation { return conversation }
        let made = Conversation(settings.registry, settings.parser, tools, pools)
        worker.conversation = made
        return made
    }

    // MARK: - Memory

    /// Notes what a connection holds now.
    private func account(_ worker: EventWorker) { account(worker, worker.conversation?.heldOctets ?? 0) }

    private func account(_ worker: EventWorker, _ held: Int) {
        heldOctets += held - worker.heldOctets
        worker.heldOctets = held
        guard heldOctets > heldOctetsPeak else { return }
        heldOctetsPeak = heldOctets
        recorder.counts.heldOctetsPeak = UInt64(clamping: heldOctets)
    }

    /// All together hold too much: those silent for longest show what they have, and if what cannot be shown yet
    /// (heads, tables) is still too much, they end. Down to the half, so that the search costs little per octet.
    private func relieve(at time: Int64) {
        let goal = heldOctetsMax / 2
        var slot = table.oldest
        while heldOctets > goal, slot >= 0, let worker = table.workers[Int(slot)] {
            slot = worker.newer
            if worker.heldOctets >= Self.worthFlushing { flush(worker, at: time) }
        }
        slot = table.oldest
        while heldOctets > goal, slot >= 0, let worker = table.workers[Int(slot)] {
            let next = worker.newer
            if worker.heldOctets > 0 {
                recorder.counts.overflowConnections += 1
                recorder.counts.overflowOctets += UInt64(worker.heldOctets)
                end(slot, at: time)
            }
            slot = next
        }
    }

    /// A connection that holds less is left alone: to cut its message in two gains nothing.
    private static let worthFlushing = 1_024

    /// Shows what a connection holds, marked incomplete; what follows is a continuation.
    private func flush(_ worker: EventWorker, at time: Int64) {
        let before = worker.heldOctets
        recorder.speakers = worker.speakers
        for direction in Direction.allCases { worker.conversation?.pause(.memory, direction, at: time, to: sink) }
        account(worker)
        guard worker.heldOctets < before else { return }
        recorder.counts.flushedConnections += 1
        recorder.counts.flushedOctets += UInt64(before - worker.heldOctets)
    }

    // MARK: - Workers

    /// The worker of an event's connection, now the newest.
    private func touch(_ head: EventHead, _ serial: UInt64) -> EventWorker {
        let key = head.key
        let (slot, worker) = table.touch(key) ?? open(key, serial, at: head.time)
        worker.note(head)
        worker.lastTick = TimerWheel.tick(at: head.time)
        worker.wasIdle = worker.isIdle
        worker.isIdle = false
        if !worker.hasTimer { setTimer(slot, worker, due: worker.lastTick + Self.idleTicks) }
        return worker
    }

    private func open(_ key: ConnectionKey, _ serial: UInt64, at time: Int64) -> (Int32, EventWorker) {
        if table.count >= settings.connectionsMax / EventProcessor.shardCount { evictOldest(at: time) }
        recorder.counts.connections += 1
        let worker = EventWorker(key, serial: serial)
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            table.workers[Int(slot)] = worker
        } else {
            slot = Int32(table.workers.count)
            table.workers.append(worker)
        }
        if key.kind == .sock {
            worker.nextOfSocket = slotOfSocket[key.id] ?? -1
            slotOfSocket[key.id] = slot
        }
        table.insert(slot, worker)
        return (slot, worker)
    }

    private func evictOldest(at time: Int64) {
        guard table.oldest >= 0 else { return }
        recorder.counts.evictedConnections += 1
        end(table.oldest, at: time)
    }

    /// Shows what is left of a connection, and forgets it.
    private func end(_ slot: Int32, at time: Int64) {
        guard let worker = table.workers[Int(slot)] else { return }
        recorder.speakers = worker.speakers
        for direction in Direction.allCases {
            worker.conversation?.pause(.aborted, direction, at: time, to: sink)
        }
        heldOctets -= worker.heldOctets
        worker.heldOctets = 0
        table.remove(slot, worker)
        if worker.key.kind == .sock { forgetSocket(slot, worker) }
        // A timer still in the wheel finds the slot empty, or in use by another worker without one of its own: so the
        // slot is free only when the timer has come up.
        if worker.hasTimer { worker.conversation = nil } else { free(slot) }
        worker.hasEnded = true
    }

    private func free(_ slot: Int32) {
        table.workers[Int(slot)] = nil
        freeSlots.append(slot)
    }

    private func forgetSocket(_ slot: Int32, _ worker: EventWorker) {
        let first = slotOfSocket[worker.key.id] ?? -1
        if first == slot {
            slotOfSocket[worker.key.id] = worker.nextOfSocket < 0 ? nil : worker.nextOfSocket
            return
        }
        var at = first
        while at >= 0, let other = table.workers[Int(at)] {
            if other.nextOfSocket == slot { other.nextOfSocket = worker.nextOfSocket }
            at = other.nextOfSocket
        }
    }

    /// Ends all connections, in the order in which they were first seen.
    private func endAll(at event: Int, time: Int64) {
        var all: [(serial: UInt64, slot: Int32)] = []
        var slot = table.oldest
        while slot >= 0, let worker = table.workers[Int(slot)] {
            all.append((worker.serial, slot))
            slot = worker.newer
        }
        for (serial, slot) in all.sorted(by: { $0.serial < $1.serial }) {
            recorder.place = RecordPlace(event: event, due: .max, serial: serial)
            end(slot, at: time)
        }
    }

    // MARK: - Time

    /// Lets time pass: connections that fell silent by then show what they hold.
    private func passTime(to time: Int64, in batch: EventBatch) {
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
            let items = due.compactMap { slot in table.workers[Int(slot)].map { (slot, $0) } }
            for (slot, worker) in items.sorted(by: { $0.1.serial < $1.1.serial }) {
                comeUp(slot, worker, tick: now + 1, in: batch)
            }
        }
        wheel?.jump(to: tick)
    }

    private func comeUp(_ slot: Int32, _ worker: EventWorker, tick: Int64, in batch: EventBatch) {
        worker.hasTimer = false
        guard !worker.hasEnded else { return free(slot) }
        let due = worker.lastTick + (worker.isIdle ? Self.longIdleTicks : Self.idleTicks)
        guard tick >= due, let conversation = worker.conversation else {
            return setTimer(slot, worker, due: due)
        }
        let time = tick * TimerWheel.tickNanoseconds
        recorder.speakers = worker.speakers
        recorder.place = RecordPlace(event: batch.firstEntry(reaching: time), due: tick, serial: worker.serial)
        let pause = worker.isIdle ? Pause.longIdle : .idle
        for direction in Direction.allCases { conversation.pause(pause, direction, at: time, to: sink) }
        account(worker)
        guard !worker.isIdle else { return }
        worker.isIdle = true
        if conversation.isWaiting(.received) || conversation.isWaiting(.sent) {
            setTimer(slot, worker, due: worker.lastTick + Self.longIdleTicks)
        }
    }

    /// Timers come up at least as often as a connection may fall silent: so events need not move them.
    private func setTimer(_ slot: Int32, _ worker: EventWorker, due tick: Int64) {
        worker.hasTimer = true
        timerCount += 1
        wheel?.insert(slot, due: tick)
    }
}
