import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct UDPTests {
    @Test func readsWhatItEmits() throws {
        let octets = Packets.udp(0x1234, 0x5678, [1, 2, 3])
        let view = try UDPView(octets.span, at: 0)
        #expect(view.sourcePort == 0x1234 && view.destinationPort == 0x5678 && view.length == 11 && view.checksum != 0)
    }

    @Test(arguments: 0..<8) func everyShorterHeaderIsRefusedWithItsLength(count: Int) {
        let octets = [UInt8](repeating: 0xFF, count: count)
        #expect(throws: DecodeFailure(.udp, .truncated, at: 34, needed: 8, available: count)) {
            _ = try UDPView(octets.span, at: 34).length
        }
    }

    @Test(arguments: 0..<12) func aCutHeaderYieldsWhatIsThere(count: Int) {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.udp, Packets.udp(1000, 53)))
        let info = dissect(Array(frame.prefix(34 + count)), wireLength: frame.count).info
        #expect(FiveTuple(info).ports == (count >= 4 ? [1000, 53] : [0, 0]))
        #expect(info.marks == (count < 4 ? .portsCut : count < 8 ? .transportCut : []))
    }

    /// UDP-Lite and DCCP have their ports in the same place.
    @Test(arguments: [(IPProtocol.udpLite, ProtocolLayer.udpLite), (.dccp, .dccp)])
    func relativesOfUDP(number: IPProtocol, layer: ProtocolLayer) {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(number, Packets.udp(5, 6, [UInt8](repeating: 0, count: 8))))
        #expect(FiveTuple(dissect(frame).info) == FiveTuple(Packets.alice, Packets.bob, number, [5, 6]))
        #expect(dissect(frame).path.layers == [.ethernet, .ipv4, layer])
        expectSensiblePrefixes(frame)
    }

    /// The shortcut's list of tunnel ports and the registry are the same.
    @Test func tunnelPortsAgreeWithTheRegistry() {
        for port in UInt16.min...UInt16.max {
            let frame = Packets.ethernet(.ipv4, Packets.ipv4(.udp, Packets.udp(60_000, port, [0x60])))
            let goesOn = dissect(frame).path.count > 3 || dissect(frame).stopped != nil
            #expect(goesOn == UDPTunnelPort.isTunnel(port), "port \(port)")
        }
    }

    @Test func lengthBelowTheHeaderHidesTheTunnel() {
        var datagram = Packets.udp(50_000, 4789, Packets.vxlan(Packets.innerFrame))
        datagram[4] = 0
        datagram[5] = 7
        let dissection = dissect(Packets.ethernet(.ipv4, Packets.ipv4(.udp, datagram)), .ethernet, .inner)
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.alice, Packets.bob, .udp, [50_000, 4789]))
        #expect(dissection.info.marks == .malformedAbove)
    }
}
