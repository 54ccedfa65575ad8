import Flows
import KernelIO
import Octets
import Synchronization

/// Writes rows to a descriptor as they come: CSV, JSON or a table. Nothing is kept but a piece of some thousand rows
/// per thread.
public final class RowStreamWriter: Writer {
    public enum Format: Sendable {
        case csv
        /// One object per line; the report is the last line.
        case ndjson
        /// One object: `rows`, and `summary` if there is a report.
        case json
        /// For people; the ledger stands below.
        case table(isExact: Bool, width: Int?, style: Style)
    }

    /// Rows that are formatted before they are written.
    static let pieceRows = 4096
    /// Columns of a table are aligned within this many rows.
    static let tableRowsMax = 10_000

    private struct State: Sendable {
        var buffer = OctetBuffer()
        /// The columns of the first snapshot, once its header is written.
        var columns: RowColumns?
        /// Whether the JSON array was opened, and whether it has a row.
        var isOpen = false
        var hasRows = false
    }

    private let output: Output
    private let threads: Int
    private let format: Format
    private let namesSnapshots: Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - descriptor: stays the caller's and may be non-blocking.
    ///   - name: what errors call it.
    ///   - namesSnapshots: rows have a `snapshot` member or column, and tables a title that names it, for runs that
    ///     write several.
    ///   - threads: how many share the formatting; what is written does not depend on it.
    public init(
        descriptor: Int32, name: String = "standard output", format: Format, namesSnapshots: Bool = false,
        threads: Int = 1
    ) {
        output = Output(DescriptorWriter(descriptor: descriptor, name: name))
        self.format = format
        self.namesSnapshots = namesSnapshots
        self.threads = threads
    }

    public func write(_ snapshot: Snapshot) throws(SystemFailure) {
        try state.withLock { (state) throws(SystemFailure) in
            for result in snapshot.results { try write(result, snapshot, &state) }
            for result in snapshot.sketches { append(result, snapshot, &state) }
            try flush(&state)
        }
    }

    public func finish(_ report: AnalysisReport?) throws(SystemFailure) {
        try finish(summary: report.map(ReportJSON.summary), ledger: report?.ledger)
    }

    /// As for a run, where all that is known are the snapshots themselves.
    public func finish(_ summary: StoredSummary) throws(SystemFailure) {
        try finish(summary: summary.json, ledger: nil)
    }

    /// - Parameter summary: one JSON object on one line.
    private func finish(summary: String?, ledger: LedgerReport?) throws(SystemFailure) {
        try state.withLock { (state) throws(SystemFailure) in
            switch format {
            case .csv: break
            case .ndjson:
                if let summary { state.buffer.append(summary + "\n") }
            case .json:
                open(&state)
                state.buffer.append(state.hasRows ? "\n]" : "]")
                if let summary { state.buffer.append(",\n\"summary\":" + summary) }
                state.buffer.append("}\n")
            case .table(let isExact, let width, let style):
                guard let ledger else { break }
                let text = ReportText(isExact: isExact, width: width, style: style)
                state.buffer.append("\n" + text.ledger(ledger))
            }
            try flush(&state)
        }
    }

    /// Puts a JSON object between the rows, with the next snapshot or the report.
    /// - Returns: whether the format has a place for it.
    public func write(line object: String) -> Bool {
        guard case .ndjson = format else { return false }
        state.withLock { $0.buffer.append(object + "\n") }
        return true
    }

    private func write(_ result: TaskResult, _ snapshot: Snapshot, _ state: inout State) throws(SystemFailure) {
        let time = namesSnapshots ? snapshot.time : nil
        switch format {
        case .csv:
            let columns = columns(of: snapshot, &state)
            let format = CSVRowFormat(task: result.task, columns: columns, snapshot: snapshot.time)
            guard columns.processes else { return try write(result, format, &state) }
            let empty = ProcessText.emptyCells
            guard let rows = result.rows as? any AttributedRows else {
                return try write(result, ExtendedRowFormat(format, end: "\n", addition: empty), &state)
            }
            let attributed = ExtendedRowFormat(
                format, rows, end: "\n", addition: { ProcessText.cells($0) }, otherAddition: empty)
            try write(result, attributed, &state)
        case .ndjson: try writeJSON(result, JSONRowFormat(task: result.task, snapshot: time), end: "}\n", &state)
        case .json:
            open(&state)
            let layout = JSONRowFormat.Layout.array(isFirstTask: !state.hasRows)
            try writeJSON(result, JSONRowFormat(task: result.task, snapshot: time, layout: layout), end: "}", &state)
            if result.rows.count > 0 || result.other != nil { state.hasRows = true }
        case .table(let isExact, let width, let style):
            let table = TableFormat(
                task: result.task, totalBytes: result.totalBytes, isExact: isExact, width: width, style: style)
            try write(result, table, of: time, &state)
        }
    }

