import Flows
import Sketches

/// Makes results of the workers' sketches: merges them, names the keys, puts rows in order.
public enum SketchResults {
    /// - Parameter order: packets or octets; by anything else as by octets. Rows of spreads are ordered by spread.
    public static func results(_ cut: SketchCut, order: RowOrder) -> [SketchResult] {
        cut.tasks.indices.map { index in
            let task = cut.tasks[index]
            var result = self.result(task, merged(cut.parts.map { $0[index] }))
            let counted = result.rows.map { (rank: rank($0, order), row: $0) }
            result.rows = counted.sorted { ($1.rank, $0.row.key) < ($0.rank, $1.row.key) }.map(\.row)
            return result
        }
    }

    /// The time of the last packet; `nil` without one, or without a task.
    public static func lastSeen(_ cut: SketchCut) -> Int64? {
        let last = cut.parts.compactMap { $0.map(\.lastSeen).max() }.max()
        return last.flatMap { $0 == .min ? nil : $0 }
    }

    private static func rank(_ row: SketchRow, _ order: RowOrder) -> UInt64 {
        if let spread = row.spread { return spread.value }
        return (order == .packets ? row.packets ?? row.bytes : row.bytes)?.value ?? 0
    }

    /// All parts are of one task, so they can be merged.
    private static func merged(_ parts: [SketchPart]) -> SketchPart {
        var all = parts[0]
        for part in parts.dropFirst() {
            do throws(SketchFailure) {
                if let heavy = part.heavy { try all.heavy?.merge(heavy) }
                if let spread = part.spread { try all.spread?.merge(spread) }
                if let distinct = part.distinct { try all.distinct?.merge(distinct) }
                if let top = part.top { try all.top?.merge(top) }
            } catch {
                preconditionFailure("parts of one task differ: \(error)")
            }
            all.total.add(part.total)
            all.lastSeen = max(all.lastSeen, part.lastSeen)
        }
        return all
    }

    private static func result(_ task: SketchTask, _ part: SketchPart) -> SketchResult {
        var result = SketchResult(
            task: task, rows: [], totalPackets: part.total.packets, totalBytes: part.total.bytes)
        switch task.kind {
        case .heavyHitters(_, let thresholds):
            guard let heavy = part.heavy else { break }
            result.rows = heavy.rows(thresholds).map {
                SketchRow(key: FlowKey($0.key), packets: $0.packets, bytes: $0.bytes)
            }
            result.keysDropped = heavy.keysDropped
        case .superSpread(_, let threshold):
            guard let spread = part.spread else { break }
            let keys = SketchKeys(task)
            result.distinct = spread.pairCount(confidence: task.confidence)
            result.rows = spread.rows(threshold: threshold, confidence: task.confidence) { keys.hash($0) }.map {
                SketchRow(key: FlowKey($0.key), spread: $0.spread)
            }
        case .distinct:
            guard let distinct = part.distinct?.estimate(confidence: task.confidence) else { break }
            result.distinct = distinct
            if part.total.packets > 0 { result.rows = [SketchRow(key: FlowKey(SketchKey(0)), spread: distinct)] }
        case .top:
            guard let top = part.top else { break }
            result.rows = top.rows.map { SketchRow(key: FlowKey($0.key), bytes: $0.count) }
        }
        result.rowCount = result.rows.count
        return result
    }
}
