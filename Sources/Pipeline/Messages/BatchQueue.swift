import Events
import KernelIO

/// The events that a processor holds: in the batch that is filled, and in those that are worked off and written.
///
/// It decides what is next, and for whom. Nobody waits here, and nobody is woken: see `EventProcessor`.
struct BatchQueue {
    private static let batchCount = 4

    /// Where a source waits anyway, larger batches would only fall out of the processor's cache.
    private static let waitingOctetsMax = 512 << 10

    /// A batch needs all of a chunk for a few events in it, where a source has little else that is an event.
    private static let batchChunksMax = 8

    private let settings: EventProcessor.Settings
    private let batchOctetsMax: Int
    private let batches: [EventBatch]
    /// Batches that were sealed, and written, since the start. The one being filled is number `sealed`.
    private var sealed = 0
    private var written = 0
    /// Events of the batch being filled, their octets, and the chunks that were lent to it.
    private var filledEvents = 0
    private var filledOctets = 0
    private var filledChunks = 0
    /// By group of shards.
    private var progress: [Progress]
    private let shardsOfGroup: Int
    /// Buffers for records that nobody needs. The one that was used last is the next: of a few that are large from a
    /// burst less memory is touched than of one for each batch and group.
    private var outputs: [GroupOutput] = []
    /// A thread is writing batches that all groups are done with.
    private var isWriting = false
    private var clock = Int64.min
    /// The time of the newest event in sealed batches: none can go before it any more.
    private var sealedTime = Int64.min
    private var events: UInt64 = 0
    /// Octets dropped by connection and direction, to be told with its next event.
    private var missing: [Missing: UInt64] = [:]
    private(set) var isClosed = false
    /// Why records cannot be written, if so.
    private(set) var failure: SystemFailure? {
        didSet { hasFailed = failure != nil }
    }
    /// Asked for with each event: what else there is to a failure is copied for the question.
    private var hasFailed = false
    var counts = MessageCounts()
    var chunks = ChunkPool()

    private struct Missing: Hashable {
        var key: ConnectionKey
        var direction: Direction
    }

    /// How far a group of shards has come.
    private struct Progress {
        /// Batches that it is done with.
        var batches = 0
        /// A thread works on it.
        var isTaken = false
    }

    init(_ settings: EventProcessor.Settings, groups: Int) {
        self.settings = settings
        batchOctetsMax =
            settings.policy == .wait ? min(settings.queueOctetsMax, Self.waitingOctetsMax) : settings.queueOctetsMax
        batches = (0..<Self.batchCount).map { _ in EventBatch(shards: EventProcessor.shardCount) }
        progress = Array(repeating: Progress(), count: groups)
        shardsOfGroup = (EventProcessor.shardCount + groups - 1) / groups
    }

    // MARK: - Filling

    enum Offer { case taken, takenAndSealed, full, closed }

    /// Takes an event, if there is room; its payload is copied.
    mutating func offer(_ head: EventHead, _ payload: Span<UInt8>) -> Offer {
        let answer = prepare(head, payload.count)
        guard answer == .taken else { return answer }
        var place = EventBatch.Place(shard: shard(of: head), window: window(for: head))
        if !missing.isEmpty { place.missing = takeMissing(before: head) }
        filling.append(head, payload, at: place, &chunks)
        guard isDue(afterTaking: payload.count) else { return .taken }
        seal(isLast: false)
        return .takenAndSealed
    }

    /// As above, of events whose payloads lie in a chunk, from number `next` on: until one is not taken, or the batch
    /// was sealed.
    /// - Returns: what became of the last one that was offered.
    mutating func offer(_ events: [LentEvent], from next: inout Int, in chunk: PayloadChunk) -> Offer {
        var answer = Offer.taken
        let events = events.span
        filling.fill { batch in
            while answer == .taken, next < events.count {
                let index = next
                answer = prepare(events[index].head, events[index].payload.count)
                if answer != .full { next += 1 }
                guard answer == .taken else { return }
                var place = EventBatch.Place(
                    shard: shard(of: events[index].head), window: window(for: events[index].head))
                if !missing.isEmpty { place.missing = takeMissing(before: events[index].head) }
                if batch.append(events, index, in: chunk, at: place) { filledChunks += 1 }
                if isDue(afterTaking: events[index].payload.count) { answer = .takenAndSealed }
            }
        }
        if answer == .takenAndSealed { seal(isLast: false) }
        return answer
    }

    /// Counts an event, if it is taken.
    @inline(__always)
    private mutating func prepare(_ head: EventHead, _ octets: Int) -> Offer {
        let isData = head.kind.hasPayload
        guard !isClosed, !hasFailed else {
            if isData {
                counts.events += 1
                counts.octets += UInt64(octets)
                counts.afterCloseEvents += 1
                counts.afterCloseOctets += UInt64(octets)
            }
            return .closed
        }
        guard hasRoom else {
            if settings.policy == .drop { drop(head, octets) }
            return .full
        }
        if isData {
            counts.events += 1
            counts.octets += UInt64(octets)
        } else {
            counts.signals += 1
        }
        if settings.reorderWindow > 0, head.time < sealedTime { counts.lateEvents += 1 }
        return .taken
    }

    /// What was dropped of the event's connection and direction before it, to be told with it.
    private mutating func takeMissing(before head: EventHead) -> UInt64 {
        guard head.kind.hasPayload else { return 0 }
        return missing.removeValue(forKey: Missing(key: head.key, direction: head.direction)) ?? 0
    }

    private func shard(of head: EventHead) -> Int { Int(truncatingIfNeeded: head.key.shardHash >> 60) }
    private func window(for head: EventHead) -> Int64 { head.isInOrder ? 0 : settings.reorderWindow }

