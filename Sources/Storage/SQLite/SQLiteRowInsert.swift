import Flows
import Headers

/// Adds rows with the statement's own binding calls: several times as fast as going through values.
struct SQLiteRowInsert {
    private let statement: SQLiteStatement
    private let fields: KeyFields

    init(_ database: SQLiteConnection, task: FlowTask) throws {
        statement = try database.statement(
            "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        fields = task.fields
    }

    /// Rows read at a time.
    private static let runRows = 8192

    func insert(_ rows: any FlowRows, _ range: Range<Int>, firstID: Int64) throws {
        var buffer: [FlowRecord] = []
        var bounds: [RowBound] = []
        var pairs: [ProcessPair] = []
        let bounded = rows as? any BoundedRows
        let attributed = rows as? any AttributedRows
        var id = firstID
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + Self.runRows, range.upperBound)
            rows.read(start..<end, into: &buffer)
            bounded?.readBounds(start..<end, into: &bounds)
            attributed?.readProcesses(start..<end, into: &pairs)
            for index in buffer.indices {
                try insert(
                    buffer[index], bounded == nil ? .none : bounds[index],
                    attributed == nil ? ProcessPair() : pairs[index], id)
                id += 1
            }
            start = end
        }
    }

    private func insert(_ row: FlowRecord, _ bound: RowBound, _ process: ProcessPair, _ id: Int64) throws {
        func bind(_ index: Int32, _ value: UInt64) { statement.bind(index, Int64(bitPattern: value)) }
        func bind(_ index: Int32, _ value: UInt64, if isThere: Bool) {
            if isThere { bind(index, value) } else { statement.bindNull(index) }
        }
        func bind(_ index: Int32, _ address: IPAddress, if isThere: Bool) {
            if !isThere || address.withOctets({ statement.bind(index, $0) }) == nil { statement.bindNull(index) }
        }
        let key = row.key
        statement.bind(1, id)
        bind(2, key.source, if: fields.source != nil)
        bind(3, key.destination, if: fields.destination != nil)
        bind(4, UInt64(key.sourcePort), if: fields.sourcePort)
        bind(5, UInt64(key.destinationPort), if: fields.destinationPort)
        bind(6, UInt64(key.protocol), if: fields.protocol)
        bind(7, UInt64(key.vlan), if: fields.vlan)
        bind(8, row.packets)
        bind(9, row.bytes)
        bind(10, row.reversePackets)
        bind(11, row.reverseBytes)
        bind(12, UInt64(bitPattern: row.firstSeen))
        bind(13, UInt64(bitPattern: row.lastSeen))
        bind(14, UInt64(row.tcpFlags))
        bind(15, UInt64(row.reverseTCPFlags))
        bind(16, UInt64(bound.exactness.rawValue))
        bind(17, bound.packets)
        bind(18, bound.bytes)
        bind(19, UInt64(process.local), if: process.local != ProcessNumbers.unknown)
        bind(20, UInt64(process.peer), if: process.peer != ProcessNumbers.unknown)
        defer { statement.reset() }
        _ = try statement.step()
    }
}
