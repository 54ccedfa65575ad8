import Headers
import PacketTestSupport
import Testing

@Suite struct PPPTests {
    @Test(arguments: [[0xFF, 0x03, 0x00, 0x21], [0x00, 0x21], [0x21], [0xFF, 0x03, 0x21]] as [[UInt8]])
    func everyFormOfTheHeader(header: [UInt8]) {
        expectCarried(header + Packets.innerIP, .ppp, path: [.ppp, .ipv4, .tcp])
        expectCarried(header + Packets.innerIP, .pppHDLC)
    }

    @Test func ipv6MPLSAndBridging() {
        #expect(dissect([0x57] + Packets.ipv6(.udp, Packets.udp(1, 2)), .ppp).info.source == Packets.alice6)
        expectCarried([0x02, 0x81] + Packets.mpls([16], Packets.innerIP), .ppp)
        expectCarried([0x31, 0x00, 0x01] + Packets.innerFrame, .ppp)
    }

    @Test func controlProtocolsCarryNoIP() {
        #expect(dissect([0xFF, 0x03, 0xC0, 0x21, 1, 1, 0, 4], .ppp).outcome == .notIP)
    }

    @Test func ciscoFramesOfAnHDLCLink() {
        expectCarried([0x0F, 0x00, 0x08, 0x00] + Packets.innerIP, .pppHDLC, path: [.ciscoHDLC, .ipv4, .tcp])
    }
}
