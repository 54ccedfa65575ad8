import Flows
import Headers
import Octets

/// Comma-separated values (RFC 4180), with one exception: lines end in LF alone, as every tool on Linux expects.
///
/// The columns are those of all tasks in the table; a field that a row's task does not have is empty.
public struct CSVRowFormat: RowFormat {
    public let task: FlowTask
    public let columns: RowColumns
    public let rowOctetsMax: Int
    /// The snapshot's time and the task's name, with the comma behind each.
    private let start: OctetPiece
    private let prefixes: PrefixText

    /// - Parameter snapshot: the snapshot's time, for `columns.snapshot`.
    public init(task: FlowTask, columns: RowColumns, snapshot: Int64 = 0) {
        self.task = task
        self.columns = columns
        start = OctetPiece((columns.snapshot ? "\(snapshot)," : "") + Self.quoted(task.name) + ",")
        prefixes = PrefixText(task.fields)
        // Two addresses with prefixes and fourteen numbers of at most 20 digits, each with its comma.
        // With bounds two more, and a few words.
        rowOctetsMax = start.count + 2 * 44 + 16 * 21 + 24
    }

    /// The header line.
    public static func appendHeader(_ columns: RowColumns, to buffer: inout OctetBuffer) {
        buffer.append(columns.names.joined(separator: ",") + "\n")
    }

    public func append(_ rows: [FlowRecord], firstIndex: Int, to buffer: inout OctetBuffer) {
        let (columns, fields, prefixes, start) = (columns, task.fields, prefixes, start)
        let isBidirectional = task.bidirectional
        buffer.write(atMost: rows.count * rowOctetsMax) { writer in
            let rows = rows.span
            for index in rows.indices {
                writer.append(start)
                writer.append(csvKey: rows[index].key, columns, fields, prefixes)
                writer.append(csvCounters: rows[index], columns, isBidirectional: isBidirectional)
                if columns.bounds {
                    writer.append(csvBounds: rows[index], columns)
                } else {
                    writer.append(word: 0x0A2C, count: 2)  // no `other`, no `evicted_flows`: ",\n"
                }
            }
        }
    }

    public func append(other row: FlowRecord, evictedFlows: UInt64, index: Int, to buffer: inout OctetBuffer) {
        let (columns, prefixes, start) = (columns, prefixes, start)
        let isBidirectional = task.bidirectional
        buffer.write(atMost: rowOctetsMax) { writer in
            writer.append(start)
            writer.append(csvKey: row.key, columns, KeyFields(), prefixes)
            writer.append(csvCounters: row, columns, isBidirectional: isBidirectional)
            writer.append(text: "true,")
            writer.append(decimal: evictedFlows)
            if columns.bounds { writer.append(text: ",0,0,1,true") }
            if columns.spread { writer.append(text: ",,") }
            writer.append(0x0A)
        }
    }

    /// A field as RFC 4180 § 2 wants it: in quotes where it holds a comma, a quote or a line's end, quotes doubled.
    static func quoted(_ field: String) -> String {
        let special: Set<UInt8> = [0x22, 0x2C, 0x0A, 0x0D]
        guard field.utf8.contains(where: special.contains) else { return field }
        var octets: [UInt8] = [0x22]
        for octet in field.utf8 {
            if octet == 0x22 { octets.append(octet) }
            octets.append(octet)
        }
        return String(decoding: octets + [0x22], as: UTF8.self)
    }
}

extension OctetWriter {
    /// Behind the counters: no `other`, no `evicted_flows`, and what the row may lack.
    @_lifetime(self: copy self)
    fileprivate mutating func append(csvBounds row: FlowRecord, _ columns: RowColumns) {
        append(text: ",,")
        append(decimal: row.packetsBound)
        append(0x2C)
        append(decimal: row.bytesBound)
        append(text: row.isExact ? ",1,true" : ",1,false")
        if columns.spread { append(text: ",,") }
        append(0x0A)
    }

    /// The key's columns, each with the comma behind it; empty where the task does not have them.
    @inline(always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(
        csvKey key: FlowKey, _ columns: RowColumns, _ fields: KeyFields, _ prefixes: PrefixText
    ) {
        if columns.source {
            if fields.source != nil { append(address: key.source, prefixes.source) }
            append(0x2C)
        }
        if columns.destination {
            if fields.destination != nil { append(address: key.destination, prefixes.destination) }
            append(0x2C)
        }
        if columns.sourcePort {
            if fields.sourcePort { append(decimal: UInt64(key.sourcePort)) }
            append(0x2C)
        }
        if columns.destinationPort {
            if fields.destinationPort { append(decimal: UInt64(key.destinationPort)) }
            append(0x2C)
        }
        if columns.protocol {
            if fields.protocol { append(decimal: UInt64(key.protocol)) }
            append(0x2C)
        }
        if columns.vlan {
            if fields.vlan { append(decimal: UInt64(key.vlan)) }
            append(0x2C)
        }
    }

    @inline(always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(csvCounters row: FlowRecord, _ columns: RowColumns, isBidirectional: Bool) {
        append(decimal: row.packets)
        append(0x2C)
        append(decimal: row.bytes)
        append(0x2C)
        if columns.reverse {
            if isBidirectional { append(decimal: row.reversePackets) }
            append(0x2C)
            if isBidirectional { append(decimal: row.reverseBytes) }
            append(0x2C)
        }
        append(decimal: row.firstSeen)
        append(0x2C)
        append(decimal: row.lastSeen)
        append(0x2C)
        append(decimal: UInt64(row.tcpFlags))
        append(0x2C)
        if columns.reverse {
            if isBidirectional { append(decimal: UInt64(row.reverseTCPFlags)) }
            append(0x2C)
        }
    }
}
