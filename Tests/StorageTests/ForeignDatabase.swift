@testable import Storage

/// A database as another program sees it.
struct ForeignDatabase {
    private let database: SQLiteConnection

    init(path: String) throws { database = try SQLiteConnection(path: path, access: .write) }

    /// Stops in the middle of what it does.
    func begin(_ statements: String) throws { try database.execute(statements) }

    func execute(_ statements: String) throws {
        try database.execute(statements)
        database.close()
    }
}
