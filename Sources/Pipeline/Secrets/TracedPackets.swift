import CaptureFiles
import Headers
import Octets

/// What takes packets that are ready to be written, with the secrets before them.
public protocol TracedPacketSink {
    /// - Parameters:
    ///   - connection: whose secrets it needs; `nil`: nobody's.
    ///   - comment: who spoke, in UTF-8; empty: not known.
    mutating func packet(_ octets: Span<UInt8>, _ frame: FrameRecord, connection: Int?, comment: [UInt8])
    /// Lines of a key log that packets of this connection need.
    mutating func secrets(_ lines: Span<UInt8>, of connection: Int)
    /// No more packets of the connection come.
    mutating func forget(connection: Int)
}

/// Puts packets and the secrets of programs together: a packet goes on when the secrets that it needs are there, and
/// all go on in the order in which they came.
///
/// Packets come from the interfaces and secrets from the probes, each with a delay of its own, some ten milliseconds at
/// most. Where a packet belongs to a TLS connection whose secrets are not all there, it waits for them, and all behind
/// it with it; but not longer than `Settings.holdNanoseconds`, as the secrets of most programs on the network never
/// come. So a file can be delayed by that, and never loses anything by it. What waits is bounded; beyond, the packet
/// that came first goes on early.
///
/// A connection's secrets are found by the client random of its ClientHello, which key logs name it by, and with them
/// the process. Its packets from the first SYN on wait like the others, so that they are known to belong to it.
public struct TracedPackets {
    public struct Settings: Sendable {
        /// Only packets of connections whose secrets are known.
        public var tracedOnly = false
        /// How long a packet waits for secrets.
        public var holdNanoseconds: Int64 = 250_000_000
        /// How long it waits with `tracedOnly`, where it would be left out otherwise.
        public var tracedHoldNanoseconds: Int64 = 5_000_000_000
        /// Octets that wait at most.
        public var waitingOctetsMax = 64 << 20
        /// With `tracedOnly`: so many packets of a connection without any secret say that it is not traced.
        public var undecidedPacketsMax = 64
        public var connectionsMax = 131_072

        public init() {}
    }

    public struct Counts: Equatable, Sendable {
        public var packets: UInt64 = 0
        public var written: UInt64 = 0
        /// Left out: of no traced connection.
        public var untraced: UInt64 = 0
        /// Written before their time was up, for room.
        public var early: UInt64 = 0
        /// Connections with a ClientHello, and those of them with secrets.
        public var helloConnections: UInt64 = 0
        public var tracedConnections: UInt64 = 0

        public init() {}
    }

    private struct Connection {
        enum State {
            /// Nothing but the handshake of TCP was seen.
            case new
            /// A ClientHello was seen, and not all secrets.
            case hello
            case complete
            /// No TLS, or that of a program that is not traced.
            case other
        }

        var pair: EndPair
        var serial: Int
        var state: State
        var random: ClientRandom?
        var hasSecrets = false
        var comment: [UInt8] = []
        /// Since its beginning.
        var packets = 0
        var lastArrival: Int64 = 0

        init(pair: EndPair, serial: Int, state: State, packets: Int, lastArrival: Int64) {
            self.pair = pair
            self.serial = serial
            self.state = state
            self.packets = packets
            self.lastArrival = lastArrival
        }
    }

    private let settings: Settings
    private let dissector = Dissector(tunnels: .outer)
    private var queue = PacketQueue()
    private var slots: [Connection?] = []
    private var free: [Int] = []
    private var slotOfPair: [EndPair: Int] = [:]
    /// Connections whose ends have another one, since when.
    private var retired: [(slot: Int, at: Int64)] = []
    private var secrets = SecretsByRandom()
    private var serial = 0
    public private(set) var counts = Counts()

    public init(_ settings: Settings = Settings()) { self.settings = settings }

    /// Packets that wait.
    public var waiting: UInt64 { UInt64(queue.count) }

    // MARK: - What comes

