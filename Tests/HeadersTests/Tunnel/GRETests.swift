import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct GRETests {
    private let outer = FiveTuple(Packets.gateA, Packets.gateB, .gre)

    @Test(arguments: 0..<8) func everySetOfOptionalFields(bits: Int) {
        let fields = GREFields(
            protocolType: .ipv4, key: bits & 1 != 0 ? 0x1234 : nil, sequenceNumber: bits & 2 != 0 ? 7 : nil,
            hasChecksum: bits & 4 != 0)
        expectTunnel(Packets.tunnelled(.gre, Packets.gre(fields, Packets.innerIP)), outer: outer, through: .gre)
    }

    @Test func checksumsVerify() {
        let packet = Packets.gre(GREFields(protocolType: .ipv4, key: 5, hasChecksum: true), Packets.innerIP)
        var checksum = InternetChecksum()
        checksum.add(packet.span)
        #expect(checksum.value == 0)
    }

    @Test func bridgedEthernetMPLSAndNSH() {
        let bridged = Packets.gre(GREFields(protocolType: .bridgedEthernet, key: 0x0100), Packets.innerFrame)
        expectTunnel(Packets.tunnelled(.gre, bridged), outer: outer, through: .gre)
        let labelled = Packets.gre(GREFields(protocolType: .mpls), Packets.mpls([20, 30], Packets.innerIP))
        expectTunnel(Packets.tunnelled(.gre, labelled), outer: outer, through: .mpls)
    }

    @Test func mirroredFrames() {
        let type1 = Packets.gre(GREFields(protocolType: .erspan), Packets.innerFrame)
        expectTunnel(Packets.tunnelled(.gre, type1), outer: outer, through: .gre)
        let type2 = Packets.gre(
            GREFields(protocolType: .erspan, sequenceNumber: 1), [0x10, 5, 0, 1, 0, 0, 0, 0] + Packets.innerFrame)
        expectTunnel(Packets.tunnelled(.gre, type2), outer: outer, through: .erspan)
        let header3: [UInt8] = [0x20, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
        let type3 = Packets.gre(GREFields(protocolType: .erspan3, sequenceNumber: 1), header3 + Packets.innerFrame)
        expectTunnel(Packets.tunnelled(.gre, type3), outer: outer, through: .erspan)
        let longer = header3.dropLast() + [1] + [UInt8](repeating: 9, count: 8) + Packets.innerFrame
        let platform = Packets.gre(GREFields(protocolType: .erspan3, sequenceNumber: 1), Array(longer))
        expectTunnel(Packets.tunnelled(.gre, platform), outer: outer, through: .erspan)
    }

    /// PPTP: version 1, a key, and sequence and acknowledgment numbers as the flags say.
    @Test(arguments: [[0x30, 0x81], [0x30, 0x01], [0x20, 0x01], [0x20, 0x81]] as [[UInt8]])
    func pptp(flags: [UInt8]) {
        let optional = 4 + (flags[0] & 0x10 != 0 ? 4 : 0) + (flags[1] & 0x80 != 0 ? 4 : 0)
        let header = flags + [0x88, 0x0B] + [UInt8](repeating: 1, count: optional)
        expectTunnel(
            Packets.tunnelled(.gre, header + [0xFF, 0x03, 0x00, 0x21] + Packets.innerIP), outer: outer, through: .ppp)
    }

    @Test func ethernetOverIPOfRouterOS() {
        let header: [UInt8] = [0x20, 0x01, 0x64, 0x00, 0, UInt8(Packets.innerFrame.count), 9, 0]
        expectTunnel(Packets.tunnelled(.gre, header + Packets.innerFrame), outer: outer, through: .gre)
    }

    @Test func sourceRoutesAreSkipped() {
        let route: [UInt8] = [0x08, 0x00, 0, 4, 10, 0, 0, 9, 0, 0, 0, 0]
        let packet = [0x40, 0, 0x08, 0x00, 0, 0, 0, 0] + route + Packets.innerIP
        expectTunnel(Packets.tunnelled(.gre, packet), outer: outer, through: .gre)
    }

    @Test func redirectedPackets() {
        for header in [[], [0, 1, 2, 3]] as [[UInt8]] {
            let packet = Packets.gre(GREFields(protocolType: .wccp), header + Packets.innerIP)
            #expect(FiveTuple(dissect(Packets.tunnelled(.gre, packet), .ethernet, .inner).info) == .inner)
        }
    }

    @Test func otherVersionsAndProtocolsStayClosed() {
        let version2 = Packets.tunnelled(.gre, [0x00, 0x02, 0x08, 0x00] + Packets.innerIP)
        let keepAlive = Packets.tunnelled(.gre, Packets.gre(GREFields(protocolType: EtherType(rawValue: 0)), []))
        for frame in [version2, keepAlive] { #expect(FiveTuple(dissect(frame, .ethernet, .inner).info) == outer) }
    }
}
