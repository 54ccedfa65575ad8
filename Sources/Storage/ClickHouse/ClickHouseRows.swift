import Flows
import Headers

/// Rows as the table `flow_rows` takes them in RowBinary: 125 octets each, so that the token of an attempt can be put
/// into rows that are ready.
struct ClickHouseRows {
    static let columns = """
        day, time, token, family, src_high, src_low, dst_high, dst_low, src_port, dst_port, protocol, vlan, packets, \
        bytes, reverse_packets, reverse_bytes, first_seen, last_seen, tcp_flags, reverse_tcp_flags, exactness, \
        packets_bound, bytes_bound
        """
    static let rowOctets = 125
    /// Where the token is in a row.
    static let tokenOffset = 10

    private(set) var octets: [UInt8]
    let count: Int

    init(octets: [UInt8]) {
        self.octets = octets
        count = octets.count / Self.rowOctets
    }

    /// - Parameter time: the snapshot's.
    init(_ rows: any FlowRows, _ range: Range<Int>, time: Int64) {
        var buffer: [FlowRecord] = []
        var bounds: [RowBound] = []
        rows.read(range, into: &buffer)
        let bounded = rows as? any BoundedRows
        bounded?.readBounds(range, into: &bounds)
        let day = Self.day(time)
        let (all, allBounds) = (buffer, bounds)
        // SAFETY: each row writes its 125 octets at its own place within the capacity, and all rows do.
        octets = unsafe [UInt8](unsafeUninitializedCapacity: all.count * Self.rowOctets) { target, count in
            var pointer = UnsafeMutableRawPointer(target.baseAddress!)
            for index in all.indices {
                let bound = bounded == nil ? RowBound.none : allBounds[index]
                unsafe Self.write(all[index], bound, day, time, to: pointer)
                unsafe pointer += Self.rowOctets
            }
            count = all.count * Self.rowOctets
        }
        count = all.count
    }

    /// Days since 1970; ClickHouse's dates end in 2106 and begin in 1970.
    static func day(_ time: Int64) -> UInt16 { UInt16(clamping: time / 86_400_000_000_000) }

    @inline(__always)
    private static func write(
        _ row: FlowRecord, _ bound: RowBound, _ day: UInt16, _ time: Int64, to pointer: UnsafeMutableRawPointer
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
    }

    /// Puts an attempt's token into all rows.
    mutating func setToken(_ token: UInt64) {
        for start in stride(from: Self.tokenOffset, to: octets.count, by: Self.rowOctets) {
            for index in 0..<8 { octets[start + index] = UInt8(truncatingIfNeeded: token >> UInt64(8 * index)) }
        }
    }
}
