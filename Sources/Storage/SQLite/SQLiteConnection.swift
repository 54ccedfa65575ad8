import CSQLite
import KernelIO

/// Why SQLite did not do what it was told.
struct SQLiteFailure: Error {
    /// A primary result code: `SQLITE_FULL`, `SQLITE_BUSY` …
    let code: Int32
    let message: String
}

/// An open SQLite file. For one thread at a time.
///
/// libsqlite3 itself and not a Swift package above it: docs/decisions/0014-sqlite-itself.md.
@safe final class SQLiteConnection {
    // SAFETY: nobody else knows the connection but its statements, for which SQLite keeps it. `nil` once it is closed,
    // which the library's calls answer with a failure.
    private var database: OpaquePointer?
    private var prepared: [String: SQLiteStatement] = [:]

    /// How long to wait for a lock of another process.
    private static let busyMilliseconds: Int32 = 10_000

    /// - Parameter access: to write, also creates the file if there is none.
    init(path: String, access: SQLiteStore.Access) throws {
        let flags = access == .read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        var opened: OpaquePointer?
        // SAFETY: the path is read, and `opened` set, during the call; where it fails, too, as it knows the reason.
        let code = unsafe sqlite3_open_v2(path.systemName, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
        unsafe database = opened
        guard code == SQLITE_OK else { throw failure(code) }
        // SAFETY: the connection is open.
        unsafe sqlite3_busy_timeout(opened, Self.busyMilliseconds)
        try execute("PRAGMA foreign_keys = ON")
    }

    deinit { close() }

    /// No other call may follow.
    func close() {
        prepared = [:]
        // SAFETY: SQLite frees it once the last statement that somebody holds is gone, too.
        unsafe sqlite3_close_v2(database)
        unsafe database = nil
    }

    /// Changes go to a log beside the file from now on, whoever makes them, and can be made while others read.
    func useWriteAheadLog() throws {
        try forEach("PRAGMA journal_mode = WAL") { answer in
            if answer.text(0) != "wal" {
                throw SQLiteFailure(code: SQLITE_IOERR, message: "this file system allows no write-ahead log")
            }
        }
    }

    private func failure(_ code: Int32) -> SQLiteFailure {
        // SAFETY: the text stays until the next call, and is copied.
        SQLiteFailure(code: code & 0xFF, message: unsafe String(cString: sqlite3_errmsg(database)))
    }

    // MARK: Statements

    /// A statement of the program's own, compiled once.
    func statement(_ sql: String) throws -> SQLiteStatement {
        // Within a loop over its own rows there is a need for another one.
        if let statement = prepared[sql], !statement.isBusy { return statement }
        let statement = try unprepared(sql)
        prepared[sql] = statement
        return statement
    }

    /// A statement that is unlikely to come again.
    func unprepared(_ sql: String) throws -> SQLiteStatement {
        var (first, second): (OpaquePointer?, OpaquePointer?)
        // SAFETY: the text ends with a NUL, and is read during the calls; `rest` points into it. Both statements are
        // handed over, or freed, below.
        let code = unsafe sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            let code = unsafe sqlite3_prepare_v2(database, text, -1, &first, &rest)
            return code == SQLITE_OK ? unsafe sqlite3_prepare_v2(database, rest, -1, &second, nil) : code
        }
        let statement = unsafe first.map { unsafe SQLiteStatement($0) }
        guard code == SQLITE_OK else { throw failure(code) }
        let isAlone = unsafe second == nil
        // SAFETY: nobody else knows this one.
        unsafe sqlite3_finalize(second)
        guard let statement else { throw SQLiteFailure(code: SQLITE_MISUSE, message: "there is no statement") }
        guard isAlone else { throw SQLiteFailure(code: SQLITE_MISUSE, message: "there is more than one statement") }
        return statement
    }

