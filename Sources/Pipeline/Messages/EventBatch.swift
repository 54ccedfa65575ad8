import AppProtocols
import Events
import Headers
import Octets

/// One event on its way to the worker of its connection, without its payload.
public struct EventHead: Sendable {
    public enum Kind: UInt8, Sendable {
        /// Octets of the connection.
        case data
        /// Octets are missing here: `missing` says how many.
        case gap
        /// This direction was closed in order.
        case closed
        /// The connection was reset, or is given up: both directions end, in no order.
        case aborted
        /// The socket is gone, whoever used it: both directions end.
        case destroyed
        /// A record to be shown as it is (a shell's line, a query): the payload is its text.
        case text
        /// A TLS connection has ended: the payload is its encoded `TLSSummary`.
        case tls

        /// It carries octets that are counted.
        var hasPayload: Bool { self == .data || self == .text || self == .tls }
    }

    public var kind = Kind.data
    public var direction = Direction.received
    /// Nanoseconds since 1970.
    public var time: Int64 = 0
    public var pid: UInt32 = 0
    public var tid: UInt32 = 0
    /// -1: not known.
    public var fd: Int32 = -1
    /// The kernel's address of the socket, or a capture's number of the connection; 0: not known.
    public var sock: UInt64 = 0
    public var comm = CommandName(low: 0, high: 0)
    public var tlsVersion = TLSVersion.none
    public var source = IPAddress.none
    public var destination = IPAddress.none
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    /// Octets lost before this event, in its direction, or with `kind == .gap` the gap itself; `unknown`: nobody knows.
    public var missing: UInt64 = 0
    public static let unknown = UInt64.max
    /// It belongs behind what came before it, whatever their times say.
    public var isInOrder = false

    public init() {}

    public var key: ConnectionKey { ConnectionKey(pid: pid, tid: tid, fd: fd, sock: sock) }
}

/// Events that are handed on together.
///
/// It is filled by one thread at a time under the processor's lock, then read by all threads, and filled again when
/// all have let go of it. That is why it may change threads.
final class EventBatch: @unchecked Sendable {
    struct Entry {
        var head: EventHead
        var shard: Int
        /// Where its payload lies: in which of the batch's chunks, and where there. One without a payload has an empty
        /// range at 0, which lies in all of them.
        var chunk: Int
        var payload: Range<Int>
    }

    /// One value, so that what is done for each event takes one access to the object.
    struct Contents {
        fileprivate var entries: [Entry] = []
        /// In which payloads lie; the last one is filled, if any of its events were copied here.
        fileprivate var chunks: [PayloadChunk] = []
        /// The chunk that is filled.
        fileprivate var filling: Int?
        /// Octets of all payloads.
        fileprivate var octets = 0
        fileprivate var entriesOfShard: [[Int32]]
        fileprivate var clocks: [Int64] = []
    }

    fileprivate var contents: Contents
    var entries: [Entry] { contents.entries }
    var chunks: [PayloadChunk] { contents.chunks }
    var entryCount: Int { contents.entries.count }
    /// Octets of its payloads.
    var octets: Int { contents.octets }
    /// Which entries belong to each shard, in order. Made when the batch is sealed.
    var entriesOfShard: [[Int32]] { contents.entriesOfShard }
    /// How far time has come with each entry: the latest time of any event up to it.
    var clocks: [Int64] { contents.clocks }
    /// How far time has come when all entries are done: timers up to here are due.
    private(set) var clock = Int64.min
    /// Events before this batch: with an entry's index it numbers all events of a run.
    private(set) var serialBase: UInt64 = 0
    /// The source has ended with this batch.
    private(set) var isLast = false
    /// What the groups of shards made of it that are done with it. Changed under the processor's lock.
    var outputs: [GroupOutput] = []

    init(shards: Int) {
        contents = Contents(entriesOfShard: Array(repeating: [], count: shards))
    }

    /// Where an event goes, and what it is told.
    struct Place {
        let shard: Int
        /// One that is at most so much older than those before it goes before them, so that events of several
        /// processors' buffers come into the order of time.
        let window: Int64
        /// Octets that were dropped before it.
        var missing: UInt64 = 0
    }

    /// Appends an event; its payload is copied.
    func append(_ head: EventHead, _ payload: Span<UInt8>, at place: Place, _ pool: inout ChunkPool) {
        contents.append(head, payload, at: place, &pool)
    }

    /// Has `body` append several in one access to the object.
    func fill(_ body: (inout Contents) -> Void) { body(&contents) }

    /// Moves the newest entries, those after `time`, to the next batch: older ones may still arrive. At most half of
    /// them, so that every batch goes on.
    func moveEntries(after time: Int64, to next: EventBatch) {
        let start = contents.start(ofEntriesAfter: time)
        next.contents.append(from: contents, start)
        contents.entries.removeLast(contents.entries.count - start)
    }

    /// Makes the batch ready to be read.
    /// - Parameter clock: how far time had come before, or has come meanwhile.
    func seal(clock: Int64, serialBase: UInt64, isLast: Bool) {
        self.clock = contents.sort(clock: clock)
        self.serialBase = serialBase
        self.isLast = isLast
    }

    /// The first entry with which time has come to `time`; their number if none does.
    func firstEntry(reaching time: Int64) -> Int {
        var range = 0..<clocks.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = clocks[middle] >= time ? range.lowerBound..<middle : (middle + 1)..<range.upperBound
        }
        return range.lowerBound
    }

    /// What a batch needed, and others may use now.
    struct Remains {
        let chunks: [PayloadChunk]
        let outputs: [GroupOutput]
    }

    func removeAll() -> Remains {
        for output in outputs { output.removeAll() }
        defer { outputs.removeAll(keepingCapacity: true) }
        isLast = false
        return Remains(chunks: contents.removeAll(), outputs: outputs)
    }
}

