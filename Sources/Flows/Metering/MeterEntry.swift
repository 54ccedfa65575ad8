import Headers

/// A flow in a meter's table. Directions are those of the table's key: 0 from its lower end, 1 from its upper one.
struct MeterEntry: BitwiseCopyable, Sendable {
    /// Both directions' key, the lower end first; its family is none where the entry is free.
    var key: FlowKey
    var hash: UInt32
    /// Neighbours in the order of silence.
    var link = EntryList.Link()
    /// The direction whose sender is the initiator.
    var initiator: UInt8
    /// The end of the connection was seen.
    private(set) var isClosed = false
    /// It stands in the list of closed ones.
    var isListedAsClosed = false
    private var fins: UInt8 = 0
    private var handshake = Handshake()
    /// On the meter's clock: when the flow was last heard, and when it was last put at its list's end.
    var heard: Int64
    var placed: Int64
    /// Of the record that is being counted.
    private var counts: [2 of FlowDirection] = .init(repeating: FlowDirection())
    private(set) var firstSeen = Int64.max
    /// The latest packet's time, of whichever record.
    private(set) var lastSeen = Int64.min
    private var sequences: [2 of SequenceTracker] = .init(repeating: SequenceTracker())

    init(key: FlowKey, hash: UInt32, direction: UInt8, clock: Int64) {
        self.key = key
        self.hash = hash
        initiator = direction
        heard = clock
        placed = clock
    }

    /// Whether the packet is the first one of another connection with the same addresses and ports.
    @inline(__always)
    func isSucceeded(by packet: MeteredPacket, _ direction: Int) -> Bool {
        guard packet.tcpFlags.intersection([.syn, .ack, .rst]) == .syn, let tcp = packet.tcp else { return false }
        return isClosed
            || handshake.isAnswered && sequences[direction].isKnown
                && sequences[direction].initial != tcp.sequence
    }

    @inline(__always)
    mutating func count(_ packet: MeteredPacket, _ direction: Int) {
        if packet.time < firstSeen { firstSeen = packet.time }
        if packet.time > lastSeen { lastSeen = packet.time }
        let flags = packet.tcpFlags
        do {
            var count = counts[direction]
            if count.packets == 0 {
                count.firstSeen = packet.time
                count.lastSeen = packet.time
            } else {
                count.firstSeen = min(count.firstSeen, packet.time)
                count.lastSeen = max(count.lastSeen, packet.time)
            }
            // 2⁶⁴ octets are more than a lifetime of any link.
            count.packets &+= 1
            count.bytes &+= UInt64(packet.wireOctets)
            count.ipBytes &+= UInt64(packet.ipOctets)
            count.tcpFlags.formUnion(flags)
            counts[direction] = count
        }
        if let tcp = packet.tcp { follow(tcp, flags, direction, at: packet.time) }
    }

    private mutating func follow(_ tcp: TCPProgress, _ flags: TCPFlags, _ direction: Int, at time: Int64) {
        if flags.contains(.rst) {
            isClosed = true
            return
        }
        let isSYN = flags.contains(.syn)
        let length = tcp.payloadOctets &+ (isSYN ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
        let isProbe = tcp.payloadOctets <= 1 && length == tcp.payloadOctets
        if sequences[direction].isKnown || length > 0 {
            let verdict = sequences[direction].note(
                tcp.sequence, count: length, isSYN: isSYN, isProbe: isProbe, at: time,
                patience: handshake.roundTrip ?? Handshake.usualRoundTrip)
            note(verdict, tcp, direction)
        }
        if tcp.window == 0, !isSYN, !flags.contains(.fin) { counts[direction].zeroWindows &+= 1 }
        if !handshake.isOver { shake(tcp, flags, direction, at: time) }
        if flags.contains(.fin) {
            fins |= 1 << UInt8(truncatingIfNeeded: direction)
            if fins == 3 { isClosed = true }
        }
    }

    private mutating func note(_ verdict: SequenceTracker.Verdict, _ tcp: TCPProgress, _ direction: Int) {
        switch verdict {
        case .new: break
        case .outOfOrder: counts[direction].outOfOrder &+= 1
        case .again(let octets):
            counts[direction].retransmissions &+= 1
            // SYN and FIN take a number each, but are no octets.
            counts[direction].retransmittedBytes &+= UInt64(min(octets, tcp.payloadOctets))
        }
    }

    private mutating func shake(_ tcp: TCPProgress, _ flags: TCPFlags, _ direction: Int, at time: Int64) {
        if flags.contains(.syn) {
            let isAnswer = flags.contains(.ack)
            handshake.syn(
                isAnswer: isAnswer, direction, at: time,
                acknowledges: { [sequences] in
                    tcp.acknowledgment == sequences[1 - direction].initial &+ 1
                })
            // Who answers did not begin, even where the capture does.
            initiator = UInt8(truncatingIfNeeded: isAnswer ? 1 - direction : direction)
        } else if flags.contains(.ack) {
            handshake.ack(
                direction, at: time, isRight: tcp.acknowledgment == sequences[1 - direction].initial &+ 1)
        }
    }

    /// The record so far; another one begins.
    mutating func takeRecord(_ reason: FlowEndReason) -> MeteredFlow {
        var key = key
        let forward = Int(initiator & 1)
        if forward == 1 { key.swapEnds() }
        let record = MeteredFlow(
            key: key, forward: counts[forward], reverse: counts[1 - forward], endReason: reason,
            responderRoundTrip: handshake.responderRoundTrip, initiatorRoundTrip: handshake.initiatorRoundTrip)
        counts = .init(repeating: FlowDirection())
        firstSeen = .max
        return record
    }
}
