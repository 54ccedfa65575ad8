import Headers
import Octets
import Synthesis
import Testing

@Suite struct TrafficGeneratorTests {
    static func options(_ change: (inout TrafficOptions) -> Void = { _ in }) -> TrafficOptions {
        var options = TrafficOptions()
        options.packets = 5_000
        options.flows = 400
        options.vlanShare = 0.1
        options.ipv6Share = 0.3
        options.tunnelShare = 0.2
        change(&options)
        return options
    }

    struct Frame: Equatable {
        var octets: [UInt8]
        var packet: GeneratedPacket
    }

    static func frames(_ options: TrafficOptions) throws -> (frames: [Frame], truth: [FlowTruth]) {
        var generator = try TrafficGenerator(options)
        var frames: [Frame] = []
        var buffer: [UInt8] = []
        while let packet = generator.next(into: &buffer) {
            frames.append(Frame(octets: buffer, packet: packet))
            buffer.removeAll(keepingCapacity: true)
        }
        #expect(buffer.isEmpty, "nothing is appended after the last packet")
        return (frames, generator.truth)
    }

    static func dissect(_ frame: Frame, _ mode: TunnelMode) -> Dissection {
        Dissector(tunnels: mode).dissect(
            frame.octets.span, linkType: .ethernet, time: frame.packet.time, wireLength: frame.packet.wireLength)
    }

    @Test func theSameOptionsGiveTheSameOctets() throws {
        let options = Self.options()
        let (frames, truth) = try Self.frames(options)
        let again = try Self.frames(options)
        #expect(frames == again.frames)
        #expect(truth == again.truth)
        let other = try Self.frames(Self.options { $0.seed = 2 })
        #expect(frames != other.frames)
    }

    /// What was counted per flow is what the frames add up to.
    @Test func framesAddUpToTheTruth() throws {
        let (frames, truth) = try Self.frames(Self.options())
        #expect(frames.count == 5_000)
        #expect(truth.count == 400)
        for (index, flow) in truth.enumerated() {
            let own = frames.map(\.packet).filter { $0.flow == index }
            #expect(!own.isEmpty)
            #expect(own.first?.isBackward == false)
            for (counters, isBackward) in [(flow.forward, false), (flow.backward, true)] {
                let packets = own.filter { $0.isBackward == isBackward }
                #expect(counters.packets == UInt64(packets.count))
                #expect(counters.bytes == packets.reduce(0) { $0 + UInt64($1.wireLength) })
            }
            #expect(flow.firstSeen == own.first?.time)
            #expect(flow.lastSeen == own.last?.time)
        }
    }

    @Test func timesNeverGoBack() throws {
        let options = Self.options()
        let times = try Self.frames(options).frames.map(\.packet.time)
        #expect(times == times.sorted())
        #expect(times[0] >= options.start)
        #expect(times[times.count - 1] < options.start + 60_000_000_000)
    }

    /// The dissector finds each packet's flow, whole or cut at 96 octets, inside and outside of tunnels.
    @Test(arguments: [0, 96, 128]) func framesSayWhatTheTruthSays(snapLength: Int) throws {
        let (frames, truth) = try Self.frames(Self.options { $0.snapLength = snapLength })
        for frame in frames {
            let flow = truth[frame.packet.flow]
            let isBackward = frame.packet.isBackward
            let octetsMax = snapLength == 0 ? Int.max : snapLength
            #expect(frame.octets.count == min(octetsMax, Int(frame.packet.wireLength)))
            let inner = Self.dissect(frame, .inner)
            #expect(inner.outcome == .flow && inner.info.vlan == flow.vlan)
            let outer = Self.dissect(frame, .outer).info
            if let tunnel = flow.tunnel {
                #expect(outer.source == (isBackward ? tunnel.destination : tunnel.source))
                #expect(outer.destination == (isBackward ? tunnel.source : tunnel.destination))
                #expect(outer.sourcePort == tunnel.sourcePort)
            }
            // 96 octets do not reach through every tunnel.
            guard flow.tunnel == nil || snapLength != 96 else { continue }
            #expect(inner.stopped == nil || snapLength != 0)
            #expect(inner.info.source == (isBackward ? flow.destination : flow.source))
            #expect(inner.info.destination == (isBackward ? flow.source : flow.destination))
            #expect(inner.info.sourcePort == (isBackward ? flow.destinationPort : flow.sourcePort))
            #expect(inner.info.protocol == flow.protocol)
        }
    }

