import Octets
import Outputs

/// Answers as text for programs.
public enum AnswerFormat {
    /// One object per row and line.
    public static func ndjson(_ table: AnswerTable) -> String {
        table.rows.reduce(into: "") { $0 += object(table.columns, $1) + "\n" }
    }

    /// One object: `rows`, and `summary` where there is something to say.
    public static func json(_ table: AnswerTable, summary: JSONText? = nil) -> String {
        let rows = table.rows.map { object(table.columns, $0) }.joined(separator: ",\n")
        return "{\"rows\":[\n\(rows)\n]" + (summary.map { ",\n\"summary\":" + $0.text } ?? "") + "}\n"
    }

    /// A line of names, then one per row (RFC 4180, lines end in LF alone).
    public static func csv(_ table: AnswerTable) -> String {
        func line(_ cells: [String]) -> String { cells.map(quoted).joined(separator: ",") + "\n" }
        return table.rows.reduce(into: line(table.columns)) { $0 += line($1.map(text)) }
    }

    /// Aligned columns, as the values are.
    public static func table(_ table: AnswerTable, width: Int?, style: Style) -> String {
        var text = TextTable(
            table.columns.enumerated().map { index, name in
                TextTable.Column(name, table.rows.first?[index].isNumber == true ? .right : .left, canBeCut: true)
            })
        text.rows = table.rows.map { $0.map(self.text) }
        return text.text(width: width, style: style)
    }

    private static func object(_ names: [String], _ values: [AnswerTable.Value]) -> String {
        "{" + zip(names, values).map { JSONText.quoted($0) + ":" + json($1) }.joined(separator: ",") + "}"
    }

    private static func json(_ value: AnswerTable.Value) -> String {
        switch value {
        case .null: "null"
        case .text, .octets: JSONText.quoted(text(value))
        case .real(let number): number.isFinite ? "\(number)" : "null"
        default: text(value)
        }
    }

    private static func text(_ value: AnswerTable.Value) -> String {
        switch value {
        case .null: ""
        case .integer(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .real(let number): "\(number)"
        case .text(let text): text
        case .octets(let octets): octets.reduce(into: "") { $0 += hexadecimal($1) }
        case .truth(let value): value ? "true" : "false"
        }
    }

    private static func hexadecimal(_ octet: UInt8) -> String {
        let digits = String(octet, radix: 16)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension AnswerTable.Value {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .unsigned, .real: true
        default: false
        }
    }
}

extension FlowAnswer {
    /// What holds for all rows together, for JSON.
    public var summary: JSONText {
        var json = JSONText()
        json.object { json in
            if let from { json.member("from", from) }
            if let to { json.member("to", to) }
            json.member("snapshots", snapshotCount)
            json.member("task", task.name)
            json.name("key_fields")
            json.array(task.fields.description.split(separator: ",")) { $0.string(String($1)) }
            if let elements { json.member("elements", elements.description) }
            json.member("bidirectional", task.bidirectional)
            json.member("rows", rowCount)
            json.member("packets", totalPackets)
            json.member("bytes", totalBytes)
            json.member("other_packets", otherPackets)
            json.member("other_bytes", otherBytes)
        }
        return json
    }

    /// A table for people, with a line above that says what it is of.
    ///
    /// - Parameter title: of what was asked.
    public func text(title: String, isExact: Bool, width: Int?, style: Style) -> String {
        var format = TableFormat(task: task, totalBytes: totalBytes, isExact: isExact, width: width, style: style)
        if isTimed {
            format.leading = [
                (
                    TextTable.Column("Until (UTC)", .left),
                    rows.map { CivilTime(nanoseconds: $0.time ?? 0).text }
                )
            ]
        }
        if !processes.isEmpty {
            let cells = rows.map { TextTable.printable(processText($0)) }
            format.leading.append((TextTable.Column("Process", .left, canBeCut: true), cells))
        }
        if let elements {
            format.leading.append(
                (TextTable.Column("Different \(elements)"), rows.map { HumanUnits.grouped($0.elements ?? 0) }))
        }
        format.trailing = [(TextTable.Column("Exactness", .left), rows.map { Self.exactness($0, isExact) })]
        let shown = rows.count == Int(clamping: rowCount) ? "" : "\(HumanUnits.grouped(UInt64(rows.count))) of "
        let all = rowCount == 1 ? "1 row" : "\(HumanUnits.grouped(rowCount)) rows"
        let bytes = isExact ? HumanUnits.grouped(totalBytes) + " B" : HumanUnits.bytes(totalBytes)
        var text =
            style.title(TextTable.printable(title)) + "  "
            + style.dim("\(shown)\(all), \(HumanUnits.grouped(totalPackets)) packets, \(bytes)\(span)") + "\n"
        text += format.text(rows.map(\.record))
        if otherPackets > 0 {
            text += "  \(HumanUnits.grouped(otherPackets)) packets of evicted flows are in no row.\n"
        }
        return text
    }

    private var span: String {
        guard let from, let to else { return ", no snapshot" }
        let first = CivilTime(nanoseconds: from).text
        if snapshotCount == 1 { return ", snapshot of \(first) UTC" }
        return ", \(snapshotCount) snapshots from \(first) to \(CivilTime(nanoseconds: to).text) UTC"
    }

    private static func exactness(_ row: Row, _ isExact: Bool) -> String {
        let bytes = isExact ? HumanUnits.grouped(row.bound.bytes) + " B" : HumanUnits.bytes(row.bound.bytes)
        return switch row.bound.exactness {
        case .exact: "exact"
        case .atLeast: "up to \(bytes) more"
        case .atMost: "up to \(bytes) less"
        case .estimate: "± \(bytes)"
        }
    }
}
