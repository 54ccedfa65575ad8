import GRDB

/// A database as another program sees it.
struct ForeignDatabase {
    private let queue: DatabaseQueue

    init(path: String) throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        queue = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Stops in the middle of what it does.
    func begin(_ sql: String) throws { try queue.writeWithoutTransaction { try $0.execute(sql: sql) } }

    func execute(_ sql: String) throws {
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }
}
