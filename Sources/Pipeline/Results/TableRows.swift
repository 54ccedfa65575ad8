import Flows

/// The rows of one task: the tables of all workers, and the order to read them in.
final class TableRows: FlowRows {
    private let tables: [FlowTables]
    private let order: [RowReference]

    init(tables: [FlowTables], order: [RowReference]) {
        self.tables = tables
        self.order = order
    }

    var count: Int { order.count }

    func read(_ range: Range<Int>, into buffer: inout [FlowRecord]) {
        buffer.removeAll(keepingCapacity: true)
        for position in range {
            let reference = order[position]
            let table = tables[reference.table]
            if reference.isWide {
                buffer.append(table.wide.record(at: reference.index))
            } else {
                buffer.append(table.compact.record(at: reference.index))
            }
        }
    }
}

/// Where a row lies: table 31 bits, family 1, index 32.
struct RowReference: BitwiseCopyable, Equatable {
    let packed: UInt64

    init(table: Int, isWide: Bool, index: Int) {
        packed = UInt64(table) << 33 | (isWide ? 1 << 32 : 0) | UInt64(index)
    }

    var table: Int { Int(packed >> 33) }
    var isWide: Bool { packed & 1 << 32 != 0 }
    var index: Int { Int(packed & 0xFFFF_FFFF) }
}
