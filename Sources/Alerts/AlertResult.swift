import Flows
import Headers
import Sketches

/// What one task counted in one snapshot, as rules read it.
enum AlertResult {
    case exact(TaskResult)
    case sketch(SketchResult)
    /// Nothing: an interval without a packet.
    case empty

    init(of name: String, in snapshot: Snapshot) {
        if let result = snapshot.results.first(where: { $0.task.name == name }) {
            self = .exact(result)
        } else if let result = snapshot.sketches.first(where: { $0.task.name == name }) {
            self = .sketch(result)
        } else {
            self = .empty
        }
    }

    /// Rows that are read at once.
    private static let pieceRows = 4096

    /// Calls `body` with each row that passes.
    func forEachRow(_ filter: PacketFilter?, _ body: (AlertEvidence) -> Void) {
        switch self {
        case .empty: return
        case .sketch(let result):
            for row in result.rows {
                if let filter, !filter.matches(PacketInfo(FlowRecord(key: row.key), fields: result.task.fields)) {
                    continue
                }
                body(.sketch(row))
            }
        case .exact(let result):
            var rows: [FlowRecord] = []
            var start = 0
            while start < result.rows.count {
                let end = min(start + Self.pieceRows, result.rows.count)
                result.rows.read(start..<end, into: &rows)
                for row in rows {
                    if let filter, !filter.matches(PacketInfo(row, fields: result.task.fields)) { continue }
                    body(.row(row, bound(of: row, result)))
                }
                start = end
            }
        }
    }

    /// What the row may lack: by its own account, or as much as was evicted.
    private func bound(of row: FlowRecord, _ result: TaskResult) -> RowBound {
        if result.task.memoryLimit != nil {
            return RowBound(.atLeast, packets: row.packetsBound, bytes: row.bytesBound)
        }
        guard let other = result.other else { return .none }
        return RowBound(.atLeast, packets: other.totalPackets, bytes: other.totalBytes)
    }

    /// The whole task's number; `nil` where only rows can tell.
    func total(_ counter: AlertCounter) -> AlertValue? {
        switch (self, counter) {
        case (.empty, _): AlertValue(0)
        case (.exact(let result), .packets): AlertValue(Double(result.totalPackets))
        case (.exact(let result), .bytes): AlertValue(Double(result.totalBytes))
        case (.exact(let result), .flows):
            // A flow that came back after its eviction was counted again.
            AlertValue(Double(result.flowCount) + Double(result.evictedFlows), below: Double(result.evictedFlows))
        case (.exact, .spread): nil
        case (.sketch(let result), .packets): AlertValue(Double(result.totalPackets))
        case (.sketch(let result), .bytes): AlertValue(Double(result.totalBytes))
        case (.sketch(let result), .spread): result.distinct.map(AlertValue.init)
        case (.sketch, .flows): nil
        }
    }

    /// What all evicted flows together had: no sum of rows lacks more.
    func evicted(_ counter: AlertCounter) -> Double {
        guard case .exact(let result) = self, let other = result.other else { return 0 }
        return switch counter {
        case .packets: Double(other.totalPackets)
        case .bytes: Double(other.totalBytes)
        case .flows: Double(result.evictedFlows)
        case .spread: 0
        }
    }
}

/// What metrics are made of.
enum AlertCounter {
    case packets, bytes, flows, spread
}

extension AlertMetric {
    var counter: AlertCounter {
        switch self {
        case .packets, .packetsPerSecond: .packets
        case .bytes, .bytesPerSecond, .bitsPerSecond: .bytes
        case .flows: .flows
        case .spread: .spread
        }
    }
}

extension AlertEvidence {
    func value(_ counter: AlertCounter) -> AlertValue {
        switch (self, counter) {
        case (_, .flows): AlertValue(1)
        case (.row(let row, let bound), .packets):
            AlertValue(
                Double(row.totalPackets), below: Double(bound.packetsOver), above: Double(bound.packetsUnder))
        case (.row(let row, let bound), .bytes):
            AlertValue(Double(row.totalBytes), below: Double(bound.bytesOver), above: Double(bound.bytesUnder))
        case (.row, .spread): AlertValue(0)
        case (.sketch(let row), .packets): row.packets.map(AlertValue.init) ?? AlertValue(0)
        case (.sketch(let row), .bytes): row.bytes.map(AlertValue.init) ?? AlertValue(0)
        case (.sketch(let row), .spread): row.spread.map(AlertValue.init) ?? AlertValue(0)
        }
    }
}
