import CSQLite
import TestSupport
import Testing

@testable import Storage

@Suite struct SQLiteConnectionTests {
    private func create(_ folder: String) throws -> SQLiteConnection {
        let database = try SQLiteConnection(path: folder + "/x.db", access: .write)
        try database.execute("CREATE TABLE t (a)")
        return database
    }

    private func values(_ database: SQLiteConnection, _ sql: String) throws -> [AnswerTable.Value] {
        let statement = try database.unprepared(sql)
        return try statement.step() ? statement.values : []
    }

    @Test func valuesComeBackAsTheyWere() throws {
        try Golden.withTemporaryDirectory { folder in
            let database = try create(folder)
            let arguments: [any SQLiteArgument] = [
                Int64.min, UInt64.max, UInt8(255), UInt32.max, true, 0.5, "täxt", String?.none, Int64?(3),
            ]
            for argument in arguments { try database.run("INSERT INTO t VALUES (?)", [argument]) }
            var found: [AnswerTable.Value] = []
            try database.forEach("SELECT a FROM t ORDER BY rowid") { found += $0.values }
            #expect(
                found == [
                    .integer(.min), .integer(-1), .integer(255), .integer(4_294_967_295), .integer(1), .real(0.5),
                    .text("täxt"), .null, .integer(3),
                ])
            #expect(
                try values(database, "SELECT x'00ff', x'', 'a', 1.5, NULL") == [
                    .octets([0, 255]), .octets([]), .text("a"), .real(1.5), .null,
                ])
            let none = try database.unprepared("SELECT NULL, 7")
            #expect(try none.step() && none.isNull(0) && none.text(0).isEmpty && none.integer(0) == 0)
            #expect(none.withOctets(0) { $0.count } == 0 && none.columns == ["NULL", "7"])
        }
    }

    @Test func functionsTakeAndGiveEveryKindOfValue() throws {
        try Golden.withTemporaryDirectory { folder in
            let database = try create(folder)
            database.add(function: "same") { $0 }
            let found = try values(
                database, "SELECT same(x'00ff'), same(x''), same('a'), same(1.5), same(-1), same(NULL)")
            #expect(found == [.octets([0, 255]), .octets([]), .text("a"), .real(1.5), .integer(-1), .null])
        }
    }

    /// A statement is compiled once, but may be run while it stands on a row of its own.
    @Test func aStatementMayRunWithinItself() throws {
        try Golden.withTemporaryDirectory { folder in
            let database = try create(folder)
            for number in 1...3 { try database.run("INSERT INTO t VALUES (?)", [number]) }
            var pairs: [[Int64]] = []
            try database.forEach("SELECT a FROM t") { outer in
                for inner in try database.numbers("SELECT a FROM t") { pairs.append([outer.integer(0), inner]) }
            }
            #expect(pairs == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3], [3, 1], [3, 2], [3, 3]])
            let (first, second) = (try database.statement("SELECT a FROM t"), try database.statement("SELECT a FROM t"))
            #expect(first === second)
        }
    }

    @Test(arguments: [
        ("", "no statement"), ("-- nothing", "no statement"), ("SELECT 1; SELECT 2", "more than one"),
        ("SELECT 1; nonsense", "syntax error"), ("nonsense", "syntax error"), ("SELECT a FROM u", "no such table"),
    ])
    func whatIsNotOneStatementIsRefused(sql: String, reason: String) throws {
        try Golden.withTemporaryDirectory { folder in
            let database = try create(folder)
            let failure = #expect(throws: SQLiteFailure.self) { try database.unprepared(sql) }
            #expect(failure?.message.contains(reason) == true)
            let one = try values(database, "SELECT 1; -- and a remark")
            #expect(one == [.integer(1)])
        }
    }

    private func insert(_ number: Int, _ database: SQLiteConnection) throws {
        try database.write { try database.run("INSERT INTO t VALUES (?)", [number]) }
    }

    private func failsAfterACommit(_ database: SQLiteConnection) throws {
        try database.write {
            try database.run("INSERT INTO t VALUES (1)")
            try database.commit()
            try database.begin()
            try database.run("INSERT INTO t VALUES (2)")
            try database.run("INSERT INTO u VALUES (2)")
        }
    }

    /// What was not committed is undone, and the connection goes on.
    @Test func aFailureUndoesATransaction() throws {
        try Golden.withTemporaryDirectory { folder in
            let database = try create(folder)
            #expect(throws: SQLiteFailure.self) { try failsAfterACommit(database) }
            let left = try database.numbers("SELECT a FROM t")
            #expect(left == [1])
            try insert(3, database)
            let after = try database.numbers("SELECT a FROM t")
            #expect(after == [1, 3])
        }
    }

    /// Within `read` nothing changes, neither by others nor by what is run there.
    @Test func readingStaysWithOneState() throws {
        try Golden.withTemporaryDirectory { folder in
            let (database, path) = (try create(folder), folder + "/x.db")
            try database.useWriteAheadLog()
            let other = try SQLiteConnection(path: path, access: .write)
            try database.read {
                #expect(try database.numbers("SELECT count(*) FROM t") == [0])
                try other.run("INSERT INTO t VALUES (1)")
                #expect(try database.numbers("SELECT count(*) FROM t") == [0])
                let failure = #expect(throws: SQLiteFailure.self) { try database.run("INSERT INTO t VALUES (2)") }
                #expect(failure?.code == SQLITE_READONLY)
            }
            #expect(try database.numbers("SELECT a FROM t") == [1])
            try database.run("INSERT INTO t VALUES (3)")
            #expect(try other.numbers("SELECT a FROM t") == [1, 3])
            let reader = try SQLiteConnection(path: path, access: .read)
            #expect(throws: SQLiteFailure.self) { try reader.run("INSERT INTO t VALUES (4)") }
            database.close()
            #expect(throws: SQLiteFailure.self) { try database.run("INSERT INTO t VALUES (5)") }
        }
    }
}
