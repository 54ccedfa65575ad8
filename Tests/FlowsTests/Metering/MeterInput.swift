import Flows
import Headers

/// Packets between two ends, for meters.
struct MeterInput {
    static let second: Int64 = 1_000_000_000
    static let start: Int64 = 1_700_000_000_000_000_000

    static let key = FlowKey(
        sourceHigh: 0, sourceLow: 0x0A00_0002, destinationHigh: 0, destinationLow: 0x0A00_0001,
        meta: FlowKey.meta(sourcePort: 40_000, destinationPort: 443, vlan: 7, protocol: 6, family: 4))

    var meter: FlowMeter

    init(_ change: (inout FlowMeterSettings) -> Void = { _ in }) {
        var settings = FlowMeterSettings()
        change(&settings)
        meter = FlowMeter(settings)
    }

    static func packet(
        _ seconds: Double, back: Bool = false, port: UInt16 = 40_000, octets: UInt32 = 100,
        flags: TCPFlags = .ack, tcp: TCPProgress? = nil
    ) -> MeteredPacket {
        var key = key
        key.meta = FlowKey.meta(sourcePort: port, destinationPort: 443, vlan: 7, protocol: 6, family: 4)
        if back { key.swapEnds() }
        return MeteredPacket(
            key: key, time: start + Int64(seconds * 1e9), wireOctets: octets, ipOctets: octets - 18, tcpFlags: flags,
            tcp: tcp)
    }

    static func segment(
        _ seconds: Double, back: Bool = false, _ flags: TCPFlags = .ack, sequence: UInt32, ack: UInt32 = 0,
        payload: UInt32 = 0, window: UInt16 = 1000
    ) -> MeteredPacket {
        packet(
            seconds, back: back, octets: 72 + payload, flags: flags,
            tcp: TCPProgress(sequence: sequence, acknowledgment: ack, window: window, payloadOctets: payload))
    }

    /// A connection's first three segments: numbers 100 and 500, 20 ms to the responder and 5 ms to the initiator.
    static let handshake = [
        segment(0, .syn, sequence: 100), segment(0.020, back: true, [.syn, .ack], sequence: 500, ack: 101),
        segment(0.025, sequence: 101, ack: 501),
    ]

    mutating func count(_ packets: [MeteredPacket]) { meter.count(packets) }

    /// What ended by itself.
    mutating func ended() -> [MeteredFlow] { meter.takeEnded() }

    /// All records, those that go on included.
    mutating func finish() -> [MeteredFlow] {
        while meter.endSome() {}
        return meter.takeEnded()
    }
}

extension FlowMeter {
    mutating func count(_ packets: [MeteredPacket]) { count(packets.span) }
}
