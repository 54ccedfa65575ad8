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

/// Events that are handed on together, with their payloads in one buffer.
///
/// It is filled by one thread at a time under the processor's lock, then read by all threads, and filled again when
/// all have let go of it; each shard's output is written by the thread that owns the shard. That is why it may change
/// threads.
final class EventBatch: @unchecked Sendable {
    struct Entry {
        var head: EventHead
        var shard: Int
        var payload: Range<Int>
    }

    private(set) var entries: [Entry] = []
    private(set) var payloads: [UInt8] = []
    /// Which entries belong to each shard, in order. Made when the batch is sealed.
    private(set) var entriesOfShard: [[Int32]]
    /// How far time has come with each entry: the latest time of any event up to it.
    private(set) var clocks: [Int64] = []
    /// How far time has come when all entries are done: timers up to here are due.
    private(set) var clock = Int64.min
    /// Events before this batch: with an entry's index it numbers all events of a run.
    private(set) var serialBase: UInt64 = 0
    /// The source has ended with this batch.
    private(set) var isLast = false
    /// What the shards made of it.
    let outputs: [ShardOutput]

    init(shards: Int) {
        outputs = (0..<shards).map { _ in ShardOutput() }
        entriesOfShard = Array(repeating: [], count: shards)
    }

    /// Appends an event. One that is at most `window` older than those before it goes before them, so that events of
    /// several processors' buffers come into the order of time.
    func append(_ head: EventHead, shard: Int, _ payload: Span<UInt8>, window: Int64) {
        let start = payloads.count
        payloads.append(contentsOf: payload)
        let entry = Entry(head: head, shard: shard, payload: start..<payloads.count)
        var index = entries.count
        while index > 0, entries[index - 1].head.time > head.time, entries[index - 1].head.time - head.time <= window {
            index -= 1
        }
        if index == entries.count {
            entries.append(entry)
        } else {
            entries.insert(entry, at: index)
        }
    }

    /// Moves the newest entries, those after `time`, to the next batch: older ones may still arrive. At most half of
    /// them, so that every batch goes on.
    func moveEntries(after time: Int64, to next: EventBatch) {
        var start = entries.count
        while start > (entries.count + 1) / 2, entries[start - 1].head.time > time { start -= 1 }
        for entry in entries[start...] {
            next.append(entry.head, shard: entry.shard, payloads.span.extracting(entry.payload), window: 0)
        }
        entries.removeLast(entries.count - start)
    }

    /// Makes the batch ready to be read.
    /// - Parameter clock: how far time had come before, or has come meanwhile.
    func seal(clock: Int64, serialBase: UInt64, isLast: Bool) {
        self.clock = clock
        self.serialBase = serialBase
        self.isLast = isLast
        clocks.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            self.clock = max(self.clock, entry.head.time)
            clocks.append(self.clock)
            entriesOfShard[entry.shard].append(Int32(truncatingIfNeeded: index))
        }
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

    func removeAll() {
        entries.removeAll(keepingCapacity: true)
        clocks.removeAll(keepingCapacity: true)
        payloads.removeAll(keepingCapacity: payloads.capacity <= 16 << 20)
        for shard in entriesOfShard.indices { entriesOfShard[shard].removeAll(keepingCapacity: true) }
        for output in outputs { output.removeAll() }
        isLast = false
    }
}

/// Rendered records of one shard, in order, each with the place where it belongs among those of the others.
final class ShardOutput {
    struct Run {
        var place: RecordPlace
        /// In `octets`.
        var end: Int
    }

    var octets = OctetBuffer()
    private(set) var runs: [Run] = []
    var recordCount: UInt64 = 0

    /// What was appended to `octets` since the last call is one more record.
    func endRecord(at place: RecordPlace) {
        recordCount += 1
        if let last = runs.last, last.place == place {
            runs[runs.count - 1].end = octets.count
        } else {
            runs.append(Run(place: place, end: octets.count))
        }
    }

    func removeAll() {
        if octets.capacity <= 4 << 20 { octets.removeAll() } else { octets = OctetBuffer() }
        runs.removeAll(keepingCapacity: true)
        recordCount = 0
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
