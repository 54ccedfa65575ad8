import CaptureTestSupport
import Headers
import PacketTestSupport
import Testing

@Suite struct IPv6Tests {
    @Test(arguments: UInt64(0)..<50) func readsWhatItEmits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var fields = IPv6Fields(
            source: IPAddress(v6: .any(&generator), .any(&generator)),
            destination: IPAddress(v6: .any(&generator), .any(&generator)),
            nextHeader: IPProtocol(rawValue: .any(&generator)))
        fields.trafficClass = .any(&generator)
        fields.flowLabel = .any(&generator) & 0xF_FFFF
        fields.hopLimit = .any(&generator)
        var octets: [UInt8] = []
        fields.emit(into: &octets, payloadLength: 1280)
        #expect(octets.count == IPv6View.byteCount)

        let view = try IPv6View(octets.span, at: 0)
        #expect(view.version == 6 && view.payloadLength == 1280)
        #expect(view.trafficClass == fields.trafficClass && view.flowLabel == fields.flowLabel)
        #expect(view.hopLimit == fields.hopLimit && view.nextHeader == fields.nextHeader)
        #expect(view.source == fields.source && view.destination == fields.destination)
    }

    @Test func carriesTransport() {
        let frame = Packets.ethernet(.ipv6, Packets.ipv6(.tcp, Packets.tcp(1, 2)))
        let dissection = dissect(frame)
        #expect(FiveTuple(dissection.info) == FiveTuple(Packets.alice6, Packets.bob6, .tcp, [1, 2]))
        #expect(dissection.path.layers == [.ethernet, .ipv6, .tcp])
        expectSensiblePrefixes(frame)
    }

    @Test func payloadLengthBoundsThePacket() {
        var packet = Packets.ipv6(.udp, Packets.udp(1, 2))
        packet[5] = 3
        #expect(dissect(packet, .ipv6).info.marks == .portsCut)
    }

    /// A jumbogram says 0 in the fixed header and its length in a hop-by-hop option (RFC 2675 § 2).
    @Test func jumbograms() {
        let datagram = Packets.udp(1000, 2000, [UInt8](repeating: 7, count: 70_000))
        var options: [UInt8] = []
        IPv6ExtensionFields(nextHeader: .udp, content: [0xC2, 4, 0, 1, 0x11, 0x80]).emit(into: &options)
        let packet = Packets.ipv6(.hopByHop, options + datagram)
        #expect(packet[4] == 0 && packet[5] == 0)
        #expect(FiveTuple(dissect(packet, .ipv6).info) == FiveTuple(Packets.alice6, Packets.bob6, .udp, [1000, 2000]))
    }
}
