import Headers
import Octets
import PacketTestSupport
import Testing

/// Tunnels that a UDP port announces.
@Suite struct UDPTunnelTests {
    private func outer(_ port: UInt16) -> FiveTuple {
        FiveTuple(Packets.gateA, Packets.gateB, .udp, [50_000, port])
    }

    private func expectTunnel(_ port: UInt16, _ payload: [UInt8], through layer: ProtocolLayer) {
        HeadersTests.expectTunnel(
            Packets.tunnelled(toPort: port, payload), outer: outer(port), through: layer)
    }

    @Test func vxlan() throws {
        expectTunnel(4789, Packets.vxlan(Packets.innerFrame), through: .vxlan)
        #expect(try VXLANView(Packets.vxlan([]).span, at: 0).identifier == 42)
        let tagged = Packets.ethernet(.vlan, Packets.vlan(5, .ipv4, Packets.innerIP))
        expectTunnel(4789, Packets.vxlan(tagged), through: .vlan)
    }

    @Test func repliesComeFromThePort() {
        let packet = Packets.udp(4789, 50_000, Packets.vxlan(Packets.innerFrame))
        #expect(FiveTuple(dissect(Packets.tunnelled(.udp, packet), .ethernet, .inner).info) == .inner)
    }

    @Test func vxlanWithANextProtocol() {
        let nsh: [UInt8] = [0x0F, 0xC2, 0x02, 0x01, 0, 0, 1, 255]
        let payloads: [(UInt8, [UInt8])] = [
            (1, Packets.innerIP), (3, Packets.innerFrame), (4, nsh + Packets.innerIP),
            (5, Packets.mpls([16], Packets.innerIP)),
        ]
        for (number, payload) in payloads {
            expectTunnel(4790, [0x0C, 0, 0, number, 0, 0, 42, 0] + payload, through: .vxlan)
        }
        #expect(
            FiveTuple(
                dissect(
                    Packets.tunnelled(toPort: 4790, [0x0C, 0, 0, 9, 0, 0, 42, 0] + Packets.innerIP), .ethernet, .inner
                ).info) == outer(4790))
    }

    @Test func geneve() throws {
        var header: [UInt8] = []
        GENEVEFields(identifier: 0xABCDEF).emit(into: &header)
        #expect(try GENEVEView(header.span, at: 0).identifier == 0xABCDEF)
        expectTunnel(6081, header + Packets.innerFrame, through: .geneve)
        let options: [UInt8] = [0x02, 0, 0x08, 0x00, 0, 0, 1, 0, 1, 2, 3, 1, 4, 5, 6, 7]
        expectTunnel(6081, options + Packets.innerIP, through: .geneve)
    }

    @Test func gtp() {
        var header: [UInt8] = []
        GTPUFields(endpoint: 99).emit(into: &header, payloadLength: Packets.innerIP.count)
        expectTunnel(2152, header + Packets.innerIP, through: .gtp)
        let length = UInt8(Packets.innerIP.count)
        let sequenced: [UInt8] = [0x32, 255, 0, length + 4, 0, 0, 0, 1, 0, 7, 0, 0]
        expectTunnel(2152, sequenced + Packets.innerIP, through: .gtp)
        let extended: [UInt8] = [0x34, 255, 0, length + 16, 0, 0, 0, 1, 0, 0, 0, 0x85]
        let extensions: [UInt8] = [1, 0x10, 9, 0xC0, 2, 0, 0, 0, 0, 0, 0, 0]
        expectTunnel(2152, extended + extensions + Packets.innerIP, through: .gtp)
    }

    @Test func gtpSignallingStaysClosed() {
        for header in [[0x30, 1, 0, 60, 0, 0, 0, 0], [0x20, 255, 0, 60, 0, 0, 0, 0], [0x50, 255, 0, 60, 0, 0, 0, 0]]
            as [[UInt8]]
        {
            let frame = Packets.tunnelled(toPort: 2152, header + Packets.innerIP)
            #expect(FiveTuple(dissect(frame, .ethernet, .inner).info) == outer(2152))
        }
    }

    @Test func gtpExtensionOfLengthZeroIsMalformed() {
        let header: [UInt8] = [0x34, 255, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0x85, 0, 0, 0, 0]
        let dissection = dissect(Packets.tunnelled(toPort: 2152, header + Packets.innerIP), .ethernet, .inner)
        #expect(FiveTuple(dissection.info) == outer(2152) && dissection.info.marks == .malformedAbove)
    }

    @Test(arguments: [[0x00, 0x02], [0x40, 0x02, 0, 100], [0x48, 0x02, 0, 100], [0x02, 0x02]] as [[UInt8]])
    func l2tp(start: [UInt8]) {
        let sequence: [UInt8] = start[0] & 0x08 != 0 ? [0, 1, 0, 2] : []
        let offset: [UInt8] = start[0] & 0x02 != 0 ? [0, 3, 9, 9, 9] : []
        let header = start + [0, 1, 0, 2] + sequence + offset
        expectTunnel(1701, header + [0xFF, 0x03, 0x00, 0x21] + Packets.innerIP, through: .l2tp)
    }

    @Test func l2tpControlStaysClosed() {
        let frame = Packets.tunnelled(toPort: 1701, [0xC8, 0x02, 0, 100, 0, 1, 0, 0, 0, 0, 0, 0] + Packets.innerIP)
        #expect(FiveTuple(dissect(frame, .ethernet, .inner).info) == outer(1701))
    }

    @Test func teredo() {
        let inner = Packets.ipv6(.udp, Packets.udp(1, 2))
        let authentication: [UInt8] = [0, 1, 2, 1, 0xAA, 0xAA, 0xBB] + [UInt8](repeating: 3, count: 9)
        let origin: [UInt8] = [0, 0, 0xFF, 0xFF, 1, 2, 3, 4]
        for header in [[], origin, authentication, authentication + origin] {
            let frame = Packets.tunnelled(toPort: 3544, header + inner)
            #expect(
                FiveTuple(dissect(frame, .ethernet, .inner).info)
                    == FiveTuple(Packets.alice6, Packets.bob6, .udp, [1, 2]))
            expectSensiblePrefixes(frame)
        }
    }

    @Test func lispAndLabels() {
        expectTunnel(4341, [0x80, 0, 0, 1, 0, 0, 0, 0] + Packets.innerIP, through: .lisp)
        expectTunnel(6635, Packets.mpls([16], Packets.innerIP), through: .mpls)
        expectTunnel(4754, Packets.gre(GREFields(protocolType: .ipv4), Packets.innerIP), through: .gre)
    }

    @Test func capwap() {
        let wireless = IEEE80211Tests.data(Packets.snap(.ipv4, Packets.innerIP))
        let swapped = [wireless[1], wireless[0]] + wireless.dropFirst(2)
        expectTunnel(5247, [0x00, 0x10, 0x03, 0x00, 0, 0, 0, 0] + swapped, through: .capwap)
        expectTunnel(5247, [0x00, 0x10, 0x02, 0x00, 0, 0, 0, 0] + Packets.innerFrame, through: .capwap)
        for header in [[0x01, 0x10, 0x02, 0x00], [0x00, 0x10, 0x02, 0x08], [0x00, 0x10, 0x02, 0x80]] as [[UInt8]] {
            let frame = Packets.tunnelled(toPort: 5247, header + [0, 0, 0, 8] + Packets.innerFrame)
            #expect(FiveTuple(dissect(frame, .ethernet, .inner).info) == outer(5247))
        }
    }

    @Test func nshByEtherType() {
        let header: [UInt8] = [0x0F, 0xC2, 0x02, 0x03, 0, 0, 1, 255]
        expectCarried(
            Packets.ethernet(.nsh, header + Packets.innerFrame), path: [.ethernet, .nsh, .ethernet, .ipv4, .tcp])
        #expect(dissect(Packets.ethernet(.nsh, [0x0F, 0xC1, 0x02, 0x03, 0, 0, 1, 255])).outcome == .malformed)
    }
}
