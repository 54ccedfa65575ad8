import Flows
import KernelIO

/// The rows of one task: the tables of all workers, and the order to read them in.
final class TableRows: FlowRows {
    private let tables: [FlowTables]
    private let order: MappedArray<RowReference>
    let count: Int

    /// - Parameter count: how many of `order` there are.
    init(tables: [FlowTables], order: consuming MappedArray<RowReference>, count: Int) {
        self.tables = tables
        self.order = order
        self.count = count
    }

    func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "rows outside the result")
        Self.resize(&buffer, to: range.count)
        var rows = buffer.mutableSpan
        // Table by table, so that each is looked up once per run and not once per row.
        let (positions, ends) = Self.positionsBySource(order, range, sources: 2 * tables.count)
        var start = 0
        for source in ends.indices where ends[source] > start {
            let chosen = positions.span.extracting(start..<ends[source])
            let table = tables[source / 2]
            if source & 1 == 0 {
                Self.copy(table.compact, order, range, chosen, to: &rows)
            } else {
                Self.copy(table.wide, order, range, chosen, to: &rows)
            }
            start = ends[source]
        }
    }

    /// The positions in `range` whose rows lie in each source, source by source, and where each source ends.
    private static func positionsBySource(
        _ order: borrowing MappedArray<RowReference>, _ range: Range<Int>, sources: Int
    ) -> (positions: [UInt32], ends: [Int]) {
        RowReference.positionsBySource(order.span.extracting(range), sources: sources)
    }

    @inline(__always)
    private static func copy<Key>(
        _ store: borrowing FlowStore<Key>, _ order: borrowing MappedArray<RowReference>, _ range: Range<Int>,
        _ positions: Span<UInt32>, to rows: inout MutableSpan<FlowRecord>
    ) {
        let entries = store.rows
        let order = order.span.extracting(range)
        if store.hasBounds {
            for i in positions.indices {
                let position = Int(positions[i])
                rows[position] = store.boundedRecord(at: order[position].index)
            }
            return
        }
        let distance = RowReference.prefetchDistance
        for i in 0..<min(distance, positions.count) { entries.prefetch(order[Int(positions[i])].index) }
        for i in positions.indices {
            if i &+ distance < positions.count { entries.prefetch(order[Int(positions[i &+ distance])].index) }
            let position = Int(positions[i])
            rows[position] = entries[order[position].index].record
        }
    }

    /// What stands in the buffer is overwritten, so a run as long as the one before costs nothing.
    private static func resize(_ buffer: inout [FlowRecord], to count: Int) {
        if buffer.count > count {
            buffer.removeLast(buffer.count - count)
        } else if buffer.count < count {
            let zero = FlowRecord(
                key: FlowKey(sourceHigh: 0, sourceLow: 0, destinationHigh: 0, destinationLow: 0, meta: 0))
            buffer.append(contentsOf: repeatElement(zero, count: count - buffer.count))
        }
    }
}

/// Where a row lies: table 31 bits, family 1, index 32.
struct RowReference: BitwiseCopyable, Equatable, Sendable {
    let packed: UInt64

    init(table: Int, isWide: Bool, index: Int) {
        packed = UInt64(table) << 33 | (isWide ? 1 << 32 : 0) | UInt64(index)
    }

    var table: Int { Int(packed >> 33) }
    var isWide: Bool { packed & 1 << 32 != 0 }
    /// The table and the family, counted through.
    var source: Int { Int(packed >> 32) }
    var index: Int { Int(packed & 0xFFFF_FFFF) }

    /// Rows lie at random places, each a cache miss: they are asked for this many rows ahead.
    static var prefetchDistance: Int { 24 }

    /// The positions of the rows that lie in each source, source by source, and where each source ends.
    static func positionsBySource(
        _ rows: Span<RowReference>, sources: Int
    ) -> (positions: [UInt32], ends: [Int]) {
        var ends = [Int](repeating: 0, count: sources)
        for position in rows.indices { ends[rows[position].source] += 1 }
        var sum = 0
        for source in ends.indices {
            let count = ends[source]
            ends[source] = sum
            sum += count
        }
        var positions = [UInt32](repeating: 0, count: rows.count)
        for position in rows.indices {
            let source = rows[position].source
            positions[ends[source]] = UInt32(truncatingIfNeeded: position)
            ends[source] += 1
        }
        return (positions, ends)
    }
}
