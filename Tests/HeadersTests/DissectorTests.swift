import CaptureTestSupport
import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct DissectorTests {
    @Test func lengthsAndTimeAreKept() {
        let frame = Packets.innerFrame
        let info = Dissector().dissect(frame.span, linkType: .ethernet, time: -7, wireLength: 9000).info
        #expect(info.time == -7 && info.wireLength == 9000 && Int(info.capturedLength) == frame.count)
    }

    @Test func everyOtherLinkTypeIsUnknown() {
        for number in UInt16.min...UInt16.max {
            let linkType = LinkType(rawValue: number)
            let outcome = dissect(Packets.innerFrame, linkType).outcome
            #expect((outcome == .unknownLinkType) == !SampleFrame.linkTypes.contains(linkType), "\(number)")
        }
    }

    /// Outer mode names the first packet, inner mode the last, and both walks see the same headers.
    @Test func tunnelsInTunnels() {
        let once = Packets.gre(GREFields(protocolType: .bridgedEthernet), Packets.innerFrame)
        let twice = Packets.udp(9, 4789, Packets.vxlan(Packets.ethernet(.ipv4, Packets.ipv4(.gre, once))))
        let frame = Packets.tunnelled(.udp, twice)
        let outer = dissect(frame, .ethernet, .outer), inner = dissect(frame, .ethernet, .inner)
        #expect(FiveTuple(outer.info) == FiveTuple(Packets.gateA, Packets.gateB, .udp, [9, 4789]))
        #expect(FiveTuple(inner.info) == .inner)
        #expect(outer.path == inner.path)
        #expect(outer.path.layers == [.ethernet, .ipv4, .udp, .vxlan, .ethernet, .ipv4, .gre, .ethernet])
        expectSensiblePrefixes(frame)
    }

    /// Packets in packets, deeper and deeper: followed up to the limit, then stopped there with what was known.
    @Test(arguments: 1...40) func nestingHasALimit(depth: Int) {
        var packet = Packets.innerIP
        for level in 1..<max(depth, 2) where level < depth {
            packet = Packets.ipv4(.ipv4, packet, from: IPAddress(v4: UInt32(level)), to: Packets.gateB)
        }
        let dissection = dissect(packet, .raw, .inner)
        // Each level takes an IP header and an announcement of the next; the last one a transport header.
        let fits = 2 * depth <= Dissector.headersMax
        #expect((dissection.stopped == nil) == fits)
        #expect((FiveTuple(dissection.info) == .inner) == (2 * depth - 1 <= Dissector.headersMax))
        if !fits {
            #expect(dissection.stopped?.reason == .tooDeep && dissection.info.marks.contains(.malformedAbove))
        }
    }

    @Test func endlessTagsEndAtTheLimit() {
        var frame = Packets.innerIP
        for _ in 0..<100 { frame = Packets.vlan(1, .vlan, frame) }
        let dissection = dissect(Packets.ethernet(.vlan, frame))
        #expect(dissection.outcome == .malformed && dissection.stopped?.reason == .tooDeep)
    }

    @Test(arguments: SampleFrame.all) func samplesDecodeToTheirEnd(sample: SampleFrame) {
        let dissection = dissect(sample.octets, sample.linkType, .inner)
        #expect(dissection.outcome == .flow && dissection.stopped == nil && dissection.info.marks == [])
        expectSensiblePrefixes(sample.octets, sample.linkType)
    }

    /// Octets without any sense, under every link type and in both modes.
    @Test(arguments: SampleFrame.linkTypes) func hostileOctets(linkType: LinkType) {
        var generator = SeededGenerator(seed: UInt64(linkType.rawValue))
        for _ in 0..<3000 {
            let frame = generator.octets(Int.random(in: 0...120, using: &generator))
            expectConsistent(frame, linkType)
        }
    }

    /// Sensible frames with some octets changed reach deeper than noise does.
    @Test(arguments: UInt64(0)..<20) func damagedFrames(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let sample = SampleFrame.all.randomElement(using: &generator)!
            var frame = sample.octets
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                frame[Int.random(in: 0..<frame.count, using: &generator)] = .any(&generator)
            }
            expectConsistent(Array(frame.prefix(Int.random(in: 0...frame.count, using: &generator))), sample.linkType)
        }
    }

    private func expectConsistent(_ frame: [UInt8], _ linkType: LinkType) {
        let outer = dissect(frame, linkType, .outer), inner = dissect(frame, linkType, .inner)
        #expect(outer.outcome == inner.outcome && outer.path == inner.path && outer.stopped == inner.stopped)
        #expect(outer.info.vlan == inner.info.vlan)
        let dissection = inner
        #expect((dissection.outcome == .flow) == (dissection.info.source.family != .none))
        #expect(dissection.info.source.family == dissection.info.destination.family)
        #expect(dissection.info.fragment != .later || FiveTuple(dissection.info).ports == [0, 0])
        if dissection.outcome == .truncated || dissection.outcome == .malformed { #expect(dissection.stopped != nil) }
        if dissection.outcome == .notIP { #expect(dissection.stopped == nil && dissection.info.marks == []) }
        if let stopped = dissection.stopped { #expect(stopped.offset >= 0 && Int(stopped.offset) <= frame.count) }
    }
}
