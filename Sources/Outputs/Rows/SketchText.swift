import Flows
import Octets
import Sketches

/// Results of sketches in every format: few rows, so they are built as text.
struct SketchText {
    let result: SketchResult
    /// The snapshot's time, where rows name it.
    var snapshot: Int64?

    init(_ result: SketchResult, snapshot: Int64? = nil) {
        self.result = result
        self.snapshot = snapshot
    }

    // One object.
    func json(_ row: SketchRow) -> String {
        var json = JSONText()
        let fields = result.task.fields
        json.object { json in
            if let snapshot { json.member("snapshot", snapshot) }
            json.member("task", result.task.name)
            json.member("sketch", result.task.kind.name)
            if fields.source != nil { json.member("src_ip", address(row.key, isSource: true)) }
            if fields.destination != nil { json.member("dst_ip", address(row.key, isSource: false)) }
            if fields.sourcePort { json.member("src_port", row.key.sourcePort) }
            if fields.destinationPort { json.member("dst_port", row.key.destinationPort) }
            if fields.protocol { json.member("protocol", row.key.protocol) }
            if fields.vlan { json.member("vlan", row.key.vlan) }
            append("packets", row.packets, to: &json)
            append("bytes", row.bytes, to: &json)
            append("spread", row.spread, to: &json)
            json.member("confidence", row.confidence)
            json.member("exact", row.isExact)
        }
        return json.text
    }

    private func append(_ name: String, _ estimate: Estimate?, to json: inout JSONText) {
        guard let estimate else { return }
        json.member(name, estimate.value)
        json.member("\(name)_bound", estimate.bound)
    }

    /// A line of CSV, with its end; fields that the row does not have are empty.
    func csv(_ row: SketchRow, _ columns: RowColumns, time: Int64) -> String {
        let fields = result.task.fields
        func text(_ value: UInt64?) -> String { value.map { "\($0)" } ?? "" }
        let cells: [(Bool, String)] = [
            (columns.snapshot, "\(time)"), (true, CSVRowFormat.quoted(result.task.name)),
            (columns.source, fields.source == nil ? "" : address(row.key, isSource: true)),
            (columns.destination, fields.destination == nil ? "" : address(row.key, isSource: false)),
            (columns.sourcePort, fields.sourcePort ? "\(row.key.sourcePort)" : ""),
            (columns.destinationPort, fields.destinationPort ? "\(row.key.destinationPort)" : ""),
            (columns.protocol, fields.protocol ? "\(row.key.protocol)" : ""),
            (columns.vlan, fields.vlan ? "\(row.key.vlan)" : ""), (true, text(row.packets?.value)),
            (true, text(row.bytes?.value)), (columns.reverse, ""), (columns.reverse, ""), (true, ""), (true, ""),
            (true, ""), (columns.reverse, ""), (true, ""), (true, ""),
            (columns.bounds, text(row.packets?.bound)), (columns.bounds, text(row.bytes?.bound)),
            (columns.bounds, HumanUnits.decimal(row.confidence, 3)), (columns.bounds, "\(row.isExact)"),
            (columns.spread, text(row.spread?.value)), (columns.spread, text(row.spread?.bound)),
        ]
        return cells.filter(\.0).map(\.1).joined(separator: ",") + "\n"
    }

    private func address(_ key: FlowKey, isSource: Bool) -> String {
        guard let prefix = isSource ? result.task.fields.source : result.task.fields.destination else { return "" }
        return TableFormat.endpoint(isSource ? key.source : key.destination, prefix, port: nil)
    }
}

// For people.
extension SketchText {
    /// A title and the rows.
    func table(isExact: Bool, width: Int?, style: Style) -> String {
        let rows = result.rows
        let count = HumanUnits.grouped(UInt64(result.rowCount))
        let shown =
            rows.count < result.rowCount
            ? "\(rows.count) of \(count) rows" : rows.count == 1 ? "1 row" : "\(count) rows"
        var notes = [shown, summary]
        if result.keysDropped > 0 {
            notes.append("\(HumanUnits.grouped(result.keysDropped)) keys dropped: raise a threshold")
        }
        if let snapshot { notes.append("snapshot of \(CivilTime(nanoseconds: snapshot).text) UTC") }
        let title =
            style.title(TextTable.printable(result.task.name)) + "  "
            + style.dim(notes.filter { !$0.isEmpty }.joined(separator: ", ")) + "\n"
        var table = TextTable(columns)
        let keys = TableFormat(task: result.task.flowTask, totalBytes: result.totalBytes)
        for (index, row) in rows.enumerated() {
            table.rows.append(["\(index + 1)"] + keys.keyCells(row.key) + cells(row, isExact))
        }
        return title + table.text(width: width, style: style)
    }

    private var summary: String {
        guard let distinct = result.distinct else { return "" }
        let what = result.task.fields == KeyFields() ? "different in all" : "pairs in all"
        return "\(HumanUnits.grouped(distinct.value)) ± \(HumanUnits.grouped(distinct.bound)) \(what)"
    }

    private var columns: [TextTable.Column] {
        var columns = [TextTable.Column("#", isDim: true)]
        columns += TableFormat(task: result.task.flowTask, totalBytes: 0).keyColumns
        let first = result.rows.first
        if first?.packets != nil { columns += [TextTable.Column("Packets"), TextTable.Column("off by ≤", rank: 2)] }
        if first?.bytes != nil { columns += [TextTable.Column("Bytes"), TextTable.Column("off by ≤", rank: 1)] }
        if first?.spread != nil { columns += [TextTable.Column("Different"), TextTable.Column("off by ≤")] }
        return columns + [TextTable.Column("Sure", rank: 3)]
    }

    private func cells(_ row: SketchRow, _ isExact: Bool) -> [String] {
        func bytes(_ value: UInt64) -> String { isExact ? HumanUnits.grouped(value) : HumanUnits.bytes(value) }
        var cells: [String] = []
        if let packets = row.packets {
            cells += [HumanUnits.grouped(packets.value), HumanUnits.grouped(packets.bound)]
        }
        if let octets = row.bytes { cells += [bytes(octets.value), bytes(octets.bound)] }
        if let spread = row.spread {
            cells += [HumanUnits.grouped(spread.value), HumanUnits.grouped(spread.bound)]
        }
        return cells + [row.isExact ? "exact" : HumanUnits.decimal(100 * row.confidence, 1) + " %"]
    }
}
