import KernelIO
import Octets

/// Puts the shards' records of one batch in the order of the events that gave them.
struct RecordMerger {
    private var merged: [UInt8] = []

    /// Records of several shards are written in pieces of about this much, which stay in the processor's cache.
    private static let pieceOctets = 256 << 10

    /// Writes the records, where there are any: those of one shard in one call.
    mutating func write(
        _ outputs: [ShardOutput], _ output: (Span<UInt8>) throws(SystemFailure) -> Void
    ) throws(SystemFailure) {
        var active = outputs.filter { !$0.octets.isEmpty }.map { Cursor(output: $0) }
        if active.count == 1 {
            let octets = active[0].output.octets
            return try output(octets.octets)
        }
        guard !active.isEmpty else { return }
        merged.removeAll(keepingCapacity: merged.capacity <= 4 << 20)
        while !active.isEmpty {
            var first = 0
            for index in active.indices.dropFirst() where active[index].place < active[first].place { first = index }
            let cursor = active[first]
            let end = cursor.output.runs[cursor.run].end
            let octets = cursor.output.octets
            merged.append(contentsOf: octets.octets.extracting(cursor.start..<end))
            active[first].start = end
            active[first].run += 1
            if active[first].run == cursor.output.runs.count { active.remove(at: first) }
            if merged.count >= Self.pieceOctets {
                try output(merged.span)
                merged.removeAll(keepingCapacity: merged.capacity <= 4 << 20)
            }
        }
        if !merged.isEmpty { try output(merged.span) }
    }

    private struct Cursor {
        let output: ShardOutput
        var run = 0
        var start = 0
        var place: RecordPlace { output.runs[run].place }
    }
}
