import AppProtocols
import Events
import KernelIO

/// Is told all events that a processor takes, in their order: late ones are at their place.
public protocol EventObserver: Sendable {
    /// Called by one thread at a time.
    /// - Throws: what ends the run as an output does that cannot be written.
    func observe(_ head: EventHead, _ payload: Span<UInt8>) throws(SystemFailure)
}

/// The entrance of the message side: takes events from any source and any thread, gives each to the worker of its
/// connection, and writes the records that come out, in the order of the events.
///
///     write ──► batch ──► shards (a few threads) ──► merge in order ──► output
///
/// Bounded everywhere: a batch holds so many events, and there are four of them. When all are full a source waits, or
/// drops and the ledger knows what.
public final class EventProcessor: Sendable {
    /// Shares of the keys, whatever the number of threads: so limits per shard do not depend on it.
    static let shardCount = 16
    private static let batchCount = 4
    /// The least that `Settings.connectionsMax` may be: one for each share.
    public static var connectionsMin: Int { shardCount }

    public struct Settings: Sendable {
        /// What a source does when the queue is full.
        public enum Policy: Sendable {
            /// It can wait: nothing is lost.
            case wait
            /// It cannot: what does not fit is dropped, counted, and marked as a gap.
            case drop
        }

        public var policy = Policy.wait
        /// Time passes by the events (false), or by this machine's clock (true).
        public var isLive = false
        public var threads = 2
        /// Events of one batch.
        public var queueLength = 1_024
        /// Payload octets of one batch; of a source that can wait half a mebibyte is enough.
        public var queueOctetsMax = 8 << 20
        /// Events that come at most this much too late are put back in order, in nanoseconds.
        public var reorderWindow: Int64 = 0
        /// Connections followed at once; beyond, those silent for longest are ended.
        public var connectionsMax = 131_072
        /// Octets held for messages that are not whole yet, of all connections together. Beyond, those silent for
        /// longest show what they hold, and where that is not enough are ended. Each share of the keys has an equal
        /// part, so that it does not depend on threads.
        public var heldOctetsMax = 256 << 20
        public var parser = ParserSettings()
        /// What is made unreadable before any record is made; `nil`: nothing.
        public var redaction: RedactionSettings?
        /// Random octets, different in every run, that digests of what is redacted are made with.
        public var redactionSalt: [UInt8] = []
        public var registry: ParserRegistry

        public init(registry: ParserRegistry) { self.registry = registry }
    }

    /// What became of an event.
    public enum Answer: Sendable, Equatable {
        case accepted
        /// Dropped, as the queue is full.
        case dropped
        /// The processor is closed, or its output is gone: no more events are wanted.
        case closed
    }

    /// Who waits for what: those who write for room, threads for batches, the output for what they made of them.
    private enum Waiting {
        static let writers = 0, threads = 1, output = 2
        static let count = 3
    }

    private struct State {
        /// Batches that were sealed, and written, since the start. The one being filled is number `sealed`.
        var sealed = 0
        var written = 0
        /// Events of the batch being filled, their octets, and the chunks that were lent to it.
        var filledEvents = 0
        var filledOctets = 0
        var filledChunks = 0
        /// By thread: batches it is done with.
        var processed: [Int]
        var clock = Int64.min
        /// The time of the newest event in sealed batches: none can go before it any more.
        var sealedTime = Int64.min
        var events: UInt64 = 0
        var isClosed = false
        var hasEnded = false
        var counts = MessageCounts()
        /// Octets dropped by connection and direction, to be told with its next event.
        var missing: [Missing: UInt64] = [:]
        var failure: SystemFailure?
        var chunks = ChunkPool()
    }

    private struct Missing: Hashable {
        var key: ConnectionKey
        var direction: Direction
    }

    /// Where a source waits anyway, larger batches would only fall out of the processor's cache.
    private static let waitingOctetsMax = 512 << 10

    /// A batch needs all of a chunk for a few events in it, where a source has little else that is an event.
    private static let batchChunksMax = 8

    private let settings: Settings
    private let batchOctetsMax: Int
    private let batches: [EventBatch]
    private let observer: (any EventObserver)?
    private let state: Monitor<State>
    private let threads: Monitor<[WorkerThread]>

