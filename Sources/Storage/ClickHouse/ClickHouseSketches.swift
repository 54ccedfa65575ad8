import Flows

/// Rows of the table `sketch_rows`: those of a snapshot's sketches.
struct ClickHouseSketches {
    private(set) var octets: [UInt8]

    /// All but the snapshot.
    static let columns = """
        day, task, position, sketch, src_ip, dst_ip, src_port, dst_port, protocol, vlan, packets, packets_bound, \
        bytes, bytes_bound, spread, spread_bound, confidence, keys_dropped
        """

    /// - Parameter snapshot: its id.
    init(_ results: [SketchResult], time: Int64, snapshot: UInt64) {
        var writer = RowBinaryWriter()
        for row in results.flatMap(SketchTableRow.rows) {
            writer.append(ClickHouseRows.day(time))
            writer.append(snapshot)
            writer.append(text: row.task)
            writer.append(UInt32(clamping: row.position))
            writer.append(text: row.sketch)
            writer.append(nullable: row.source)
            writer.append(nullable: row.destination)
            for number in [row.sourcePort, row.destinationPort, row.protocol, row.vlan] {
                writer.append(nullable: number)
            }
            for estimate in [row.packets, row.bytes, row.spread] {
                writer.append(nullable: estimate?.value)
                writer.append(nullable: estimate?.bound)
            }
            writer.append(row.confidence.bitPattern)
            writer.append(row.keysDropped)
        }
        octets = writer.octets
    }

    /// As they lay in a spool.
    init(octets: [UInt8]) { self.octets = octets }
}
