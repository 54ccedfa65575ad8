import AppProtocols
import MessageTestSupport
import TestSupport
import Testing

@testable import Outputs

/// A table drawn in place, as a terminal shows it.
@Suite struct LiveTableTests {
    private static let heading = "NUMBER"

    private static func rows(_ range: Range<Int>) -> [UInt8] {
        Array(range.map { "row \($0)\n" }.joined().utf8)
    }

    private static func write(_ octets: [UInt8], to screen: inout TerminalScreen) {
        screen.write(String(decoding: octets, as: UTF8.self))
    }

    @Test func theNewestRowsStandUnderTotalsAndHeading() {
        var table = LiveTable(heading: Self.heading)
        var screen = TerminalScreen(columns: 80, lines: 7)
        screen.write("$ netspectra\n")
        table.add(Self.rows(0..<2).span)
        Self.write(table.frame(totals: "2 in all", lines: 7), to: &screen)
        #expect(screen.text == ["$ netspectra", "2 in all", "NUMBER", "row 0", "row 1"])
        // In place: what was there is drawn over.
        table.add(Self.rows(2..<4).span)
        Self.write(table.frame(totals: "4", lines: 7), to: &screen)
        #expect(screen.text == ["$ netspectra", "4", "NUMBER", "row 0", "row 1", "row 2", "row 3"])
        // No more room: the oldest move up, as they are, under a heading of their own.
        table.add(Self.rows(4..<10).span)
        Self.write(table.frame(totals: "10", lines: 7), to: &screen)
        #expect(screen.screen == ["10", "NUMBER", "row 6", "row 7", "row 8", "row 9", ""])
        #expect(screen.history == ["$ netspectra", "NUMBER"] + (0..<6).map { "row \($0)" })
        // In the end there is what a plain printout has.
        Self.write(table.finish(), to: &screen)
        #expect(screen.text == ["$ netspectra", "NUMBER"] + (0..<10).map { "row \($0)" })
        #expect(screen.unknown.isEmpty)
    }

    /// However rows come and whatever the terminal's size, which may change.
    @Test(arguments: 1..<60)
    func inTheEndItIsAPrintout(step: Int) {
        var table = LiveTable(heading: Self.heading)
        let lines = 5 + step % 13
        var screen = TerminalScreen(columns: 40, lines: lines)
        for start in stride(from: 0, to: 100, by: step) {
            table.add(Self.rows(start..<min(100, start + step)).span)
            Self.write(table.frame(totals: "\(start)", lines: lines), to: &screen)
            #expect(screen.screen.contains("row \(min(100, start + step) - 1)") && screen.screen.contains("NUMBER"))
            if start % 7 == 3 {
                Self.write(table.clear(), to: &screen)
                Self.write(table.frame(totals: "again", lines: lines), to: &screen)
            }
        }
        Self.write(table.finish(), to: &screen)
        #expect(screen.text == ["NUMBER"] + (0..<100).map { "row \($0)" })
    }

    /// A note on standard error stands above the frame, and the frame below is whole.
    @Test func whatIsWrittenInBetweenStays() {
        var table = LiveTable(heading: Self.heading)
        var screen = TerminalScreen(columns: 40, lines: 8)
        table.add(Self.rows(0..<3).span)
        Self.write(table.frame(totals: "3", lines: 8), to: &screen)
        Self.write(table.clear(), to: &screen)
        screen.write("a note\n")
        Self.write(table.frame(totals: "3", lines: 8), to: &screen)
        #expect(screen.text == ["a note", "3", "NUMBER", "row 0", "row 1", "row 2"])
    }

    /// Lines wider than the terminal are cut, not wrapped: the frame keeps its height.
    @Test func wideRowsTakeOneLine() {
        var table = LiveTable(heading: String(repeating: "H", count: 30))
        var screen = TerminalScreen(columns: 20, lines: 6)
        for _ in 0..<4 {
            table.add(Array((String(repeating: "w", count: 50) + "\n").utf8).span)
            Self.write(table.frame(totals: "totals that are far too long", lines: 6), to: &screen)
        }
        #expect(screen.screen.count == 6 && screen.screen.allSatisfy { $0.count <= 20 })
        #expect(screen.screen.count { $0.hasPrefix("ww") } == 3)
        Self.write(table.finish(), to: &screen)
        #expect(screen.text.count == 5)
    }

    @Test func totals() {
        var totals = TransactionTotals()
        var transaction = SampleMessages.transaction
        totals.add(transaction)
        #expect(totals.text(width: 80) == "1 transaction, latency 12.3 ms on average, 12.3 ms at most")
        transaction.status = 404
        transaction.requestTime += 2_000_000_000
        transaction.requestEndTime += 2_000_000_000
        transaction.responseTime += 2_000_000_000
        totals.add(transaction)
        transaction.status = 503
        totals.add(transaction)
        transaction.status = 0
        transaction.responseTime = 0
        totals.add(transaction)
        let counts = "4 transactions, 2.0/s, 1 × 4xx, 1 × 5xx, 1 unanswered"
        #expect(totals.text(width: nil) == counts + ", latency 12.3 ms on average, 12.3 ms at most")
        #expect(totals.text(width: 60) == counts)
        #expect(totals.text(width: 5) == "4 transactions")
    }
}