    /// - Parameters:
    ///   - makeTools: called once per thread.
    ///   - makeRenderer: called once per shard.
    ///   - observer: told every event.
    ///   - output: called with records, in order, from one thread at a time.
    /// - Throws: where the system has no thread left.
    public init(
        _ settings: Settings, makeTools: @escaping @Sendable () -> any BodyTools,
        makeRenderer: @escaping @Sendable () -> any MessageRenderer, observer: (any EventObserver)? = nil,
        output: @escaping @Sendable (Span<UInt8>) throws(SystemFailure) -> Void
    ) throws(SystemFailure) {
        self.settings = settings
        self.observer = observer
        batchOctetsMax =
            settings.policy == .wait ? min(settings.queueOctetsMax, Self.waitingOctetsMax) : settings.queueOctetsMax
        let threadCount = min(max(settings.threads, 1), Self.shardCount)
        batches = (0..<Self.batchCount).map { _ in EventBatch(shards: Self.shardCount, threads: threadCount) }
        state = Monitor(State(processed: Array(repeating: 0, count: threadCount)), groups: Waiting.count)
        threads = Monitor([])
        do throws(SystemFailure) {
            for thread in 0..<threadCount {
                let made = try WorkerThread(name: "messages-\(thread)") {
                    self.work(thread, of: threadCount, makeTools(), makeRenderer)
                }
                threads.withLock { $0.append(made) }
            }
            let writer = try WorkerThread(name: "output") { self.writeRecords(output) }
            threads.withLock { $0.append(writer) }
        } catch {
            state.update { state in
                state.isClosed = true
                state.hasEnded = true
            }
            for thread in threads.withLock({ $0 }) { thread.join() }
            throw error
        }
    }

    // MARK: - The source's side

    /// Takes an event; its payload is copied.
    public func write(_ head: EventHead, _ payload: Span<UInt8>) -> Answer {
        while true {
            let offer = state.withLock { state in
                let prepared = prepare(head, payload.count, &state)
                guard prepared == .taken else { return prepared }
                filling(state).append(
                    told(head, &state), shard: shard(of: head), payload, window: window(for: head), &state.chunks)
                return sealIfDue(payload.count, &state)
            }
            if let answer = answer(offer) { return answer }
        }
    }

    /// Takes events whose payloads stay in their chunk: a few in one go, as each go takes the lock.
    public func write(_ events: [LentEvent], in chunk: PayloadChunk) -> Answer {
        var answer = Answer.accepted
        var next = 0
        while next < events.count {
            let offer = state.withLock { state in
                let batch = filling(state)
                while true {
                    let offer = self.offer(events[next], in: chunk, to: batch, &state)
                    if offer != .full { next += 1 }
                    guard offer == .taken, next < events.count else { return offer }
                }
            }
            switch self.answer(offer) {
            case .accepted: break
            case .dropped:
                // It was counted as such; the ones behind it may find room.
                next += 1
                if answer == .accepted { answer = .dropped }
            case .closed: answer = .closed
            case nil: break
            }
        }
        return answer
    }

    private func offer(
        _ event: LentEvent, in chunk: PayloadChunk, to batch: EventBatch, _ state: inout State
    ) -> Offer {
        let prepared = prepare(event.head, event.payload.count, &state)
        guard prepared == .taken else { return prepared }
        let isNewChunk = batch.append(
            told(event.head, &state), shard: shard(of: event.head), event.payload, in: chunk,
            window: window(for: event.head))
        if isNewChunk { state.filledChunks += 1 }
        return sealIfDue(event.payload.count, &state)
    }

    public func takeChunk(octets: Int) -> PayloadChunk { state.withLock { $0.chunks.take(octets: octets) } }

    /// It is used again when its events are done.
    public func release(_ chunk: PayloadChunk) { state.withLock { $0.chunks.release(chunk) } }

    private enum Offer { case taken, takenAndSealed, full, closed }

    /// Does what an offer asks for besides; `nil`: it is to be made again, now that there is room.
    private func answer(_ offer: Offer) -> Answer? {
        switch offer {
        case .taken: return .accepted
        case .closed: return .closed
        case .takenAndSealed:
            state.waking { _ in WaitingGroups(group: Waiting.threads) }
            return .accepted
        case .full:
            guard settings.policy == .wait else { return .dropped }
            state.wait(in: Waiting.writers) { state in
                hasRoom(state) || state.isClosed || state.failure != nil ? () : nil
            }
            return nil
        }
    }

