import Flows
import Pipeline

extension RowOrder {
    /// Rows that were read back, in this order; those of several shards together.
    func sorted(_ rows: any FlowRows) -> [FlowRecord] {
        var sorted: [FlowRecord] = []
        rows.read(0..<rows.count, into: &sorted)
        sorted.sort { rank($0) != rank($1) ? rank($0) > rank($1) : $0.key < $1.key }
        return sorted
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
