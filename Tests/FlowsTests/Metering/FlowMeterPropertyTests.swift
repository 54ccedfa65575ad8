import CaptureTestSupport
import Flows
import Headers
import Testing

/// Every packet is in exactly one record, whatever times, flags and limits do.
@Suite struct FlowMeterPropertyTests {
    private struct Sums: Equatable {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var ipBytes: UInt64 = 0
        var flags: UInt8 = 0
    }

    /// By the one-way key.
    private static func sums(_ flows: [MeteredFlow]) -> [FlowKey: Sums] {
        var sums: [FlowKey: Sums] = [:]
        for flow in flows {
            var back = flow.key
            back.swapEnds()
            for (key, direction) in [(flow.key, flow.forward), (back, flow.reverse)] where direction.packets > 0 {
                sums[key, default: Sums()].packets += direction.packets
                sums[key, default: Sums()].bytes += direction.bytes
                sums[key, default: Sums()].ipBytes += direction.ipBytes
                sums[key, default: Sums()].flags |= direction.tcpFlags.rawValue
            }
        }
        return sums
    }

    private static func packets(using random: inout SeededGenerator) -> [MeteredPacket] {
        var time: Int64 = 1_700_000_000_000_000_000
        let ends = Int.random(in: 1...40, using: &random)
        return (0..<Int.random(in: 0...1500, using: &random)).map { _ in
            switch Int.random(in: 0..<200, using: &random) {
            case 0: time -= Int64.random(in: 0...100_000_000_000, using: &random)
            case 1: time += Int64.random(in: 0...100_000_000_000, using: &random)
            default: time += Int64.random(in: 0...200_000_000, using: &random)
            }
            let isTCP = Bool.random(using: &random)
            let ports = [UInt16(Int.random(in: 0..<ends, using: &random)), 443].shuffled(using: &random)
            let key = FlowKey(
                sourceHigh: 0, sourceLow: UInt64(ports[0] == 443 ? 1 : 2), destinationHigh: 0,
                destinationLow: UInt64(ports[0] == 443 ? 2 : 1),
                meta: FlowKey.meta(
                    sourcePort: ports[0], destinationPort: ports[1], vlan: 0, protocol: isTCP ? 6 : 17, family: 4))
            let octets = UInt32.random(in: 60...1514, using: &random)
            var packet = MeteredPacket(key: key, time: time, wireOctets: octets, ipOctets: octets - 14)
            if isTCP {
                packet.tcpFlags = TCPFlags(rawValue: UInt8.random(in: 0...31, using: &random) & 0x17)
                packet.tcp = TCPProgress(
                    sequence: UInt32.random(in: 0...5000, using: &random) &- 2500, acknowledgment: 1,
                    window: UInt16.random(in: 0...3, using: &random), payloadOctets: octets - 54 > 700 ? 0 : octets - 54
                )
            }
            return packet
        }
    }

    @Test(arguments: UInt64(0)..<300) func recordsSumUpToThePackets(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let packets = Self.packets(using: &random)
        var settings = FlowMeterSettings()
        settings.activeNanoseconds = [1, 1_000_000, 5_000_000_000, 60_000_000_000, .max].randomElement(using: &random)!
        settings.idleNanoseconds = [1, 1_000_000, 2_000_000_000, 15_000_000_000, .max].randomElement(using: &random)!
        settings.flowsMax = [1, 3, 20, 1 << 19].randomElement(using: &random)!
        settings.seed = random.next()
        var meter = FlowMeter(settings)
        var flows: [MeteredFlow] = []
        var start = 0
        while start < packets.count {
            let end = min(start + Int.random(in: 1...400, using: &random), packets.count)
            meter.count(Array(packets[start..<end]))
            flows += meter.takeEnded()
            #expect(meter.flowCount <= settings.flowsMax)
            start = end
        }
        while meter.endSome() {}
        flows += meter.takeEnded()
        #expect(meter.flowCount == 0)
        var expected: [FlowKey: Sums] = [:]
        for packet in packets {
            expected[packet.key, default: Sums()].packets += 1
            expected[packet.key, default: Sums()].bytes += UInt64(packet.wireOctets)
            expected[packet.key, default: Sums()].ipBytes += UInt64(packet.ipOctets)
            expected[packet.key, default: Sums()].flags |= packet.tcpFlags.rawValue
        }
        #expect(Self.sums(flows) == expected)
        #expect(flows.allSatisfy { $0.totalPackets > 0 && $0.firstSeen <= $0.lastSeen })
    }

    /// Where packets come in the order of their times, timeouts mean what they say: gaps within records are no longer
    /// than the idle timeout, records shorter than the active one.
    @Test(arguments: UInt64(0)..<50) func theSameRecordsHoweverPacketsAreBatched(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let packets = Self.packets(using: &random).sorted { $0.time < $1.time }
        var settings = FlowMeterSettings()
        settings.activeNanoseconds = 5_000_000_000
        settings.idleNanoseconds = 1_000_000_000
        var whole = FlowMeter(settings), single = FlowMeter(settings)
        whole.count(packets)
        for packet in packets { single.count([packet]) }
        while whole.endSome() {}
        while single.endSome() {}
        let flows = whole.takeEnded()
        #expect(flows == single.takeEnded())
        #expect(flows.allSatisfy { $0.lastSeen - $0.firstSeen < settings.activeNanoseconds })
    }
}
