import Headers
import PacketTestSupport
import Testing

@Suite struct PPPoETests {
    @Test func readsWhatItEmits() throws {
        var octets: [UInt8] = []
        PPPoEFields(session: 0x1234, length: 0x0567).emit(into: &octets)
        let view = try PPPoEView(octets.span, at: 0)
        #expect(view.session == 0x1234 && view.length == 0x0567 && view.code == 0 && view.versionAndType == 0x11)
    }

    @Test func sessionsCarryIP() {
        let session = Packets.pppoe([0x00, 0x21] + Packets.innerIP)
        expectCarried(Packets.ethernet(.pppoeSession, session), path: [.ethernet, .pppoe, .ppp, .ipv4, .tcp])
        expectCarried(session, .pppEthernet)
    }

    @Test func lengthBoundsTheSession() {
        var session = Packets.pppoe([0x00, 0x21] + Packets.innerIP)
        session[4] = 0
        session[5] = 12
        #expect(dissect(Packets.ethernet(.pppoeSession, session)).stopped?.available == 10)
    }

    @Test func discoveryCarriesNoIP() {
        let discovery = Packets.pppoe([0x00, 0x21] + Packets.innerIP)
        #expect(dissect(Packets.ethernet(.pppoeDiscovery, discovery)).outcome == .notIP)
        var offer = discovery
        offer[1] = 0x07
        #expect(dissect(Packets.ethernet(.pppoeSession, offer)).outcome == .notIP)
    }
}
