import Flows
import GRDB
import GRDBSQLite
import Glibc
import Headers
import KernelIO

/// Adds rows with the statement's own binding calls: several times as fast as going through values.
struct SQLiteRowInsert {
    private let statement: Statement
    private let fields: KeyFields

    init(_ database: Database, task: FlowTask) throws {
        statement = try database.cachedStatement(
            sql: "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
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
        // SAFETY: the statement lives as long as `self`, and its connection is this thread's for the call. Indices
        // are those of the twenty parameters; octets of addresses are copied during the call.
        let pointer = unsafe statement.sqliteStatement
        func bind(_ index: Int32, _ value: UInt64) {
            unsafe sqlite3_bind_int64(pointer, index, Int64(bitPattern: value))
        }
        func bind(_ index: Int32, _ value: UInt64, if isThere: Bool) {
            if isThere { bind(index, value) } else { unsafe sqlite3_bind_null(pointer, index) }
        }
        let key = row.key
        unsafe sqlite3_bind_int64(pointer, 1, id)
        unsafe Self.bind(pointer, 2, key.source, if: fields.source != nil)
        unsafe Self.bind(pointer, 3, key.destination, if: fields.destination != nil)
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
        // SAFETY: as above; the text of an error is a constant.
        let code = unsafe sqlite3_step(pointer)
        unsafe sqlite3_reset(pointer)
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: unsafe String(cString: sqlite3_errstr(code)))
        }
    }

    /// An address in network order, 4 or 16 octets; NULL for none.
    private static func bind(_ statement: SQLiteStatement, _ index: Int32, _ address: IPAddress, if isThere: Bool) {
        // SAFETY: as in `insert`; the octets are copied before each call returns.
        switch isThere ? address.family : .none {
        case .none: unsafe sqlite3_bind_null(statement, index)
        case .v4:
            var octets = UInt32(truncatingIfNeeded: address.low).bigEndian
            unsafe sqlite3_bind_blob(statement, index, &octets, 4, transient)
        case .v6:
            var octets = (address.high.bigEndian, address.low.bigEndian)
            unsafe sqlite3_bind_blob(statement, index, &octets, 16, transient)
        }
    }
}

/// SQLITE_TRANSIENT, which the importer of C headers does not know: the octets are copied before the call returns.
// SAFETY: the value is never called, SQLite compares it.
nonisolated(unsafe) private let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
