import CaptureTestSupport
import Headers
import Octets
import PacketTestSupport
import Testing

@Suite struct IPv4Tests {
    @Test(arguments: UInt64(0)..<50) func readsWhatItEmits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var fields = IPv4Fields(
            source: .any(&generator), destination: .any(&generator), protocol: IPProtocol(rawValue: .any(&generator)))
        fields.typeOfService = .any(&generator)
        fields.identification = .any(&generator)
        fields.dontFragment = Bool.random(using: &generator)
        fields.moreFragments = Bool.random(using: &generator)
        fields.fragmentOffset = .any(&generator) & 0x1FFF
        fields.timeToLive = .any(&generator)
        fields.options = generator.octets(Int.random(in: 0...40, using: &generator))
        var octets: [UInt8] = []
        fields.emit(into: &octets, payloadLength: 100)
        #expect(octets.count == fields.headerLength && octets.count % 4 == 0)

        let view = try IPv4View(octets.span, at: 0)
        #expect(view.version == 4 && view.headerLength == octets.count && Int(view.totalLength) == octets.count + 100)
        #expect(view.typeOfService == fields.typeOfService && view.identification == fields.identification)
        #expect(view.dontFragment == fields.dontFragment && view.moreFragments == fields.moreFragments)
        #expect(view.fragmentOffset == fields.fragmentOffset && view.timeToLive == fields.timeToLive)
        #expect(view.protocol == fields.protocol)
        #expect(view.source == IPAddress(v4: fields.source) && view.destination == IPAddress(v4: fields.destination))
        var checksum = InternetChecksum()
        checksum.add(octets.span)
        #expect(checksum.value == 0)
    }

    @Test func optionsAreSkipped() {
        let packet = Packets.ipv4(.tcp, Packets.tcp(40_000, 443)) { $0.options = [0x94, 4, 0, 0, 1, 1, 1] }
        expectCarried(Packets.ethernet(.ipv4, packet))
    }

    @Test func paddingBehindThePacketIsNotPartOfIt() {
        let packet = Packets.ipv4(.tcp, [])
        let dissection = dissect(Packets.ethernet(.ipv4, packet + [0, 80, 0, 90, 0, 0]))
        #expect(dissection.outcome == .flow && dissection.info.sourcePort == 0)
        #expect(dissection.info.marks == .portsCut)
    }

    @Test func totalLengthOfZeroEndsWithTheFrame() {
        var packet = Packets.innerIP
        packet[2] = 0
        packet[3] = 0
        expectCarried(Packets.ethernet(.ipv4, packet))
    }

    @Test func headerLengthBelowFiveIsMalformed() {
        var packet = Packets.innerIP
        packet[0] = 0x44
        let dissection = dissect(Packets.ethernet(.ipv4, packet))
        #expect(dissection.outcome == .malformed && dissection.info.source == .none)
        #expect(dissection.path.layers == [.ethernet, .ipv4, .malformed])
        #expect(dissection.stopped == DecodeFailure(.ipv4, .lengthBelowHeader, at: 14, needed: 20, available: 16))
    }

    @Test func totalLengthBelowTheHeaderIsMalformed() {
        var packet = Packets.innerIP
        packet[2] = 0
        packet[3] = 19
        #expect(dissect(Packets.ethernet(.ipv4, packet)).outcome == .malformed)
    }

    /// The addresses stand before the options, so a packet that ends in them is still a flow's.
    @Test func optionsBeyondThePacketLeaveTheAddresses() {
        var packet = Packets.ipv4(.udp, [])
        packet[0] = 0x4F
        packet[3] = 60
        let dissection = dissect(Packets.ethernet(.ipv4, packet))
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.alice, Packets.bob, .udp))
        #expect(dissection.info.marks == .malformedAbove && dissection.stopped?.reason == .lengthBeyondPacket)
    }

    @Test func versionFieldDecides() {
        let packet = Packets.ipv6(.udp, Packets.udp(1, 2))
        #expect(dissect(Packets.ethernet(.ipv4, packet)).info.source == Packets.alice6)
        #expect(dissect(packet, .ipv4).info.source == Packets.alice6)
        expectCarried(Packets.ethernet(.ipv6, Packets.innerIP))
        for type in [EtherType.ipv4, .ipv6] {
            let dissection = dissect(Packets.ethernet(type, [0x50] + packet.dropFirst()))
            #expect(dissection.outcome == .malformed && dissection.stopped?.reason == .versionMismatch)
        }
    }

    @Test(arguments: [LinkType.raw, .rawBSD, .rawOpenBSD, .ipv4]) func rawLinks(linkType: LinkType) {
        expectCarried(Packets.innerIP, linkType, path: [.ipv4, .tcp])
    }

    @Test func fragments() {
        let first = Packets.ipv4(.udp, Packets.udp(53, 1000)) { $0.moreFragments = true }
        let later = Packets.ipv4(.udp, Packets.udp(53, 1000)) { $0.fragmentOffset = 3 }
        let firstInfo = dissect(Packets.ethernet(.ipv4, first)).info
        #expect(FiveTuple(firstInfo).ports == [53, 1000] && firstInfo.fragment == .first && firstInfo.marks == [])
        let laterInfo = dissect(Packets.ethernet(.ipv4, later)).info
        #expect(FiveTuple(laterInfo).ports == [0, 0] && laterInfo.fragment == .later)
        #expect(laterInfo.marks == .laterFragment)
        expectSensiblePrefixes(Packets.ethernet(.ipv4, later))
    }

    @Test func otherProtocolsHaveNoPorts() {
        for number in UInt8.min...UInt8.max where !IPProtocol(rawValue: number).hasPorts {
            let packet = Packets.ipv4(IPProtocol(rawValue: number), [UInt8](repeating: 0x99, count: 40))
            let info = dissect(Packets.ethernet(.ipv4, packet)).info
            #expect(FiveTuple(info) == FiveTuple(Packets.alice, Packets.bob, IPProtocol(rawValue: number)))
        }
    }
}
