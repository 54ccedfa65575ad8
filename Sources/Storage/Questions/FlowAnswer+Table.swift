import Flows
import Headers

extension FlowAnswer {
    /// The answer's rows with the names that all formats of rows have, and their exactness.
    public var table: AnswerTable {
        let fields = task.fields
        var columns: [(String, (Row) -> AnswerTable.Value)] = []
        func column(_ name: String, _ isThere: Bool = true, _ value: @escaping (Row) -> AnswerTable.Value) {
            if isThere { columns.append((name, value)) }
        }
        column("time", isTimed) { .integer($0.time ?? 0) }
        column("src_ip", fields.source != nil) { .text(Self.text($0.record.key.source, fields.source)) }
        column("dst_ip", fields.destination != nil) { .text(Self.text($0.record.key.destination, fields.destination)) }
        column("src_port", fields.sourcePort) { .unsigned(UInt64($0.record.key.sourcePort)) }
        column("dst_port", fields.destinationPort) { .unsigned(UInt64($0.record.key.destinationPort)) }
        column("protocol", fields.protocol) { .unsigned(UInt64($0.record.key.protocol)) }
        column("vlan", fields.vlan) { .unsigned(UInt64($0.record.key.vlan)) }
        column("process", !processes.isEmpty) { .text($0.process.local.name) }
        func process(_ name: String, _ field: ProcessFields, _ value: @escaping (FlowProcess) -> AnswerTable.Value) {
            column(name, processes.contains(field)) { $0.process.local.process.map(value) ?? .null }
        }
        process("pid", .pid) { .unsigned(UInt64($0.pid)) }
        process("comm", .comm) { .text($0.comm) }
        process("uid", .uid) { .unsigned(UInt64($0.uid)) }
        process("cgroup", .cgroup) { .text($0.cgroup) }
        column("elements", elements != nil) { .unsigned($0.elements ?? 0) }
        column("packets") { .unsigned($0.record.packets) }
        column("bytes") { .unsigned($0.record.bytes) }
        column("reverse_packets", task.bidirectional) { .unsigned($0.record.reversePackets) }
        column("reverse_bytes", task.bidirectional) { .unsigned($0.record.reverseBytes) }
        column("first_seen") { .integer($0.record.firstSeen) }
        column("last_seen") { .integer($0.record.lastSeen) }
        column("tcp_flags") { .unsigned(UInt64($0.record.tcpFlags)) }
        column("reverse_tcp_flags", task.bidirectional) { .unsigned(UInt64($0.record.reverseTCPFlags)) }
        column("exactness") { .text($0.bound.exactness.name) }
        column("packets_bound") { .unsigned($0.bound.packets) }
        column("bytes_bound") { .unsigned($0.bound.bytes) }
        return AnswerTable(
            columns: columns.map(\.0), rows: rows.map { row in columns.map { $0.1(row) } })
    }

    private static func text(_ address: IPAddress, _ prefix: AddressPrefix?) -> String {
        guard let prefix else { return address.description }
        let (length, whole): (UInt8, UInt8) = address.family == .v6 ? (prefix.v6, 128) : (prefix.v4, 32)
        return length < whole ? "\(address)/\(length)" : address.description
    }

    /// For people: what was asked of a row's process, or that it is not known.
    func processText(_ row: Row) -> String {
        guard let process = row.process.local.process else { return row.process.local.name }
        var words: [String] = []
        if processes.contains(.pid) { words.append("\(process.pid)") }
        if processes.contains(.comm) { words.append(process.comm) }
        if processes.contains(.uid) { words.append("uid \(process.uid)") }
        if processes.contains(.cgroup) { words.append(process.cgroup.isEmpty ? "-" : process.cgroup) }
        return words.joined(separator: " ")
    }
}
