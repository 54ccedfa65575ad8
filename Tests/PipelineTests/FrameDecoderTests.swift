import Flows
import Headers
import PacketTestSupport
import Pipeline
import Testing

/// What the decoder says of frames, on its short way and its long one, is what the dissector says of each.
@Suite struct FrameDecoderTests {
    private struct Tally: Equatable {
        var unknownLinkTypes: [LinkType: PacketCount] = [:]
        var paths: [LayerPath: PacketCount] = [:]
        var undelivered: [Dissection.Outcome: PacketCount] = [:]
        var delivered = PacketCount()
        var filtered = PacketCount()
        var seen = PacketCount()
        var captured: UInt64 = 0
        var marks: [PacketMarks: UInt64] = [:]
        var first: Int64?
        var last: Int64?

        init(_ counts: TrafficCounts) {
            unknownLinkTypes = counts.unknownLinkTypes
            paths = counts.paths
            undelivered = counts.undelivered
            delivered = counts.delivered
            filtered = counts.filtered
            seen = counts.seen
            captured = counts.capturedBytes
            marks = counts.marks
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
                add(frame, to: &paths[dissection.path, default: PacketCount()])
                guard dissection.outcome == .flow else {
                    add(frame, to: &undelivered[dissection.outcome, default: PacketCount()])
                    if dissection.outcome == .unknownLinkType {
                        add(frame, to: &unknownLinkTypes[frame.linkType, default: PacketCount()])
                    }
                    continue
                }
                add(frame, to: &delivered)
                for mark in [
                    PacketMarks.laterFragment, .portsCut, .transportCut, .malformedAbove, .tunnelCut,
                ] where dissection.info.marks.contains(mark) { marks[mark, default: 0] += 1 }
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
            + (0...90).map {
                TestFrame(time: 1_700_000_000_000_000_000, octets: Array(Self.v4.prefix($0)), wireLength: 99)
            }
            + (34...Self.tunnelled.count).map {
                TestFrame(time: 1_700_000_000_000_000_000, octets: Array(Self.tunnelled.prefix($0)))
            }
            + [Self.badInner, Self.later].map { TestFrame(time: 1_700_000_000_000_000_000, octets: $0) }
            + [TestFrame(time: 1_700_000_000_000_000_000, octets: Self.v6, linkType: LinkType(rawValue: 147))]
        for workers in [1, 3] {
            var engine = Engine(FlowTask(name: "flows", fields: .fiveTuple))
            engine.tunnels = tunnels
            engine.filter = filter
            engine.workers = workers
            let result = try engine.run(frames)
            // The input has some of each.
            #expect(expression != "" || result.counts.marks.count == PacketMarks.each.count)
            #expect(expression != "" || !result.counts.unknownLinkTypes.isEmpty)
            #expect(Tally(result.counts) == Tally(frames, tunnels: tunnels, filter: filter))
            #expect(
                result.last.tasks[0].rows
                    == ReferenceModel(engine.tasks[0], frames, tunnels: tunnels, filter: filter).records)
        }
    }

    /// A record without a time has 0, which is none.
    @Test(arguments: [([0, 5, 3], 3, 5), ([0, 0], nil, nil), ([4, 0, 2], 2, 4)] as [([Int64], Int64?, Int64?)])
    func spansTheFramesThatHaveATime(times: [Int64], first: Int64?, last: Int64?) throws {
        let engine = Engine(FlowTask(name: "flows", fields: .fiveTuple))
        let counts = try engine.run(times.map { TestFrame(time: $0, octets: Self.v4) }).counts
        #expect(counts.firstTime == first)
        #expect(counts.lastTime == last)
    }

    private static let tagged = Packets.ethernet(.vlan, Packets.vlan(9, .ipv4, Packets.innerIP))
    private static let tunnelled = Packets.tunnelled(.ipv4, Packets.innerIP)
    /// The inner header claims IP version 15.
    private static let badInner = Packets.tunnelled(.ipv4, [0xF5] + Packets.innerIP.dropFirst())
    private static let later = Packets.ethernet(.ipv4, Packets.ipv4(.tcp, [1, 2, 3]) { $0.fragmentOffset = 185 })
    private static let v4 = Packets.ethernet(.ipv4, Packets.ipv4(.tcp, Packets.tcp(1, 2)))
    private static let v6 = Packets.ethernet(.ipv6, Packets.ipv6(.tcp, Packets.tcp(1, 2)))
}
