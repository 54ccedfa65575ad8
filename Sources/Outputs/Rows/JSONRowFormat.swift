import Flows
import Headers
import Octets

/// Rows as JSON objects (RFC 8259): one per line (NDJSON), or the elements of an array.
///
/// Numbers are printed as integers of up to 64 bits; readers that hold them in doubles round those above 2^53.
public struct JSONRowFormat: RowFormat {
    public enum Layout: Sendable {
        /// `{…}\n`
        case lines
        /// `,\n{…}`, but no comma and line end before the array's first row: row 0 of a task that is the first.
        case array(isFirstTask: Bool)
    }

    public let task: FlowTask
    public let layout: Layout
    public let rowOctetsMax: Int
    private let members: JSONMembers
    private let prefixes: PrefixText

    /// - Parameter snapshot: the snapshot's time, for runs that write several; `nil` leaves the member out.
    public init(task: FlowTask, snapshot: Int64? = nil, layout: Layout = .lines) {
        self.task = task
        self.layout = layout
        members = JSONMembers(task, snapshot: snapshot)
        prefixes = PrefixText(task.fields)
        // The names, two addresses with prefixes, and thirteen numbers of at most 20 digits.
        // With bounds two more, and a word.
        rowOctetsMax = members.start.count + 384 + 2 * 44 + 15 * 20
    }

    public func append(_ rows: [FlowRecord], firstIndex: Int, to buffer: inout OctetBuffer) {
        let (members, fields, prefixes) = (members, task.fields, prefixes)
        let (separator, end) = separators
        let (bidirectional, bare) = (task.bidirectional, firstIndex == 0 && beginsArray)
        let hasBounds = task.memoryLimit != nil
        buffer.write(atMost: rows.count * rowOctetsMax) { writer in
            let rows = rows.span
            for index in rows.indices {
                if !(bare && index == 0) { writer.append(separator) }
                writer.append(members.start)
                writer.append(jsonKey: rows[index].key, fields, members, prefixes)
                writer.append(jsonCounters: rows[index], members, isBidirectional: bidirectional)
                if hasBounds { writer.append(jsonBounds: rows[index]) }
                writer.append(0x7D)
                writer.append(end)
            }
        }
    }

    public func append(other row: FlowRecord, evictedFlows: UInt64, index: Int, to buffer: inout OctetBuffer) {
        let members = members
        let (separator, end) = separators
        let (bidirectional, bare) = (task.bidirectional, index == 0 && beginsArray)
        buffer.write(atMost: rowOctetsMax) { writer in
            if !bare { writer.append(separator) }
            writer.append(members.start)
            writer.append(text: ",\"other\":true")
            writer.append(jsonCounters: row, members, isBidirectional: bidirectional)
            writer.append(text: ",\"evicted_flows\":")
            writer.append(decimal: evictedFlows)
            writer.append(0x7D)
            writer.append(end)
        }
    }

    private var beginsArray: Bool {
        if case .array(isFirstTask: true) = layout { true } else { false }
    }

    private var separators: (OctetPiece, OctetPiece) {
        if case .lines = layout { (OctetPiece(""), OctetPiece("\n")) } else { (OctetPiece(",\n"), OctetPiece("")) }
    }
}

/// What is the same in every row: the names with their commas, quotes and colons.
struct JSONMembers: Sendable {
    /// The brace, the snapshot and the task.
    let start: OctetPiece
    let source = OctetPiece(",\"src_ip\":\"")
    let destination = OctetPiece(",\"dst_ip\":\"")
    let sourcePort = OctetPiece(",\"src_port\":")
    let destinationPort = OctetPiece(",\"dst_port\":")
    let `protocol` = OctetPiece(",\"protocol\":")
    let vlan = OctetPiece(",\"vlan\":")
    let packets = OctetPiece(",\"packets\":")
    let bytes = OctetPiece(",\"bytes\":")
    let reversePackets = OctetPiece(",\"reverse_packets\":")
    let reverseBytes = OctetPiece(",\"reverse_bytes\":")
    let firstSeen = OctetPiece(",\"first_seen\":")
    let lastSeen = OctetPiece(",\"last_seen\":")
    let flags = OctetPiece(",\"tcp_flags\":")
    let reverseFlags = OctetPiece(",\"reverse_tcp_flags\":")

    init(_ task: FlowTask, snapshot: Int64?) {
        let time = snapshot.map { "\"snapshot\":\($0)," } ?? ""
        start = OctetPiece("{\(time)\"task\":\(JSONText.quoted(task.name))")
    }
}

extension OctetWriter {
    /// What the row may lack.
    @_lifetime(self: copy self)
    fileprivate mutating func append(jsonBounds row: FlowRecord) {
        append(text: ",\"packets_bound\":")
        append(decimal: row.packetsBound)
        append(text: ",\"bytes_bound\":")
        append(decimal: row.bytesBound)
        append(text: row.isExact ? ",\"exact\":true" : ",\"exact\":false")
    }

    @inline(always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(
        jsonKey key: FlowKey, _ fields: KeyFields, _ members: JSONMembers, _ prefixes: PrefixText
    ) {
        if fields.source != nil {
            append(members.source)
            append(address: key.source, prefixes.source)
            append(0x22)
        }
        if fields.destination != nil {
            append(members.destination)
            append(address: key.destination, prefixes.destination)
            append(0x22)
        }
        if fields.sourcePort {
            append(members.sourcePort)
            append(decimal: UInt64(key.sourcePort))
        }
        if fields.destinationPort {
            append(members.destinationPort)
            append(decimal: UInt64(key.destinationPort))
        }
        if fields.protocol {
            append(members.protocol)
            append(decimal: UInt64(key.protocol))
        }
        if fields.vlan {
            append(members.vlan)
            append(decimal: UInt64(key.vlan))
        }
    }

    @inline(always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(jsonCounters row: FlowRecord, _ members: JSONMembers, isBidirectional: Bool) {
        append(members.packets)
        append(decimal: row.packets)
        append(members.bytes)
        append(decimal: row.bytes)
        if isBidirectional {
            append(members.reversePackets)
            append(decimal: row.reversePackets)
            append(members.reverseBytes)
            append(decimal: row.reverseBytes)
        }
        append(members.firstSeen)
        append(decimal: row.firstSeen)
        append(members.lastSeen)
        append(decimal: row.lastSeen)
        append(members.flags)
        append(decimal: UInt64(row.tcpFlags))
        if isBidirectional {
            append(members.reverseFlags)
            append(decimal: UInt64(row.reverseTCPFlags))
        }
    }
}