    private func writeJSON(
        _ result: TaskResult, _ format: JSONRowFormat, end: String, _ state: inout State
    ) throws(SystemFailure) {
        guard let rows = result.rows as? any AttributedRows else { return try write(result, format, &state) }
        let attributed = ExtendedRowFormat(
            format, rows, end: end, addition: { ProcessText.members($0) }, otherAddition: "")
        try write(result, attributed, &state)
    }

    /// The columns of every row, from the first snapshot's tasks on, whose header stands above all.
    private func columns(of snapshot: Snapshot, _ state: inout State) -> RowColumns {
        if let columns = state.columns { return columns }
        var columns = RowColumns(
            snapshot.results.map(\.task), sketches: snapshot.sketches.map(\.task), snapshot: namesSnapshots)
        columns.processes = snapshot.results.contains { $0.rows is any AttributedRows }
        CSVRowFormat.appendHeader(columns, to: &state.buffer)
        state.columns = columns
        return columns
    }

    private func append(_ result: SketchResult, _ snapshot: Snapshot, _ state: inout State) {
        let text = SketchText(result, snapshot: namesSnapshots ? snapshot.time : nil)
        switch format {
        case .csv:
            let columns = columns(of: snapshot, &state)
            for row in result.rows {
                let line = text.csv(row, columns, time: snapshot.time)
                state.buffer.append(columns.processes ? line.dropLast() + ProcessText.emptyCells + "\n" : line)
            }
        case .ndjson:
            for row in result.rows { state.buffer.append(text.json(row) + "\n") }
        case .json:
            open(&state)
            for row in result.rows {
                state.buffer.append((state.hasRows ? ",\n" : "") + text.json(row))
                state.hasRows = true
            }
        case .table(let isExact, let width, let style):
            state.buffer.append(
                (state.hasRows ? "\n" : "") + text.table(isExact: isExact, width: width, style: style))
            state.hasRows = true
        }
    }

    private func open(_ state: inout State) {
        if !state.isOpen { state.buffer.append("{\"rows\":[\n") }
        state.isOpen = true
    }

    private func write(_ result: TaskResult, _ format: some RowFormat, _ state: inout State) throws(SystemFailure) {
        try flush(&state)
        let (rows, output, outcome, turns) = (result.rows, output, FirstFailure(), Turns())
        let (pieceRows, spare) = (Self.pieceRows, Monitor([OctetBuffer]()))
        let count = rows.count
        // Each thread holds one piece, so that is how many there are at a time.
        concurrently((count + pieceRows - 1) / pieceRows, threads: threads) { index in
            var buffer = spare.withLock { $0.popLast() } ?? OctetBuffer()
            if outcome.isClear {
                format.append(rows, index * pieceRows..<min((index + 1) * pieceRows, count), to: &buffer)
            }
            turns.take(index) {
                outcome.attempt { () throws(SystemFailure) in try output.file.write(buffer.octets) }
            }
            buffer.removeAll()
            spare.withLock { $0.append(buffer) }
        }
        try outcome.check()
        if let other = result.other {
            format.append(other: other, evictedFlows: result.evictedFlows, index: count, to: &state.buffer)
        }
    }

    /// - Parameter time: of the snapshot, where the table is to name it.
    private func write(
        _ result: TaskResult, _ table: TableFormat, of time: Int64?, _ state: inout State
    ) throws(SystemFailure) {
        var table = table
        let count = result.rows.count
        let name = TextTable.printable(result.task.name)
        let all = HumanUnits.grouped(UInt64(result.flowCount))
        let flows =
            count < result.flowCount
            ? "\(HumanUnits.grouped(UInt64(count))) of \(all) rows" : count == 1 ? "1 row" : "\(all) rows"
        let snapshot = time.map { ", snapshot of \(CivilTime(nanoseconds: $0).text) UTC" } ?? ""
        state.buffer.append(
            (state.hasRows ? "\n" : "") + table.style.title(name) + "  " + table.style.dim(flows + snapshot) + "\n")
        state.hasRows = true
        var rows: [FlowRecord] = []
        var start = 0
        repeat {
            let end = min(start + Self.tableRowsMax, count)
            result.rows.read(start..<end, into: &rows)
            if let attributed = result.rows as? any AttributedRows {
                table.trailing = [ProcessText.column(attributed.readAllProcesses(start..<end))]
            }
            let other = end == count ? result.other : nil
            state.buffer.append(
                table.text(rows, firstRank: start + 1, other: other, evictedFlows: result.evictedFlows))
            try flush(&state)
            start = end
        } while start < count
    }

    private func flush(_ state: inout State) throws(SystemFailure) {
        // Forgotten even if it could not be written: writing the same octets again would double what got out.
        defer { state.buffer.removeAll() }
        try output.file.write(state.buffer.octets)
    }
}

/// The descriptor, where several threads can hold on to it.
private final class Output: Sendable {
    let file: DescriptorWriter

    init(_ file: consuming DescriptorWriter) { self.file = file }
}