    /// - Parameter now: monotonic nanoseconds.
    public mutating func take(
        _ frame: FrameRecord, _ octets: Span<UInt8>, at now: Int64, to sink: inout some TracedPacketSink
    ) {
        counts.packets += 1
        var layers = PacketLayers()
        let info = dissector.dissect(
            octets, linkType: LinkType(rawValue: frame.linkType), time: frame.time, wireLength: frame.wireLength,
            layers: &layers
        ).info
        var (slot, serial) = (-1, 0)
        if info.protocol == .tcp, info.source.family != .none, info.fragment == .whole {
            slot = place(info, now, &sink)
            look(at: octets.extracting(Self.payload(octets, layers)), of: slot, to: &sink)
            serial = slots[slot]!.serial
        }
        if queue.isEmpty, settle(frame, octets, arrival: now, slot, serial, at: now, to: &sink) { return }
        queue.append(frame, octets, arrival: now, slot: slot, serial: serial)
        advance(at: now, to: &sink)
    }

    /// - Parameter now: monotonic nanoseconds.
    public mutating func take(_ secret: DerivedSecret, at now: Int64, to sink: inout some TracedPacketSink) {
        guard let random = ClientRandom(secret.clientRandom) else { return }
        var line = OctetBuffer()
        secret.appendKeyLog(to: &line)
        let octets = [UInt8](line)
        secrets.update(random) { entry in
            entry.note(secret)
            entry.lines += octets
        }
        tell(random, octets.span, to: &sink)
        advance(at: now, to: &sink)
    }

    /// A secret that is known, seen at the other end of its connection.
    public mutating func note(repeated secret: DerivedSecret) {
        guard let random = ClientRandom(secret.clientRandom) else { return }
        secrets.update(random) { $0.note(secret) }
        refresh(random)
    }

    /// Lets go on what has waited long enough.
    public mutating func advance(at now: Int64, to sink: inout some TracedPacketSink) {
        // Taken out for as long as its octets are borrowed.
        var queue = PacketQueue()
        swap(&queue, &self.queue)
        advance(&queue, at: now, to: &sink)
        swap(&queue, &self.queue)
        if !retired.isEmpty { leaveRetired(to: &sink) }
    }

    private mutating func advance(_ queue: inout PacketQueue, at now: Int64, to sink: inout some TracedPacketSink) {
        while let head = queue.head {
            let isEarly = queue.size > settings.waitingOctetsMax
            let time = isEarly ? .max : now
            guard
                settle(
                    head.frame, queue.headOctets, arrival: head.arrival, head.slot, head.serial, at: time, to: &sink)
            else { return }
            if isEarly { counts.early += 1 }
            queue.removeFirst()
        }
    }

    /// Lets everything go on: the end.
    public mutating func finish(to sink: inout some TracedPacketSink) { advance(at: .max, to: &sink) }

    // MARK: - What becomes of a packet

    /// - Returns: false where it has to wait.
    private mutating func settle(
        _ frame: FrameRecord, _ octets: Span<UInt8>, arrival: Int64, _ slot: Int, _ serial: Int, at now: Int64,
        to sink: inout some TracedPacketSink
    ) -> Bool {
        guard slot >= 0, let connection = slots[slot], connection.serial == serial else {
            // No connection of TCP, or one that was forgotten since.
            if settings.tracedOnly { counts.untraced += 1 } else { write(frame, octets, nil, to: &sink) }
            return true
        }
        switch connection.state {
        case .complete: break
        case .other:
            guard connection.hasSecrets || !settings.tracedOnly else {
                counts.untraced += 1
                return true
            }
        case .new, .hello:
            let isHopeless = settings.tracedOnly && connection.packets > settings.undecidedPacketsMax
            let patience =
                settings.tracedOnly && !connection.hasSecrets
                ? settings.tracedHoldNanoseconds : settings.holdNanoseconds
            guard now == .max || now - arrival >= patience || isHopeless && !connection.hasSecrets else { return false }
            if !connection.hasSecrets {
                // What comes after it need not wait, too: if secrets come later they will be seen.
                slots[slot]!.state = .other
                if settings.tracedOnly {
                    counts.untraced += 1
                    return true
                }
            }
        }
        write(frame, octets, connection, to: &sink)
        return true
    }

    private mutating func write(
        _ frame: FrameRecord, _ octets: Span<UInt8>, _ connection: Connection?, to sink: inout some TracedPacketSink
    ) {
        counts.written += 1
        let traced = connection.flatMap { $0.hasSecrets ? $0.serial : nil }
        sink.packet(octets, frame, connection: traced, comment: connection?.comment ?? [])
    }

