import Flows
import Octets
import Sockets

/// Which process each row's flow is of, for rows that tell both ends.
public struct RowOwners: Sendable {
    /// Whose some flows are, in their order.
    private let ask: @Sendable ([FlowRecord]) -> [FlowOwners]
    /// Where a control group is.
    private let path: @Sendable (UInt64) -> String?

    public init(
        ask: @escaping @Sendable ([FlowRecord]) -> [FlowOwners], path: @escaping @Sendable (UInt64) -> String?
    ) {
        self.ask = ask
        self.path = path
    }

    /// Whether a task's rows are flows: whose they are can be asked only then.
    public static func covers(_ task: FlowTask) -> Bool {
        let fields = task.fields
        return fields.source == .whole && fields.destination == .whole && fields.sourcePort && fields.destinationPort
            && fields.protocol
    }

    public func owners(of rows: [FlowRecord]) -> [FlowOwners] { ask(rows) }

    // MARK: - As text

    /// CSV's columns behind all others.
    static let columns = ["process", "pid", "comm", "cgroup", "peer_pid", "peer_comm", "peer_cgroup"]
    /// Of rows that are no flows.
    static let emptyCells = String(repeating: ",", count: columns.count)

    /// Each with a comma before it.
    func cells(_ owners: FlowOwners) -> String {
        "," + Self.name(owners.local) + cells(owners.local.owner) + cells(owners.peer.owner)
    }

    private func cells(_ owner: SocketOwner?) -> String {
        guard let owner else { return ",,," }
        return [",\(owner.pid)", CSVRowFormat.quoted(owner.name), CSVRowFormat.quoted(path(owner.cgroup) ?? "")]
            .joined(separator: ",")
    }

    /// Members of an object, with a comma before.
    func members(_ owners: FlowOwners) -> String {
        var json = JSONText()
        json.object { json in
            json.name("process")
            if let owner = owners.local.owner {
                add(owner, to: &json)
            } else {
                json.null()
                json.member("process_unknown", Self.name(owners.local))
            }
            if let peer = owners.peer.owner {
                json.name("peer_process")
                add(peer, to: &json)
            }
        }
        return "," + json.text.dropFirst().dropLast()
    }

    private func add(_ owner: SocketOwner, to json: inout JSONText) {
        json.object { json in
            json.member("pid", owner.pid)
            json.member("comm", owner.name)
            json.member("uid", owner.uid)
            if let path = path(owner.cgroup) { json.member("cgroup", path) }
        }
    }

    private static func name(_ answer: OwnerAnswer) -> String {
        switch answer {
        case .known: "known"
        case .ambiguous: "several"
        case .unknown: "unknown"
        }
    }

    /// A table's column behind all others.
    func column(_ rows: [FlowRecord]) -> (column: TextTable.Column, cells: [String]) {
        let cells = owners(of: rows).map { owners in
            guard let owner = owners.local.owner else { return Self.name(owners.local) }
            return owner.text + (owners.peer.owner.map { " → \($0.text)" } ?? "")
        }
        return (TextTable.Column("Process", .left, canBeCut: true), cells)
    }
}

/// Rows of another format, each with its process behind everything else.
struct OwnedRowFormat<Base: RowFormat>: RowFormat {
    let base: Base
    let owners: RowOwners
    /// What every row of the other format ends with, and what is put before that.
    let end: String
    let addition: @Sendable (FlowOwners) -> String
    let otherAddition: String

    /// Room for two processes, whose groups have names of at most some thousand octets.
    var rowOctetsMax: Int { base.rowOctetsMax + 8_192 }

    func append(_ rows: [FlowRecord], firstIndex: Int, to buffer: inout OctetBuffer) {
        var row = OctetBuffer()
        for (index, owners) in owners.owners(of: rows).enumerated() {
            row.removeAll()
            base.append([rows[index]], firstIndex: firstIndex + index, to: &row)
            append(row, addition(owners), to: &buffer)
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
