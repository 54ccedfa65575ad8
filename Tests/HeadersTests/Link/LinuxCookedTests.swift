import Headers
import PacketTestSupport
import Testing

@Suite struct LinuxCookedTests {
    private func version1(_ type: UInt16, device: UInt16 = 1, _ payload: [UInt8]) -> [UInt8] {
        [0, 0] + Packets.octets(device) + [0, 6, 2, 0, 0, 0, 0, 1, 0, 0] + Packets.octets(type) + payload
    }

    private func version2(_ type: UInt16, device: UInt16 = 1, _ payload: [UInt8]) -> [UInt8] {
        Packets.octets(type) + [0, 0, 0, 0, 0, 3] + Packets.octets(device) + [0, 6, 2, 0, 0, 0, 0, 1, 0, 0] + payload
    }

    @Test func bothVersionsCarryIP() {
        expectCarried(version1(0x0800, Packets.innerIP), .linuxCooked, path: [.linuxCooked, .ipv4, .tcp])
        expectCarried(version2(0x0800, Packets.innerIP), .linuxCooked2, path: [.linuxCooked2, .ipv4, .tcp])
    }

    @Test func tagsAndLLCAreFollowed() {
        expectCarried(version1(0x8100, Packets.vlan(4, .ipv4, Packets.innerIP)), .linuxCooked)
        expectCarried(version1(4, Packets.snap(.ipv4, Packets.innerIP)), .linuxCooked)
    }

    @Test(arguments: [UInt16(1), 3, 0x000C, 0x0806]) func otherProtocolsCarryNoIP(type: UInt16) {
        #expect(dissect(version1(type, Packets.innerIP), .linuxCooked).outcome == .notIP)
        #expect(dissect(version2(type, Packets.innerIP), .linuxCooked2).outcome == .notIP)
    }

    @Test func netlinkCarriesNoIP() {
        #expect(dissect(version1(0x0800, device: 824, Packets.innerIP), .linuxCooked).outcome == .notIP)
    }

    @Test func wirelessDevicesHaveTheirOwnFrames() {
        let frame = IEEE80211Tests.data(Packets.snap(.ipv4, Packets.innerIP))
        expectCarried(version2(0x0004, device: 801, frame), .linuxCooked2)
    }
}
