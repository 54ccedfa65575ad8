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
///     write ──► batch ──► groups of shards ──► merge in order ──► output
///
/// A few threads take what there is to do: a batch for one of the groups, or what all groups are done with and is to be
/// written. Bounded everywhere: a batch holds so many events, and there are four of them. When all are full a source
/// helps those threads until there is room, or drops and the ledger knows what.
public final class EventProcessor: Sendable {
    /// Shares of the keys, whatever the number of threads: so limits per shard do not depend on it.
    static let shardCount = 16
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
        /// Threads that work off events; a source that can wait is one of them, where there are several. At most 16.
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

    /// Who waits for what: those who write for room, threads for batches.
    private enum Waiting {
        static let writers = 0, threads = 1
        static let count = 2
    }

    private let settings: Settings
    private let groups: [ShardGroup]
    private let writer: RecordWriter
    private let queue: Monitor<BatchQueue>
    private let threads: Monitor<[WorkerThread]>

    /// - Parameters:
    ///   - makeTools: called once per group of shards, of which there are as many as threads.
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
        writer = RecordWriter(observer, output)
        let workers = min(max(settings.threads, 1), Self.shardCount)
        // More than threads, so that a thread that is done with one finds another.
        let groupCount = min(2 * workers, Self.shardCount)
        groups = (0..<groupCount).map { number in
            ShardGroup(number, of: groupCount, settings, makeTools: makeTools, makeRenderer: makeRenderer)
        }
        queue = Monitor(BatchQueue(settings, groups: groupCount), groups: Waiting.count)
        threads = Monitor([])
        // One who would wait helps instead (see `wait`), and is a thread more.
        let threadCount = settings.policy == .wait && !settings.isLive ? max(workers - 1, 1) : workers
        do throws(SystemFailure) {
            for thread in 0..<threadCount {
                let made = try WorkerThread(name: "messages-\(thread)") { self.work(thread) }
                threads.withLock { $0.append(made) }
            }
        } catch {
            queue.update { $0.abandon() }
            for thread in threads.withLock({ $0 }) { thread.join() }
            throw error
        }
    }

    // MARK: - The source's side

    /// Takes an event; its payload is copied.
    public func write(_ head: EventHead, _ payload: Span<UInt8>) -> Answer {
        while true {
            let offer = queue.withLock { $0.offer(head, payload) }
            if let answer = answer(offer) { return answer }
        }
    }

    /// Takes events whose payloads stay in their chunk: a few in one go, as each go takes the lock.
    public func write(_ events: [LentEvent], in chunk: PayloadChunk) -> Answer {
        var answer = Answer.accepted
        var next = 0
        while next < events.count {
            let offer = queue.withLock { $0.offer(events, from: &next, in: chunk) }
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

    public func takeChunk(octets: Int) -> PayloadChunk { queue.withLock { $0.chunks.take(octets: octets) } }

    /// It is used again when its events are done.
    public func release(_ chunk: PayloadChunk) { queue.withLock { $0.chunks.release(chunk) } }

    /// Does what an offer asks for besides; `nil`: it is to be made again, now that there is room.
    private func answer(_ offer: BatchQueue.Offer) -> Answer? {
        switch offer {
        case .taken: return .accepted
        case .closed: return .closed
        case .takenAndSealed:
            queue.waking { _ in WaitingGroups(group: Waiting.threads) }
            return .accepted
        case .full:
            guard settings.policy == .wait else { return .dropped }
            wait { $0.takesOffers }
            return nil
        }
    }

    /// Ends the run: everything accepted is worked off and written.
    /// - Parameter time: how far time has come, where the source knows; its last event's time otherwise.
    /// - Returns: what became of everything, and why writing failed if it did.
    public func close(at time: Int64? = nil) -> (counts: MessageCounts, failure: SystemFailure?) {
        wait { $0.close(at: time) }
        queue.update { _ in }
        wait { $0.isDone }
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
        return queue.withLock { ($0.counts, $0.failure) }
    }

    /// Why records cannot be written, if so: the source may stop.
    public var failure: SystemFailure? { queue.withLock { $0.failure } }

    /// Waits until `isReached`, and works off meanwhile what no thread does: a source that is faster than they are does
    /// not sleep, and there need not be more threads than processors.
    private func wait(until isReached: (inout BatchQueue) -> Bool) {
        while true {
            let work = queue.wait(in: Waiting.writers) { queue -> BatchQueue.Work?? in
                if isReached(&queue) { return .some(nil) }
                return queue.take(near: groups.count - 1).map { .some($0) }
            }
            guard let work else { return }
            process(work)
            // What is left to do for this group may be done while the source goes on.
            queue.waking { $0.hasWork ? WaitingGroups(group: Waiting.threads) : [] }
        }
    }

    // MARK: - The threads' side

    private func work(_ thread: Int) {
        var near = thread
        while let work = nextWork(near: near, makesTicks: thread == 0 && settings.isLive) {
            near = work.group
            process(work)
        }
    }

    /// Waits for work. A live source's events are taken as they are when there is time for them; when there are none,
    /// time itself comes, in ticks.
    private func nextWork(near: Int, makesTicks: Bool) -> BatchQueue.Work? {
        while true {
            var hasSealed = false
            let take: (inout BatchQueue) -> BatchQueue.Work?? = { queue in
                if let work = queue.take(near: near) { return .some(work) }
                if queue.isClosed { return .some(nil) }
                guard self.settings.isLive, queue.sealEvents() else { return nil }
                hasSealed = true
                return queue.take(near: near).map { .some($0) }
            }
            // The others are to look, too, when this one has sealed it.
            defer { if hasSealed { queue.waking { _ in WaitingGroups(group: Waiting.threads) } } }
            guard makesTicks else { return queue.wait(in: Waiting.threads, take) }
            let tick = TimerWheel.tickNanoseconds
            if let taken = queue.wait(nanoseconds: tick, in: Waiting.threads, take) { return taken }
            queue.waking { $0.sealTick(at: Clock.wallNanoseconds) ? WaitingGroups(group: Waiting.threads) : [] }
        }
    }

    private func process(_ work: BatchQueue.Work) {
        let group = groups[work.group]
        group.process(work.batch, into: work.output)
        let counts = work.batch.isLast ? group.counts : nil
        let writes = queue.withLock { queue in
            if let counts { queue.counts.add(counts) }
            queue.end(work)
            return queue.beginWriting()
        }
        if writes { writeBatches() }
    }

    /// Writes what all groups are done with, until there is nothing more: no thread of its own is woken for it, which
    /// takes longer than most batches need.
    private func writeBatches() {
        var goesOn = true
        while goesOn {
            let (batch, isWanted) = queue.withLock { ($0.unwritten, $0.failure == nil) }
            let records = batch.outputs.reduce(0) { $0 + $1.recordCount }
            var failure: SystemFailure?
            if isWanted {
                do throws(SystemFailure) { try writer.write(batch) } catch { failure = error }
            }
            let remains = batch.removeAll()
            queue.waking { queue in
                queue.endWriting(records: records, remains, failure)
                goesOn = queue.beginWriting()
                let freed = WaitingGroups(group: Waiting.writers)
                if settings.isLive { return [freed, WaitingGroups(group: Waiting.threads)] }
                return queue.hasAmpleRoom ? freed : []
            }
        }
    }
}