    /// Runs any number of statements that have neither parameters nor rows.
    func execute(_ script: String) throws {
        // SAFETY: the script is read during the call.
        let code = unsafe sqlite3_exec(database, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Runs one statement to its end.
    func run(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws {
        try forEach(sql, arguments) { _ in }
    }

    /// Hands out the statement as it stands on one row of its answer after the other.
    func forEach(
        _ sql: String, _ arguments: [any SQLiteArgument] = [], _ body: (SQLiteStatement) throws -> Void
    ) throws {
        let statement = try statement(sql)
        defer { statement.reset() }
        statement.bind(arguments)
        while try statement.step() { try body(statement) }
    }

    /// The numbers in the first column of the answer.
    func numbers(_ sql: String, _ arguments: [any SQLiteArgument] = []) throws -> [Int64] {
        var numbers: [Int64] = []
        try forEach(sql, arguments) { numbers.append($0.integer(0)) }
        return numbers
    }

    func hasTable(_ name: String) throws -> Bool {
        try !numbers("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", [name]).isEmpty
    }

    /// The number of the row that was inserted last.
    // SAFETY: what a statement of an open connection has left.
    var lastInsertedRowID: Int64 { unsafe sqlite3_last_insert_rowid(database) }

    // MARK: Transactions

    func begin() throws { try execute("BEGIN IMMEDIATE") }

    func commit() throws { try execute("COMMIT") }

    private func rollback() {
        // SAFETY: asking changes nothing.
        if unsafe sqlite3_get_autocommit(database) == 0 { try? execute("ROLLBACK") }
    }

    /// Runs `body` in a transaction, which it may commit and begin again. A failure undoes what was not committed.
    func write(_ body: () throws -> Void) throws {
        try begin()
        do {
            try body()
            try commit()
        } catch {
            rollback()
            throw error
        }
    }

    /// Runs `body`, for which the file stays as it is now: others' changes are not seen, and what would change
    /// something fails.
    func read<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("PRAGMA query_only = 1; BEGIN")
        defer {
            rollback()
            try? execute("PRAGMA query_only = 0")
        }
        return try body()
    }

    // MARK: Functions

    /// Lets SQL call a function of one argument, which has to give the same for the same.
    func add(function name: String, _ body: @escaping (AnswerTable.Value) -> AnswerTable.Value) {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC
        // SAFETY: the name is copied. SQLite holds the function until the connection is freed, and releases it then,
        // also where this call fails.
        let function = unsafe Unmanaged.passRetained(SQLiteFunction(body)).toOpaque()
        unsafe sqlite3_create_function_v2(
            database, name, 1, flags, function,
            { context, _, arguments in unsafe SQLiteFunction.call(context, arguments) }, nil, nil,
            { unsafe Unmanaged<SQLiteFunction>.fromOpaque($0!).release() })
    }
}

private final class SQLiteFunction {
    private let body: (AnswerTable.Value) -> AnswerTable.Value

    init(_ body: @escaping (AnswerTable.Value) -> AnswerTable.Value) { self.body = body }

    static func call(_ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?) {
        // SAFETY: SQLite calls with what `add` gave it, and with one argument, that stays for the call.
        let function = unsafe Unmanaged<SQLiteFunction>.fromOpaque(sqlite3_user_data(context)!).takeUnretainedValue()
        let argument = unsafe arguments![0]
        let value: AnswerTable.Value
        switch unsafe sqlite3_value_type(argument) {
        case SQLITE_INTEGER: value = .integer(unsafe sqlite3_value_int64(argument))
        case SQLITE_FLOAT: value = .real(unsafe sqlite3_value_double(argument))
        // SAFETY: texts end with a NUL, and of octets SQLite says how many there are; both are copied.
        case SQLITE_TEXT: value = .text(unsafe String(cString: sqlite3_value_text(argument)))
        case SQLITE_BLOB:
            let count = Int(unsafe sqlite3_value_bytes(argument))
            let octets = unsafe UnsafeRawBufferPointer(start: sqlite3_value_blob(argument), count: count)
            value = .octets(unsafe Array(octets))
        default: value = .null
        }
        // SAFETY: texts and octets are copied before the call returns.
        switch function.body(value) {
        case .null: unsafe sqlite3_result_null(context)
        case .integer(let number): unsafe sqlite3_result_int64(context, number)
        case .unsigned(let number): unsafe sqlite3_result_int64(context, Int64(bitPattern: number))
        case .truth(let truth): unsafe sqlite3_result_int64(context, truth ? 1 : 0)
        case .real(let number): unsafe sqlite3_result_double(context, number)
        case .text(let text): unsafe sqlite3_result_text(context, text, -1, sqliteTransient)
        case .octets(let octets): unsafe sqlite3_result_blob(context, octets, Int32(octets.count), sqliteTransient)
        }
    }
}
