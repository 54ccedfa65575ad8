import Events
import Headers
import PacketTestSupport
import Streams
import Testing

/// Segments in fragmented datagrams.
@Suite struct FragmentTests {
    private static let text = Array("The quick brown fox jumps over the lazy dog, twice or so.".utf8)

    /// Alice's segment cut into fragments of `size` octets, a multiple of eight.
    private static func fragments(
        _ talk: borrowing Conversation, _ payload: [UInt8] = text, size: Int = 24, identification: UInt16 = 7
    ) -> [[UInt8]] {
        let segment = talk.segment(.alice, 1001, payload, flags: .ack)
        return stride(from: 0, to: segment.count, by: size).map { start in
            fragment(
                talk, Array(segment[start..<min(start + size, segment.count)]), at: start,
                more: start + size < segment.count, identification: identification)
        }
    }

    private static func fragment(
        _ talk: borrowing Conversation, _ data: [UInt8], at offset: Int, more: Bool, identification: UInt16 = 7
    ) -> [UInt8] {
        if talk.isIPv6 {
            var header: [UInt8] = []
            IPv6ExtensionFields.fragment(
                nextHeader: .tcp, offset: UInt16(offset / 8), moreFragments: more,
                identification: UInt32(identification)
            ).emit(into: &header)
            return Packets.ethernet(.ipv6, Packets.ipv6(.fragment, header + data))
        }
        return Packets.ethernet(
            .ipv4,
            Packets.ipv4(.tcp, data) {
                $0.identification = identification
                $0.fragmentOffset = UInt16(offset / 8)
                $0.moreFragments = more
            })
    }

    @Test(arguments: [false, true], 0..<6) func anyOrder(isIPv6: Bool, rotation: Int) {
        var talk = Conversation()
        talk.isIPv6 = isIPv6
        talk.handshake()
        let fragments = Self.fragments(talk)
        let order = Array(fragments[(rotation % fragments.count)...] + fragments[..<(rotation % fragments.count)])
        for fragment in rotation >= 3 ? order.reversed() : order { talk.receive(fragment) }
        #expect(Array(talk.text().utf8) == Self.text)
        let ledger = talk.reassembler.fragmentLedger
        #expect(ledger.datagrams == 1 && ledger.used == UInt64(fragments.count))
        #expect(talk.ledger.datagramSegments == 1)
    }

    @Test func duplicateFragments() {
        var talk = Conversation()
        talk.isIPv6 = true
        talk.handshake()
        for fragment in Self.fragments(talk).reversed() {
            talk.receive(fragment)
            talk.receive(fragment)
        }
        #expect(Array(talk.text().utf8) == Self.text)
    }

    /// IPv4: the first copy wins. IPv6 forbids overlaps, so the datagram is given up.
    @Test(arguments: [false, true]) func overlappingFragments(isIPv6: Bool) {
        var talk = Conversation()
        talk.isIPv6 = isIPv6
        talk.handshake()
        let segment = talk.segment(.alice, 1001, Array("abcdefghijklmnopqrst".utf8), flags: .ack)
        talk.receive(Self.fragment(talk, Array(segment[0..<24]), at: 0, more: true))
        talk.receive(Self.fragment(talk, [UInt8](repeating: 0x2A, count: 16) + segment[32...], at: 16, more: false))
        if isIPv6 {
            talk.receive(Self.fragment(talk, Array(segment[24..<32]), at: 24, more: true))
            #expect(talk.streams.isEmpty)
            talk.finish()
            #expect(talk.reassembler.fragmentLedger.refused == 3)
        } else {
            #expect(talk.text() == "abcd********mnopqrst")
            #expect(talk.reassembler.fragmentLedger.overlappingOctets == 8)
        }
    }

    @Test func timeOut() {
        var talk = Conversation { $0.fragmentNanoseconds = 1_000_000_000 }
        talk.handshake()
        let fragments = Self.fragments(talk)
        talk.receive(fragments[0])
        talk.time += 1_000_000_000
        for fragment in fragments.dropFirst() { talk.receive(fragment) }
        #expect(talk.streams.isEmpty && talk.reassembler.fragmentLedger.timedOut == 1)
    }

