import Headers
import PacketTestSupport
import Testing

/// Link headers of older networks, and tags between Ethernet and IP.
@Suite struct OtherLinkTests {
    @Test func ciscoHDLC() {
        expectCarried([0x0F, 0x00, 0x08, 0x00] + Packets.innerIP, .ciscoHDLC, path: [.ciscoHDLC, .ipv4, .tcp])
        #expect(dissect([0x8F, 0x00, 0x80, 0x35] + Packets.innerIP, .ciscoHDLC).outcome == .notIP)
    }

    @Test(arguments: [[0x18, 0x41], [0x18, 0x40, 0x41], [0x18, 0x40, 0x40, 0x41]] as [[UInt8]])
    func frameRelay(address: [UInt8]) {
        expectCarried(address + [0x03, 0xCC] + Packets.innerIP, .frameRelay, path: [.frameRelay, .ipv4, .tcp])
        expectCarried(address + [0x03, 0x00, 0xCC] + Packets.innerIP, .frameRelay)
        expectCarried(address + [0x03, 0x00, 0x80, 0, 0, 0, 8, 0] + Packets.innerIP, .frameRelay)
        expectCarried(address + [0x08, 0x00] + Packets.innerIP, .frameRelay)
        #expect(dissect(address + [0x03, 0x81] + Packets.innerIP, .frameRelay).outcome == .notIP)
    }

    @Test func fddiAndTokenRing() {
        let addresses = [UInt8](repeating: 2, count: 12)
        let llc = Packets.snap(.ipv4, Packets.innerIP)
        expectCarried([0x50] + addresses + llc, .fddi, path: [.fddi, .llc, .snap, .ipv4, .tcp])
        expectCarried([0x10, 0x40] + addresses + llc, .tokenRing, path: [.tokenRing, .llc, .snap, .ipv4, .tcp])
        var routed = [0x10, 0x40] + addresses + [0x06, 0, 0, 0, 0, 0] + llc
        routed[8] |= 0x80
        expectCarried(routed, .tokenRing)
    }

    @Test func backboneTag() {
        expectCarried(
            Packets.ethernet(.backboneTag, [0, 0, 0, 5] + Packets.innerFrame),
            path: [.ethernet, .backboneTag, .ethernet, .ipv4, .tcp])
    }

    @Test func macsecIsFollowedOnlyInTheClear() {
        let check = [UInt8](repeating: 0xEE, count: 16)
        let clear: [UInt8] = [0x00, 0, 0, 0, 0, 1, 0x08, 0x00] + Packets.innerIP + check
        #expect(FiveTuple(dissect(Packets.ethernet(.macsec, clear)).info) == .inner)
        let named: [UInt8] = [0x20, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0x08, 0x00] + Packets.innerIP + check
        #expect(FiveTuple(dissect(Packets.ethernet(.macsec, named)).info) == .inner)
        var encrypted = clear
        encrypted[0] = 0x0C
        #expect(dissect(Packets.ethernet(.macsec, encrypted)).outcome == .notIP)
    }

    @Test func ciscoMetadata() {
        expectCarried(Packets.ethernet(.ciscoMetadata, [1, 1, 0, 1, 0, 9, 0x08, 0x00] + Packets.innerIP))
    }

    @Test func arp() {
        var octets: [UInt8] = []
        ARPFields(
            operation: .request, senderHardware: Packets.macA, sender: 0xC000_0201,
            targetHardware: MACAddress(rawValue: 0), target: 0xC000_0202
        ).emit(into: &octets)
        #expect(octets.count == 28)
        #expect(octets.prefix(8) == [0, 1, 8, 0, 6, 4, 0, 1])
        let dissection = dissect(Packets.ethernet(.arp, octets))
        #expect(dissection.outcome == .notIP && dissection.path.layers == [.ethernet, .arp])
    }
}
