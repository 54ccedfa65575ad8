import Events
import Headers
import PacketTestSupport
import Streams

/// Segments between two ends, put into frames and given to a reassembler; the tests name only what matters to them.
///
/// Alice calls from port 40,000, Bob serves on port 80. Alice's sequence numbers start at 1,000, Bob's at 5,000: these
/// are the numbers of the SYN.
struct Conversation: ~Copyable {
    enum End { case alice, bob }

    var reassembler: StreamReassembler
    var sink = RecordedStreams()
    var time: Int64 = 1_000_000_000
    var alicePort: UInt16 = 40_000
    var bobPort: UInt16 = 80
    var isIPv6 = false
    /// Each segment comes this much later.
    var step: Int64 = 1_000_000

    init(_ adjust: (inout StreamSettings) -> Void = { _ in }) {
        var settings = StreamSettings()
        adjust(&settings)
        reassembler = StreamReassembler(settings: settings)
    }

    func segment(
        _ end: End, _ sequence: UInt32, _ payload: [UInt8], flags: TCPFlags, acknowledging: UInt32 = 0
    ) -> [UInt8] {
        let isAlice = end == .alice
        var fields = TCPFields(
            sourcePort: isAlice ? alicePort : bobPort, destinationPort: isAlice ? bobPort : alicePort, flags: flags)
        fields.sequenceNumber = sequence
        fields.acknowledgmentNumber = acknowledging
        var out: [UInt8] = []
        fields.emit(into: &out, payload: payload.span, source: Packets.alice, destination: Packets.bob)
        return out + payload
    }

    func packet(_ end: End, _ segment: [UInt8], adjust: (inout IPv4Fields) -> Void = { _ in }) -> [UInt8] {
        if isIPv6 {
            return end == .alice
                ? Packets.ipv6(.tcp, segment) : Packets.ipv6(.tcp, segment, from: Packets.bob6, to: Packets.alice6)
        }
        return end == .alice
            ? Packets.ipv4(.tcp, segment, adjust: adjust)
            : Packets.ipv4(.tcp, segment, from: Packets.bob, to: Packets.alice, adjust: adjust)
    }

    /// - Parameter captured: octets of the frame that the capture has; all where it is not given.
    mutating func receive(_ frame: [UInt8], captured: Int? = nil, linkType: LinkType = .ethernet) {
        reassembler.receive(
            frame: frame.span.extracting(first: captured ?? frame.count), linkType: linkType, time: time,
            wireLength: UInt32(frame.count), to: &sink)
        precondition(reassembler.ledger.isBalanced, "\(reassembler.ledger)")
        precondition(reassembler.fragmentLedger.isBalanced, "\(reassembler.fragmentLedger)")
        time += step
    }

    mutating func send(
        _ end: End, _ sequence: UInt32, _ payload: [UInt8] = [], flags: TCPFlags = .ack, acknowledging: UInt32 = 0,
        cutBy cut: Int = 0, padding: Int = 0
    ) {
        let packet = packet(end, segment(end, sequence, payload, flags: flags, acknowledging: acknowledging))
        let frame = Packets.ethernet(isIPv6 ? .ipv6 : .ipv4, packet) + [UInt8](repeating: 0xEE, count: padding)
        receive(frame, captured: frame.count - cut)
    }

    mutating func send(
        _ end: End, _ sequence: UInt32, _ text: String, flags: TCPFlags = .ack, cutBy cut: Int = 0, padding: Int = 0
    ) {
        send(end, sequence, Array(text.utf8), flags: flags, cutBy: cut, padding: padding)
    }

    mutating func handshake() {
        send(.alice, 1000, flags: .syn)
        send(.bob, 5000, flags: [.syn, .ack], acknowledging: 1001)
        send(.alice, 1001, acknowledging: 5001)
    }

    mutating func finish() {
        reassembler.finish(to: &sink)
        precondition(reassembler.ledger.isBalanced && reassembler.ledger.inFlight == 0)
        precondition(reassembler.connectionCount == 0 && reassembler.waitingOctets == 0)
        precondition(reassembler.fragmentLedger.isBalanced && reassembler.fragmentLedger.inFlight == 0)
    }

    var streams: [RecordedStreams.Stream] { sink.streams }
    var ledger: StreamLedger { reassembler.ledger }

    /// What the only connection gave in a direction, data as text.
    func text(_ direction: Direction = .sent) -> String {
        precondition(streams.count == 1, "\(streams.count) connections")
        return (streams[0].pieces[direction] ?? []).map { piece in
            switch piece {
            case .data(let octets): String(decoding: octets, as: UTF8.self)
            case .gap(let octets, let cause): "[\(octets.map(String.init) ?? "?") \(cause)]"
            }
        }.joined()
    }
}