    @Test func memoryIsBounded() {
        var talk = Conversation {
            $0.datagramsMax = 4
            $0.fragmentOctetsMax = 8 * 2048
        }
        talk.handshake()
        for identification in UInt16(0)..<10 {
            talk.receive(Self.fragments(talk, identification: identification)[0])
        }
        #expect(talk.reassembler.fragmentLedger.evicted == 6)
        for fragment in Self.fragments(talk, identification: 9).dropFirst() { talk.receive(fragment) }
        #expect(Array(talk.text().utf8) == Self.text)
    }

    @Test func fragmentCutByTheSnapLength() {
        var talk = Conversation()
        talk.handshake()
        for fragment in Self.fragments(talk) { talk.receive(fragment, captured: fragment.count - 1) }
        #expect(talk.streams.isEmpty && talk.reassembler.fragmentLedger.unusable == 4)
    }

    @Test func contradictingEnds() {
        var talk = Conversation()
        talk.handshake()
        talk.receive(Self.fragment(talk, [UInt8](repeating: 0, count: 16), at: 8, more: false))
        talk.receive(Self.fragment(talk, [UInt8](repeating: 0, count: 24), at: 8, more: false))
        talk.finish()
        #expect(talk.reassembler.fragmentLedger.refused == 2)
    }

    @Test func otherProtocolsAreNotKept() {
        var talk = Conversation()
        talk.receive(
            Packets.ethernet(.ipv4, Packets.ipv4(.udp, [UInt8](repeating: 0, count: 16)) { $0.moreFragments = true }))
        #expect(talk.ledger.otherFrames == 1 && talk.reassembler.fragmentLedger.fragments == 0)
    }

    /// The largest datagram that fragments can make, and one octet more.
    @Test func largestDatagram() {
        var talk = Conversation()
        talk.handshake()
        let payload = [UInt8](repeating: 0x61, count: 65_515 - 20)
        for fragment in Self.fragments(talk, payload, size: 1480) { talk.receive(fragment) }
        #expect(talk.streams[0].octets(.sent) == payload)
        talk.receive(Self.fragment(talk, [UInt8](repeating: 0, count: 16), at: 65_520, more: false))
        #expect(talk.reassembler.fragmentLedger.unusable == 1)
    }
}

/// TCP in tunnels, and tunnels in fragments.
@Suite struct TunnelTests {
    private static func tunnelled(_ talk: borrowing Conversation, _ sequence: UInt32, _ text: String) -> [UInt8] {
        let inner = talk.packet(.alice, talk.segment(.alice, sequence, Array(text.utf8), flags: .ack))
        return Packets.gre(GREFields(protocolType: .ipv4), inner)
    }

    @Test(arguments: TunnelMode.allCases) func innermostOnlyIfAsked(mode: TunnelMode) {
        var talk = Conversation { $0.tunnels = mode }
        talk.receive(Packets.tunnelled(.gre, Self.tunnelled(talk, 1001, "inside")))
        if mode == .inner { #expect(talk.text() == "inside") } else { #expect(talk.streams.isEmpty) }
    }

    @Test func tunnelInFragments() {
        var talk = Conversation { $0.tunnels = .inner }
        let payload = Self.tunnelled(talk, 1001, "inside and in pieces")
        for start in [0, 32] {
            let data = Array(start == 0 ? payload[..<32] : payload[32...])
            talk.receive(
                Packets.ethernet(
                    .ipv4,
                    Packets.ipv4(.gre, data, from: Packets.gateA, to: Packets.gateB) {
                        $0.fragmentOffset = UInt16(start / 8)
                        $0.moreFragments = start == 0
                    }))
        }
        #expect(talk.text() == "inside and in pieces")
    }

    @Test func everyLinkType() {
        var talk = Conversation()
        talk.receive(talk.packet(.alice, talk.segment(.alice, 1001, [0x61], flags: .ack)), linkType: .raw)
        talk.receive(
            Packets.ethernet(
                .vlan, Packets.vlan(7, .ipv4, talk.packet(.alice, talk.segment(.alice, 1002, [0x62], flags: .ack)))))
        talk.receive(
            Packets.ethernet(
                .ipv4,
                talk.packet(.alice, talk.segment(.alice, 1003, [0x63], flags: .ack)) { $0.options = [1, 1, 1, 0] }))
        #expect(talk.text() == "abc")
    }
}
