import Flows
import Octets

/// Whose a row's flow is, in every form that rows have.
public enum ProcessText {
    // MARK: - CSV

    /// The columns behind all others.
    static let columns = [
        "process", "pid", "comm", "uid", "cgroup", "peer_pid", "peer_comm", "peer_uid", "peer_cgroup",
    ]
    /// Of rows that are no flows.
    static let emptyCells = String(repeating: ",", count: columns.count)

    /// Each with a comma before it.
    static func cells(_ row: RowProcess) -> String {
        "," + row.local.name + cells(row.local.process) + cells(row.peer)
    }

    private static func cells(_ process: FlowProcess?) -> String {
        guard let process else { return ",,,," }
        let (comm, cgroup) = (CSVRowFormat.quoted(process.comm), CSVRowFormat.quoted(process.cgroup))
        return ",\(process.pid),\(comm),\(process.uid),\(cgroup)"
    }

    // MARK: - JSON

    /// Members of an object, with a comma before.
    public static func members(_ row: RowProcess) -> String {
        var json = JSONText()
        json.object { json in
            json.name("process")
            if let process = row.local.process {
                add(process, to: &json)
            } else {
                json.null()
                json.member("process_unknown", row.local.name)
            }
            if let peer = row.peer {
                json.name("peer_process")
                add(peer, to: &json)
            }
        }
        return "," + json.text.dropFirst().dropLast()
    }

    private static func add(_ process: FlowProcess, to json: inout JSONText) {
        json.object { json in
            json.member("pid", process.pid)
            json.member("comm", process.comm)
            json.member("uid", process.uid)
            if !process.cgroup.isEmpty { json.member("cgroup", process.cgroup) }
        }
    }

    // MARK: - Tables

    /// A column behind all others.
    static func column(_ rows: [RowProcess]) -> (column: TextTable.Column, cells: [String]) {
        let cells = rows.map { row in
            guard let process = row.local.process else { return row.local.name }
            return text(process) + (row.peer.map { " → " + text($0) } ?? "")
        }
        return (TextTable.Column("Process", .left, canBeCut: true), cells)
    }

    private static func text(_ process: FlowProcess) -> String {
        TextTable.printable("\(process.pid) \(process.comm)")
    }
}

/// Rows of another format, each with something more at its end: its process, or columns that stay empty.
struct ExtendedRowFormat<Base: RowFormat>: RowFormat {
    let base: Base
    /// What every row of the other format ends with, and what is put before that.
    let end: String
    /// Of the flows with these numbers.
    let additions: @Sendable (Range<Int>) -> [String]
    let otherAddition: String

    /// The same for every row.
    init(_ base: Base, end: String, addition: String) {
        self.base = base
        self.end = end
        additions = { Array(repeating: addition, count: $0.count) }
        otherAddition = addition
    }

    /// - Parameters:
    ///   - addition: of a flow with this process.
    ///   - otherAddition: of all flows that are no rows of their own.
    init(
        _ base: Base, _ rows: any AttributedRows, end: String, addition: @escaping @Sendable (RowProcess) -> String,
        otherAddition: String
    ) {
        self.base = base
        self.end = end
        self.otherAddition = otherAddition
        let processes = rows.processes
        additions = { range in
            var pairs: [ProcessPair] = []
            rows.readProcesses(range, into: &pairs)
            return pairs.map { addition(processes.process($0)) }
        }
    }

    /// Room for two processes, whose groups have names of at most some thousand octets.
    var rowOctetsMax: Int { base.rowOctetsMax + 8_192 }

    func append(_ rows: [FlowRecord], firstIndex: Int, to buffer: inout OctetBuffer) {
        let additions = additions(firstIndex..<firstIndex + rows.count)
        var row = OctetBuffer()
        for index in rows.indices {
            row.removeAll()
            base.append([rows[index]], firstIndex: firstIndex + index, to: &row)
            append(row, additions[index], to: &buffer)
        }
    }

    func append(other row: FlowRecord, evictedFlows: UInt64, index: Int, to buffer: inout OctetBuffer) {
        var octets = OctetBuffer()
        base.append(other: row, evictedFlows: evictedFlows, index: index, to: &octets)
        append(octets, otherAddition, to: &buffer)
    }

    private func append(_ row: borrowing OctetBuffer, _ addition: String, to buffer: inout OctetBuffer) {
        let octets = row.octets
        buffer.append(contentsOf: octets.extracting(0..<(octets.count - end.utf8.count)))
        buffer.append(addition + end)
    }
}