extension EventBatch.Contents {
    fileprivate mutating func append(
        _ head: EventHead, _ payload: Span<UInt8>, at place: EventBatch.Place, _ pool: inout ChunkPool
    ) {
        let (chunk, range) = copy(payload, &pool)
        entries.append(EventBatch.Entry(head: head, shard: place.shard, chunk: chunk, payload: range))
        settle(place)
    }

    /// Appends an event whose payload lies in a chunk: it is not copied.
    /// - Returns: whether the batch did not need the chunk before.
    @inline(__always)
    mutating func append(
        _ events: Span<LentEvent>, _ number: Int, in chunk: PayloadChunk, at place: EventBatch.Place
    ) -> Bool {
        let known = chunks.count
        let payload = events[number].payload
        let index = payload.isEmpty ? 0 : index(of: chunk)
        entries.append(
            EventBatch.Entry(
                head: events[number].head, shard: place.shard, chunk: index, payload: payload.isEmpty ? 0..<0 : payload)
        )
        settle(place)
        return chunks.count > known
    }

    /// Copies a payload into the chunk that is filled, or into a new one if it has no room.
    private mutating func copy(_ payload: Span<UInt8>, _ pool: inout ChunkPool) -> (chunk: Int, range: Range<Int>) {
        guard !payload.isEmpty else { return (0, 0..<0) }
        if let filling, let range = chunks[filling].append(payload) { return (filling, range) }
        let chunk = pool.take(octets: payload.count)
        chunks.append(chunk)
        filling = chunks.count - 1
        return (chunks.count - 1, chunk.append(payload) ?? 0..<0)
    }

    /// The chunk's place among those of this batch, which needs it from now on.
    private mutating func index(of chunk: PayloadChunk) -> Int {
        if let last = chunks.last, last === chunk { return chunks.count - 1 }
        if let known = chunks.firstIndex(where: { $0 === chunk }) { return known }
        chunk.users += 1
        chunks.append(chunk)
        return chunks.count - 1
    }

    /// Completes the entry that was appended, and puts it where it belongs.
    @inline(__always)
    private mutating func settle(_ place: EventBatch.Place) {
        let last = entries.count - 1
        octets += entries[last].payload.count
        if place.missing > 0, entries[last].head.missing != EventHead.unknown {
            entries[last].head.missing += place.missing
        }
        if last > 0, entries[last - 1].head.time > entries[last].head.time { moveBack(within: place.window) }
    }

    /// Moves the newest entry before those that are later, but for what is beyond the window.
    @inline(never)
    private mutating func moveBack(within window: Int64) {
        let entry = entries.removeLast()
        var index = entries.count
        let time = entry.head.time
        while index > 0, entries[index - 1].head.time > time, entries[index - 1].head.time - time <= window {
            index -= 1
        }
        entries.insert(entry, at: index)
    }

    fileprivate func start(ofEntriesAfter time: Int64) -> Int {
        var start = entries.count
        while start > (entries.count + 1) / 2, entries[start - 1].head.time > time { start -= 1 }
        return start
    }

    /// Takes over entries of another batch; their payloads stay where they are.
    fileprivate mutating func append(from other: Self, _ start: Int) {
        let moved = entries.count
        entries.append(contentsOf: other.entries[start...])
        var (from, to) = (-1, 0)
        for index in moved..<entries.count where !entries[index].payload.isEmpty {
            octets += entries[index].payload.count
            let chunk = entries[index].chunk
            if chunk != from { (from, to) = (chunk, self.index(of: other.chunks[chunk])) }
            entries[index].chunk = to
        }
    }

    /// - Returns: how far time has come.
    fileprivate mutating func sort(clock: Int64) -> Int64 {
        var clock = clock
        clocks.reserveCapacity(entries.count)
        for index in entries.indices {
            clock = max(clock, entries[index].head.time)
            clocks.append(clock)
            entriesOfShard[entries[index].shard].append(Int32(truncatingIfNeeded: index))
        }
        return clock
    }

    fileprivate mutating func removeAll() -> [PayloadChunk] {
        entries.removeAll(keepingCapacity: true)
        clocks.removeAll(keepingCapacity: true)
        for shard in entriesOfShard.indices { entriesOfShard[shard].removeAll(keepingCapacity: true) }
        filling = nil
        octets = 0
        var needed: [PayloadChunk] = []
        swap(&needed, &chunks)
        return needed
    }
}

/// Where a record belongs: behind what earlier events gave; before an event, what timers gave that were due by then.
/// It depends on the events alone, so output repeats for any number of threads.
struct RecordPlace: Comparable {
    /// Index of the event in its batch.
    var event: Int
    /// The tick at which the timer was due that gave it; `Int64.max`: the event itself did.
    var due: Int64
    /// Whose timer it was: connections are counted from the first one seen.
    var serial: UInt64

    static func < (a: Self, b: Self) -> Bool {
        if a.event != b.event { return a.event < b.event }
        return a.due != b.due ? a.due < b.due : a.serial < b.serial
    }
}

extension ConnectionKey {
    /// Spreads keys over shards: all connections of a socket, whatever the process, are in one.
    var shardHash: UInt64 { kind == .sock ? ConnectionKey(pid: 0, sock: id).mixed : mixed }
}
