/// What was counted for one of a view's things: in the last interval, and in all.
public struct TopCounts: Equatable, Sendable {
    /// Octets and packets of the last interval. Out is from a flow's source, an address or a process.
    public var bytesOut: UInt64 = 0
    public var bytesIn: UInt64 = 0
    public var packetsOut: UInt64 = 0
    public var packetsIn: UInt64 = 0
    /// Flows with packets in the last interval.
    public var flows: UInt64 = 0
    public var totalBytes: UInt64 = 0
    public var totalPackets: UInt64 = 0
    /// Nanoseconds since 1970 UTC.
    public var lastSeen = Int64.min

    public var bytes: UInt64 { bytesOut + bytesIn }
    public var packets: UInt64 { packetsOut + packetsIn }

    mutating func add(bytesOut: UInt64, bytesIn: UInt64, packetsOut: UInt64, packetsIn: UInt64, at time: Int64) {
        self.bytesOut += bytesOut
        self.bytesIn += bytesIn
        self.packetsOut += packetsOut
        self.packetsIn += packetsIn
        flows += 1
        totalBytes += bytesOut + bytesIn
        totalPackets += packetsOut + packetsIn
        lastSeen = max(lastSeen, time)
    }

    fileprivate mutating func beginInterval() {
        (bytesOut, bytesIn, packetsOut, packetsIn, flows) = (0, 0, 0, 0, 0)
    }
}

/// Things of one kind by what was counted for them: bounded, those that are silent for longest go first.
struct TopTable<Key: Hashable & Sendable>: Sendable {
    private(set) var entries: [Key: TopCounts] = [:]
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func beginInterval() {
        for index in entries.indices { entries.values[index].beginInterval() }
        guard entries.count > limit else { return }
        // A quarter at once, so that this is rare.
        let times = entries.values.map(\.lastSeen).sorted()
        let oldest = times[entries.count - limit * 3 / 4]
        entries = entries.filter { $0.value.lastSeen > oldest }
    }

    /// Whether there is room for it in this interval: twice the limit.
    mutating func add(
        _ key: Key, bytesOut: UInt64, bytesIn: UInt64, packetsOut: UInt64, packetsIn: UInt64, at time: Int64
    ) {
        guard entries.count < 2 * limit || entries[key] != nil else { return }
        entries[key, default: TopCounts()].add(
            bytesOut: bytesOut, bytesIn: bytesIn, packetsOut: packetsOut, packetsIn: packetsIn, at: time)
    }
}
