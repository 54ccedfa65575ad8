import Flows
import Headers
import Octets

/// Rows of one task as a table for people.
public struct TableFormat: Sendable {
    public var task: FlowTask
    /// What the shares are shares of.
    public var totalBytes: UInt64
    /// Whole numbers instead of `1.23 MB`.
    public var isExact: Bool
    /// Columns of the terminal; `nil` for no limit.
    public var width: Int?
    public var style: Style
    /// Columns before the key and behind the counters, each with a cell per row.
    public var leading: [(column: TextTable.Column, cells: [String])] = []
    public var trailing: [(column: TextTable.Column, cells: [String])] = []

    public init(
        task: FlowTask, totalBytes: UInt64, isExact: Bool = false, width: Int? = nil, style: Style = .plain
    ) {
        self.task = task
        self.totalBytes = totalBytes
        self.isExact = isExact
        self.width = width
        self.style = style
    }

    /// The table of `rows`; the first has rank `firstRank`. The row of evicted flows, if any, stands last without one.
    public func text(
        _ rows: [FlowRecord], firstRank: Int = 1, other: FlowRecord? = nil, evictedFlows: UInt64 = 0
    ) -> String {
        let table = table(rows, firstRank, other, evictedFlows, splits: task.bidirectional)
        guard let width, task.bidirectional, table.narrowestWhole() > width else {
            return table.text(width: width, style: style)
        }
        // Rather both directions in one number than half an address.
        return self.table(rows, firstRank, other, evictedFlows, splits: false).text(width: width, style: style)
    }

    /// - Parameter splits: each direction has columns of its own.
    private func table(
        _ rows: [FlowRecord], _ firstRank: Int, _ other: FlowRecord?, _ evictedFlows: UInt64, splits: Bool
    ) -> TextTable {
        var table = TextTable(columns(splits))
        for (index, row) in rows.enumerated() {
            table.rows.append(
                ["\(firstRank + index)"] + leading.map { $0.cells[index] } + keyCells(row.key)
                    + counterCells(row, splits) + trailing.map { $0.cells[index] })
        }
        if let other {
            var key = [String](repeating: "", count: keyColumns.count)
            let label = "other (\(HumanUnits.grouped(evictedFlows)) evicted)"
            if key.isEmpty {
                table.rows.append([label] + counterCells(other, splits) + trailing.map { _ in "" })
            } else {
                key[0] = label
                table.rows.append([""] + key + counterCells(other, splits) + trailing.map { _ in "" })
            }
        }
        return table
    }

    private func columns(_ splits: Bool) -> [TextTable.Column] {
        let packets = splits ? ["Pkts →", "Pkts ←"] : ["Packets"]
        let bytes = splits ? ["Bytes →", "Bytes ←"] : ["Bytes"]
        return [TextTable.Column("#", isDim: true)] + leading.map(\.column) + keyColumns
            + packets.map { TextTable.Column($0, rank: -1) } + bytes.map { TextTable.Column($0) }
            + (task.memoryLimit == nil ? [] : [TextTable.Column("Lacks ≤", rank: 1)])
            + [
                TextTable.Column("Share", rank: 2), TextTable.Column("Duration", rank: 3),
                TextTable.Column("Rate", rank: 4), TextTable.Column("First seen (UTC)", .left, rank: 5, isDim: true),
            ] + trailing.map(\.column)
    }

    var keyColumns: [TextTable.Column] {
        let fields = task.fields
        var columns: [TextTable.Column] = []
        if fields.source != nil { columns.append(TextTable.Column("Source", .left, canBeCut: true)) }
        if fields.source == nil, fields.sourcePort { columns.append(TextTable.Column("Source port", .left)) }
        if fields.destination != nil { columns.append(TextTable.Column("Destination", .left, canBeCut: true)) }
        if fields.destination == nil, fields.destinationPort { columns.append(TextTable.Column("Dest. port", .left)) }
        if fields.protocol {
            // Rather no protocol than less of the ends.
            let hasEnds = fields.source != nil || fields.destination != nil
            columns.append(TextTable.Column("Protocol", .left, rank: hasEnds ? -2 : 0))
        }
        if fields.sourcePort || fields.destinationPort { columns.append(TextTable.Column("Service", .left, rank: 1)) }
        if fields.vlan { columns.append(TextTable.Column("VLAN")) }
        return columns
    }

    func keyCells(_ key: FlowKey) -> [String] {
        let fields = task.fields
        var cells: [String] = []
        if let prefix = fields.source {
            cells.append(Self.endpoint(key.source, prefix, port: fields.sourcePort ? key.sourcePort : nil))
        } else if fields.sourcePort {
            cells.append("\(key.sourcePort)")
        }
        if let prefix = fields.destination {
            cells.append(
                Self.endpoint(key.destination, prefix, port: fields.destinationPort ? key.destinationPort : nil))
        } else if fields.destinationPort {
            cells.append("\(key.destinationPort)")
        }
        if fields.protocol { cells.append(ServiceNames.name(protocol: key.protocol)) }
        if fields.sourcePort || fields.destinationPort { cells.append(service(key)) }
        if fields.vlan { cells.append(key.vlan == 0 ? "-" : "\(key.vlan)") }
        return cells
    }

    /// `10.0.0.1:443`, `[2001:db8::1]:443`, `10.0.0.0/24`. A port of 0 is none: ICMP, later fragments.
    static func endpoint(_ address: IPAddress, _ prefix: AddressPrefix, port: UInt16?) -> String {
        let isWhole = address.family == .v4 ? prefix.v4 == 32 : prefix.v6 == 128
        var text = address.family == .none ? "-" : address.description
        if !isWhole { text += "/\(address.family == .v4 ? prefix.v4 : prefix.v6)" }
        guard let port, port != 0 else { return text }
        return address.family == .v6 || !isWhole ? "[\(text)]:\(port)" : "\(text):\(port)"
    }

    /// The destination's well-known name, else the source's.
    private func service(_ key: FlowKey) -> String {
        let number: UInt8? = task.fields.protocol ? key.protocol : nil
        let ports =
            (task.fields.destinationPort ? [key.destinationPort] : [])
            + (task.fields.sourcePort ? [key.sourcePort] : [])
        return ports.lazy.compactMap { ServiceNames.name($0, protocol: number) }.first ?? ""
    }

    private func counterCells(_ row: FlowRecord, _ splits: Bool) -> [String] {
        let duration = row.lastSeen > row.firstSeen ? UInt64(bitPattern: row.lastSeen &- row.firstSeen) : 0
        let total = row.bytes &+ row.reverseBytes
        // Two packets within a millisecond say nothing about a rate.
        let rate = duration < 1_000_000 ? "-" : HumanUnits.bitsPerSecond(8 * Double(total) / (Double(duration) / 1e9))
        let packets = splits ? [row.packets, row.reversePackets] : [row.packets &+ row.reversePackets]
        let bytes = splits ? [row.bytes, row.reverseBytes] : [total]
        let octets = { isExact ? HumanUnits.grouped($0) : HumanUnits.bytes($0) }
        let lacks = row.isExact ? "exact" : octets(row.bytesBound)
        return packets.map(HumanUnits.grouped) + bytes.map(octets) + (task.memoryLimit == nil ? [] : [lacks])
            + [
                HumanUnits.percent(total, of: totalBytes) + " %", HumanUnits.duration(duration), rate,
                CivilTime(nanoseconds: row.firstSeen).text,
            ]
    }
}
