import CaptureTestSupport
import Headers
import PacketTestSupport
import Testing

/// The short way and the general one, held together.
@Suite struct CommonPathTests {
    @Test(arguments: UInt64(0)..<30) func agreesWithTheDissector(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var taken = 0
        for _ in 0..<400 {
            let frame = Self.frame(&generator)
            var info = PacketInfo(wireLength: UInt32(frame.count), capturedLength: UInt32(frame.count))
            guard CommonPath.dissect(frame.span, into: &info) else { continue }
            taken += 1
            let dissection = dissect(frame)
            #expect(dissection.outcome == .flow && dissection.info == info, "\(frame)")
        }
        #expect(taken > 50)
    }

    private static func frame(_ generator: inout SeededGenerator) -> [UInt8] {
        let transports: [(IPProtocol, [UInt8])] = [
            (.tcp, Packets.tcp(.any(&generator), .any(&generator))),
            (.udp, Packets.udp(.any(&generator), .any(&generator))), (.icmp, Packets.echoRequest()),
            (.icmpv6, Packets.echoRequest()), (.sctp, Packets.sctp(1, 2)),
        ]
        let (number, segment) = transports.randomElement(using: &generator)!
        let isV6 = Bool.random(using: &generator)
        let packet = isV6 ? Packets.ipv6(number, segment) : Packets.ipv4(number, segment)
        let type: EtherType = isV6 ? .ipv6 : .ipv4
        var frame =
            Bool.random(using: &generator)
            ? Packets.ethernet(type, packet)
            : Packets.ethernet(.vlan, Packets.vlan(.any(&generator) & 0xFFF, type, packet))
        if Int.random(in: 0..<3, using: &generator) == 0 {
            frame[Int.random(in: 12..<frame.count, using: &generator)] = .any(&generator)
        }
        if Int.random(in: 0..<3, using: &generator) == 0 {
            frame.removeLast(Int.random(in: 0..<frame.count, using: &generator))
        }
        return frame
    }
}
