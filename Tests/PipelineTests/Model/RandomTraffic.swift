import CaptureTestSupport
import Headers
import PacketTestSupport
import Synthesis

/// Traffic made to meet every rule of counting: few hosts and ports, so that both directions, equal times, packets of a
/// host to itself and prefixes with both ends in them are frequent.
enum RandomTraffic {
    private static let hosts4: [IPAddress] = [
        0x0A00_0001, 0x0A00_0002, 0x0A00_0103, 0xC0A8_0001, 0xC0A8_0002, 0xFFFF_FFFE,
    ].map { IPAddress(v4: $0) }
    private static let hosts6: [IPAddress] = [
        IPAddress(v6: 0x2001_0DB8_0000_0001, 1), IPAddress(v6: 0x2001_0DB8_0000_0001, 2),
        IPAddress(v6: 0x2001_0DB8_0000_0002, 1), IPAddress(v6: 0xFE80_0000_0000_0000, 0xFFFF_0000_0000_0001),
        IPAddress(v6: 0x2001_0DB8_0001_0000, 0x8000_0000_0000_0000),
    ]
    private static let ports: [UInt16] = [53, 80, 443, 40_000, 40_001, 65_535]

    /// Times wander: mostly forward, often not at all, sometimes back.
    static func frames(_ count: Int, seed: UInt64) -> [TestFrame] {
        var random = SeededGenerator(seed: seed)
        var time: Int64 = 1_700_000_000_000_000_000
        return (0..<count).map { _ in
            time += [0, 0, 1, 1_000, 1_000_000, 900_000_000, -500, -400_000_000].randomElement(using: &random)!
            return frame(at: time, &random)
        }
    }

    private static func frame(at time: Int64, _ random: inout SeededGenerator) -> TestFrame {
        if Int.random(in: 0..<12, using: &random) == 0 {
            let sample = SampleFrame.all.randomElement(using: &random)!
            let kept =
                Bool.random(using: &random) ? sample.octets.count : .random(in: 0...sample.octets.count, using: &random)
            return TestFrame(
                time: time, octets: Array(sample.octets.prefix(kept)), wireLength: UInt32(sample.octets.count),
                linkType: sample.linkType)
        }
        let isV6 = Int.random(in: 0..<3, using: &random) == 0
        var octets = isV6 ? packet6(&random) : packet4(&random)
        var type: EtherType = isV6 ? .ipv6 : .ipv4
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2:
            octets = Packets.vlan([0, 7, 8, 4_094].randomElement(using: &random)!, type, octets)
            type = .vlan
        case 2:
            octets = Packets.vlan(7, .vlan, Packets.vlan(8, type, octets))
            type = .serviceVLAN
        case 3: type = .arp
        default: break
        }
        let frame = Packets.ethernet(type, octets)
        return TestFrame(
            time: time, octets: frame, wireLength: UInt32(frame.count) + .random(in: 0...3, using: &random) * 400)
    }

    private static func packet4(_ random: inout SeededGenerator) -> [UInt8] {
        let source = hosts4.randomElement(using: &random)!
        let destination = hosts4.randomElement(using: &random)!
        func ip(_ number: IPProtocol, _ payload: [UInt8], adjust: (inout IPv4Fields) -> Void = { _ in }) -> [UInt8] {
            Packets.ipv4(number, payload, from: source, to: destination, adjust: adjust)
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return ip(.icmp, Packets.echoRequest())
        case 1: return ip(.sctp, Packets.sctp(port(&random), port(&random)))
        case 2: return ip(.udp, udp(&random)) { $0.moreFragments = true }
        case 3: return ip(.udp, [UInt8](repeating: 9, count: 24)) { $0.fragmentOffset = 3 }
        case 4: return ip(.gre, Packets.gre(GREFields(protocolType: .ipv6), packet6(&random)))
        case 5: return ip(.udp, Packets.udp(50_000, 4_789, Packets.vxlan(Packets.innerFrame)))
        case 6, 7: return ip(.udp, udp(&random))
        default: return ip(.tcp, tcp(&random))
        }
    }

    private static func packet6(_ random: inout SeededGenerator) -> [UInt8] {
        let source = hosts6.randomElement(using: &random)!
        let destination = hosts6.randomElement(using: &random)!
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return Packets.ipv6(.icmpv6, [128, 0, 0, 0, 0, 1, 0, 2], from: source, to: destination)
        case 1:
            // Hop-by-hop options before UDP.
            return Packets.ipv6(.hopByHop, [17, 0, 1, 4, 0, 0, 0, 0] + udp(&random), from: source, to: destination)
        case 2: return Packets.ipv6(.ipv4, Packets.innerIP, from: source, to: destination)
        case 3: return Packets.ipv6(.udp, udp(&random), from: source, to: destination)
        default: return Packets.ipv6(.tcp, tcp(&random), from: source, to: destination)
        }
    }

    private static func port(_ random: inout SeededGenerator) -> UInt16 { ports.randomElement(using: &random)! }

    private static func udp(_ random: inout SeededGenerator) -> [UInt8] {
        let source = port(&random)
        return Packets.udp(source, port(&random))
    }

    private static func tcp(_ random: inout SeededGenerator) -> [UInt8] {
        let source = port(&random)
        return Packets.tcp(
            source, port(&random), flags: TCPFlags(rawValue: 1 << UInt8.random(in: 0...7, using: &random)))
    }

    /// Many flows, as programs make them: what fills tables.
    static func synthetic(packets: Int, flows: Int, seed: UInt64) throws -> [TestFrame] {
        var options = TrafficOptions()
        options.packets = packets
        options.flows = flows
        options.seed = seed
        options.tunnelShare = 0.05
        options.snapLength = 128
        var generator = try TrafficGenerator(options)
        var frames: [TestFrame] = []
        var octets: [UInt8] = []
        while let packet = generator.next(into: &octets) {
            frames.append(TestFrame(time: packet.time, octets: octets, wireLength: packet.wireLength))
            octets.removeAll(keepingCapacity: true)
        }
        return frames
    }
}