    /// Counts an event, if it is taken.
    private func prepare(_ head: EventHead, _ octets: Int, _ state: inout State) -> Offer {
        let isData = head.kind.hasPayload
        guard !state.isClosed, state.failure == nil else {
            if isData {
                state.counts.events += 1
                state.counts.octets += UInt64(octets)
                state.counts.afterCloseEvents += 1
                state.counts.afterCloseOctets += UInt64(octets)
            }
            return .closed
        }
        guard hasRoom(state) else {
            if settings.policy == .drop { drop(head, octets, &state) }
            return .full
        }
        if isData {
            state.counts.events += 1
            state.counts.octets += UInt64(octets)
        } else {
            state.counts.signals += 1
        }
        if settings.reorderWindow > 0, head.time < state.sealedTime { state.counts.lateEvents += 1 }
        return .taken
    }

    /// The head, told what was dropped before it.
    private func told(_ head: EventHead, _ state: inout State) -> EventHead {
        guard !state.missing.isEmpty, head.kind.hasPayload else { return head }
        var head = head
        let dropped = state.missing.removeValue(forKey: Missing(key: head.key, direction: head.direction)) ?? 0
        if head.missing != EventHead.unknown { head.missing += dropped }
        return head
    }

    private func shard(of head: EventHead) -> Int { Int(truncatingIfNeeded: head.key.shardHash >> 60) }
    private func window(for head: EventHead) -> Int64 { head.isInOrder ? 0 : settings.reorderWindow }

    /// Counts an event that the batch has taken, and seals it if it is time to.
    private func sealIfDue(_ octets: Int, _ state: inout State) -> Offer {
        state.filledEvents += 1
        state.filledOctets += octets
        let isFull = isFull(state)
        guard isFull || settings.isLive, canSeal(state) else { return .taken }
        // A live event does not wait for others when everybody has time for it.
        guard isFull || state.processed.allSatisfy({ $0 == state.sealed }) else { return .taken }
        seal(&state, isLast: false)
        return .takenAndSealed
    }

    /// A live source's event that found no room. The connection's next one says how much is missing.
    private func drop(_ head: EventHead, _ octets: Int, _ state: inout State) {
        guard head.kind.hasPayload else { return }
        state.counts.events += 1
        state.counts.octets += UInt64(octets)
        state.counts.queueFullEvents += 1
        state.counts.queueFullOctets += UInt64(octets)
        let missing = Missing(key: head.key, direction: head.direction)
        if head.kind == .data, state.missing.count < settings.connectionsMax || state.missing[missing] != nil {
            state.missing[missing, default: 0] += UInt64(octets)
        }
    }

    /// Ends the run: everything accepted is worked off and written.
    /// - Parameter time: how far time has come, where the source knows; its last event's time otherwise.
    /// - Returns: what became of everything, and why writing failed if it did.
    public func close(at time: Int64? = nil) -> (counts: MessageCounts, failure: SystemFailure?) {
        state.wait(in: Waiting.writers) { state -> Void? in
            if state.isClosed { return () }
            guard canSeal(state) else { return nil }
            if let time { state.clock = max(state.clock, time) }
            state.isClosed = true
            seal(&state, isLast: true)
            return ()
        }
        state.update { _ in }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
        return state.withLock { ($0.counts, $0.failure) }
    }

    /// Why records cannot be written, if so: the source may stop.
    public var failure: SystemFailure? { state.withLock { $0.failure } }

    // MARK: - Batches

    private func filling(_ state: State) -> EventBatch { batches[state.sealed % Self.batchCount] }

    /// The batch being filled must be free, and not full: a full one waits for the next to be free.
    private func hasRoom(_ state: State) -> Bool {
        guard state.sealed - state.written < Self.batchCount else { return false }
        return !isFull(state) || canSeal(state)
    }

    private func isFull(_ state: State) -> Bool {
        state.filledEvents >= settings.queueLength || state.filledOctets >= batchOctetsMax
            || state.filledChunks >= Self.batchChunksMax
    }

    /// The next batch must be free, for what stays behind goes into it.
    private func canSeal(_ state: State) -> Bool { state.sealed + 1 - state.written < Self.batchCount }

    private func seal(_ state: inout State, isLast: Bool) {
        let batch = filling(state)
        if settings.reorderWindow > 0, !isLast {
            let newest = max(state.clock, batch.entries.last?.head.time ?? .min)
            let next = batches[(state.sealed + 1) % Self.batchCount]
            if newest > .min { batch.moveEntries(after: newest - settings.reorderWindow, to: next) }
        }
        state.sealedTime = max(state.sealedTime, batch.entries.last?.head.time ?? .min)
        batch.seal(clock: state.clock, serialBase: state.events, isLast: isLast)
        state.clock = batch.clock
        state.events += UInt64(batch.entries.count)
        state.sealed += 1
        let next = filling(state)
        state.filledEvents = next.entryCount
        state.filledOctets = next.octets
        state.filledChunks = 0
    }

