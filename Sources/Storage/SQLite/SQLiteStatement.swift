import CSQLite

/// What stands for a parameter of a statement.
protocol SQLiteArgument {
    var sqliteValue: AnswerTable.Value { get }
}

/// SQLite has signed numbers of 64 bits: larger ones stand as their bits.
extension SQLiteArgument where Self: FixedWidthInteger {
    var sqliteValue: AnswerTable.Value { .integer(Int64(truncatingIfNeeded: self)) }
}

extension Int: SQLiteArgument {}
extension Int64: SQLiteArgument {}
extension UInt8: SQLiteArgument {}
extension UInt32: SQLiteArgument {}
extension UInt64: SQLiteArgument {}
extension Bool: SQLiteArgument { var sqliteValue: AnswerTable.Value { .integer(self ? 1 : 0) } }
extension Double: SQLiteArgument { var sqliteValue: AnswerTable.Value { .real(self) } }
extension String: SQLiteArgument { var sqliteValue: AnswerTable.Value { .text(self) } }
extension Optional: SQLiteArgument where Wrapped: SQLiteArgument {
    var sqliteValue: AnswerTable.Value { self?.sqliteValue ?? .null }
}

/// A compiled statement. For one thread at a time, that of its connection.
///
/// Parameters are counted from 1, columns from 0, as SQLite counts them. Of a column that holds something else than is
/// asked for, SQLite gives what comes next to it: of NULL 0, or an empty text.
@safe final class SQLiteStatement {
    // SAFETY: freed with `self`; nobody else knows it.
    private let statement: OpaquePointer

    /// Takes a statement over.
    init(_ statement: OpaquePointer) { unsafe self.statement = statement }

    deinit { unsafe sqlite3_finalize(statement) }

    /// Moves to the first row of the answer, or to the next one; `false` where there is none.
    func step() throws -> Bool {
        // SAFETY: the statement is there as long as `self` is, and with it its connection.
        let code = unsafe sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        // SAFETY: the text of the connection's last error stays until the next call, and is copied.
        throw SQLiteFailure(
            code: code & 0xFF, message: unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(statement))))
    }

    /// Ends the answer, whether it was read to its end or not. Parameters stay.
    func reset() { unsafe sqlite3_reset(statement) }

    /// Between the first row and the end of the answer.
    var isBusy: Bool { unsafe sqlite3_stmt_busy(statement) != 0 }

    // MARK: Parameters

    func bind(_ arguments: [any SQLiteArgument]) {
        for (place, argument) in arguments.enumerated() {
            let index = Int32(place + 1)
            switch argument.sqliteValue {
            case .null: bindNull(index)
            case .integer(let number): bind(index, number)
            case .unsigned(let number): bind(index, Int64(bitPattern: number))
            case .truth(let truth): bind(index, truth ? 1 : 0)
            // SAFETY: as in `step`; text and octets are copied before each call returns.
            case .real(let number): unsafe sqlite3_bind_double(statement, index, number)
            case .text(let text): unsafe sqlite3_bind_text(statement, index, text, -1, sqliteTransient)
            case .octets(let octets): bind(index, octets.span)
            }
        }
    }

    @inline(always) func bindNull(_ index: Int32) { unsafe sqlite3_bind_null(statement, index) }

    @inline(always) func bind(_ index: Int32, _ number: Int64) { unsafe sqlite3_bind_int64(statement, index, number) }

    func bind(_ index: Int32, _ octets: Span<UInt8>) {
        // SAFETY: the octets are there during the call, and are copied before it returns.
        unsafe octets.withUnsafeBytes { octets in
            _ = unsafe sqlite3_bind_blob(statement, index, octets.baseAddress, Int32(octets.count), sqliteTransient)
        }
    }

    // MARK: The row it stands on

    @inline(always) func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(statement, column) }

    func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(statement, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        // SAFETY: the text ends with a NUL and stays until the next call; it is copied.
        unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) } ?? ""
    }

    /// Octets of a column; none where it holds NULL.
    @inline(always) func withOctets<Result>(_ column: Int32, _ body: (Span<UInt8>) -> Result) -> Result {
        // SAFETY: SQLite says how many octets there are, 0 where the pointer is nil; they stay until the next call.
        let start = unsafe sqlite3_column_blob(statement, column)
        let count = Int(unsafe sqlite3_column_bytes(statement, column))
        return unsafe body(Span(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count)))
    }

    var columns: [String] {
        // SAFETY: SQLite says how many columns there are; names end with a NUL, and are copied.
        (0..<(unsafe sqlite3_column_count(statement))).map { column in
            unsafe sqlite3_column_name(statement, column).map { unsafe String(cString: $0) } ?? ""
        }
    }

    var values: [AnswerTable.Value] {
        // SAFETY: as `step`.
        (0..<(unsafe sqlite3_column_count(statement))).map { column in
            switch unsafe sqlite3_column_type(statement, column) {
            case SQLITE_INTEGER: .integer(integer(column))
            case SQLITE_FLOAT: .real(unsafe sqlite3_column_double(statement, column))
            case SQLITE_TEXT: .text(text(column))
            case SQLITE_BLOB: .octets(withOctets(column) { octets in octets.indices.map { octets[$0] } })
            default: .null
            }
        }
    }
}

/// SQLITE_TRANSIENT, which the importer of C headers does not know: the octets are copied before the call returns.
// SAFETY: the value is never called, SQLite compares it.
nonisolated(unsafe) let sqliteTransient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
