import Flows
import Headers
import Octets

/// Flow records as JSON Lines: docs/formats.md names the members.
public struct FlowRecordFormat: Sendable {
    public init() {}

    /// Octets of a record without its processes: two addresses, at most 30 numbers of 20 digits, and names.
    private static let recordOctetsMax = 1800

    /// - Parameter process: whose it is, where that was asked for.
    public func append(_ flow: MeteredFlow, process: RowProcess? = nil, to buffer: inout OctetBuffer) {
        buffer.write(atMost: Self.recordOctetsMax) { writer in
            writer.append(text: "{\"src_ip\":\"")
            writer.append(address: flow.key.source)
            writer.append(text: "\",\"dst_ip\":\"")
            writer.append(address: flow.key.destination)
            writer.append(0x22)
            writer.append("src_port", UInt64(flow.key.sourcePort))
            writer.append("dst_port", UInt64(flow.key.destinationPort))
            writer.append("protocol", UInt64(flow.key.protocol))
            writer.append("vlan", UInt64(flow.key.vlan))
            writer.append("first_seen", flow.firstSeen)
            writer.append("last_seen", flow.lastSeen)
            writer.append(text: ",\"end_reason\":\"")
            writer.append(text: flow.endReason.name)
            writer.append(0x22)
            let isTCP = flow.key.protocol == IPProtocol.tcp.rawValue
            writer.append(flow.forward, "", isTCP: isTCP)
            writer.append(flow.reverse, "reverse_", isTCP: isTCP)
            if let time = flow.responderRoundTrip { writer.append("responder_rtt", time) }
            if let time = flow.initiatorRoundTrip { writer.append("initiator_rtt", time) }
        }
        if let process { buffer.append(ProcessText.members(process)) }
        buffer.append("}\n")
    }
}

extension OctetWriter {
    @_lifetime(self: copy self)
    fileprivate mutating func append(_ name: String, prefix: String = "", _ value: UInt64) {
        append(name: name, prefix: prefix)
        append(decimal: value)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func append(_ name: String, prefix: String = "", _ value: Int64) {
        append(name: name, prefix: prefix)
        append(decimal: value)
    }

    @_lifetime(self: copy self)
    private mutating func append(name: String, prefix: String) {
        append(text: ",\"")
        append(text: prefix)
        append(text: name)
        append(text: "\":")
    }

    @_lifetime(self: copy self)
    fileprivate mutating func append(_ direction: FlowDirection, _ prefix: String, isTCP: Bool) {
        append("packets", prefix: prefix, direction.packets)
        append("bytes", prefix: prefix, direction.bytes)
        append("ip_bytes", prefix: prefix, direction.ipBytes)
        if direction.packets > 0 {
            append("first_packet", prefix: prefix, direction.firstSeen)
            append("last_packet", prefix: prefix, direction.lastSeen)
        }
        guard isTCP else { return }
        append("tcp_flags", prefix: prefix, UInt64(direction.tcpFlags.rawValue))
        append("retransmissions", prefix: prefix, UInt64(direction.retransmissions))
        append("retransmitted_bytes", prefix: prefix, direction.retransmittedBytes)
        append("out_of_order", prefix: prefix, UInt64(direction.outOfOrder))
        append("zero_windows", prefix: prefix, UInt64(direction.zeroWindows))
    }
}