    @Test func flowsDifferInEitherDirection() throws {
        var seen: Set<String> = []
        for flow in try Self.frames(Self.options { $0.flows = 5_000 }).truth {
            let ends = ["\(flow.source) \(flow.sourcePort)", "\(flow.destination) \(flow.destinationPort)"].sorted()
            #expect(seen.insert("\(flow.protocol.rawValue) \(ends)").inserted)
        }
    }

    @Test func sharesAreKept() throws {
        let truth = try Self.frames(Self.options { $0.flows = 5_000 }).truth
        func share(_ isMember: (FlowTruth) -> Bool) -> Double { Double(truth.count(where: isMember)) / 5_000 }
        #expect(abs(share { $0.vlan != 0 } - 0.1) < 0.02)
        #expect(abs(share { $0.source.family == .v6 } - 0.3) < 0.03)
        #expect(abs(share { $0.tunnel != nil } - 0.2) < 0.03)
        #expect(abs(share { $0.protocol == .tcp } - 0.85) < 0.03)
        let none = try Self.frames(
            Self.options {
                $0.vlanShare = 0
                $0.ipv6Share = 1
                $0.tunnelShare = 0
            }
        ).truth
        #expect(none.allSatisfy { $0.vlan == 0 && $0.source.family == .v6 && $0.tunnel == nil })
    }

    /// With exponent 1.1 the largest of 400 flows has more than a tenth of the packets; with 0 none stands out.
    @Test func theExponentSkewsFlows() throws {
        func largest(_ exponent: Double) throws -> UInt64 {
            try Self.frames(Self.options { $0.zipfExponent = exponent }).truth
                .map { $0.forward.packets + $0.backward.packets }.max() ?? 0
        }
        #expect(try largest(1.1) > 500)
        #expect(try largest(0) < 40)
    }

    /// A TCP flow of enough packets opens with SYN, SYN and ACK, ACK and ends with FIN.
    @Test func connectionsOpenAndClose() throws {
        let (frames, truth) = try Self.frames(Self.options())
        let index = try #require(
            truth.firstIndex { $0.protocol == .tcp && $0.forward.packets + $0.backward.packets > 10 })
        let flags = frames.filter { $0.packet.flow == index }.map { Self.dissect($0, .inner).info.tcpFlags }
        #expect(flags.starts(with: [.syn, [.syn, .ack], .ack]))
        #expect(flags.last == [.fin, .ack])
        #expect(truth[index].forward.tcpFlags.contains(.syn))
    }

    @Test func limitsAreChecked() {
        func expect(_ failure: TrafficOptionsFailure, _ change: (inout TrafficOptions) -> Void) {
            #expect(throws: failure) { _ = try TrafficGenerator(Self.options(change)) }
        }
        expect(.flows) { $0.flows = 0 }
        expect(.flows) { $0.flows = 1 << 28 }
        expect(.packets) { $0.packets = 399 }
        expect(.packets) { $0.packets = 1 << 32 }
        expect(.zipfExponent) { $0.zipfExponent = -1 }
        expect(.zipfExponent) { $0.zipfExponent = .nan }
        expect(.snapLength) { $0.snapLength = 13 }
        expect(.share) { $0.vlanShare = 1.1 }
        expect(.share) { $0.ipv6Share = -.infinity }
    }

    @Test func truthPrintsAsCSV() throws {
        var flow = FlowTruth(
            source: IPAddress(v4: 0x0A00_0001), destination: IPAddress(v4: 0x0A00_0002), protocol: .tcp)
        (flow.sourcePort, flow.destinationPort, flow.vlan) = (1, 2, 3)
        (flow.firstSeen, flow.lastSeen) = (4, 5)
        flow.forward.packets = 6
        flow.tunnel = SyntheticTunnel(kind: .gre, source: flow.source, destination: flow.destination, sourcePort: 0)
        var text: [UInt8] = []
        flow.appendCSV(to: &text)
        #expect(String(decoding: text, as: UTF8.self) == "10.0.0.1,10.0.0.2,1,2,6,3,gre,6,0,0,0,4,5\n")
        #expect(FlowTruth.csvHeader.split(separator: ",").count == 13)
        #expect(FlowTruth.csvHeader.last == "\n")
    }
}
