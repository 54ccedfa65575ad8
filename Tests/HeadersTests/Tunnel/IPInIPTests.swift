import Headers
import Octets
import PacketTestSupport
import Testing

/// Tunnels that an IP protocol number announces, GRE aside.
@Suite struct IPInIPTests {
    @Test func packetsInPackets() {
        expectTunnel(
            Packets.tunnelled(.ipv4, Packets.innerIP), outer: FiveTuple(Packets.gateA, Packets.gateB, .ipv4),
            through: .ipInIP)
        let sixInFour = Packets.tunnelled(.ipv6, Packets.ipv6(.udp, Packets.udp(1, 2)))
        #expect(
            FiveTuple(dissect(sixInFour, .ethernet, .inner).info)
                == FiveTuple(Packets.alice6, Packets.bob6, .udp, [1, 2]))
        let fourInSix = Packets.ethernet(.ipv6, Packets.ipv6(.ipv4, Packets.innerIP))
        expectTunnel(fourInSix, outer: FiveTuple(Packets.alice6, Packets.bob6, .ipv4), through: .ipInIP)
    }

    @Test func ethernetInPackets() {
        expectTunnel(
            Packets.tunnelled(.etherIP, [0x30, 0x00] + Packets.innerFrame),
            outer: FiveTuple(Packets.gateA, Packets.gateB, .etherIP), through: .etherIP)
        expectTunnel(
            Packets.tunnelled(.ethernet, Packets.innerFrame),
            outer: FiveTuple(Packets.gateA, Packets.gateB, .ethernet), through: .ethernet)
    }

    @Test func labelsInPackets() {
        expectTunnel(
            Packets.tunnelled(.mpls, Packets.mpls([16], Packets.innerIP)),
            outer: FiveTuple(Packets.gateA, Packets.gateB, .mpls), through: .mpls)
    }

    /// A broken inner header leaves the flow to the last good one, and says so.
    @Test func brokenInnerHeaderFallsBack() {
        var inner = Packets.innerIP
        inner[0] = 0x41
        let dissection = dissect(Packets.tunnelled(.ipv4, inner), .ethernet, .inner)
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.gateA, Packets.gateB, .ipv4))
        #expect(dissection.info.marks == .malformedAbove)
        #expect(dissection.stopped == DecodeFailure(.ipv4, .lengthBelowHeader, at: 34, needed: 20, available: 4))
    }

    @Test func laterFragmentsHideTheirTunnel() {
        let packet = Packets.ipv4(.ipv4, Packets.innerIP, from: Packets.gateA, to: Packets.gateB) {
            $0.fragmentOffset = 1
        }
        let info = dissect(packet, .raw, .inner).info
        #expect(FiveTuple(info) == FiveTuple(Packets.gateA, Packets.gateB, .ipv4) && info.fragment == .later)
    }
}
