import Flows
import Foundation
import Headers
import Octets
import Outputs
import Testing

@Suite struct FlowRecordFormatTests {
    static var flow: MeteredFlow {
        var forward = FlowDirection()
        forward.packets = 3
        forward.bytes = 300
        forward.ipBytes = 258
        (forward.firstSeen, forward.lastSeen) = (-5, 20)
        forward.tcpFlags = [.syn, .ack]
        forward.retransmissions = 1
        forward.retransmittedBytes = 1448
        forward.outOfOrder = 2
        forward.zeroWindows = 4
        return MeteredFlow(
            key: FlowKey(
                sourceHigh: 0, sourceLow: 0xC000_0201, destinationHigh: 0, destinationLow: 0xC000_0202,
                meta: FlowKey.meta(sourcePort: 40_000, destinationPort: 443, vlan: 7, protocol: 6, family: 4)),
            forward: forward, reverse: FlowDirection(), endReason: .lackOfResources, responderRoundTrip: 17)
    }

    private static func text(_ flow: MeteredFlow, _ process: RowProcess? = nil) -> String {
        var buffer = OctetBuffer()
        FlowRecordFormat().append(flow, process: process, to: &buffer)
        return buffer.description
    }

    @Test func aRecordIsOneObjectOnALine() throws {
        let process = FlowProcess(pid: 7, uid: 1000, comm: "cu\"rl", cgroup: "/user.slice")
        let text = Self.text(Self.flow, RowProcess(.known(process)))
        #expect(
            text == """
                {"src_ip":"192.0.2.1","dst_ip":"192.0.2.2","src_port":40000,"dst_port":443,"protocol":6,"vlan":7,\
                "first_seen":-5,"last_seen":20,"end_reason":"resources","packets":3,"bytes":300,"ip_bytes":258,\
                "first_packet":-5,"last_packet":20,"tcp_flags":18,"retransmissions":1,"retransmitted_bytes":1448,\
                "out_of_order":2,"zero_windows":4,"reverse_packets":0,"reverse_bytes":0,"reverse_ip_bytes":0,\
                "reverse_tcp_flags":0,"reverse_retransmissions":0,"reverse_retransmitted_bytes":0,\
                "reverse_out_of_order":0,"reverse_zero_windows":0,"responder_rtt":17,\
                "process":{"pid":7,"comm":"cu\\"rl","uid":1000,"cgroup":"/user.slice"}}

                """)
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    }

    /// What only TCP has is left out elsewhere; the longest record has room.
    @Test func membersGoByTheProtocol() throws {
        var flow = Self.flow
        flow.key.meta = FlowKey.meta(sourcePort: 1, destinationPort: 2, vlan: 0, protocol: 17, family: 4)
        flow.responderRoundTrip = nil
        #expect(!Self.text(flow).contains("tcp") && !Self.text(flow).contains("retrans"))
        (flow.key.sourceHigh, flow.key.sourceLow) = (.max, .max)
        (flow.key.destinationHigh, flow.key.destinationLow) = (.max, .max)
        flow.key.meta = .max & ~0xFFFF | 6 << 8 | 6
        for path in [\MeteredFlow.forward, \MeteredFlow.reverse] {
            flow[keyPath: path].packets = .max
            flow[keyPath: path].bytes = .max
            flow[keyPath: path].ipBytes = .max
            flow[keyPath: path].retransmittedBytes = .max
            flow[keyPath: path].retransmissions = .max
            flow[keyPath: path].outOfOrder = .max
            flow[keyPath: path].zeroWindows = .max
            (flow[keyPath: path].firstSeen, flow[keyPath: path].lastSeen) = (.min, .min)
        }
        (flow.responderRoundTrip, flow.initiatorRoundTrip) = (.max, .max)
        _ = try JSONSerialization.jsonObject(with: Data(Self.text(flow).utf8))
    }
}