    // MARK: - Connections

    /// The slot of a packet's connection.
    private mutating func place(_ info: PacketInfo, _ now: Int64, _ sink: inout some TracedPacketSink) -> Int {
        let pair = EndPair(info)
        let isOpening = info.tcpFlags.contains(.syn)
        if let slot = slotOfPair[pair] {
            // The same ends again, for another connection.
            if !isOpening || info.tcpFlags.contains(.ack) || slots[slot]!.state == .new {
                slots[slot]!.packets += 1
                slots[slot]!.lastArrival = now
                return slot
            }
            retired.append((slot, now))
        }
        if slotOfPair.count >= settings.connectionsMax { forgetOldest(to: &sink) }
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(nil) }
        serial += 1
        slots[slot] = Connection(
            pair: pair, serial: serial, state: isOpening ? .new : .other, packets: 1, lastArrival: now)
        slotOfPair[pair] = slot
        return slot
    }

    private mutating func leave(_ slot: Int, to sink: inout some TracedPacketSink) {
        guard let connection = slots[slot] else { return }
        if connection.hasSecrets { sink.forget(connection: connection.serial) }
        if slotOfPair[connection.pair] == slot { slotOfPair[connection.pair] = nil }
        slots[slot] = nil
        free.append(slot)
    }

    /// Leaves connections whose ends have another one by now, once none of their packets waits.
    private mutating func leaveRetired(to sink: inout some TracedPacketSink) {
        let oldest = queue.head?.arrival ?? .max
        let count = retired.firstIndex { $0.at >= oldest } ?? retired.count
        for (slot, _) in retired.prefix(count) { leave(slot, to: &sink) }
        retired.removeFirst(count)
    }

    /// A sixteenth of them at once, so that looking for them costs little for each.
    private mutating func forgetOldest(to sink: inout some TracedPacketSink) {
        let oldest = slotOfPair.values.sorted {
            (slots[$0]!.lastArrival, $0) < (slots[$1]!.lastArrival, $1)
        }
        for slot in oldest.prefix(max(oldest.count / 16, 1)) {
            leave(slot, to: &sink)
        }
    }

    // MARK: - ClientHellos and secrets

    private static func payload(_ frame: Span<UInt8>, _ layers: PacketLayers) -> Range<Int> {
        let start = layers.transport
        let end = min(layers.end, frame.count)
        guard start >= 0, end - start >= TCPView.byteCountMin else { return 0..<0 }
        let header = Int(frame[start + 12] >> 4) * 4
        return header <= end - start ? start + header..<end : 0..<0
    }

    private mutating func look(at payload: Span<UInt8>, of slot: Int, to sink: inout some TracedPacketSink) {
        guard !payload.isEmpty else { return }
        guard let random = ClientRandom(segment: payload) else {
            if slots[slot]!.state == .new { slots[slot]!.state = .other }
            return
        }
        // The same again, as after a HelloRetryRequest (RFC 8446 § 4.1.2).
        guard slots[slot]!.random != random else { return }
        counts.helloConnections += 1
        slots[slot]!.random = random
        slots[slot]!.state = .hello
        let place = SecretsByRandom.Place(slot: slot, serial: slots[slot]!.serial)
        secrets.update(random) { $0.places.append(place) }
        guard let lines = secrets[random]?.lines, !lines.isEmpty else { return }
        sink.secrets(lines.span, of: place.serial)
        refresh(random)
    }

    /// Gives new lines to the connections with this client random.
    private mutating func tell(_ random: ClientRandom, _ lines: Span<UInt8>, to sink: inout some TracedPacketSink) {
        for place in secrets[random]?.places ?? [] where slots[place.slot]?.serial == place.serial {
            sink.secrets(lines, of: place.serial)
        }
        refresh(random)
    }

    /// Makes connections know what is known of their client random.
    private mutating func refresh(_ random: ClientRandom) {
        guard let entry = secrets[random], !entry.lines.isEmpty else { return }
        for place in entry.places where slots[place.slot]?.serial == place.serial {
            if !slots[place.slot]!.hasSecrets { counts.tracedConnections += 1 }
            slots[place.slot]!.hasSecrets = true
            slots[place.slot]!.comment = entry.comment
            slots[place.slot]!.state = entry.isComplete ? .complete : .hello
        }
    }
}
