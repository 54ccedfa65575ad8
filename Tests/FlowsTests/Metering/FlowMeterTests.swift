import Flows
import Headers
import Testing

/// When records end, and why.
@Suite struct FlowMeterTests {
    @Test func aSilentFlowEndsIdle() {
        var input = MeterInput()
        input.count([MeterInput.packet(0), MeterInput.packet(10, back: true), MeterInput.packet(25)])
        #expect(input.meter.ended.isEmpty)
        // Its own next packet shows it, and so do those of others, a little later.
        input.count([MeterInput.packet(40.5)])
        var ended = input.ended()
        #expect(ended.map(\.endReason) == [.idle])
        #expect(ended[0].forward.packets == 2 && ended[0].reverse.packets == 1)
        #expect(ended[0].lastSeen - ended[0].firstSeen == 25 * MeterInput.second)
        input.count([MeterInput.packet(57, port: 1)])
        ended = input.ended()
        #expect(ended.map(\.endReason) == [.idle] && ended.map(\.key.sourcePort) == [40_000])
        #expect(input.finish().map(\.endReason) == [.forced])
    }

    @Test func aLastingFlowIsToldByAndBy() {
        var input = MeterInput()
        input.count((0..<200).map { MeterInput.packet(Double($0), back: $0 % 2 == 1) })
        let ended = input.ended()
        #expect(ended.map(\.endReason) == [.active, .active, .active])
        #expect(ended.allSatisfy { $0.lastSeen - $0.firstSeen < 60 * MeterInput.second })
        #expect(ended.allSatisfy { $0.key == MeterInput.key }, "the initiator stays who it was")
        #expect(ended.map(\.totalPackets) == [60, 60, 60])
        #expect(input.finish().map(\.totalPackets) == [20])
    }

    @Test func anAnnouncedEndEndsTheFlow() {
        var input = MeterInput()
        let closing = [
            MeterInput.segment(1, [.fin, .ack], sequence: 101, ack: 501),
            MeterInput.segment(1.1, back: true, [.fin, .ack], sequence: 501, ack: 102),
            // What comes late belongs to it.
            MeterInput.segment(1.2, sequence: 102, ack: 502),
        ]
        input.count(MeterInput.handshake + closing)
        #expect(input.meter.ended.isEmpty)
        input.count([MeterInput.packet(8, port: 1)])
        let ended = input.ended()
        #expect(ended.map(\.endReason) == [.endOfFlow])
        #expect(ended[0].totalPackets == 6)
        #expect(ended[0].forward.tcpFlags == [.syn, .ack, .fin])
    }

    @Test func aResetEndsTheFlow() {
        var input = MeterInput()
        input.count(MeterInput.handshake + [MeterInput.segment(1, back: true, .rst, sequence: 501)])
        #expect(input.finish().map(\.endReason) == [.endOfFlow])
    }

    /// A client that uses its port again, with and without having closed before.
    @Test(arguments: [true, false]) func anotherConnectionIsAnotherFlow(isClosed: Bool) {
        var input = MeterInput()
        input.count(MeterInput.handshake)
        if isClosed { input.count([MeterInput.segment(0.5, .rst, sequence: 101)]) }
        input.count([
            MeterInput.segment(1, .syn, sequence: 9000),
            // Sent again, it is no third one.
            MeterInput.segment(2, .syn, sequence: 9000),
        ])
        let ended = input.ended()
        #expect(ended.map(\.endReason) == [.endOfFlow] && ended.map(\.totalPackets) == [isClosed ? 4 : 3])
        let last = input.finish()
        #expect(last.map(\.totalPackets) == [2] && last.map(\.forward.retransmissions) == [1])
    }

    @Test func theLongestSilentMakesRoom() {
        var input = MeterInput { $0.flowsMax = 2 }
        // The first goes on, the second is silent.
        input.count([
            MeterInput.packet(0, port: 1), MeterInput.packet(0, port: 2), MeterInput.packet(5, port: 1),
            MeterInput.packet(6, port: 3),
        ])
        let ended = input.ended()
        #expect(ended.map(\.endReason) == [.lackOfResources] && ended.map(\.key.sourcePort) == [2])
        #expect(input.meter.flowCount == 2)
        #expect(Set(input.finish().map(\.key.sourcePort)) == [1, 3])
    }

    @Test func aClosedConnectionMakesRoomFirst() {
        var input = MeterInput { $0.flowsMax = 2 }
        input.count([MeterInput.packet(0, port: 1)] + MeterInput.handshake)
        input.count([MeterInput.segment(1, .rst, sequence: 101), MeterInput.packet(1, port: 3)])
        #expect(input.ended().map(\.endReason) == [.endOfFlow])
    }

    @Test func whoAnswersDidNotBegin() {
        var input = MeterInput()
        // The capture begins in the middle of the handshake.
        input.count(Array(MeterInput.handshake.dropFirst()))
        let flows = input.finish()
        #expect(flows.map(\.key) == [MeterInput.key])
        #expect(flows.map(\.forward.packets) == [1] && flows.map(\.reverse.packets) == [1])
        #expect(flows.map(\.responderRoundTrip) == [nil])
        #expect(flows.map(\.initiatorRoundTrip) == [5_000_000])
    }

    @Test func timeEndsFlowsWithoutAPacket() {
        var input = MeterInput()
        input.count([MeterInput.packet(0)])
        let hasMore = input.meter.advance(to: MeterInput.start + 15 * MeterInput.second)
        #expect(!hasMore && input.meter.ended.isEmpty)
        _ = input.meter.advance(to: MeterInput.start + 15 * MeterInput.second + 1)
        #expect(input.ended().map(\.endReason) == [.idle])
    }

    /// After a clock was set back flows end as before, and not only once it has caught up.
    @Test func flowsEndAlsoWhereTheClockWasSetBack() {
        var input = MeterInput()
        input.count([MeterInput.packet(7200, port: 1), MeterInput.packet(0, port: 2), MeterInput.packet(20, port: 3)])
        #expect(input.ended().map(\.key.sourcePort) == [1, 2])
        input.count([MeterInput.packet(36, port: 4)])
        #expect(input.ended().map(\.key.sourcePort) == [3])
    }

    /// Extreme times trap nowhere.
    @Test func extremeTimesAreCounted() {
        for times in [[Int64.min, .max], [.max, .min], [.min, 0, .max], [0, 0], [.max, .max, .min]] {
            var input = MeterInput { $0.idleNanoseconds = .max }
            var packets = times.map { _ in MeterInput.packet(0) }
            for index in times.indices { packets[index].time = times[index] }
            input.count(packets)
            #expect(input.finish().reduce(0) { $0 + Int($1.totalPackets) } + input.ended().count == times.count)
        }
    }
}
