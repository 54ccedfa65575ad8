import Outputs
import Testing

@testable import Storage

/// Answers of ClickHouse, those included that a server in its right mind does not give.
@Suite struct TabSeparatedTests {
    @Test func fieldsAreOfTheirTypes() {
        let table = TabSeparated.table("a\tb\\tc\td\nUInt64\tString\tFloat64\n7\tx\\ny\t0.5\n8\t\\N\tnan?\n")
        #expect(table.columns == ["a", "b\tc", "d"])
        #expect(table.rows == [[.unsigned(7), .text("x\ny"), .real(0.5)], [.unsigned(8), .null, .text("nan?")]])
    }

    /// Whoever prints a table relies on rows as long as its head.
    @Test(arguments: [
        "a\tb\nUInt8\tUInt8\n1\n", "a\tb\nUInt8\n1\t2\n", "a\tb\nUInt8\tUInt8\n1\t2\t3\n", "a\tb\nUInt8\tUInt8\n\n",
        "a\nUInt8\tUInt8\tUInt8\n1\t2\t3\n", "\n\n\n\n", "a\tb", "", "\n",
    ])
    func rowsAreAsLongAsTheHead(text: String) {
        let table = TabSeparated.table(text)
        #expect(table.rows.allSatisfy { $0.count == table.columns.count })
        let texts = [AnswerFormat.ndjson(table), AnswerFormat.json(table), AnswerFormat.csv(table)]
        #expect(texts.allSatisfy { !$0.isEmpty || table.rows.isEmpty })
        _ = AnswerFormat.table(table, width: 80, style: .plain)
    }
}
