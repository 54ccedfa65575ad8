import Flows
import Headers
import Testing

/// What a meter tells of TCP connections.
@Suite struct FlowMeterTCPTests {
    private static func flow(_ packets: [MeteredPacket]) throws -> MeteredFlow {
        var input = MeterInput()
        input.count(packets)
        let flows = input.finish()
        #expect(flows.count == 1)
        return try #require(flows.first)
    }

    @Test func theHandshakeGivesBothRoundTrips() throws {
        let flow = try Self.flow(MeterInput.handshake)
        #expect(flow.responderRoundTrip == 20_000_000 && flow.initiatorRoundTrip == 5_000_000)
    }

    /// Which of two SYNs was answered cannot be known (RFC 6298 § 3).
    @Test func anAmbiguousRoundTripIsNotGuessed() throws {
        var packets = MeterInput.handshake
        packets.insert(MeterInput.segment(0.010, .syn, sequence: 100), at: 1)
        var flow = try Self.flow(packets)
        #expect(flow.responderRoundTrip == nil && flow.initiatorRoundTrip == 5_000_000)
        #expect(flow.forward.retransmissions == 1 && flow.forward.retransmittedBytes == 0)
        packets = MeterInput.handshake
        packets.insert(MeterInput.segment(0.022, back: true, [.syn, .ack], sequence: 500, ack: 101), at: 2)
        flow = try Self.flow(packets)
        #expect(flow.responderRoundTrip == 20_000_000 && flow.initiatorRoundTrip == nil)
    }

    @Test func anAnswerToAnotherSYNIsNone() throws {
        let flow = try Self.flow([
            MeterInput.segment(0, .syn, sequence: 100),
            MeterInput.segment(0.020, back: true, [.syn, .ack], sequence: 500, ack: 77),
        ])
        #expect(flow.responderRoundTrip == nil)
    }

    @Test func everyRecordOfAConnectionHasItsRoundTrips() {
        var input = MeterInput()
        input.count(MeterInput.handshake)
        input.count((1..<9).map { MeterInput.segment(Double($0) * 10, sequence: 101, ack: 501) })
        let flows = input.ended() + input.finish()
        #expect(flows.map(\.endReason) == [.active, .forced])
        #expect(flows.map(\.responderRoundTrip) == [20_000_000, 20_000_000])
    }

    @Test func eachDirectionHasItsOwnTroubles() throws {
        let data = [
            MeterInput.segment(1, sequence: 101, ack: 501, payload: 1000),
            // Merged by the receiver: no repetition.
            MeterInput.segment(1.1, sequence: 1101, ack: 501, payload: 20_000),
            // The last 500 of these again, and 500 new ones.
            MeterInput.segment(1.5, sequence: 20_601, ack: 501, payload: 1000),
            // Overtaken: within a round trip of 25 ms.
            MeterInput.segment(2, back: true, sequence: 1501, ack: 21_601, payload: 1000),
            MeterInput.segment(2.01, back: true, sequence: 501, ack: 21_601, payload: 1000),
            // Lost before it was seen, and sent again.
            MeterInput.segment(3, back: true, sequence: 3501, ack: 21_601, payload: 1000),
            MeterInput.segment(3.2, back: true, sequence: 2501, ack: 21_601, payload: 1000),
            MeterInput.segment(4, sequence: 21_601, ack: 4501, window: 0),
            MeterInput.segment(5, sequence: 21_601, ack: 4501, window: 0),
            MeterInput.segment(6, back: true, .rst, sequence: 4501, window: 0),
        ]
        let flow = try Self.flow(MeterInput.handshake + data)
        #expect(flow.forward.retransmissions == 1 && flow.forward.retransmittedBytes == 500)
        #expect(flow.forward.outOfOrder == 0 && flow.forward.zeroWindows == 2)
        #expect(flow.reverse.retransmissions == 1 && flow.reverse.retransmittedBytes == 1000)
        #expect(flow.reverse.outOfOrder == 1 && flow.reverse.zeroWindows == 0)
    }
}
