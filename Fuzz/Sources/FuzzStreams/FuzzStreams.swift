import Events
import Headers
import PacketTestSupport
import Streams

/// Segments and fragments that the input describes, and whole frames of its own: no trap, no hang, ledgers that balance
/// after every packet, memory within its bounds, and a sink that is told in order.
@c(LLVMFuzzerTestOneInput)
public func fuzzStreams(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    // SAFETY: libFuzzer lends `size` octets at `data` for the call; they are copied.
    var input = Input(octets: unsafe Array(UnsafeBufferPointer(start: data, count: size)))
    var settings = StreamSettings()
    let choice = input.octet()
    settings.tunnels = choice & 1 == 0 ? .outer : .inner
    settings.connectionsMax = choice & 2 == 0 ? 4 : 1000
    settings.waitingOctetsMax = choice & 4 == 0 ? 4096 : 1 << 20
    settings.allWaitingOctetsMax = choice & 8 == 0 ? 8192 : 1 << 20
    settings.waitingPacketsMax = choice & 16 == 0 ? 4 : 1000
    settings.datagramsMax = 3
    settings.fragmentOctetsMax = 16_384
    var reassembler = StreamReassembler(settings: settings)
    var sink = CheckingSink()
    var time: Int64 = 0
    while !input.isEmpty {
        time &+= Int64(truncatingIfNeeded: UInt64(1) << UInt64(input.octet() & 63))
        let (linkType, frame) = input.frame()
        let cut = Int(input.octet()) % 16
        reassembler.receive(
            frame: frame.span.extracting(first: max(0, frame.count - cut)), linkType: linkType, time: time,
            wireLength: UInt32(frame.count), to: &sink)
        check(reassembler, settings)
    }
    reassembler.finish(to: &sink)
    check(reassembler, settings)
    precondition(sink.open.isEmpty && reassembler.ledger.inFlight == 0 && reassembler.connectionCount == 0)
    precondition(sink.octets == reassembler.ledger.delivered && reassembler.waitingOctets == 0)
    precondition(reassembler.ledger.opened == reassembler.ledger.ended.total)
    return 0
}

private func check(_ reassembler: borrowing StreamReassembler, _ settings: StreamSettings) {
    precondition(reassembler.ledger.isBalanced && reassembler.fragmentLedger.isBalanced, "a ledger does not balance")
    precondition(reassembler.connectionCount <= settings.connectionsMax, "too many connections")
    precondition(reassembler.waitingOctets <= settings.allWaitingOctetsMax, "too much waits")
}

private struct Input {
    var octets: [UInt8]
    var position = 0

    var isEmpty: Bool { position >= octets.count }

    mutating func octet() -> UInt8 {
        guard position < octets.count else { return 0 }
        position += 1
        return octets[position - 1]
    }

    mutating func run(_ count: Int) -> [UInt8] {
        let end = min(position + count, octets.count)
        defer { position = end }
        return Array(octets[position..<end])
    }

    mutating func frame() -> (LinkType, [UInt8]) {
        let kind = octet()
        // Now and then octets of any kind.
        if kind & 0x1F == 0x1F { return (.raw, run(Int(octet()))) }
        var fields = TCPFields(
            sourcePort: 1000 + UInt16(kind & 1), destinationPort: 80, flags: TCPFlags(rawValue: octet()))
        let isReply = kind & 2 != 0
        if isReply { swap(&fields.sourcePort, &fields.destinationPort) }
        // Near each other mostly, so that segments meet; sometimes far away.
        fields.sequenceNumber = UInt32(octet()) &- 64 &+ (kind & 0x1C == 0x1C ? UInt32(octet()) << 24 : 0)
        fields.acknowledgmentNumber = UInt32(octet())
        let payload = run(Int(octet()) % 64) + [UInt8](repeating: 0x61, count: kind & 4 != 0 ? 3000 : 0)
        var segment: [UInt8] = []
        fields.emit(into: &segment, payload: payload.span, source: Packets.alice, destination: Packets.bob)
        segment += payload
        let (source, destination) =
            isReply ? (Packets.bob, Packets.alice) : (Packets.alice, Packets.bob)
        guard kind & 8 != 0 else { return (.raw, Packets.ipv4(.tcp, segment, from: source, to: destination)) }
        let fragment = octet()
        let start = min(Int(fragment & 7) * 8, segment.count)
        let end = min(start + Int(fragment >> 3 & 7) * 8, segment.count)
        return (
            .raw,
            Packets.ipv4(.tcp, Array(segment[start..<max(start, end)]), from: source, to: destination) {
                $0.fragmentOffset = UInt16(start / 8)
                $0.moreFragments = fragment & 0x40 == 0
                $0.identification = UInt16(fragment >> 7)
            }
        )
    }
}

private struct CheckingSink: StreamSink {
    var open: [Int: UInt64] = [:]
    var closed: [Int: Set<Direction>] = [:]
    var octets: UInt64 = 0

    private func check(_ id: StreamID) { precondition(open[id.slot] == id.serial, "a connection that is not open") }

    mutating func opened(_ connection: StreamConnection) {
        precondition(open.updateValue(connection.id.serial, forKey: connection.id.slot) == nil, "a slot used twice")
        closed[connection.id.slot] = []
    }
    mutating func data(_ octets: Span<UInt8>, _ direction: Direction, of stream: StreamID, at time: Int64) {
        check(stream)
        precondition(!octets.isEmpty && closed[stream.slot]?.contains(direction) == false)
        self.octets += UInt64(octets.count)
    }
    mutating func gap(_ gap: StreamGap, _ direction: Direction, of stream: StreamID, at time: Int64) {
        check(stream)
        precondition(gap.octets.map { $0 > 0 } ?? true)
        precondition(closed[stream.slot]?.contains(direction) == false)
    }
    mutating func closed(_ direction: Direction, of stream: StreamID, at time: Int64) {
        check(stream)
        precondition(closed[stream.slot]?.insert(direction).inserted == true, "closed twice")
    }
    mutating func reset(by direction: Direction, of stream: StreamID, at time: Int64) { check(stream) }
    mutating func ended(_ end: StreamEnd, of stream: StreamID, at time: Int64) {
        check(stream)
        open[stream.slot] = nil
    }
}
