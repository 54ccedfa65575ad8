import Octets

/// A table that grows at its end, on a terminal: the newest rows stand under the heading and a line of totals, and are
/// drawn anew in place. Rows that find no room there any more move up as plain lines into the terminal's history. So
/// nothing is lost, and in the end the terminal holds what a plain printout would: the heading, and every row.
///
/// A value that gives octets to be written; it knows no terminal and no clock.
public struct LiveTable: Sendable {
    /// Without a line's end, as it stands above plain rows.
    private let heading: String
    /// The newest rows, each with its line's end.
    private var rows: [[UInt8]] = []
    /// Lines of the frame that is on the screen; the cursor is on the line below.
    private var drawnLines = 0
    /// Rows moved up before, and with them the heading.
    private var hasHistory = false

    public init(heading: String) { self.heading = heading }

    /// Lines that are drawn besides rows: totals, heading; and the one where the cursor stays.
    private static let otherLines = 3
    /// Rows that wait to be drawn.
    public var waitingRows: Int { rows.count }

    /// Takes rows: whole lines.
    public mutating func add(_ lines: Span<UInt8>) {
        var start = 0
        for index in lines.indices where lines[index] == 0x0A {
            var row: [UInt8] = []
            row.append(contentsOf: lines.extracting(start...index))
            rows.append(row)
            start = index + 1
        }
    }

    /// What brings the screen up to date.
    /// - Parameters:
    ///   - totals: one line, without its end.
    ///   - lines: of the terminal.
    public mutating func frame(totals: String, lines: Int) -> [UInt8] {
        var frame = OctetBuffer()
        begin(&frame)
        let room = max(1, lines - Self.otherLines)
        if rows.count > room { moveUp(rows.count - room, &frame) }
        drawnLines = rows.count + 2
        append(totals, &frame)
        append(heading, &frame)
        for row in rows { append(row, &frame) }
        end(&frame)
        return [UInt8](frame)
    }

    /// What takes the frame away, so that something else can be written; the next frame is drawn below that.
    public mutating func clear() -> [UInt8] {
        var frame = OctetBuffer()
        begin(&frame)
        end(&frame)
        drawnLines = 0
        return [UInt8](frame)
    }

    /// What leaves the rows on the screen as plain lines.
    public mutating func finish() -> [UInt8] {
        var frame = OctetBuffer()
        begin(&frame)
        moveUp(rows.count, &frame)
        end(&frame)
        drawnLines = 0
        return [UInt8](frame)
    }

    /// Rows that leave the frame stay above it as they are.
    private mutating func moveUp(_ count: Int, _ frame: inout OctetBuffer) {
        if !hasHistory { append(heading, &frame) }
        hasHistory = true
        for row in rows[..<count] { append(row, &frame) }
        rows.removeFirst(count)
    }

    /// To the frame's first line. Lines are not wrapped, so that each takes one, however wide the terminal is.
    private func begin(_ frame: inout OctetBuffer) {
        frame.append("\u{1B}[?7l\r")
        if drawnLines > 0 { frame.append("\u{1B}[\(drawnLines)A") }
    }

    /// Erases what is left of the frame before, and leaves the terminal as it was.
    private func end(_ frame: inout OctetBuffer) { frame.append("\u{1B}[J\u{1B}[?7h") }

    private func append(_ line: String, _ frame: inout OctetBuffer) { frame.append(line + "\u{1B}[K\n") }

    /// What was on the line is erased before the row's end.
    private func append(_ row: [UInt8], _ frame: inout OctetBuffer) {
        frame.append(contentsOf: row.span.extracting(0..<(row.count - 1)))
        frame.append("\u{1B}[K\n")
    }
}
