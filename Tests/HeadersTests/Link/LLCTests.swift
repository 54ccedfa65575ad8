import Headers
import PacketTestSupport
import Testing

@Suite struct LLCTests {
    private func frame(_ llc: [UInt8]) -> [UInt8] { Packets.ethernet(EtherType(rawValue: UInt16(llc.count)), llc) }

    @Test(arguments: [[0, 0, 0], [0, 0, 0xF8]] as [[UInt8]])
    func encapsulatedEthernetTypesAreFollowed(organisation: [UInt8]) {
        expectCarried(frame(Packets.snap(.ipv4, Packets.innerIP, organisation: organisation)))
    }

    @Test func otherOrganisationsNumberTheirOwnProtocols() {
        #expect(dissect(frame(Packets.snap(.ipv4, Packets.innerIP, organisation: [0, 0, 0x0C]))).outcome == .notIP)
    }

    @Test func bridgedEthernetIsFollowed() {
        let bridged = Packets.snap(EtherType(rawValue: 7), Packets.innerFrame, organisation: [0, 0x80, 0xC2])
        expectCarried(frame(bridged), path: [.ieee8023, .llc, .snap, .ethernet, .ipv4, .tcp])
    }

    @Test func servicePointOfIPIsFollowed() {
        expectCarried(frame([0x06, 0x06, 0x03] + Packets.innerIP))
    }

    /// Two control octets in an information frame; none of data in a supervisory or other unnumbered one.
    @Test func onlyInformationIsFollowed() {
        expectCarried(frame([0x06, 0x06, 0x00, 0x00] + Packets.innerIP))
        #expect(dissect(frame([0x06, 0x06, 0x01, 0x00] + Packets.innerIP)).outcome == .notIP)
        #expect(dissect(frame([0x06, 0x06, 0xAF] + Packets.innerIP)).outcome == .notIP)
    }

    @Test func spanningTreeCarriesNoIP() {
        #expect(dissect(frame([0x42, 0x42, 0x03] + Packets.innerIP)).outcome == .notIP)
    }
}
