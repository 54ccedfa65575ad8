import Flows

/// What flows that had to leave a table had counted, in sum. Nothing of them is lost but their names.
struct EvictedFlows: Sendable {
    private(set) var flows: UInt64 = 0
    private(set) var counters: FlowCounters?

    mutating func add(_ evicted: FlowCounters) {
        flows += 1
        counters?.merge(evicted)
        if counters == nil { counters = evicted }
    }

    mutating func add(_ other: EvictedFlows) {
        flows += other.flows
        guard let added = other.counters else { return }
        counters?.merge(added)
        if counters == nil { counters = added }
    }

    /// The row that stands for all of them: its key is all zero.
    var record: FlowRecord? {
        counters.map {
            var record = FlowEntry(key: CompactKey(addresses: 0, meta: 0), counters: $0).record
            record.key = FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0)
            return record
        }
    }
}
