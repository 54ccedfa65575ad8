import Flows
import Pipeline

extension RowOrder {
    /// Rows that were read back, in this order; those of several shards together.
    func sorted(_ rows: any FlowRows) -> any FlowRows {
        var sorted: [FlowRecord] = []
        rows.read(0..<rows.count, into: &sorted)
        func precedes(_ a: FlowRecord, _ b: FlowRecord) -> Bool {
            rank(a) != rank(b) ? rank(a) > rank(b) : a.key < b.key
        }
        guard let attributed = rows as? any AttributedRows else {
            sorted.sort(by: precedes)
            return sorted
        }
        var pairs: [ProcessPair] = []
        attributed.readProcesses(0..<rows.count, into: &pairs)
        let all = zip(sorted, pairs).sorted { precedes($0.0, $1.0) }
        return OwnedRows(all.map(\.0), all.map(\.1), attributed.processes)
    }

    /// The higher comes first.
    private func rank(_ row: FlowRecord) -> UInt64 {
        func latest(_ time: Int64) -> UInt64 { UInt64(bitPattern: time) ^ 1 << 63 }
        return switch self {
        case .bytes: row.totalBytes
        case .packets: row.totalPackets
        case .firstSeen: latest(row.firstSeen)
        case .lastSeen: latest(row.lastSeen)
        case .duration: UInt64(bitPattern: row.lastSeen &- row.firstSeen)
        case .key: 0
        }
    }
}
