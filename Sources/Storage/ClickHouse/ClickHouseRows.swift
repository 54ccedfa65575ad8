import Flows
import Headers

/// Rows as the table `flow_rows` takes them in RowBinary: 125 octets each, and eight more where they say whose they
/// are, so that the token of an attempt can be put into rows that are ready.
struct ClickHouseRows {
    private static let plainColumns = """
        day, time, token, family, src_high, src_low, dst_high, dst_low, src_port, dst_port, protocol, vlan, packets, \
        bytes, reverse_packets, reverse_bytes, first_seen, last_seen, tcp_flags, reverse_tcp_flags, exactness, \
        packets_bound, bytes_bound
        """
    /// - Parameter isAttributed: rows say whose they are.
    static func columns(isAttributed: Bool) -> String {
        isAttributed ? plainColumns + ", process, peer_process" : plainColumns
    }
    static func rowOctets(isAttributed: Bool) -> Int { isAttributed ? 133 : 125 }
    /// Where the token is in a row.
    static let tokenOffset = 10

    private(set) var octets: [UInt8]
    /// Those that the rows name; `nil` where rows do not say whose they are.
    let processes: ProcessNumbers?
    private let rowOctets: Int

    init(octets: [UInt8], processes: ProcessNumbers?) {
        self.octets = octets
        self.processes = processes
        rowOctets = Self.rowOctets(isAttributed: processes != nil)
    }

    /// - Parameter time: the snapshot's.
    init(_ rows: any FlowRows, _ range: Range<Int>, time: Int64) {
        var buffer: [FlowRecord] = []
        var bounds: [RowBound] = []
        rows.read(range, into: &buffer)
        let bounded = rows as? any BoundedRows
        bounded?.readBounds(range, into: &bounds)
        var pairs: [ProcessPair] = []
        let attributed = rows as? any AttributedRows
        attributed?.readProcesses(range, into: &pairs)
        processes = attributed?.processes
        let octetsOfRow = Self.rowOctets(isAttributed: attributed != nil)
        rowOctets = octetsOfRow
        let day = Self.day(time)
        let (all, allBounds, allPairs) = (buffer, bounds, pairs)
        // SAFETY: each row writes its `octetsOfRow` octets at its own place within the capacity, and all rows do.
        octets = unsafe [UInt8](unsafeUninitializedCapacity: all.count * octetsOfRow) { target, count in
            var pointer = UnsafeMutableRawPointer(target.baseAddress!)
            for index in all.indices {
                let bound = bounded == nil ? RowBound.none : allBounds[index]
                let process = attributed == nil ? nil : allPairs[index]
                unsafe Self.write(all[index], bound, process, day, time, to: pointer)
                unsafe pointer += octetsOfRow
            }
            count = all.count * octetsOfRow
        }
    }

    /// Days since 1970; ClickHouse's dates end in 2106 and begin in 1970.
    static func day(_ time: Int64) -> UInt16 { UInt16(clamping: time / 86_400_000_000_000) }

    @inline(__always)
    private static func write(
        _ row: FlowRecord, _ bound: RowBound, _ process: ProcessPair?, _ day: UInt16, _ time: Int64,
        to pointer: UnsafeMutableRawPointer
    ) {
        // SAFETY: the numbers below are as many octets as a row has, and the caller has that room.
        var offset = 0
        func put<Number: FixedWidthInteger>(_ value: Number) {
            unsafe pointer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Number.self)
            offset += Number.bitWidth / 8
        }
        let key = row.key
        put(day)
        put(time)
        put(UInt64(0))
        put(UInt8(truncatingIfNeeded: key.meta))
        put(key.sourceHigh)
        put(key.sourceLow)
        put(key.destinationHigh)
        put(key.destinationLow)
        put(key.sourcePort)
        put(key.destinationPort)
        put(key.protocol)
        put(key.vlan)
        put(row.packets)
        put(row.bytes)
        put(row.reversePackets)
        put(row.reverseBytes)
        put(row.firstSeen)
        put(row.lastSeen)
        put(row.tcpFlags)
        put(row.reverseTCPFlags)
        put(bound.exactness.rawValue)
        put(bound.packets)
        put(bound.bytes)
        guard let process else { return }
        put(process.local)
        put(process.peer)
    }

    /// Puts an attempt's token into all rows.
    mutating func setToken(_ token: UInt64) {
        for start in stride(from: Self.tokenOffset, to: octets.count, by: rowOctets) {
            for index in 0..<8 { octets[start + index] = UInt8(truncatingIfNeeded: token >> UInt64(8 * index)) }
        }
    }
}