    // MARK: - The threads' side

    private func work(
        _ thread: Int, of threadCount: Int, _ tools: any BodyTools,
        _ makeRenderer: @Sendable () -> any MessageRenderer
    ) {
        let pools = ParserPools()
        var shards: [EventShard] = []
        for index in stride(from: thread, to: Self.shardCount, by: threadCount) {
            shards.append(EventShard(index, settings, tools, pools, makeRenderer()))
        }
        var number = 0
        var heap = HeapPages()
        while let batch = nextBatch(number, makesTicks: thread == 0 && settings.isLive) {
            if thread == 0 { heap.advise() }
            for shard in shards { shard.process(batch) }
            number += 1
            let isLast = batch.isLast
            state.waking { state in
                state.processed[thread] = number
                if isLast { for shard in shards { state.counts.add(shard.counts) } }
                return areAllDone(state) ? WaitingGroups(group: Waiting.output) : []
            }
            if isLast { return }
        }
    }

    /// Waits for a batch. A live source's is taken as it is when there is time for it; when there are no events, time
    /// itself comes, in ticks.
    private func nextBatch(_ number: Int, makesTicks: Bool) -> EventBatch? {
        while true {
            var hasSealed = false
            let take: (inout State) -> EventBatch?? = { state in
                if state.sealed > number { return .some(self.batches[number % Self.batchCount]) }
                if state.hasEnded { return .some(nil) }
                guard self.settings.isLive, !self.filling(state).entries.isEmpty, self.canSeal(state) else {
                    return nil
                }
                self.seal(&state, isLast: false)
                hasSealed = true
                return .some(self.batches[number % Self.batchCount])
            }
            // The others are to look, too, when this one has sealed it.
            defer { if hasSealed { state.waking { _ in WaitingGroups(group: Waiting.threads) } } }
            guard makesTicks else { return state.wait(in: Waiting.threads, take) }
            let tick = TimerWheel.tickNanoseconds
            if let taken = state.wait(nanoseconds: tick, in: Waiting.threads, take) { return taken }
            state.waking { state in
                guard !state.isClosed, state.sealed == number, canSeal(state) else { return [] }
                state.clock = max(state.clock, Clock.wallNanoseconds)
                seal(&state, isLast: false)
                return WaitingGroups(group: Waiting.threads)
            }
        }
    }

    /// The next batch to be written was worked off by all threads.
    private func areAllDone(_ state: State) -> Bool { state.processed.allSatisfy { $0 > state.written } }

    private func observe(_ batch: EventBatch) throws(SystemFailure) {
        guard let observer else { return }
        for entry in batch.entries {
            guard !entry.payload.isEmpty else {
                try observer.observe(entry.head, Span())
                continue
            }
            let memory = batch.chunks[entry.chunk].memory
            try observer.observe(entry.head, memory.span.extracting(entry.payload))
        }
    }

    private func writeRecords(_ output: (Span<UInt8>) throws(SystemFailure) -> Void) {
        var merger = RecordMerger()
        while true {
            let batch = state.wait(in: Waiting.output) { state -> EventBatch?? in
                if areAllDone(state) {
                    return .some(self.batches[state.written % Self.batchCount])
                }
                return state.hasEnded ? .some(nil) : nil
            }
            guard let batch else { return }
            let records = batch.outputs.reduce(0) { $0 + $1.recordCount }
            var failure: SystemFailure?
            if state.withLock({ $0.failure == nil }) {
                do throws(SystemFailure) {
                    try observe(batch)
                    try merger.write(batch.outputs, output)
                } catch {
                    failure = error
                }
            }
            let isLast = batch.isLast
            let chunks = batch.removeAll()
            state.waking { state in
                if state.failure == nil { state.failure = failure }
                if state.failure != nil { state.counts.unwrittenRecords += records }
                state.written += 1
                for chunk in chunks { state.chunks.release(chunk) }
                let freed = WaitingGroups(group: Waiting.writers)
                if settings.isLive { return [freed, WaitingGroups(group: Waiting.threads)] }
                // Who waits goes on when there is room for several batches, so that it seldom has to.
                return state.sealed - state.written <= Self.batchCount / 2 ? freed : []
            }
            if isLast { return }
        }
    }
}
