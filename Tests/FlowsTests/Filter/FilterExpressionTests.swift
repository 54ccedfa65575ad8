import CaptureTestSupport
import Flows
import Headers
import Testing

/// The tree that is made of a filter's code means what the code does.
@Suite struct FilterExpressionTests {
    @Test(arguments: [
        "", "tcp", "not tcp", "dst_port == 443", "not (dst_port == 443 or udp)", "tcp and port 80", "tcp or udp",
        "(tcp or udp) and (port 80 or port 443)", "not (tcp and (port 80 or not port 443)) and not ip6",
        "src_port in {80, 443, 1000-2000} and not dst_port not in {1-100}", "tcp_flags has {syn, ack} or vlan 7",
        "src host 10.0.0.1 and (dst port 80 or dst port 443) and not udp", "not not not tcp", "ip6 or host 10.0.0.1",
        "((tcp and port 80) or (udp and port 443)) and ((vlan or ip6) or not (src host 10.0.0.1 and dst port 80))",
    ]) func treeAndCodeAgree(text: String) throws {
        let filter = try PacketFilter(parsing: text)
        let expression = filter.expression
        var random = SeededGenerator(seed: 1)
        var outcomes: Set<Bool> = []
        for _ in 0..<2000 {
            let packet = Self.packet(using: &random)
            outcomes.insert(filter.matches(packet))
            #expect(Self.holds(expression, packet) == filter.matches(packet), "\(packet)")
        }
        #expect(outcomes.count == (text.isEmpty ? 1 : 2))
    }

    private static func packet(using random: inout SeededGenerator) -> PacketInfo {
        let isWide = Int.random(in: 0..<4, using: &random) == 0
        func address() -> IPAddress {
            let host = UInt64.random(in: 0...2, using: &random)
            return isWide ? IPAddress(v6: 1 << 63, host) : IPAddress(v4: UInt32(0x0A00_0000 + host))
        }
        let number: UInt8 = [6, 6, 17, 1].randomElement(using: &random)!
        return PacketInfo(
            source: address(), destination: address(), protocol: IPProtocol(rawValue: number),
            sourcePort: number == 1 ? 0 : [80, 443, 1500].randomElement(using: &random)!,
            destinationPort: number == 1 ? 0 : [80, 443, 1500].randomElement(using: &random)!,
            vlan: [0, 7].randomElement(using: &random)!,
            tcpFlags: TCPFlags(rawValue: number == 6 ? .random(in: 0...31, using: &random) : 0))
    }

    private static func holds(_ expression: FilterExpression, _ packet: PacketInfo) -> Bool {
        switch expression {
        case .always: true
        case .not(let inner): !holds(inner, packet)
        case .all(let parts): parts.allSatisfy { holds($0, packet) }
        case .any(let parts): parts.contains { holds($0, packet) }
        case .test(let test): holds(test, packet)
        }
    }

    private static func holds(_ test: FilterTest, _ packet: PacketInfo) -> Bool {
        func contains(_ range: ClosedRange<UInt64>?, _ value: UInt64) -> Bool {
            (range?.contains(value) ?? false) != test.isInverted
        }
        func onSide(_ source: Bool, _ destination: Bool) -> Bool {
            switch test.side {
            case .source: source
            case .destination: destination
            case .either: source || destination
            case .both: source && destination
            }
        }
        func matches(_ address: IPAddress, _ wanted: IPAddress, _ mask: IPAddress) -> Bool {
            (address.family == wanted.family && address.high & mask.high == wanted.high
                && address.low & mask.low == wanted.low) != test.isInverted
        }
        switch test.subject {
        case .version(let range): return contains(range, UInt64(packet.source.family.rawValue))
        case .address(let wanted, let mask):
            return onSide(matches(packet.source, wanted, mask), matches(packet.destination, wanted, mask))
        case .port(let range):
            return packet.protocol.hasPorts
                && onSide(contains(range, UInt64(packet.sourcePort)), contains(range, UInt64(packet.destinationPort)))
        case .protocol(let range): return contains(range, UInt64(packet.protocol.rawValue))
        case .vlan(let range): return contains(range, UInt64(packet.vlan))
        case .length: return false
        case .flags(let wanted, let mask):
            return packet.protocol == .tcp && (packet.tcpFlags.rawValue & mask == wanted) != test.isInverted
        }
    }
}
