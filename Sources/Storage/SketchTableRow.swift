import Flows
import KernelIO
import Sketches

/// What a sketch says of one key, as databases hold it; at position 0, what it says of all keys together.
struct SketchTableRow: Equatable {
    var task: String
    /// Of the row in its result, from 1.
    var position: Int
    var sketch: String
    var source: String?
    var destination: String?
    var sourcePort: UInt64?
    var destinationPort: UInt64?
    var `protocol`: UInt64?
    var vlan: UInt64?
    var packets: Estimate?
    var bytes: Estimate?
    /// Different elements.
    var spread: Estimate?
    /// That all of the row's bounds hold.
    var confidence: Double
    /// Of the result as a whole.
    var keysDropped: UInt64 = 0

    static func rows(of result: SketchResult) -> [SketchTableRow] {
        let name = result.task.name, kind = result.task.kind.name
        let whole = SketchTableRow(
            task: name, position: 0, sketch: kind, packets: Estimate(value: result.totalPackets),
            bytes: Estimate(value: result.totalBytes), spread: result.distinct,
            confidence: result.distinct?.confidence ?? 1, keysDropped: result.keysDropped)
        let fields = result.task.fields
        return [whole]
            + result.rows.enumerated().map { index, row in
                let key = row.key
                return SketchTableRow(
                    task: name, position: index + 1, sketch: kind,
                    source: fields.source == nil ? nil : "\(key.source)",
                    destination: fields.destination == nil ? nil : "\(key.destination)",
                    sourcePort: fields.sourcePort ? UInt64(key.sourcePort) : nil,
                    destinationPort: fields.destinationPort ? UInt64(key.destinationPort) : nil,
                    protocol: fields.protocol ? UInt64(key.protocol) : nil, vlan: fields.vlan ? UInt64(key.vlan) : nil,
                    packets: row.packets, bytes: row.bytes, spread: row.spread, confidence: row.confidence)
            }
    }
}

extension SnapshotStore {
    /// What sketches said in these snapshots, in order of time.
    ///
    /// - Parameters:
    ///   - snapshots: of the catalogue.
    ///   - task: of this name alone.
    public func sketches(_ snapshots: [StoredSnapshot], task: String?) throws(SystemFailure) -> AnswerTable {
        var table = AnswerTable()
        // A statement's length has a limit.
        for start in stride(from: 0, through: max(snapshots.count - 1, 0), by: 500) {
            let part = snapshots[start..<min(start + 500, snapshots.count)]
            let ids = part.isEmpty ? "0" : part.map { "\($0.id)" }.joined(separator: ", ")
            var answer = try self.answer(
                sql: """
                    SELECT \(Self.sketchColumns.joined(separator: ", ")) FROM \(sketchTable)
                    WHERE snapshot IN (\(ids)) ORDER BY task, position
                    """)
            if let task { answer.rows.removeAll { $0[1] != .text(task) } }
            let times = Dictionary(part.map { ($0.id, $0.time) }, uniquingKeysWith: { first, _ in first })
            for index in answer.rows.indices {
                let time =
                    switch answer.rows[index][0] {
                    case .integer(let id): times[id]
                    case .unsigned(let id): times[Int64(clamping: id)]
                    default: nil as Int64?
                    }
                answer.rows[index][0] = time.map(AnswerTable.Value.integer) ?? .null
            }
            table.columns = answer.columns
            table.rows += answer.rows
        }
        // Within a snapshot they are in order.
        let order = table.rows.enumerated().sorted { a, b in
            guard case .integer(let x) = a.element[0], case .integer(let y) = b.element[0], x != y else {
                return a.offset < b.offset
            }
            return x < y
        }
        table.rows = order.map(\.element)
        return table
    }

    /// The first becomes the snapshot's time.
    private static var sketchColumns: [String] {
        [
            "snapshot", "task", "sketch", "position", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "vlan",
            "packets", "packets_bound", "bytes", "bytes_bound", "spread", "spread_bound", "confidence", "keys_dropped",
        ]
    }
}
