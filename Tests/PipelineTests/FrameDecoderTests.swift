import Flows
import Headers
import PacketTestSupport
import Pipeline
import Testing

/// What the decoder says of frames, on its short way and its long one, is what the dissector says of each.
@Suite struct FrameDecoderTests {
    private struct Tally: Equatable {
        var linkTypes: [LinkType: PacketCount] = [:]
        var paths: [LayerPath: PacketCount] = [:]
        var undelivered: [Dissection.Outcome: PacketCount] = [:]
        var delivered = PacketCount()
        var filtered = PacketCount()
        var seen = PacketCount()
        var captured: UInt64 = 0
        var marks: [UInt64] = [0, 0, 0, 0]
        var first: Int64?
        var last: Int64?

        init(_ counts: TrafficCounts) {
            linkTypes = counts.linkTypes
            paths = counts.paths
            undelivered = counts.undelivered
            delivered = counts.delivered
            filtered = counts.filtered
            seen = counts.seen
            captured = counts.capturedBytes
            marks = [counts.laterFragments, counts.portsCut, counts.transportCut, counts.malformedAbove]
            first = counts.firstTime
            last = counts.lastTime
        }

        init(_ frames: [TestFrame], tunnels: TunnelMode, filter: PacketFilter?) {
            func add(_ frame: TestFrame, to count: inout PacketCount) {
                count.packets += 1
                count.bytes += UInt64(frame.wireLength)
            }
            for frame in frames {
                let dissection = Dissector(tunnels: tunnels).dissect(
                    frame.octets.span, linkType: frame.linkType, time: frame.time, wireLength: frame.wireLength)
                add(frame, to: &seen)
                captured += UInt64(frame.octets.count)
                first = min(first ?? .max, frame.time)
                last = max(last ?? .min, frame.time)
                if let filter, !filter.matches(dissection.info) {
                    add(frame, to: &filtered)
                    continue
                }
                add(frame, to: &linkTypes[frame.linkType, default: PacketCount()])
                add(frame, to: &paths[dissection.path, default: PacketCount()])
                guard dissection.outcome == .flow else {
                    add(frame, to: &undelivered[dissection.outcome, default: PacketCount()])
                    continue
                }
                add(frame, to: &delivered)
                for (index, mark) in [
                    PacketMarks.laterFragment, .portsCut, .transportCut, .malformedAbove,
                ].enumerated() where dissection.info.marks.contains(mark) { marks[index] += 1 }
            }
        }
    }

    @Test(arguments: TunnelMode.allCases, ["", "tcp or udp port 53", "vlan", "length > 600"])
    func countsAreTheDissectors(tunnels: TunnelMode, expression: String) throws {
        let filter = expression.isEmpty ? nil : try PacketFilter(parsing: expression)
        let frames =
            try RandomTraffic.frames(3_000, seed: 60)
            + RandomTraffic.synthetic(packets: 2_000, flows: 400, seed: 61)
            // Cut at every length: the short way must not take what it cannot see.
            + (0...90).map {
                TestFrame(time: 1_700_000_000_000_000_000, octets: Array(Self.tagged.prefix($0)), wireLength: 99)
            }
            + (0...90).map {
                TestFrame(time: 1_700_000_000_000_000_000, octets: Array(Self.v6.prefix($0)), wireLength: 99)
            }
        for workers in [1, 3] {
            var engine = Engine(FlowTask(name: "flows", fields: .fiveTuple))
            engine.tunnels = tunnels
            engine.filter = filter
            engine.workers = workers
            let result = try engine.run(frames)
            #expect(Tally(result.counts) == Tally(frames, tunnels: tunnels, filter: filter))
            #expect(
                result.last.tasks[0].rows
                    == ReferenceModel(engine.tasks[0], frames, tunnels: tunnels, filter: filter).records)
        }
    }

    private static let tagged = Packets.ethernet(.vlan, Packets.vlan(9, .ipv4, Packets.innerIP))
    private static let v6 = Packets.ethernet(.ipv6, Packets.ipv6(.tcp, Packets.tcp(1, 2)))
}