    /// A live source's event that found no room. The connection's next one says how much is missing.
    private mutating func drop(_ head: EventHead, _ octets: Int) {
        guard head.kind.hasPayload else { return }
        counts.events += 1
        counts.octets += UInt64(octets)
        counts.queueFullEvents += 1
        counts.queueFullOctets += UInt64(octets)
        let dropped = Missing(key: head.key, direction: head.direction)
        if head.kind == .data, missing.count < settings.connectionsMax || missing[dropped] != nil {
            missing[dropped, default: 0] += UInt64(octets)
        }
    }

    private var filling: EventBatch { batches[sealed % Self.batchCount] }

    /// The batch being filled is always free (see `canSeal`); a full one waits for the next to be free.
    private var hasRoom: Bool { !isFull || canSeal }

    private var isFull: Bool {
        filledEvents >= settings.queueLength || filledOctets >= batchOctetsMax || filledChunks >= Self.batchChunksMax
    }

    /// Whether it is of use to offer an event: it is taken, or none ever will be.
    var takesOffers: Bool { hasRoom || isClosed || hasFailed }

    /// There is room for several batches, so that a source that has waited seldom has to again.
    var hasAmpleRoom: Bool { sealed - written <= Self.batchCount / 2 }

    /// Nothing is left to be worked off, or to be written.
    var isDone: Bool { isClosed && written == sealed }

    // MARK: - Sealing

    /// The next batch must be free, for what stays behind goes into it.
    private var canSeal: Bool { sealed + 1 - written < Self.batchCount }

    /// Counts an event that the batch has taken.
    /// - Returns: whether it is time to seal the batch. A live event does not wait for others when everybody has time
    ///   for it.
    private mutating func isDue(afterTaking octets: Int) -> Bool {
        filledEvents += 1
        filledOctets += octets
        guard isFull || settings.isLive, canSeal else { return false }
        return isFull || progress.allSatisfy { $0.batches == sealed }
    }

    /// Seals the batch that is filled, if it may be and holds anything.
    mutating func sealEvents() -> Bool {
        guard !filling.entries.isEmpty, canSeal, !isClosed else { return false }
        seal(isLast: false)
        return true
    }

    /// Seals what is there, events or none, so that time passes.
    mutating func sealTick(at time: Int64) -> Bool {
        guard canSeal, !isClosed else { return false }
        clock = max(clock, time)
        seal(isLast: false)
        return true
    }

    /// Seals the last batch.
    /// - Parameter time: how far time has come, where the source knows.
    /// - Returns: `false` if there is no room for it yet.
    mutating func close(at time: Int64?) -> Bool {
        if isClosed { return true }
        guard canSeal else { return false }
        if let time { clock = max(clock, time) }
        isClosed = true
        seal(isLast: true)
        return true
    }

    /// Ends it where it never began: there is no last batch.
    mutating func abandon() { isClosed = true }

    private mutating func seal(isLast: Bool) {
        let batch = filling
        if settings.reorderWindow > 0, !isLast {
            let newest = max(clock, batch.entries.last?.head.time ?? .min)
            let next = batches[(sealed + 1) % Self.batchCount]
            if newest > .min { batch.moveEntries(after: newest - settings.reorderWindow, to: next) }
        }
        sealedTime = max(sealedTime, batch.entries.last?.head.time ?? .min)
        batch.seal(clock: clock, serialBase: events, isLast: isLast)
        clock = batch.clock
        events += UInt64(batch.entries.count)
        sealed += 1
        let next = filling
        filledEvents = next.entryCount
        filledOctets = next.octets
        filledChunks = 0
    }

    // MARK: - Working off

    /// A batch for a group of shards. Nobody else works on the group until it is ended.
    struct Work {
        let group: Int
        let batch: EventBatch
        /// Where the records go.
        let output: GroupOutput
    }

    /// Work on a group that has waited longest, and that nobody works on; on the one that is `near`, if there is any
    /// for it: what it needs may still be in the processor's cache.
    mutating func take(near: Int) -> Work? {
        var group: Int?
        for index in progress.indices where !progress[index].isTaken && progress[index].batches < sealed {
            if index == near {
                group = index
                break
            }
            if group.map({ progress[index].batches < progress[$0].batches }) ?? true { group = index }
        }
        guard let group else { return nil }
        progress[group].isTaken = true
        let output = outputs.popLast() ?? GroupOutput(shards: shardsOfGroup)
        return Work(group: group, batch: batches[progress[group].batches % Self.batchCount], output: output)
    }

    /// There is work that nobody does.
    var hasWork: Bool { progress.contains { !$0.isTaken && $0.batches < sealed } }

    mutating func end(_ work: Work) {
        work.batch.outputs.append(work.output)
        progress[work.group].batches += 1
        progress[work.group].isTaken = false
    }

    // MARK: - Writing

    /// Whether all groups are done with the next batch to be written, and nobody writes: then the caller does.
    mutating func beginWriting() -> Bool {
        guard !isWriting, progress.allSatisfy({ $0.batches > written }) else { return false }
        isWriting = true
        return true
    }

    /// What is written next.
    var unwritten: EventBatch { batches[written % Self.batchCount] }

    /// Notes that a batch was written, or why it could not be.
    /// - Parameters:
    ///   - records: so many were in it.
    ///   - remains: what it does not need any more.
    mutating func endWriting(records: UInt64, _ remains: EventBatch.Remains, _ failure: SystemFailure?) {
        if self.failure == nil { self.failure = failure }
        if self.failure != nil { counts.unwrittenRecords += records }
        written += 1
        for chunk in remains.chunks { chunks.release(chunk) }
        outputs.append(contentsOf: remains.outputs)
        isWriting = false
    }
}
