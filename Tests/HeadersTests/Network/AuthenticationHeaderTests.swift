import Headers
import PacketTestSupport
import Testing

@Suite struct AuthenticationHeaderTests {
    private func ah(_ next: IPProtocol, _ payload: [UInt8], words: UInt8 = 4) -> [UInt8] {
        [next.rawValue, words, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2] + [UInt8](repeating: 0xAA, count: 12) + payload
    }

    @Test(arguments: TunnelMode.allCases) func isTheProtocolItself(mode: TunnelMode) {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.ah, ah(.tcp, Packets.tcp(1, 2))))
        let dissection = dissect(frame, .ethernet, mode)
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.alice, Packets.bob, .ah))
        #expect(dissection.info.tcpFlags == [])
        #expect(dissection.path.layers == [.ethernet, .ipv4, .ah, .tcp])
    }

    @Test func packetsInsideNameTheInnerFlow() {
        expectTunnel(
            Packets.tunnelled(.ah, ah(.ipv4, Packets.innerIP)), outer: FiveTuple(Packets.gateA, Packets.gateB, .ah),
            through: .ah)
    }

    @Test func lengthBelowTheHeaderIsMalformed() {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.ah, ah(.tcp, Packets.tcp(1, 2), words: 0)))
        let dissection = dissect(frame)
        #expect(dissection.outcome == .flow && dissection.info.marks == .malformedAbove)
    }
}
