import Headers
import PacketTestSupport
import Testing

@Suite struct NullLoopbackTests {
    @Test(arguments: [UInt8(24), 28, 30, 10]) func familiesOfIPv6(family: UInt8) {
        let packet = Packets.ipv6(.udp, Packets.udp(1000, 2000))
        for header in [[family, 0, 0, 0], [0, 0, 0, family]] {
            #expect(dissect(header + packet, .null).info.source == Packets.alice6)
        }
        #expect(dissect([0, 0, 0, family] + packet, .loop).info.source == Packets.alice6)
    }

    @Test func bothByteOrdersInNull() {
        expectCarried([2, 0, 0, 0] + Packets.innerIP, .null, path: [.null, .ipv4, .tcp])
        expectCarried([0, 0, 0, 2] + Packets.innerIP, .null)
        expectCarried([0, 0, 0, 2] + Packets.innerIP, .loop, path: [.loop, .ipv4, .tcp])
    }

    @Test func networkByteOrderInLoop() {
        #expect(dissect([2, 0, 0, 0] + Packets.innerIP, .loop).outcome == .notIP)
    }

    @Test func etherTypesAreAccepted() {
        expectCarried([0, 0, 0x08, 0x00] + Packets.innerIP, .loop)
    }

    @Test func otherFamiliesCarryNoIP() {
        #expect(dissect([7, 0, 0, 0] + Packets.innerIP, .null).outcome == .notIP)
    }
}
