import Headers
import PacketTestSupport
import Testing

@Suite struct SCTPTests {
    @Test func readsWhatItEmits() throws {
        let octets = Packets.sctp(36_412, 36_413)
        let view = try SCTPView(octets.span, at: 0)
        #expect(view.sourcePort == 36_412 && view.destinationPort == 36_413 && view.verificationTag == 1)
    }

    /// CRC-32C of 32 zeros, from RFC 3720 § B.4, by way of a header that is all zeros.
    @Test func checksumIsCRC32C() throws {
        var octets: [UInt8] = []
        let chunks = [UInt8](repeating: 0, count: 20)
        SCTPFields(sourcePort: 0, destinationPort: 0, verificationTag: 0).emit(into: &octets, chunks: chunks.span)
        #expect(try SCTPView(octets.span, at: 0).checksum == 0x8A91_36AA)
    }

    @Test func portsNameTheFlow() {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.sctp, Packets.sctp(1, 2)))
        #expect(FiveTuple(dissect(frame).info) == FiveTuple(Packets.alice, Packets.bob, .sctp, [1, 2]))
        expectSensiblePrefixes(frame)
    }

    @Test func aPacketBelowTheHeaderHasNoPorts() {
        let frame = Packets.ethernet(.ipv4, Packets.ipv4(.sctp, Array(Packets.sctp(1, 2).prefix(8))))
        #expect(FiveTuple(dissect(frame).info) == FiveTuple(Packets.alice, Packets.bob, .sctp))
    }
}
